// SPDX-License-Identifier: Apache-2.0
#include "check_pool.h"

#include <corr2d/onetbb.hpp>
#include <tbb/global_control.h>

namespace {

corr2d_status run(void *arena, const corr2d_plan *plan, const void *x, void *y, void *workspace) {
    corr2d_status status = CORR2D_OK;
    static_cast<tbb::task_arena *>(arena)->execute([&] { status = corr2d::run_onetbb(plan, x, y, workspace); });
    return status;
}

} // namespace

int main() {
    int wrong = 0;
    for (int threads = 1; threads <= 5; threads++) {
        const auto most = static_cast<std::size_t>(threads);
        const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, most);
        tbb::task_arena arena(threads);
        wrong += check_pool("oneTBB", most, run, &arena);
    }
    return wrong != 0;
}
