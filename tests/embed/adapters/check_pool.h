/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an adapter gives the bits of corr2d_run. Linked with --wrap=corr2d_run_part, so that its calls are seen. */
#ifndef TESTS_EMBED_CHECK_POOL_H
#define TESTS_EMBED_CHECK_POOL_H

#include <corr2d.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The adapter on one pool. */
typedef corr2d_status (*pool_run)(void *pool, const corr2d_plan *plan, const void *x, void *y, void *workspace);

/*
 * Runs layers of all kinds through `run` on a pool of `threads` threads: the bits are those of corr2d_run, every part
 * runs exactly once and in a workspace of its own, a part's failure is told, and more than one thread takes part.
 * Prints what is wrong and returns how many things are.
 */
int check_pool(const char *name, size_t threads, pool_run run, void *pool);

#ifdef __cplusplus
}
#endif

#endif
