/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise 5x5 tiles on planes read where they lie, for few registers. Part of tiles/rows_ring.h.
 *
 * A tile is two vectors of columns down all rows: neighbours of one channel, for which a weight is loaded once, or,
 * where a row is no more than a vector, those of two channels. Each row of inputs is added to all rows of outputs that
 * it reaches, which wait in a ring of accumulators. Each tap's inputs are loaded, since weights are more; what is
 * beside x is masked, and rows beside it are left out. With stride 2 two vectors give those of two taps, in an order
 * that is mended where outputs are stored, and two pairs go together. The last columns of some rows have tiles of their
 * own, in tiles/rows_twelve.h.
 */
#define PAIR_TAPS 5
#define PAIR_LIVE 5

/* Vectors of inputs: with stride 1 each tap's, with stride 2 the first and second halves of three spans of columns. */
#define PAIR_INPUTS 6

/*
 * With stride 2, where they begin, from the first output's middle on. The spans are the inputs of the first two taps
 * across, of the third and of the last two: nothing behind the last output's middle is loaded but for those.
 */
static const int8_t pairs_at[PAIR_INPUTS] = {-2, 0, 1, LANES - 2, LANES - 1, LANES + 1};

typedef struct pairs_call {
    const corr2d_planes *all;
    const float *x[2], *weights[2], *bias[2]; /* of x the middle column of taps' first input */
    float *y[2];
    f32xn_mask inside[2][PAIR_INPUTS]; /* what of those vectors is in x */
    size_t whole;                      /* so many rows may be stored as whole vectors */
} pairs_call;

/* Whether an input's vector may be beside x: where a pair is one channel's, the first one to the left and so on. */
ALWAYS_INLINE bool pairs_masked(size_t vector, size_t stride, size_t input, bool apart) {
    if (apart) return true;
    if (stride == 1) return vector == 0 ? input < 2 : input > 2;
    return vector == 0 ? input == 0 : input == 5;
}

/* An input `at` columns from the middle tap's first one. */
ALWAYS_INLINE f32xn pairs_load(const pairs_call *c, size_t vector, const float *x, ptrdiff_t at, size_t stride,
                               size_t input, bool apart) {
    if (pairs_masked(vector, stride, input, apart))
        return f32xn_load_mask(x + at, c->inside[apart ? 0 : vector][input]);
    return f32xn_load(x + at);
}

/* A column of taps of vectors first ... last; `top` is the row of taps that reaches the oldest outputs. */
ALWAYS_INLINE void pairs_fma(f32xn (*acc)[PAIR_LIVE], const float *w, const f32xn *in, size_t v, size_t stride,
                             size_t top, size_t first, size_t last) {
    UNROLL for (size_t a = 0; a < PAIR_LIVE; a++) {
        const size_t u = top - stride * a;
        if (u < PAIR_TAPS) {
            IN_ORDER;
            const f32xn w_f32xn = f32xn_splat(w[u * PAIR_TAPS + v]);
            acc[first][a] = f32xn_fma(in[first], w_f32xn, acc[first][a]);
            HOLD(acc[first][a]);
            if (last > first) acc[last][a] = f32xn_fma(in[last], w_f32xn, acc[last][a]);
            HOLD(acc[last][a]);
        }
    }
}

/* A tap of a row of inputs. */
ALWAYS_INLINE void pairs_add_one(f32xn (*acc)[PAIR_LIVE], const pairs_call *c, const float *const *x, const float *w,
                                 size_t v, size_t first, size_t last) {
    const bool apart = first == last;
    const ptrdiff_t at = (ptrdiff_t)v - 2;
    f32xn in[2];
    in[first] = pairs_load(c, first, x[first], at, 1, v, apart);
    if (!apart) in[last] = pairs_load(c, last, x[last], at, 1, v, apart);
    pairs_fma(acc, w, in, v, 1, PAIR_TAPS - 1, first, last);
}

/* The middle span has one tap. Where more of x lies behind, its second half is loaded so as to cross fewer lines. */
ALWAYS_INLINE void pairs_split(f32xn *even, f32xn *odd, const pairs_call *c, size_t vector, const float *x, size_t span,
                               bool apart) {
    const bool early = apart || vector > 0;
    const ptrdiff_t at = pairs_at[3 + span] + (span == 1 && !early ? 1 : 0);
    const f32xn low = pairs_load(c, vector, x, pairs_at[span], 2, span, apart);
    const f32xn high = pairs_load(c, vector, x, at, 2, 3 + span, apart);
    if (span == 1) {
        even[vector] = f32xn_even_parts(low, high, early);
    } else {
        f32xn_split_parts(low, high, even + vector, odd + vector);
    }
}

/* A span of columns. */
ALWAYS_INLINE void pairs_add_two(f32xn (*acc)[PAIR_LIVE], const pairs_call *c, const float *const *x, const float *w,
                                 size_t span, size_t top, size_t first, size_t last) {
    const size_t v = (3 * span + 1) / 2;
    f32xn even[2], odd[2];
    pairs_split(even, odd, c, first, x[first], span, first == last);
    if (last > first) pairs_split(even, odd, c, last, x[last], span, false);
    pairs_fma(acc, w, even, v, 2, top, first, last);
    if (span != 1) pairs_fma(acc, w, odd, v + 1, 2, top, first, last);
}

/* A row of inputs. */
ALWAYS_INLINE void pairs_add(f32xn (*acc)[PAIR_LIVE], const pairs_call *c, const float *const *x, const float *const *w,
                             size_t stride, size_t top, bool apart) {
    const size_t inputs = stride == 1 ? 5 : 3;
    if (stride == 1 && apart) {
        for (size_t i = 0; i < inputs; i++) {
            pairs_add_one(acc, c, x, w[0], i, 0, 0);
            pairs_add_one(acc, c, x, w[1], i, 1, 1);
        }
        return;
    }
    UNROLL for (size_t i = 0; i < inputs; i++) {
        if (stride == 1) {
            pairs_add_one(acc, c, x, w[0], i, 0, 1);
        } else {
            pairs_add_two(acc, c, x, w[0], i, top, 0, !apart);
            if (apart) pairs_add_two(acc, c, x, w[1], i, top, 1, 1);
        }
    }
}

ALWAYS_INLINE void pairs_hold(f32xn (*acc)[PAIR_LIVE], size_t live) {
    EACH(a, live, PAIR_LIVE) {
        HOLD(acc[0][a]);
        HOLD(acc[1][a]);
    }
}

ALWAYS_INLINE f32xn pairs_finish(const corr2d_planes *all, f32xn y_f32xn, size_t stride, bool clamped) {
    if (clamped) y_f32xn = f32xn_clamp(y_f32xn, f32xn_splat(all->lo), f32xn_splat(all->hi));
    if (stride == 2) return f32xn_add(f32xn_order_parts(y_f32xn), f32xn_splat(0.0f));
    return f32xn_add(y_f32xn, f32xn_load(all->zeros));
}

ALWAYS_INLINE void pairs_store(const pairs_call *c, float *y, f32xn y_f32xn, size_t row, bool apart) {
    if (!apart || row < c->whole) {
        f32xn_store(y, y_f32xn);
    } else {
        f32xn_store_part(y, y_f32xn, c->all->columns);
    }
}

/* `apart`: of two channels. */
ALWAYS_INLINE void pairs_tile(const pairs_call *c, size_t stride, bool apart) {
    const corr2d_planes *all = c->all;
    const size_t live = (PAIR_TAPS + stride - 1) / stride, rows = all->rows + live - 1, x_row = all->x_row;
    const bool clamped = clamps(all->lo, all->hi);
    const float *x[2] = {c->x[0], c->x[1]}, *const w[2] = {c->weights[0], c->weights[1]};
    const float *const bias[2] = {c->bias[0], c->bias[1]};
    float *y[2] = {c->y[0], c->y[1]};
    f32xn acc[2][PAIR_LIVE];
    size_t row_of_x = 0;
    row_of_x -= all->above;
    UNROLL for (size_t s = 0; s < 2; s++) {
        UNROLL for (size_t a = 0; a < live; a++) acc[s][a] = f32xn_splat(bias[apart ? s : 0][0]);
    }
    for (size_t row = 0; row < rows; row++) {
        UNROLL for (size_t a = 0; a + 1 < live; a++) {
            acc[0][a] = acc[0][a + 1];
            acc[1][a] = acc[1][a + 1];
        }
        UNROLL for (size_t s = 0; s < 2; s++) acc[s][live - 1] = f32xn_splat(bias[apart ? s : 0][0]);
        UNROLL for (size_t below = 0; below < stride; below++, row_of_x++) {
            if (row_of_x < all->x_rows) {
                pairs_add(acc, c, x, w, stride, PAIR_TAPS - 1 + below, apart);
                x[0] += x_row;
                x[1] += x_row;
            }
        }
        if (row >= live - 1) {
            UNROLL for (size_t s = 0; s < 2; s++) {
                pairs_store(c, y[s], pairs_finish(all, acc[s][0], stride, clamped), row, apart);
                y[s] += all->y_row;
            }
        }
    }
}

NOT_INLINE void planes_pairs_1(const pairs_call *c) { pairs_tile(c, 1, false); }
NOT_INLINE void planes_apart_1(const pairs_call *c) { pairs_tile(c, 1, true); }
NOT_INLINE void planes_apart_2(const pairs_call *c) { pairs_tile(c, 2, true); }

/*
 * Two pairs with stride 2, since one has too few chains. What the first of two rows of inputs finishes is stored before
 * the second: so there are registers for both. Their second vectors are so many outputs behind the first ones. A first
 * step that reads none of x is left out.
 */
ALWAYS_INLINE void pairs_two(const pairs_call *c, size_t second, bool clamped) {
    const corr2d_planes *all = c->all;
    const size_t x_row = all->x_row, x_rows = all->x_rows, end = all->rows + 2;
    const float *x[2] = {c[0].x[0], c[1].x[0]};
    const float *const w[2] = {c[0].weights[0], c[1].weights[0]}, *const bias[2] = {c[0].bias[0], c[1].bias[0]};
    float *y[2] = {c[0].y[0], c[1].y[0]};
    f32xn acc[2][2][PAIR_LIVE];
    size_t row = all->above < 2 ? 0 : 1, row_of_x = 2 * row - all->above;
    EACH(p, 2, 2) acc[p][0][0] = acc[p][1][0] = acc[p][0][1] = acc[p][1][1] = f32xn_splat(bias[p][0]);
    for (; row < end; row++, row_of_x += 2) {
        UNROLL for (size_t p = 0; p < 2; p++) {
            IN_ORDER;
            acc[p][0][2] = acc[p][1][2] = f32xn_splat(bias[p][0]);
            pairs_hold(acc[p], 3);
            if (__builtin_expect(row_of_x < x_rows, 1)) {
                const float *const at[2] = {x[p], x[p] + 2 * second};
                pairs_add(acc[p], c + p, at, w + p, 2, PAIR_TAPS - 1, false);
                x[p] += x_row;
            }
            if (row >= 2) {
                f32xn_store(y[p], pairs_finish(all, acc[p][0][0], 2, clamped));
                f32xn_store(y[p] + second, pairs_finish(all, acc[p][1][0], 2, clamped));
                y[p] += all->y_row;
            }
            UNROLL for (size_t s = 0; s < 2; s++) {
                acc[p][s][0] = acc[p][s][1];
                acc[p][s][1] = acc[p][s][2];
            }
        }
        UNROLL for (size_t p = 0; p < 2; p++) {
            IN_ORDER;
            if (__builtin_expect(row_of_x + 1 < x_rows, 1)) {
                const float *const at[2] = {x[p], x[p] + 2 * second};
                pairs_add(acc[p], c + p, at, w + p, 2, PAIR_TAPS - 2, false);
                pairs_hold(acc[p], 2);
                x[p] += x_row;
            }
        }
    }
}

/* So many times, each time so many channels further on. */
NOT_INLINE void planes_pairs_2(pairs_call *c, size_t second, size_t times, size_t step) {
    const corr2d_planes *all = c->all;
    const bool clamped = clamps(all->lo, all->hi);
    for (;;) {
        pairs_two(c, second, clamped);
        if (--times == 0) return;
        for (size_t p = 0; p < 2; p++) {
            c[p].x[0] += step * all->x_channel;
            c[p].y[0] += step * all->y_channel;
            c[p].weights[0] += step * PAIR_TAPS * PAIR_TAPS;
            c[p].bias[0] += step;
        }
    }
}

/* What of the vector from a column on, which counts from two before x, is in x. */
static inline f32xn_mask pairs_mask(const corr2d_planes *all, size_t column) {
    const size_t end = all->x_columns + 2, inside = end > column ? end - column : 0;
    return f32xn_mask_between(column < 2 ? 2 - column : 0, inside < LANES ? inside : LANES);
}

/* What is in x of the inputs of a vector of outputs. */
NOT_INLINE void pairs_cut(pairs_call *c, size_t vector, size_t column) {
    const size_t stride = c->all->stride, middle = column * stride + 2 - c->all->before;
    for (size_t i = 0; i < PAIR_INPUTS; i++) {
        const size_t at = stride == 1 ? i : (size_t)(pairs_at[i] + 2);
        c->inside[vector][i] = pairs_mask(c->all, middle + at);
    }
}

/* One vector of a pair, from a column of outputs on. */
NOT_INLINE void pairs_place(pairs_call *c, size_t vector, size_t channel, size_t column) {
    const corr2d_planes *all = c->all;
    c->x[vector] = all->x + channel * all->x_channel + column * all->stride + 2 - all->before;
    c->y[vector] = all->y + channel * all->y_channel + column;
    c->weights[vector] = all->weights + channel * PAIR_TAPS * PAIR_TAPS;
    c->bias[vector] = all->bias + channel;
}

/* Narrow rows, two channels at a time, or a single one twice. */
static inline void pairs_channels(pairs_call *c) {
    const corr2d_planes *all = c->all;
    pairs_cut(c, 0, 0);
    for (size_t i = 0; i < all->channels; i += 2) {
        pairs_place(c, 0, i, 0);
        pairs_place(c, 1, i + 1 < all->channels ? i + 1 : i, 0);
        (all->stride == 1 ? planes_apart_1 : planes_apart_2)(c);
    }
}

/* A channel's columns, of which the last two vectors may overlap those before. */
static inline void pairs_across(pairs_call *c, size_t channel, size_t width) {
    const size_t second = width < 2 * LANES ? width - LANES : LANES;
    for (size_t column = 0; column < width; column += 2 * LANES) {
        const size_t from = column && width - column < 2 * LANES ? width - 2 * LANES : column;
        if (width > 2 * LANES || channel == 0) {
            pairs_cut(c, 0, from);
            pairs_cut(c, 1, from + second);
        }
        pairs_place(c, 0, channel, from);
        pairs_place(c, 1, channel, from + second);
        planes_pairs_1(c);
    }
}

/* With stride 2 all pairs of all channels, of which a row's last may overlap that before, two at a time. */
static inline void pairs_strided(pairs_call *c) {
    const corr2d_planes *all = c->all;
    const size_t width = all->columns, pair = width < 2 * LANES ? width : 2 * LANES, last = width - pair;
    const size_t each = (width + pair - 1) / pair, end = all->channels * each;
    for (size_t i = 0, times; i < end; i += 2 * times) {
        for (size_t p = 0; p < 2; p++) {
            const size_t at = i + p < end ? i + p : i, channel = at / each, first = at % each * pair;
            const size_t column = first < last ? first : last, second = column + pair - LANES;
            pairs_cut(c + p, 0, column);
            pairs_cut(c + p, 1, second);
            pairs_place(c + p, 0, channel, column);
        }
        times = each <= 2 && i + 2 <= end ? (end - i) / 2 : 1;
        planes_pairs_2(c, pair - LANES, times, 2 / each);
    }
}

#include "kernels/tiles/rows_twelve.h"

static inline void pairs_planes(const corr2d_planes *all) {
    const size_t spill = (LANES - 1) / all->columns, early = 4 / all->stride;
    pairs_call c[2] = {{.all = all, .whole = all->rows > spill ? all->rows - spill + early : 0}, {.all = all}};
    if (all->columns <= LANES) {
        pairs_channels(c);
    } else if (all->stride == 2) {
        pairs_strided(c);
    } else {
        const size_t width = twelve_first(all), each = width ? 1 : all->channels;
        for (size_t i = 0; i < all->channels; i += each) {
            if (width) pairs_across(c, i, width);
            if (width < all->columns) twelve_columns(c + 1, i, each);
        }
    }
}
