/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise tiles over channels for kernels three or five wide: a few outputs of a row by BLOCK_VECTORS vectors of
 * channels, or by one. Of each row of x, each pixel that they need is loaded once, and goes to every output that has a
 * tap there; those in the padding beside x are left out. Part of tiles/depthwise.h.
 */

/* Outputs of a tile: with the weights of a row of taps a vector of each fits into sixteen registers, two into thirty. */
#define BLOCK_MOST 7
#define BLOCK_TAPS 5

/* Where a tile lies: its first input inside x, those before it in the padding, and where x ends, in inputs. */
typedef struct block_place {
    const float *x;
    float *y;
    size_t before, end;
} block_place;

/* The q-th input of a row, to every output that has a tap there. */
ALWAYS_INLINE void block_add(f32xn (*acc)[BLOCK_VECTORS], const f32xn *x_f32xn, f32xn (*w)[BLOCK_TAPS], size_t q,
                             size_t vectors, size_t outputs, size_t width, size_t stride) {
    UNROLL for (size_t o = 0; o < outputs; o++) {
        const size_t v = q - o * stride;
        if (v >= width) continue;
        UNROLL for (size_t i = 0; i < vectors; i++) acc[o][i] = f32xn_fma(x_f32xn[i], w[i][v], acc[o][i]);
    }
}

#ifdef RELOADS
ALWAYS_INLINE void block_begin(f32xn (*acc)[BLOCK_VECTORS], const float *bias, size_t vectors, size_t outputs) {
    bias += BEHIND(vectors * LANES);
    ONE_BASE(bias);
    UNROLL for (size_t o = 0; o < outputs; o++) load_one_by_one(acc[o], bias, vectors);
}

/* The same place: how many of its inputs are outside x, and how far the first two move on there. */
typedef struct block_sides {
    const float *x;
    float *y;
    size_t before, after, steps[2];
} block_sides;

ALWAYS_INLINE block_sides block_sides_of(const block_place *at, size_t inputs, size_t step) {
    block_sides s = {at->x, at->y, at->before, at->end < inputs ? inputs - at->end : 0, {step, step}};
    if (at->before > 0) s.steps[0] = 0;
    if (at->before > 1) s.steps[1] = 0;
    FORGET(s.steps[0]);
    FORGET(s.steps[1]);
    return s;
}

/* Whether a count of no more than two is more than n: a bit of it. */
ALWAYS_INLINE bool block_more(size_t count, size_t n) { return n ? count & 2 : count; }

/*
 * A row of taps, whose first one inside x is BEHIND x and whose weights are BEHIND weights, for so many outputs. What
 * is left out moves x on as well, so that it stays in its register.
 */
ALWAYS_INLINE void block_row(f32xn (*acc)[BLOCK_VECTORS], const float *x, size_t step, const float *weights,
                             size_t panel, const block_sides *at, size_t vectors, size_t outputs, size_t width,
                             size_t stride) {
    const size_t inputs = (outputs - 1) * stride + width, last = inputs - 1, most = width / 2;
    f32xn w[BLOCK_VECTORS][BLOCK_TAPS], x_f32xn[BLOCK_VECTORS];
    IN_ORDER;
    load_one_by_one(w[0], weights, width);
    UNROLL for (size_t i = 1; i < vectors; i++) {
        const float *from = weights + i * panel;
        ONE_BASE(from);
        load_one_by_one(w[i], from, width);
    }
    UNROLL_ALL for (size_t q = 0; q < inputs; q++) {
        if (q >= inputs - most) {
            UNROLL for (size_t o = 0; o < outputs; o++) UNROLL for (size_t i = 0; i < vectors; i++) HOLD(acc[o][i]);
        }
        const bool outside =
            q < most ? block_more(at->before, q) : q >= inputs - most && block_more(at->after, last - q);
        if (__builtin_expect(!outside, 1)) {
            load_one_by_one(x_f32xn, x, vectors);
            block_add(acc, x_f32xn, w, q, vectors, outputs, width, stride);
        }
        x += q < most ? at->steps[q] : step;
        FORGET(x);
    }
}
#else
ALWAYS_INLINE void block_begin(f32xn (*acc)[BLOCK_VECTORS], const float *bias, size_t vectors, size_t outputs) {
    UNROLL for (size_t i = 0; i < vectors; i++) {
        const f32xn bias_f32xn = f32xn_load(bias + i * LANES);
        UNROLL for (size_t o = 0; o < outputs; o++) acc[o][i] = bias_f32xn;
    }
}

typedef block_place block_sides;

ALWAYS_INLINE block_sides block_sides_of(const block_place *at, size_t inputs, size_t step) {
    (void)inputs, (void)step;
    return *at;
}

/* A row of taps, whose first one inside x is at x and whose weights are at w, for so many outputs. */
ALWAYS_INLINE void block_row(f32xn (*acc)[BLOCK_VECTORS], const float *x, size_t step, const float *weights,
                             size_t panel, const block_sides *at, size_t vectors, size_t outputs, size_t width,
                             size_t stride) {
    const size_t inputs = (outputs - 1) * stride + width, most = width / 2;
    size_t before = at->before;
    f32xn w[BLOCK_VECTORS][BLOCK_TAPS], x_f32xn[BLOCK_VECTORS];
    IN_ORDER;
    UNROLL for (size_t i = 0; i < vectors; i++, weights += panel) {
        UNROLL for (size_t v = 0; v < width; v++) w[i][v] = f32xn_load(weights + v * LANES);
    }
    UNROLL for (size_t q = 0; q < inputs; q++) {
        if (q >= inputs - most) {
            UNROLL for (size_t o = 0; o < outputs; o++) UNROLL for (size_t i = 0; i < vectors; i++) HOLD(acc[o][i]);
        }
        if (q && q < most) FORGET(before); /* or to skip both of two inputs would be a way of its own */
        if (q < most ? q < before : q >= inputs - most && q >= at->end) continue;
        UNROLL for (size_t i = 0; i < vectors; i++) x_f32xn[i] = f32xn_load(x + i * LANES);
        x += step;
        FORGET(x);
        block_add(acc, x_f32xn, w, q, vectors, outputs, width, stride);
    }
}
#endif

/* `outputs` outputs from y on by `vectors` vectors of channels, `c` channels on; `width` taps, BEHIND weights. */
ALWAYS_INLINE void block_tile(const corr2d_blocks *all, const block_sides *at, const float *weights, size_t c,
                              size_t vectors, size_t outputs, size_t width, size_t stride) {
    const size_t x_row = all->x_row, x_column = all->x_column, y_column = all->y_column, panel = all->panel;
    const float *x = at->x + c + BEHIND(vectors * LANES), *const end = weights + all->taps_down * width * LANES;
    float *y = at->y + c;
    f32xn acc[BLOCK_MOST][BLOCK_VECTORS];
    block_begin(acc, all->bias + c, vectors, outputs);
    for (; weights != end; weights += width * LANES, x += x_row) {
        block_row(acc, x, x_column, weights, panel, at, vectors, outputs, width, stride);
    }
    if (clamps(all->lo, all->hi)) {
        const f32xn lo = f32xn_splat(all->lo), hi = f32xn_splat(all->hi);
        UNROLL for (size_t o = 0; o < outputs; o++) {
            UNROLL for (size_t i = 0; i < vectors; i++) acc[o][i] = f32xn_clamp(acc[o][i], lo, hi);
        }
    }
    UNROLL for (size_t o = 0; o < outputs; o++, y += y_column) {
        UNROLL for (size_t i = 0; i < vectors; i++) f32xn_store(y + i * LANES, f32xn_add(acc[o][i], f32xn_splat(0.0f)));
    }
}

/* All channels. */
ALWAYS_INLINE void block_channels(const corr2d_blocks *all, const block_place *at, size_t outputs, size_t width,
                                  size_t stride) {
    const block_sides place = block_sides_of(at, (outputs - 1) * stride + width, all->x_column);
    const float *weights = all->weights + BEHIND(width * LANES);
    size_t c = 0;
    for (; all->channels - c >= BLOCK_VECTORS * LANES;
         c += BLOCK_VECTORS * LANES, weights += BLOCK_VECTORS * all->panel) {
        block_tile(all, &place, weights, c, BLOCK_VECTORS, outputs, width, stride);
    }
    if (BLOCK_VECTORS > 1 && c < all->channels) block_tile(all, &place, weights, c, 1, outputs, width, stride);
}

#define BLOCK(outputs, width, stride)                                                                                  \
    NOT_INLINE void block_##outputs##_##width##_##stride(const corr2d_blocks *all, const block_place *at) {            \
        block_channels(all, at, outputs, width, stride);                                                               \
    }

BLOCK(7, 3, 1)
BLOCK(7, 3, 2)
BLOCK(7, 5, 1)
BLOCK(7, 5, 2)
BLOCK(4, 3, 1)
BLOCK(4, 3, 2)
BLOCK(4, 5, 1)
BLOCK(4, 5, 2)
BLOCK(1, 3, 1)
BLOCK(1, 5, 1)

typedef void block_fn(const corr2d_blocks *all, const block_place *at);

/* For seven, four or one outputs, of which one alone knows no stride; three or five taps; stride one or two. */
static block_fn *const block_fns[3][2][2] = {
    {{block_7_3_1, block_7_3_2}, {block_7_5_1, block_7_5_2}},
    {{block_4_3_1, block_4_3_2}, {block_4_5_1, block_4_5_2}},
    {{block_1_3_1, block_1_3_1}, {block_1_5_1, block_1_5_1}},
};

/* The row is cut into tiles, of which the last may overlap the one before. */
static void depthwise_blocks(const corr2d_blocks *all) {
    const size_t columns = all->columns, x_end = all->before + all->x_columns;
    for (size_t column = 0, outputs; column < columns; column += outputs) {
        const size_t left = columns - column;
        outputs = left > 4 && columns >= 7 ? 7 : left > 1 && columns >= 4 ? 4 : 1;
        if (left < outputs) column = columns - outputs;
        const size_t shape = outputs == 7 ? 0 : outputs == 4 ? 1 : 2, first = column * all->stride;
        const size_t before = first < all->before ? all->before - first : 0;
        const block_place at = {.x = all->x + (first + before - all->before) * all->x_column,
                                .y = all->y + column * all->y_column,
                                .before = before,
                                .end = x_end - first};
        block_fns[shape][all->taps_across == 5][all->stride == 2](all, &at);
    }
}
