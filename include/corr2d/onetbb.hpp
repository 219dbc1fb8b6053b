/* SPDX-License-Identifier: Apache-2.0 */
/* A plan on oneTBB's workers: link with -ltbb. */
#ifndef CORR2D_ONETBB_HPP
#define CORR2D_ONETBB_HPP

#include <atomic>
#include <corr2d.h>
#include <cstddef>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

namespace corr2d {

/*
 * corr2d_run, on the threads of the arena that it is called in and with the same bits. workspace:
 * tbb::this_task_arena::max_concurrency() times corr2d_plan_workspace_size bytes, or null, and each part allocates its
 * own.
 */
inline corr2d_status run_onetbb(const corr2d_plan *plan, const void *x, void *y, void *workspace) {
    const auto most = static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
    const std::size_t parts = corr2d_plan_parts(plan, most), bytes = corr2d_plan_workspace_size(plan);
    std::atomic<corr2d_status> failure{CORR2D_OK};
    tbb::parallel_for(std::size_t{0}, parts, [&](std::size_t part) {
        void *const own = workspace ? static_cast<char *>(workspace) + part * bytes : nullptr;
        const corr2d_status status = corr2d_run_part(plan, x, y, own, part, parts);
        if (status != CORR2D_OK) failure = status;
    });
    return failure;
}

} // namespace corr2d

#endif
