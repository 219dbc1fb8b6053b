/* SPDX-License-Identifier: Apache-2.0 */
#include "check_pool.h"

#include <corr2d/threads.h>

static corr2d_status run(void *most, const corr2d_plan *plan, const void *x, void *y, void *workspace) {
    return corr2d_run_threads(plan, x, y, workspace, *(const size_t *)most);
}

int main(void) {
    int wrong = 0;
    for (size_t threads = 1; threads <= 5; threads++) wrong += check_pool("C11 threads", threads, run, &threads);
    return wrong != 0;
}
