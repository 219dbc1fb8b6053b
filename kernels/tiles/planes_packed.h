/* SPDX-License-Identifier: Apache-2.0 */
/* depthwise_rows with tiles/rows.h, depthwise_planes with tiles/columns.h. Part of tiles/depthwise.h. */

/* What corr2d_kernels asks. */
#define ROWS_ANY false

ROWS(left, 2, ROWS_LEFT)
ROWS(middle, 2, ROWS_MIDDLE)
ROWS(right, 2, ROWS_RIGHT)

static void depthwise_rows(const corr2d_planes *all) {
    static const rows_fns one = {planes_middle_1, planes_left_1, planes_right_1};
    static const rows_fns two = {planes_middle_2, planes_left_2, planes_right_2};
    rows_planes(all, all->stride == 1 ? &one : &two);
}

/* How many streams go together: as many as their chains need and registers allow. */
#define COLUMNS_5_1 2
#define COLUMNS_5_2 2

COLUMNS(packed, 5, 1, COLUMNS_PACKED)
COLUMNS(packed, 5, 2, COLUMNS_PACKED)

static void depthwise_planes(const corr2d_planes *all) {
    const bool one = all->stride == 1, near = all->dilation_down == 1 && all->dilation_across == 1;
    if (all->taps_down != 5 || all->taps_across != 5 || !near) {
        planes_any(all);
        return;
    }
    columns_call c = {.all = all, .lanes = all->columns < LANES ? all->columns : LANES};
    c.whole = all->columns < LANES ? plane_whole_rows(all) : all->rows;
    if (c.whole) c.whole += 4 / all->stride;
    columns_all(&c, one ? planes_packed_5_1 : planes_packed_5_2, one ? COLUMNS_5_1 : COLUMNS_5_2, 1, all->rows);
}
