/* SPDX-License-Identifier: Apache-2.0 */
/* A plan on C11 threads made for the one call, where there is no pool to run it on: link with -pthread. */
#ifndef CORR2D_THREADS_H
#define CORR2D_THREADS_H

#include <corr2d.h>
#include <threads.h>

enum {
    CORR2D_THREADS_MOST = 64,
    CORR2D_THREADS_COST = 4 /* making and joining a thread takes about as long as waking this many of a pool */
};

typedef struct corr2d_threads_share {
    const corr2d_plan *plan;
    const void *x;
    void *y, *workspace;
    size_t part, parts;
    thrd_t thread;
    bool made;
} corr2d_threads_share;

static inline int corr2d_threads_part(void *argument) {
    const corr2d_threads_share *const s = (const corr2d_threads_share *)argument;
    return (int)corr2d_run_part(s->plan, s->x, s->y, s->workspace, s->part, s->parts);
}

/* How many threads corr2d_run_threads takes. */
static inline size_t corr2d_threads_count(const corr2d_plan *plan, size_t most) {
    const size_t limit = most < CORR2D_THREADS_MOST ? most : CORR2D_THREADS_MOST;
    const size_t count = corr2d_plan_parts(plan, limit * CORR2D_THREADS_COST) / CORR2D_THREADS_COST;
    return count ? count : 1;
}

/*
 * corr2d_run, on this thread and up to `most` - 1 others and with the same bits. A thread that can't be had costs time
 * alone. workspace: `most` times corr2d_plan_workspace_size bytes, or NULL, and each part allocates its own.
 */
static inline corr2d_status corr2d_run_threads(const corr2d_plan *plan, const void *x, void *y, void *workspace,
                                               size_t most) {
    const size_t parts = corr2d_threads_count(plan, most), bytes = corr2d_plan_workspace_size(plan);
    corr2d_threads_share shares[CORR2D_THREADS_MOST];
    corr2d_status failure = CORR2D_OK;
    for (size_t part = parts; part-- > 0;) {
        corr2d_threads_share *const s = &shares[part];
        *s = (corr2d_threads_share){.plan = plan, .x = x, .y = y, .part = part, .parts = parts};
        if (workspace) s->workspace = (char *)workspace + part * bytes;
        s->made = part && thrd_create(&s->thread, corr2d_threads_part, s) == thrd_success;
    }
    for (size_t part = 0; part < parts; part++) {
        int status;
        if (!shares[part].made || thrd_join(shares[part].thread, &status) != thrd_success)
            status = corr2d_threads_part(&shares[part]);
        if (status) failure = (corr2d_status)status;
    }
    return failure;
}

#endif
