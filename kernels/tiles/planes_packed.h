/* SPDX-License-Identifier: Apache-2.0 */
/* depthwise_rows with tiles/rows.h, depthwise_planes with tiles/columns.h. Part of tiles/depthwise.h. */

/* What corr2d_kernels asks. */
#define ROWS_ANY false

#define ROWS_STRIDE(stride)                                                                                            \
    ROWS_END(left, stride, ROWS_LEFT, ROWS_PLAIN)                                                                      \
    ROWS_END(middle, stride, ROWS_MIDDLE, ROWS_PLAIN)                                                                  \
    ROWS_END(right, stride, ROWS_RIGHT, ROWS_PLAIN)                                                                    \
    ROWS_END(clamped_left, stride, ROWS_LEFT, ROWS_CLAMPED)                                                            \
    ROWS_END(clamped_middle, stride, ROWS_MIDDLE, ROWS_CLAMPED)                                                        \
    ROWS_END(clamped_right, stride, ROWS_RIGHT, ROWS_CLAMPED)

ROWS_STRIDE(1)
ROWS_STRIDE(2)

#define ROWS_FNS(stride)                                                                                               \
    {                                                                                                                  \
        {planes_middle_##stride, planes_left_##stride, planes_right_##stride}, {                                       \
            planes_clamped_middle_##stride, planes_clamped_left_##stride, planes_clamped_right_##stride                \
        }                                                                                                              \
    }

static void depthwise_rows(const corr2d_planes *all) {
    static const rows_fns fns[2][2] = {ROWS_FNS(1), ROWS_FNS(2)};
    rows_planes(all, &fns[all->stride == 2][clamps(all->lo, all->hi)]);
}

/* How many streams go together: as many as their chains need and registers allow. */
#define COLUMNS_5_1 2
#define COLUMNS_5_2 2

COLUMNS(packed, 5, 1, COLUMNS_PACKED)
COLUMNS(packed, 5, 2, COLUMNS_PACKED)

#include "kernels/tiles/fives.h"

static void depthwise_planes(const corr2d_planes *all) {
    const bool one = all->stride == 1, near = all->dilation_down == 1 && all->dilation_across == 1;
    if (all->taps_down != 5 || all->taps_across != 5 || !near) {
        planes_any(all);
        return;
    }
    if (all->rows >= FIVES_ROWS && all->columns >= LANES) {
        fives_planes(all);
        return;
    }
    columns_call c = {.all = all, .lanes = all->columns < LANES ? all->columns : LANES};
    c.whole = all->columns < LANES ? plane_whole_rows(all) : all->rows;
    if (c.whole) c.whole += 4 / all->stride;
    columns_all(&c, one ? planes_packed_5_1 : planes_packed_5_2, one ? COLUMNS_5_1 : COLUMNS_5_2, 1, all->rows);
}
