/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <pthreadpool.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static pthreadpool_t pool;

/* Of libgomp (rounds of a loop) and OpenBLAS (a power of two of clock ticks); each is about half a millisecond. */
static const struct {
    const char *name, *value;
} settings[] = {{"GOMP_SPINCOUNT", "10000"}, {"OPENBLAS_THREAD_TIMEOUT", "20"}};

static const struct timespec rest = {.tv_nsec = 2000000};

static void shorten_spinning(char **argv) {
    bool changed = false;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (getenv(settings[i].name) != NULL) continue;
        setenv(settings[i].name, settings[i].value, 1);
        changed = true;
    }
    if (changed) execv("/proc/self/exe", argv);
}

void pool_start(size_t threads, char **argv) {
    if (threads == 1) return;
    shorten_spinning(argv);
    pool = pthreadpool_create(threads);
}

void pool_stop(void) {
    pthreadpool_destroy(pool);
    pool = NULL;
}

size_t pool_cpus(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

size_t pool_threads(void) { return pthreadpool_get_threads_count(pool); }

void pool_run(void (*work)(void *context, size_t i), void *context, size_t count) {
    pthreadpool_parallelize_1d(pool, work, context, count, 0);
}

void pool_run_and_yield(void (*work)(void *context, size_t i), void *context, size_t count) {
    pthreadpool_parallelize_1d(pool, work, context, count, PTHREADPOOL_FLAG_YIELD_WORKERS);
}

static void nothing(void *context, size_t i) {
    (void)context;
    (void)i;
}

void pool_rest(void) {
    if (pool == NULL) return;
    pool_run_and_yield(nothing, NULL, pool_threads());
    nanosleep(&rest, NULL);
}

struct pthreadpool *pool_handle(void) {
    return pool;
}
