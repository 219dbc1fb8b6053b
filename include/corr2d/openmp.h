/* SPDX-License-Identifier: Apache-2.0 */
/* A plan on OpenMP's threads: compile with -fopenmp. */
#ifndef CORR2D_OPENMP_H
#define CORR2D_OPENMP_H

#include <corr2d.h>
#include <omp.h>

/*
 * corr2d_run, on omp_get_max_threads() threads at the most and with the same bits.
 * workspace: omp_get_max_threads() times corr2d_plan_workspace_size bytes, or NULL, and each part allocates its own.
 */
static inline corr2d_status corr2d_run_openmp(const corr2d_plan *plan, const void *x, void *y, void *workspace) {
    const int parts = (int)corr2d_plan_parts(plan, (size_t)omp_get_max_threads());
    const size_t bytes = corr2d_plan_workspace_size(plan);
    int failure = CORR2D_OK;
#pragma omp parallel for num_threads(parts) schedule(static, 1) reduction(max : failure)
    for (int part = 0; part < parts; part++) {
        void *const own = workspace ? (char *)workspace + (size_t)part * bytes : NULL;
        const int status = (int)corr2d_run_part(plan, x, y, own, (size_t)part, (size_t)parts);
        failure = status > failure ? status : failure;
    }
    return (corr2d_status)failure;
}

#endif
