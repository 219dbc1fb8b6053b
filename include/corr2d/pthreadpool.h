/* SPDX-License-Identifier: Apache-2.0 */
/* A plan on a pthreadpool, the pool of XNNPACK, NNPACK and QNNPACK: link with -lpthreadpool. */
#ifndef CORR2D_PTHREADPOOL_H
#define CORR2D_PTHREADPOOL_H

#include <corr2d.h>
#include <pthreadpool.h>

typedef struct corr2d_pthreadpool_job {
    const corr2d_plan *plan;
    const void *x;
    void *y;
    char *workspace;
    size_t bytes, parts; /* of one workspace; of the layer */
    corr2d_status status;
} corr2d_pthreadpool_job;

static inline void corr2d_pthreadpool_part(void *context, size_t part) {
    corr2d_pthreadpool_job *const job = (corr2d_pthreadpool_job *)context;
    void *const own = job->workspace ? job->workspace + part * job->bytes : NULL;
    const corr2d_status status = corr2d_run_part(job->plan, job->x, job->y, own, part, job->parts);
    if (status) __atomic_store_n(&job->status, status, __ATOMIC_RELAXED);
}

/*
 * corr2d_run, on the pool's threads (NULL: on this one) and with the same bits. workspace:
 * pthreadpool_get_threads_count(pool) times corr2d_plan_workspace_size bytes, or NULL, and each part allocates its own.
 */
static inline corr2d_status corr2d_run_pthreadpool(const corr2d_plan *plan, const void *x, void *y, void *workspace,
                                                   pthreadpool_t pool) {
    const size_t parts = corr2d_plan_parts(plan, pthreadpool_get_threads_count(pool));
    const size_t bytes = corr2d_plan_workspace_size(plan);
    corr2d_pthreadpool_job job = {plan, x, y, (char *)workspace, bytes, parts, CORR2D_OK};
    pthreadpool_parallelize_1d(pool, corr2d_pthreadpool_part, &job, parts, 0);
    return job.status;
}

#endif
