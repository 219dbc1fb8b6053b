/* SPDX-License-Identifier: Apache-2.0 */
#include "check_pool.h"

#include <corr2d/openmp.h>

static corr2d_status run(void *pool, const corr2d_plan *plan, const void *x, void *y, void *workspace) {
    (void)pool;
    return corr2d_run_openmp(plan, x, y, workspace);
}

int main(void) {
    int wrong = 0;
    for (int threads = 1; threads <= 5; threads++) {
        omp_set_num_threads(threads);
        wrong += check_pool("OpenMP", (size_t)threads, run, NULL);
    }
    return wrong != 0;
}
