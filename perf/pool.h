/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of a run, the caller's included; the library's parts and XNNPACK run on them. */
#ifndef CORR2D_PERF_POOL_H
#define CORR2D_PERF_POOL_H

#include <stddef.h>

struct pthreadpool;

/*
 * Makes them. With more than one, idle threads of the peers' own pools would spin for milliseconds beside whichever
 * engine comes next: unless the environment has a choice already, this shortens that to half a millisecond, for which
 * it starts the program anew with the same arguments.
 */
void pool_start(size_t threads, char **argv);
void pool_stop(void);

/* How many CPUs this process may use. */
size_t pool_cpus(void);

size_t pool_threads(void);

/* work(context, i) for each i below count, each on any thread; returns when all are done. */
void pool_run(void (*work)(void *context, size_t i), void *context, size_t count);

/* The same, after which the threads sleep until they are needed, rather than spin. */
void pool_run_and_yield(void (*work)(void *context, size_t i), void *context, size_t count);

/* The threads sleep from now on, until they are needed, and the peers' threads have had the time to. */
void pool_rest(void);

/* NULL with one thread. */
struct pthreadpool *pool_handle(void);

#endif
