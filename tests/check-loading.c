/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check-loading LIBRARY PLUGIN: the shared library comes and goes a thousand times and leaves nothing behind; a process
 * forked after load runs what its parent planned; a copy linked statically into another shared object works beside it,
 * in whatever scope the library is.
 */
#include <corr2d.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIMES = 1000 };

typedef corr2d_status multi_in_fn(const float *, size_t, size_t, size_t, const float *, size_t, size_t, float *);

static void need(bool holds, const char *what) {
    if (holds) return;
    printf("FAILED: %s\n", what);
    exit(EXIT_FAILURE);
}

static void *load(const char *path, int scope) {
    void *const object = dlopen(path, RTLD_NOW | scope);
    if (!object) printf("%s\n", dlerror());
    need(object != NULL, "dlopen");
    return object;
}

/* The address of a function, through memcpy, since ISO C does not convert it. */
static void find(void *object, const char *name, void *function, size_t size) {
    void *const address = dlsym(object, name);
    need(address && size == sizeof address, name);
    memcpy(function, &address, size);
}

#define FIND(object, name, function) find(object, name, &(function), sizeof(function))

/* The worked example of the source text. */
static bool computes(multi_in_fn *multi_in) {
    static const float x[18] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const float k[8] = {0, 1, 2, 3, 1, 2, 3, 4}, want[4] = {56, 72, 104, 120};
    float y[4];
    return multi_in(x, 2, 3, 3, k, 2, 2, y) == CORR2D_OK && memcmp(y, want, sizeof y) == 0;
}

/* Bytes mapped into this process: from its list of mappings, since that is the guest's own also under qemu. */
static unsigned long mapped(void) {
    FILE *const file = fopen("/proc/self/maps", "r");
    char line[512];
    unsigned long sum = 0;
    need(file, "/proc/self/maps");
    while (fgets(line, sizeof line, file)) {
        char *end;
        const unsigned long first = strtoul(line, &end, 16);
        if (*end == '-') sum += strtoul(end + 1, NULL, 16) - first;
    }
    fclose(file);
    return sum;
}

static void load_once(const char *path) {
    void *const object = load(path, RTLD_LOCAL);
    multi_in_fn *multi_in;
    FIND(object, "corr2d_multi_in", multi_in);
    need(computes(multi_in), "the library, loaded again");
    need(dlclose(object) == 0, "dlclose");
    need(!dlopen(path, RTLD_NOW | RTLD_NOLOAD), "dlclose unloads the library");
}

static void check_coming_and_going(const char *path) {
    for (int i = 0; i < 10; i++) load_once(path);
    const unsigned long before = mapped();
    for (int i = 0; i < TIMES; i++) load_once(path);
    need(mapped() == before, "no memory is left mapped");
}

/* The parts of the interface that a forked process calls. */
typedef struct calls {
    corr2d_status (*create)(corr2d_plan **, const corr2d_spec *, const void *, const void *);
    corr2d_status (*run)(const corr2d_plan *, const void *, void *, void *);
    void (*destroy)(corr2d_plan *);
    multi_in_fn *multi_in;
} calls;

static bool runs(const calls *c, const corr2d_plan *plan) {
    static const float x[6] = {1, 2, 3, 4, 5, 6};
    float y[6] = {0};
    bool ok = c->run(plan, x, y, NULL) == CORR2D_OK;
    for (int i = 0; i < 6; i++) ok = ok && y[i] == 2 * x[i];
    return ok && computes(c->multi_in);
}

static void check_fork(const char *path) {
    const corr2d_spec spec = {.in_channels = 1, .in_height = 2, .in_width = 3, .out_channels = 1};
    const float weight = 2;
    void *const object = load(path, RTLD_LOCAL);
    corr2d_plan *plan;
    calls c;
    int status;
    FIND(object, "corr2d_plan_create", c.create);
    FIND(object, "corr2d_run", c.run);
    FIND(object, "corr2d_plan_destroy", c.destroy);
    FIND(object, "corr2d_multi_in", c.multi_in);
    need(c.create(&plan, &spec, &weight, NULL) == CORR2D_OK, "a plan before fork");
    const pid_t child = fork();
    need(child >= 0, "fork");
    const bool ok = runs(&c, plan);
    c.destroy(plan);
    if (child == 0) _exit(ok ? EXIT_SUCCESS : EXIT_FAILURE);
    need(ok, "the parent after fork");
    need(waitpid(child, &status, 0) == child && status == 0, "the forked process");
    dlclose(object);
}

static void check_two_copies(const char *path, const char *plugin_path, int scope) {
    void *const library = load(path, scope), *const plugin = load(plugin_path, RTLD_LOCAL);
    const char *(*variant)(void), *(*plugin_variant)(void);
    multi_in_fn *multi_in, *plugin_multi_in;
    FIND(library, "corr2d_multi_in", multi_in);
    FIND(library, "corr2d_variant", variant);
    FIND(plugin, "plugin_multi_in", plugin_multi_in);
    FIND(plugin, "plugin_variant", plugin_variant);
    need(computes(multi_in) && computes(plugin_multi_in) && computes(multi_in), "one copy beside the other");
    need(strcmp(variant(), plugin_variant()) == 0, "both copies pick the same variant");
    need(scope == RTLD_GLOBAL || variant() != plugin_variant(), "there are two copies");
    dlclose(plugin);
    need(computes(multi_in), "the library after the other copy is gone");
    dlclose(library);
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    check_coming_and_going(arguments[1]);
    check_fork(arguments[1]);
    check_two_copies(arguments[1], arguments[2], RTLD_LOCAL);
    check_two_copies(arguments[1], arguments[2], RTLD_GLOBAL);
    printf("loaded %d times, forked, two copies: ok\n", TIMES);
    return EXIT_SUCCESS;
}
