/* SPDX-License-Identifier: Apache-2.0 */
/* depthwise_rows with all of tiles/columns.h, and tiles/rows.h where those are better. Part of tiles/depthwise.h. */

/* What corr2d_kernels asks. */
#define ROWS_ANY true

ROWS(left, 1, ROWS_LEFT)
ROWS(middle, 1, ROWS_MIDDLE)
ROWS(right, 1, ROWS_RIGHT)

/* How many streams go together: as many as their chains need and registers allow. */
#define COLUMNS_3_1 4
#define COLUMNS_5_1 2
#define PICKED_STREAMS COLUMNS_5_1

#define COLUMNS_FORMS(taps)                                                                                            \
    COLUMNS(sides, taps, 1, COLUMNS_SIDES)                                                                             \
    COLUMNS(whole, taps, 1, COLUMNS_WHOLE)

COLUMNS_FORMS(3)
COLUMNS_FORMS(5)

#include "kernels/tiles/columns_picked.h"

#include "kernels/tiles/columns_picked_three.h"

#include "kernels/tiles/columns_picked_five.h"

/* Rows of x, about, that are done from left to right before those below: so y is written line after line. */
#define COLUMNS_BAND 28

/* Whether all of a map's outputs are the middles of kernels that begin before x, of half their size at most. */
static inline bool columns_centred(const corr2d_planes *all) {
    const size_t half = all->taps_down / 2;
    return all->above == half && all->before == half && all->rows == (all->x_rows + 1) / 2;
}

/* Which form a plane takes. */
static inline columns_form columns_form_of(const corr2d_planes *all) {
    const size_t half = all->taps_across / 2, stride = all->stride;
    const bool padded = all->before >= half && all->x_columns + all->before <= stride * LANES + half;
    const bool narrow = stride == 2 && all->columns <= PAIR_COLUMNS && all->x_columns <= PAIR_COLUMNS * stride;
    if (narrow && all->channels > 1 && (half == 1 || columns_centred(all))) return COLUMNS_PAIR;
    return all->columns > LANES || !padded ? COLUMNS_SIDES : COLUMNS_WHOLE;
}

static void columns_planes(const corr2d_planes *all) {
    static columns_fn *const fns[2][2] = {{planes_sides_3_1, planes_whole_3_1}, {planes_sides_5_1, planes_whole_5_1}};
    const columns_form form = columns_form_of(all);
    const bool five = all->taps_down == 5, two = all->stride == 2, pair = form == COLUMNS_PAIR;
    _Alignas(sizeof(f32xn)) float vectors[PICKED_STREAMS * FIVE_VECTORS * LANES];
    columns_call c = {.all = all, .vectors = vectors, .clamped = clamps(all->lo, all->hi)};
    c.lanes.stored = f32xn_mask_of(all->columns < columns_reach(all) ? all->columns : columns_reach(all));
    c.lanes.stored_second = (f32xn_mask)(pair ? c.lanes.stored << PAIR_SECOND : 0);
    c.x_second = (ptrdiff_t)all->x_channel;
    c.y_second = (ptrdiff_t)all->y_channel - PAIR_SECOND;
    if (two && !five) {
        three_planes(&c, form);
    } else if (pair) {
        columns_move(&c);
        planes_five_pairs(&c);
    } else {
        columns_all(&c, two ? planes_picked_five : fns[five][form], five ? COLUMNS_5_1 : COLUMNS_3_1, 1,
                    COLUMNS_BAND / all->stride);
    }
}

/* 3x3 kernels with stride 1 on rows longer than a vector go to tiles/rows.h, and small maps to tiles of their own. */
static void depthwise_rows(const corr2d_planes *all) {
    static const rows_fns fns = {planes_middle_1, planes_left_1, planes_right_1};
    const bool inside = all->columns < all->x_columns + all->before && all->x_columns <= CORR2D_ZEROS;
    if (narrow_planes(all)) return;
    const bool rows = all->rows >= ROWS_TOGETHER && all->columns > LANES && all->before <= 1 && inside;
    if (all->taps_down == 3 && all->stride == 1 && rows) {
        rows_planes(all, &fns);
    } else {
        columns_planes(all);
    }
}
