/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise 3x3 tiles on planes read where they lie, vectors over columns. Part of tiles/depthwise.h.
 *
 * Each vector of x is loaded once, from the column below the middle of the kernel, and goes to every row of outputs
 * that has a tap there. A vector at x's first or last column gets its neighbours by shifting a zero in, and a row above
 * or below x is one of zeros.
 */

/* ROWS_TOGETHER: the rows of a tile, as the registers allow beside nine weights; 0 for a ring of rows. */

/* What a vector touches of x's columns: neither end, one, or both, and then not even the first column's is whole. */
typedef enum rows_sides { ROWS_MIDDLE, ROWS_LEFT, ROWS_RIGHT, ROWS_WHOLE } rows_sides;

/* One channel, and what its tiles share; for a ring, only the latter. */
typedef struct rows_channel {
    const corr2d_planes *all;
    const float *weights, *bias;
    float *y;
    bool clamped, right;     /* whether there is a RIGHT tile */
    size_t row, row_end;     /* a band of rows */
    size_t first, end, last; /* of y's columns, where vectors begin: MIDDLE tiles from `first` on, below `end` */
    f32xn_mask inside[2];    /* of the vectors of x that the last one reads, two with stride 2, what is in x */
} rows_channel;

/*
 * Those of stride 2 for tiles that are not ROWS_WHOLE. Behind x's last column lies at most the third tap of the last
 * output.
 */
ALWAYS_INLINE void rows_split(f32xn *in, const float *x, rows_sides sides) {
    f32xn pair[2], middle;
    load_one_by_one(pair, x + 2 * LANES - (sides != ROWS_LEFT), 2);
    if (sides == ROWS_LEFT) {
        f32xn_split(pair[0], pair[1], in + 1, in + 2);
        in[0] = f32xn_push_zero(in[2]);
    } else {
        f32xn_split(pair[0], pair[1], in, in + 1);
        in[2] = f32xn_pull(in[0]);
        if (sides != ROWS_MIDDLE) return;
        load_one_by_one(pair, x + 2 * LANES, 2);
        f32xn_split(pair[0], pair[1], &middle, in + 2);
    }
}

/*
 * The inputs of the three taps across, for a row of x from below the first one's middle on; `again`: those of the
 * vector to the left were the last ones.
 */
ALWAYS_INLINE void rows_load(f32xn *in, const float *x, const rows_channel *c, size_t stride, rows_sides sides,
                             bool again) {
    const bool whole = sides == ROWS_WHOLE, left = whole || sides == ROWS_LEFT, right = whole || sides == ROWS_RIGHT;
    const f32xn low = whole ? f32xn_load_mask(x, c->inside[0]) : f32xn_load(x);
    if (stride == 1) {
        in[1] = low;
        in[0] = left ? f32xn_push_zero(low) : f32xn_load(x - 1);
        in[2] = right ? f32xn_pull(low) : f32xn_load(x + 1);
    } else if (ROWS_TOGETHER) {
        rows_split(in, x, sides);
    } else {
        const f32xn high = right ? f32xn_load_mask(x + LANES, c->inside[1]) : f32xn_load(x + LANES);
        const f32xn before = again ? in[2] : f32xn_splat(left ? 0.0f : x[-1]);
        f32xn_split(low, high, in + 1, in + 2);
        in[0] = f32xn_push(in[2], before);
    }
}

/* Cuts a row of y into vectors. */
NOT_INLINE rows_channel rows_cut(const corr2d_planes *all) {
    const size_t last = all->columns > LANES ? all->columns - LANES : 0, stride = all->stride;
    const size_t middle = last * stride + 1 - all->before, inside = all->x_columns - middle;
    rows_channel c = {.all = all, .last = last, .first = all->before * LANES};
    c.right = middle + (LANES - 1) * stride + 1 >= all->x_columns;
    c.end = c.right ? last : all->columns;
    c.inside[0] = f32xn_mask_of(inside < LANES ? inside : LANES);
    c.inside[1] = f32xn_mask_of(inside < LANES ? 0 : inside < 2 * LANES ? inside - LANES : LANES);
    c.clamped = clamps(all->lo, all->hi);
    return c;
}

#if ROWS_TOGETHER
#include "kernels/tiles/rows_together.h"
#else
#include "kernels/tiles/rows_ring.h"
#endif
