/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
