/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise 3x3 tiles on planes read where they lie, vectors over columns. Part of tiles/depthwise.h.
 *
 * A tile is a few rows of outputs by one vector of columns. Each vector of x is loaded once, from the column below the
 * middle of the kernel, and goes to every row of outputs that has a tap there. A vector at x's first or last column
 * gets its neighbours by shifting a zero in, and a row above or below x is one of zeros.
 */

/*
 * ROWS_TOGETHER: the rows of a tile, as the registers allow beside nine weights. ROWS_NARROW: whether rows of a vector
 * or less are done, which takes masked loads.
 */
#define ROWS_MOST 7

/* Rows, whole tiles of them, that are done from left to right before those below: so y is written line after line. */
#define ROWS_BAND (14 / ROWS_TOGETHER * ROWS_TOGETHER)

/* Without the words for halves no pair is made, and these only fill their places. */
#ifndef HALVES
#define HALVES false
#define f32xn_splat_halves(low, high) ((void)(high), f32xn_splat(low))
#define f32xn_load_halves(p, q, mask) ((void)(q), f32xn_load_mask(p, mask))
#define f32xn_store_halves(p, q, a, n) ((void)(q), f32xn_store_part(p, a, n))
#endif

/* What a tile touches of x's and y's columns. */
typedef enum rows_sides {
    ROWS_MIDDLE,
    ROWS_LEFT,
    ROWS_RIGHT,
    ROWS_WHOLE, /* one vector of all columns, if ROWS_NARROW */
    ROWS_PAIR   /* the same of two channels, in the two halves of a vector */
} rows_sides;

/* One channel, or the first of a pair, and what its tiles share. */
typedef struct rows_channel {
    const corr2d_planes *all;
    const float *weights, *bias;
    float *y;
    bool clamped, right;     /* whether there is a RIGHT tile */
    size_t row, row_end;     /* a band of rows */
    size_t first, end, last; /* of y's columns, where vectors begin: MIDDLE tiles from `first` on, below `end` */
    f32xn_mask inside[2];    /* of the vectors of x that the last one reads, what is in x */
} rows_channel;

/* With stride 1: the inputs of the three taps across, for a row of x from below the first one's middle on. */
ALWAYS_INLINE void rows_load_1(f32xn *in, const float *x, const rows_channel *c, rows_sides sides) {
    if (sides == ROWS_PAIR) {
        in[1] = f32xn_load_halves(x, x + c->all->x_channel, c->inside[0]);
    } else {
        in[1] = sides == ROWS_WHOLE ? f32xn_load_mask(x, c->inside[0]) : f32xn_load(x);
    }
    in[0] = sides == ROWS_MIDDLE || sides == ROWS_RIGHT ? f32xn_load(x - 1) : f32xn_push(in[1], 0.0f);
    in[2] = sides == ROWS_MIDDLE || sides == ROWS_LEFT ? f32xn_load(x + 1) : f32xn_pull(in[1]);
}

/* The same with stride 2. */
ALWAYS_INLINE void rows_load_2(f32xn *in, const float *x, const rows_channel *c, rows_sides sides) {
    const f32xn low = sides >= ROWS_WHOLE ? f32xn_load_mask(x, c->inside[0]) : f32xn_load(x);
    const float *next = x + (sides == ROWS_PAIR ? c->all->x_channel : LANES);
    const f32xn_mask inside = c->inside[sides != ROWS_PAIR];
    const f32xn high = sides >= ROWS_RIGHT ? f32xn_load_mask(next, inside) : f32xn_load(next);
    f32xn_split(low, high, in + 1, in + 2);
    in[0] = f32xn_push(in[2], sides == ROWS_MIDDLE || sides == ROWS_RIGHT ? x[-1] : 0.0f);
}

ALWAYS_INLINE void rows_store(float *y, f32xn a, const corr2d_planes *all, rows_sides sides) {
    switch (sides) {
    case ROWS_WHOLE: f32xn_store_part(y, a, all->columns); break;
    case ROWS_PAIR: f32xn_store_halves(y, y + all->y_channel, a, all->columns); break;
    default: f32xn_store(y, a); break;
    }
}

ALWAYS_INLINE f32xn rows_weight(const rows_channel *c, size_t tap, rows_sides sides) {
    const float *w = c->weights + tap;
    return sides == ROWS_PAIR ? f32xn_splat_halves(w[0], w[9]) : f32xn_splat(w[0]);
}

/* `rows` rows of outputs from a row and column on; the weights, unless w is NULL, in registers. */
ALWAYS_INLINE void rows_tile(const rows_channel *c, const f32xn *w, size_t row, size_t column, size_t rows,
                             size_t stride, rows_sides sides) {
    const corr2d_planes *all = c->all;
    const float *const *x = all->table + row * stride;
    const size_t middle = column * stride + 1 - all->before;
    float *y = c->y + row * all->y_row + column;
    f32xn acc[ROWS_MOST];
    const f32xn bias = sides == ROWS_PAIR ? f32xn_splat_halves(c->bias[0], c->bias[1]) : f32xn_splat(c->bias[0]);
    UNROLL for (size_t o = 0; o < rows; o++) acc[o] = bias;
    UNROLL for (size_t r = 0; r < (rows - 1) * stride + 3; r++) {
        f32xn in[3];
        (stride == 1 ? rows_load_1 : rows_load_2)(in, x[r] + middle, c, sides);
        UNROLL for (size_t v = 0; v < 3; v++) {
            UNROLL for (size_t o = 0; o < rows; o++) {
                const size_t u = r - o * stride;
                if (u < 3) acc[o] = f32xn_fma(in[v], w ? w[u * 3 + v] : rows_weight(c, u * 3 + v, sides), acc[o]);
            }
        }
    }
    if (c->clamped) {
        const f32xn lo = f32xn_splat(all->lo), hi = f32xn_splat(all->hi);
        UNROLL for (size_t o = 0; o < rows; o++) acc[o] = f32xn_clamp(acc[o], lo, hi);
    }
    UNROLL for (size_t o = 0; o < rows; o++, y += all->y_row) {
        rows_store(y, f32xn_add(acc[o], f32xn_splat(0.0f)), all, sides);
    }
}

/* The tiles of a row, of these sides: one, or those in the middle, of which the last may overlap the one before. */
ALWAYS_INLINE void rows_across(const rows_channel *c, const f32xn *w, size_t row, size_t rows, size_t stride,
                               rows_sides sides) {
    if (sides != ROWS_MIDDLE) {
        rows_tile(c, w, row, sides == ROWS_RIGHT ? c->last : 0, rows, stride, sides);
        return;
    }
    for (size_t column = c->first; column < c->end; column += LANES) {
        rows_tile(c, w, row, column < c->last ? column : c->last, rows, stride, sides);
    }
}

/* The band's rows, of which the last few may be done twice, here or in two bands. */
ALWAYS_INLINE void rows_all(const rows_channel *c, size_t stride, rows_sides sides) {
    const size_t rows = c->all->rows;
    f32xn w[9];
    if (rows < ROWS_TOGETHER) {
        for (size_t row = c->row; row < c->row_end; row++) rows_across(c, NULL, row, 1, stride, sides);
        return;
    }
    UNROLL for (size_t t = 0; t < 9; t++) w[t] = rows_weight(c, t, sides);
    const size_t last = rows - ROWS_TOGETHER;
    for (size_t row = c->row; row < c->row_end; row += ROWS_TOGETHER) {
        rows_across(c, w, row < last ? row : last, ROWS_TOGETHER, stride, sides);
    }
}

/* A function for each, since together they would want more registers than there are. */
#define ROWS(name, stride, sides)                                                                                      \
    NOT_INLINE void planes_##name##_##stride(const rows_channel *c) { rows_all(c, stride, sides); }

ROWS(left, 1, ROWS_LEFT)
ROWS(left, 2, ROWS_LEFT)
ROWS(middle, 1, ROWS_MIDDLE)
ROWS(middle, 2, ROWS_MIDDLE)
ROWS(right, 1, ROWS_RIGHT)
ROWS(right, 2, ROWS_RIGHT)
ROWS(whole, 1, ROWS_WHOLE)
ROWS(whole, 2, ROWS_WHOLE)
ROWS(pair, 1, ROWS_PAIR)
ROWS(pair, 2, ROWS_PAIR)

/* Where the rows inside a plane of x lie; those beside it stay what they are. */
NOT_INLINE void rows_find(const corr2d_planes *all, const float *x) {
    const float **row = all->table + all->above, **const end = row + all->x_rows;
    for (; row < end; row++, x += all->x_row) *row = x;
}

/* One channel, or two; what is read of x in its middle then is near for its sides. */
ALWAYS_INLINE void rows_run(const rows_channel *c, bool pair) {
    const bool one = c->all->stride == 1, left = c->all->before;
    if (pair) {
        (one ? planes_pair_1 : planes_pair_2)(c);
        return;
    }
    if (ROWS_NARROW && left && c->right && c->last == 0) {
        (one ? planes_whole_1 : planes_whole_2)(c);
        return;
    }
    if (c->first < c->end) (one ? planes_middle_1 : planes_middle_2)(c);
    if (left) (one ? planes_left_1 : planes_left_2)(c);
    if (c->right) (one ? planes_right_1 : planes_right_2)(c);
}

/* Cuts a row of y into vectors. */
static inline rows_channel rows_cut(const corr2d_planes *all) {
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

static void depthwise_rows(const corr2d_planes *all) {
    rows_channel c = rows_cut(all);
    for (size_t r = 0; r < (all->rows - 1) * all->stride + 3; r++) all->table[r] = all->zeros;
    for (size_t i = 0, step; i < all->channels; i += step) {
        const bool pair = HALVES && i + 1 < all->channels && all->x_columns < all->stride * LANES / 2;
        c.weights = all->weights + i * 9;
        c.bias = all->bias + i;
        c.y = all->y + i * all->y_channel;
        rows_find(all, all->x + i * all->x_channel);
        for (c.row = 0; c.row < all->rows; c.row = c.row_end) {
            c.row_end = all->rows - c.row > ROWS_BAND ? c.row + ROWS_BAND : all->rows;
            rows_run(&c, pair);
        }
        step = 1 + pair;
    }
}
