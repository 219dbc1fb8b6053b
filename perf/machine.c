/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"

#include <libgen.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* The value of the first line of a "key : value" file that begins with the key. */
static bool find_value(const char *path, const char *key, char *value, size_t size) {
    char line[512];
    bool found = false;
    FILE *file = fopen(path, "r");
    if (file == NULL) return false;
    while (!found && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        found = colon != NULL && strncmp(line, key, strlen(key)) == 0;
        if (found) snprintf(value, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
    }
    fclose(file);
    return found;
}

static void find_cpu(char *cpu, size_t size, const char *architecture) {
    char part[32];
    if (find_value("/proc/cpuinfo", "model name", cpu, size)) return;
    if (find_value("/proc/cpuinfo", "CPU part", part, sizeof part))
        snprintf(cpu, size, "%s, CPU part %s", architecture, part);
    else
        snprintf(cpu, size, "%s", architecture);
}

typedef struct library_search {
    const char *prefix;
    char path[PATH_MAX];
} library_search;

static int match_library(struct dl_phdr_info *info, size_t size, void *data) {
    library_search *search = data;
    const char *slash = strrchr(info->dlpi_name, '/');
    (void)size;
    if (slash == NULL || strncmp(slash + 1, search->prefix, strlen(search->prefix)) != 0) return 0;
    return realpath(info->dlpi_name, search->path) != NULL;
}

bool machine_library(const char *prefix, char *file, size_t size, size_t *bytes) {
    library_search search = {.prefix = prefix};
    struct stat status;
    if (strcmp(prefix, "libcorr2d") == 0)
        snprintf(search.path, sizeof search.path, "%s", CORR2D_PERF_SHARED);
    else if (dl_iterate_phdr(match_library, &search) == 0)
        return false;
    if (stat(search.path, &status) != 0) return false;
    *bytes = (size_t)status.st_size;
    snprintf(file, size, "%s", basename(search.path));
    return true;
}

machine machine_facts(void) {
    machine m = {.cores = sysconf(_SC_NPROCESSORS_ONLN),
                 .compiler = CORR2D_PERF_COMPILER,
                 .flags = CORR2D_PERF_FLAGS,
                 .commit = CORR2D_PERF_COMMIT};
    struct utsname name;
    time_t seconds = time(NULL);
    if (uname(&name) == 0) {
        snprintf(m.system, sizeof m.system, "%.20s %.80s %.20s", name.sysname, name.release, name.machine);
        find_cpu(m.cpu, sizeof m.cpu, name.machine);
    }
    if (getloadavg(&m.load, 1) != 1) m.load = 0;
    strftime(m.date, sizeof m.date, "%Y-%m-%dT%H:%M:%SZ", gmtime(&seconds));
    return m;
}
