/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise 3x3 tiles on planes read where they lie, for few registers. Part of tiles/rows.h.
 *
 * A tile is two vectors of columns down a band of rows, of one channel or, where a row is no more than one, of two.
 * Each row of inputs is added to all rows of outputs that it reaches, which wait in a ring of accumulators: the oldest
 * is finished and stored, and the others move up. Rows of padding are left out where they change nothing; that also
 * keeps compilers from putting the multiply-adds off until their sums are asked for. Weights come from memory, once
 * for both vectors of a channel.
 */

/* The most rows of a band, of which each reads two rows again; and of one that is wider than WIDE_MAP. */
#define RING_BAND 28
#define RING_BAND_WIDE 14
#define WIDE_MAP 64

/* Two vectors of columns, of the first the middle tap's first input and the first output, and from it to the second. */
typedef struct ring_call {
    const rows_channel *c, *cut; /* one of two: for tiles without a row's last vector, and with it */
    const float *x, *weights[2], *bias[2];
    float *y;
    const float *x_far, *y_far; /* of the next band or channel what the tile fetches, with stride 1, line after line */
    size_t x_second, y_second;
    size_t row, rows; /* a band of rows of outputs */
    size_t whole;     /* of two channels: so many rows may be stored as whole vectors, the others are shorter */
} ring_call;

/* A row of `count` vectors' inputs, the `below`-th of those that reach the same outputs. */
ALWAYS_INLINE void ring_add(f32xn (*acc)[3], const rows_channel *c, const float *const *x, const float *w, size_t count,
                            size_t stride, size_t below, const rows_sides *sides) {
    const size_t live = (stride + 2) / stride;
    f32xn in[2][3];
    UNROLL for (size_t s = 0; s < count; s++) rows_load(in[s], x[s], c, stride, sides[s]);
    UNROLL for (size_t v = 0; v < 3; v++) {
        if (v == 0 || stride == 2) IN_ORDER;
        UNROLL for (size_t a = 0; a < live; a++) {
            const size_t u = (live - 1 - a) * stride + below;
            UNROLL for (size_t s = 0; s < count; s++) {
                if (u < 3) acc[s][a] = f32xn_fma(in[s][v], f32xn_splat(w[u * 3 + v]), acc[s][a]);
            }
        }
    }
}

/* The rows that are shorter than a vector and may not be stored as one, from a buffer. */
NOT_INLINE void ring_rest(const ring_call *call, const float *rest, size_t row) {
    const corr2d_planes *all = call->c->all;
    for (; row < all->rows; row++, rest += 2 * LANES) {
        float *y = call->y + row * all->y_row;
        f32xn_store_part(y, f32xn_load(rest), all->columns);
        f32xn_store_part(y + call->y_second, f32xn_load(rest + LANES), all->columns);
    }
}

/* What is stored to the first row before that is finished is written over. */
ALWAYS_INLINE void ring_tile(const ring_call *call, size_t stride, rows_sides first, rows_sides second) {
    const rows_channel *c = call->c;
    const corr2d_planes *all = c->all;
    static const size_t rest_step[2] = {2 * LANES, LANES};
    const rows_sides sides[2] = {first, second};
    const size_t y_step[2] = {all->y_row, call->y_second}, *step = y_step;
    const size_t live = (stride + 2) / stride, end = call->rows + live;
    const bool whole = first == ROWS_WHOLE;
    const float *x = call->x;
    float *y = call->y, rest[2 * LANES * LANES];
    size_t row_of_x = call->row * stride - all->above;
    const float *x_far = call->x_far, *y_far = call->y_far;
    f32xn acc[2][3];
    UNROLL for (size_t s = 0; s < 2; s++) {
        UNROLL for (size_t a = 0; a < 3; a++) acc[s][a] = f32xn_splat(call->bias[whole ? s : 0][0]);
    }
    for (size_t row = 1; row < end; row++) {
        if (whole && row == call->whole) {
            y = rest;
            step = rest_step;
        }
        UNROLL for (size_t below = 0; below < stride; below++, row_of_x++) {
            const float *at[2] = {all->zeros + 1, all->zeros + 1};
            if (!whole) at[1] += call->x_second;
            if (row_of_x < all->x_rows) {
                at[0] = x;
                at[1] = x + call->x_second;
                x += all->x_row;
            } else if (all->end_row - all->first_row == all->x_rows) {
                continue;
            }
            ring_add(acc, c, at, call->weights[0], whole ? 1 : 2, stride, below, sides);
            if (whole) ring_add(acc + 1, c, at + 1, call->weights[1], 1, stride, below, sides);
        }
        if (c->clamped) {
            const f32xn lo = f32xn_splat(all->lo), hi = f32xn_splat(all->hi);
            UNROLL for (size_t s = 0; s < 2; s++) acc[s][0] = f32xn_clamp(acc[s][0], lo, hi);
        }
        f32xn_store(y, f32xn_add(acc[0][0], f32xn_splat(0.0f)));
        f32xn_store(y + (whole ? step[1] : call->y_second), f32xn_add(acc[1][0], f32xn_splat(0.0f)));
        if (!whole && stride == 1) {
            __builtin_prefetch(x_far, 0, 3);
            __builtin_prefetch(y_far, 1, 3);
            x_far += 2 * LANES;
            y_far += 2 * LANES;
        }
        if (row >= live) y += whole ? step[0] : all->y_row;
        UNROLL for (size_t s = 0; s < 2; s++) {
            acc[s][0] = acc[s][1];
            acc[s][1] = acc[s][2];
            acc[s][live - 1] = f32xn_splat(call->bias[whole ? s : 0][0]);
        }
    }
    if (whole && call->whole < end) ring_rest(call, rest, call->whole < live ? 0 : call->whole - live);
}

typedef void ring_fn(const ring_call *call);

#define RING(name, stride, first, second)                                                                              \
    NOT_INLINE void planes_##name##_##stride(const ring_call *call) { ring_tile(call, stride, first, second); }

RING(middle, 1, ROWS_MIDDLE, ROWS_MIDDLE)
RING(left, 1, ROWS_LEFT, ROWS_MIDDLE)
RING(right, 1, ROWS_MIDDLE, ROWS_RIGHT)
RING(both, 1, ROWS_LEFT, ROWS_RIGHT)
RING(whole, 1, ROWS_WHOLE, ROWS_WHOLE)
/* With a mask for what the second vector reads, which may be whole. */
RING(right, 2, ROWS_MIDDLE, ROWS_RIGHT)
RING(both, 2, ROWS_LEFT, ROWS_RIGHT)
RING(whole, 2, ROWS_WHOLE, ROWS_WHOLE)

static inline void ring_go(ring_call *call, size_t channel, size_t column) {
    const corr2d_planes *all = call->c->all;
    const size_t far = column * (call->rows + 2), row = call->row ? call->row * all->stride - all->above : 0;
    call->x = all->x + channel * all->x_channel + row * all->x_row + column * all->stride + 1 - all->before;
    call->y = all->y + channel * all->y_channel + call->row * all->y_row + column;
    call->x_far = call->x + call->rows * all->x_row + far;
    call->y_far = call->y + call->rows * all->y_row + far;
    call->weights[0] = all->weights + channel * 9;
    call->bias[0] = all->bias + channel;
}

/* A channel's vectors two by two; the last two may overlap those before. */
static inline void ring_across(ring_call *call, size_t channel) {
    static ring_fn *const fns[2][2][2] = {{{planes_middle_1, planes_right_1}, {planes_left_1, planes_both_1}},
                                          {{planes_right_2, planes_right_2}, {planes_both_2, planes_both_2}}};
    const corr2d_planes *all = call->c->all;
    const size_t vectors = (all->columns + LANES - 1) / LANES;
    for (size_t v = 0; v < vectors; v += 2) {
        const bool last = v + 2 >= vectors;
        const size_t first = last ? vectors - 2 : v;
        call->y_second = last ? call->c->last - first * LANES : LANES;
        call->x_second = call->y_second * all->stride;
        call->c = call->cut + last;
        ring_go(call, channel, first * LANES);
        fns[all->stride - 1][first == 0 && all->before][last && call->c->right](call);
    }
}

/* All rows, band after band: so y is written line after line. */
static inline void ring_down(ring_call *call, size_t channel) {
    const corr2d_planes *all = call->c->all;
    const size_t rows = all->rows, band = all->columns > WIDE_MAP ? RING_BAND_WIDE : RING_BAND;
    for (call->row = 0; call->row < rows; call->row += call->rows) {
        call->rows = rows - call->row > band ? band : rows - call->row;
        ring_across(call, channel);
    }
}

/* Two channels, or a single one twice. */
static inline void ring_channels(ring_call *call, size_t channel) {
    const corr2d_planes *all = call->c->all;
    const size_t second = channel + 1 < all->channels;
    call->x_second = second * all->x_channel;
    call->y_second = second * all->y_channel;
    call->weights[1] = all->weights + (channel + second) * 9;
    call->bias[1] = all->bias + channel + second;
    ring_go(call, channel, 0);
    (all->stride == 1 ? planes_whole_1 : planes_whole_2)(call);
}

static void depthwise_rows(const corr2d_planes *all) {
    rows_channel c[2];
    const size_t spill = (LANES - 1) / all->columns, live = 2 / all->stride + 1;
    ring_call call = {
        .c = c + 1, .cut = c, .rows = all->rows, .whole = all->rows > spill ? all->rows - spill + live : 1};
    c[0] = c[1] = rows_cut(all);
    c[0].inside[1] = f32xn_mask_of(LANES);
    if (all->columns > LANES) {
        for (size_t i = 0; i < all->channels; i++) ring_down(&call, i);
    } else {
        for (size_t i = 0; i < all->channels; i += 2) ring_channels(&call, i);
    }
}
