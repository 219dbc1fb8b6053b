/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise tiles of 3x3 and 5x5 kernels without dilation, vectors over columns. Part of tiles/depthwise.h.
 *
 * A tile is a vector of columns of a few channels, down a band of rows. Each row of inputs is added to all rows of
 * outputs that it reaches, which wait in a ring of accumulators: the oldest is finished and stored, and the others move
 * up. Rows of padding are not visited where they change nothing. Channels go together for the sake of their chains.
 */
#define COLUMNS_MOST 4
#define COLUMNS_LIVE 5

/* A channel, or the first of a pair. */
typedef struct columns_stream {
    const float *x, *weights, *bias;
    float *y;
} columns_stream;

/* How inputs are loaded, and outputs stored. */
#ifdef IN_PLACE
#include "kernels/tiles/columns_in_place.h"
#else
#include "kernels/tiles/columns_packed.h"
#endif

/* A row of inputs, the `below`-th of those that reach the same outputs, from `at` on in each stream. */
ALWAYS_INLINE void columns_add(f32xn (*acc)[COLUMNS_LIVE], const columns_call *c, columns_kernel *w,
                               const columns_lanes *lanes, ptrdiff_t at, size_t taps, size_t stride, size_t below,
                               size_t together, columns_form form) {
    const size_t live = (taps + stride - 1) / stride;
    columns_inputs in[COLUMNS_MOST];
    UNROLL for (size_t s = 0; s < together; s++) {
        columns_hold(w + s);
        in[s] = columns_load(lanes, c->stream[s].x, at, form);
    }
    IN_ORDER;
    UNROLL for (size_t v = 0; v < taps; v++) {
        UNROLL for (size_t s = 0; s < together; s++) {
            const f32xn x_f32xn = columns_tap(in + s, v, taps, stride);
            UNROLL for (size_t a = 0; a < live; a++) {
                const size_t u = (live - 1 - a) * stride + below;
                if (u < taps) acc[s][a] = columns_fma(x_f32xn, w + s, u * taps + v, acc[s][a]);
            }
        }
    }
}

/* `together` streams down a band. */
ALWAYS_INLINE void columns_tile(const columns_call *c, size_t taps, size_t stride, size_t together, columns_form form) {
    const corr2d_planes *all = c->all;
    const size_t live = (taps + stride - 1) / stride, first = c->first + live - 1;
    const size_t top = all->first_row / stride, end = (all->end_row + stride - 1) / stride;
    const bool clamped = clamps(all->lo, all->hi);
    const columns_stream *stream = c->stream;
    const columns_lanes lanes = c->lanes;
    columns_kernel w[COLUMNS_MOST];
    f32xn acc[COLUMNS_MOST][COLUMNS_LIVE], bias[COLUMNS_MOST];
    size_t row = top < c->first ? c->first : top < first ? top : first, y_at = c->first * all->y_row + c->column;
    ptrdiff_t at = c->start + (ptrdiff_t)((row < top ? top : row) * stride) * columns_x_row(all, stride);
    UNROLL for (size_t s = 0; s < together; s++) {
        columns_weights(w + s, stream[s].weights);
        bias[s] = f32xn_splat(stream[s].bias[0]);
        UNROLL for (size_t a = 0; a < live; a++) acc[s][a] = bias[s];
    }
    for (; row < c->end + live - 1; row++) {
        UNROLL for (size_t s = 0; s < together; s++) {
            UNROLL for (size_t a = 0; a + 1 < live; a++) {
                acc[s][a] = acc[s][a + 1];
                HOLD(acc[s][a]); /* or clang would move memory */
            }
            acc[s][live - 1] = bias[s];
        }
        if (row >= top && row < end) {
            UNROLL for (size_t below = 0; below < stride; below++, at += columns_x_row(all, stride)) {
                columns_add(acc, c, w, &lanes, at, taps, stride, below, together, form);
            }
        }
        if (row >= c->first + live - 1) {
            UNROLL for (size_t s = 0; s < together; s++) {
                f32xn y_f32xn = acc[s][0];
                if (clamped) y_f32xn = f32xn_clamp(y_f32xn, f32xn_splat(all->lo), f32xn_splat(all->hi));
                columns_store(c->stream[s].y + y_at, f32xn_add(y_f32xn, f32xn_splat(0.0f)), c, &lanes, row, form);
            }
            y_at += all->y_row;
        }
    }
}

typedef void columns_fn(const columns_call *c);

/* With so many streams as COLUMNS_<taps>_<stride> says. */
#define COLUMNS(name, taps, stride, form)                                                                              \
    NOT_INLINE void planes_##name##_##taps##_##stride(const columns_call *c) {                                         \
        columns_tile(c, taps, stride, COLUMNS_##taps##_##stride, form);                                                \
    }

/* All columns of a band, from left to right: vectors of which the last overlaps the one before, or a shorter one. */
static inline void columns_across(columns_call *c, columns_fn *fn) {
    const size_t width = c->all->columns, reach = columns_reach(c->all);
    for (size_t step; c->column < width; c->column += step) {
        const size_t left = width - c->column;
        if (width > reach) columns_move(c);
        fn(c);
        step = left > reach && left < 2 * reach ? left - reach : reach;
    }
    c->column = 0;
}

/* All channels, `together` streams of `each` at a time. Where fewer are left, the last one is done more than once. */
static inline void columns_all(columns_call *c, columns_fn *fn, size_t together, size_t each, size_t band) {
    const corr2d_planes *all = c->all;
    columns_move(c);
    for (size_t i = 0; i < all->channels; i += together * each) {
        for (size_t s = 0; s < together; s++) {
            const size_t last = all->channels - each, o = i + s * each < last ? i + s * each : last;
            c->stream[s] = (columns_stream){columns_plane(all, o), all->weights + o * all->taps_down * all->taps_across,
                                            all->bias + o, all->y + o * all->y_channel};
        }
        for (c->first = 0; c->first < all->rows; c->first = c->end) {
            c->end = all->rows - c->first > band ? c->first + band : all->rows;
            columns_across(c, fn);
        }
    }
}
