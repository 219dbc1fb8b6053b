/* SPDX-License-Identifier: Apache-2.0 */
#include "check_pool.h"

#include <corr2d/pthreadpool.h>

static corr2d_status run(void *pool, const corr2d_plan *plan, const void *x, void *y, void *workspace) {
    return corr2d_run_pthreadpool(plan, x, y, workspace, (pthreadpool_t)pool);
}

int main(void) {
    int wrong = check_pool("no pthreadpool", 1, run, NULL);
    for (size_t threads = 1; threads <= 5; threads++) {
        const pthreadpool_t pool = pthreadpool_create(threads);
        wrong += check_pool("pthreadpool", threads, run, pool);
        pthreadpool_destroy(pool);
    }
    return wrong != 0;
}
