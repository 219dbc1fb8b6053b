/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise tiles over channels for 3x3 kernels and kernels five wide: a few outputs of a row by one vector of
 * channels. Of each row of x, each pixel that they need is loaded once, and goes to every output that has a tap there.
 * Part of tiles/depthwise.h.
 */

/* Outputs of a tile: with the weights of a row of taps they fit into sixteen registers. */
#define BLOCK_MOST 7
#define BLOCK_TAPS 5

/* A row of taps, whose first one's x is at x and whose weights are at w, for so many outputs. */
ALWAYS_INLINE void block_row(f32xn *acc, const float *const *x, const float *weights, size_t at, size_t outputs,
                             size_t width, size_t stride) {
    f32xn w[BLOCK_TAPS];
    IN_ORDER;
    UNROLL for (size_t v = 0; v < width; v++) w[v] = f32xn_load(weights + v * LANES);
    UNROLL for (size_t q = 0; q < (outputs - 1) * stride + width; q++) {
        const f32xn x_f32xn = f32xn_load(x[q] + at);
        UNROLL for (size_t o = 0; o < outputs; o++) {
            const size_t v = q - o * stride;
            if (v < width) acc[o] = f32xn_fma(x_f32xn, w[v], acc[o]);
        }
    }
}

/* `outputs` outputs from y on by a vector of channels, `at` channels on; `width` taps across, and three down or any. */
ALWAYS_INLINE void block_tile(const corr2d_blocks *all, const float *const *x, float *y, const float *weights,
                              size_t at, size_t outputs, size_t width, size_t stride) {
    const f32xn bias = f32xn_load(all->bias + at);
    const size_t step = width * LANES;
    f32xn acc[BLOCK_MOST];
    UNROLL for (size_t o = 0; o < outputs; o++) acc[o] = bias;
    if (width == 3) {
        UNROLL for (size_t u = 0; u < 3; u++) {
            block_row(acc, x + u * all->x_step, weights + u * step, at, outputs, width, stride);
        }
    } else {
        const float *const end = weights + all->taps_down * step;
        for (; weights != end; weights += step, x += all->x_step) {
            block_row(acc, x, weights, at, outputs, width, stride);
        }
    }
    if (clamps(all->lo, all->hi)) {
        const f32xn lo = f32xn_splat(all->lo), hi = f32xn_splat(all->hi);
        UNROLL for (size_t o = 0; o < outputs; o++) acc[o] = f32xn_clamp(acc[o], lo, hi);
    }
    y += at;
    UNROLL for (size_t o = 0; o < outputs; o++, y += all->y_column) {
        f32xn_store(y, f32xn_add(acc[o], f32xn_splat(0.0f)));
    }
}

#define BLOCK(outputs, width, stride)                                                                                  \
    NOT_INLINE void block_##outputs##_##width##_##stride(const corr2d_blocks *all, const float *const *x, float *y) {  \
        const float *weights = all->weights;                                                                           \
        for (size_t at = 0; at < all->channels; at += LANES, weights += all->panel) {                                  \
            block_tile(all, x, y, weights, at, outputs, width, stride);                                                \
        }                                                                                                              \
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

typedef void block_fn(const corr2d_blocks *all, const float *const *x, float *y);

/* For seven, four or one outputs, of which one alone knows no stride; three or five taps; stride one or two. */
static block_fn *const block_fns[3][2][2] = {
    {{block_7_3_1, block_7_3_2}, {block_7_5_1, block_7_5_2}},
    {{block_4_3_1, block_4_3_2}, {block_4_5_1, block_4_5_2}},
    {{block_1_3_1, block_1_3_1}, {block_1_5_1, block_1_5_1}},
};

/* Rows are cut into tiles, of which the last may overlap the one before. */
static void depthwise_blocks(const corr2d_blocks *all) {
    const size_t columns = all->columns;
    for (size_t row = 0; row < all->rows; row++) {
        for (size_t column = 0, outputs; column < columns; column += outputs) {
            const size_t left = columns - column;
            outputs = left > 4 && columns >= 7 ? 7 : left > 1 && columns >= 4 ? 4 : 1;
            if (left < outputs) column = columns - outputs;
            const size_t shape = outputs == 7 ? 0 : outputs == 4 ? 1 : 2;
            const float *const *x = all->x + row * all->stride * all->x_pitch + column * all->stride;
            float *y = all->y + row * all->y_row + column * all->y_column;
            block_fns[shape][all->taps_across == 5][all->stride == 2](all, x, y);
        }
    }
}
