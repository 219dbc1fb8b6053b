/* SPDX-License-Identifier: Apache-2.0 */
/* The channel tiles of kernels/variant.h, written once over the words of simd/. */
#include "kernels/tiles/common.h"

/* acc[i][v]: pixel i, output channels v * LANES ... v * LANES + LANES - 1. */
typedef struct channel_acc {
    f32xn v[CORR2D_MAX_PIXELS][CORR2D_MAX_VECTORS];
} channel_acc;

ALWAYS_INLINE void channel_bias(channel_acc *acc, const float *bias, size_t pixels, size_t vectors) {
    UNROLL for (size_t v = 0; v < vectors; v++) {
        const f32xn b = f32xn_load(bias + v * LANES);
        UNROLL for (size_t i = 0; i < pixels; i++) acc->v[i][v] = b;
    }
}

/* Where one step of a tile finds its data: a panel, and the first of its pixels. */
typedef struct channel_step {
    const float *weights, *bias;
    float *y;
    const ptrdiff_t *y_pixel;
    size_t last; /* channels of the panel's last vector */
} channel_step;

ALWAYS_INLINE void channel_load(channel_acc *acc, const channel_step *s, size_t pixels, size_t vectors) {
    const size_t end = vectors - 1;
    UNROLL for (size_t i = 0; i < pixels; i++) {
        const float *y = s->y + s->y_pixel[i];
        UNROLL for (size_t v = 0; v < end; v++) acc->v[i][v] = f32xn_add(f32xn_load(y + v * LANES), acc->v[i][v]);
        const f32xn part = s->last == LANES ? f32xn_load(y + end * LANES) : load_part(y + end * LANES, s->last);
        acc->v[i][end] = f32xn_add(part, acc->v[i][end]);
    }
}

/* One tap: each vector of weights is loaded once and used by every pixel. */
ALWAYS_INLINE void channel_tap(channel_acc *acc, const float *const *x, ptrdiff_t offset, const float *weights,
                               size_t pixels, size_t vectors) {
    f32xn w_f32xn[CORR2D_MAX_VECTORS];
    UNROLL for (size_t v = 0; v < vectors; v++) w_f32xn[v] = f32xn_load(weights + v * LANES);
    UNROLL for (size_t i = 0; i < pixels; i++) {
        const f32xn x_f32xn = f32xn_splat(x[i][offset]);
        UNROLL for (size_t v = 0; v < vectors; v++) acc->v[i][v] = f32xn_fma(x_f32xn, w_f32xn[v], acc->v[i][v]);
    }
}

ALWAYS_INLINE void channel_taps(channel_acc *acc, const corr2d_tile *tile, const float *const *x, const float *weights,
                                size_t pixels, size_t vectors) {
    const ptrdiff_t *offset = tile->offsets, *const end = offset + tile->taps;
    UNROLL_TAPS for (; offset != end; offset++) {
        channel_tap(acc, x, *offset, weights, pixels, vectors);
        weights += vectors * LANES;
    }
}

/* The same for taps side by side, where x points behind the last: one index counts up to zero for all pixels. */
ALWAYS_INLINE void channel_taps_pointwise(channel_acc *acc, ptrdiff_t taps, const float *const *x,
                                          const float *weights, size_t pixels, size_t vectors) {
    UNROLL_TAPS for (ptrdiff_t t = -taps; t != 0; t++) {
        channel_tap(acc, x, t, weights, pixels, vectors);
        weights += vectors * LANES;
    }
}

ALWAYS_INLINE void channel_store(channel_acc *acc, const corr2d_tile *tile, const channel_step *s, size_t pixels,
                                 size_t vectors) {
    const f32xn lo = f32xn_splat(tile->lo), hi = f32xn_splat(tile->hi);
    const size_t end = vectors - 1;
    UNROLL for (size_t i = 0; i < pixels; i++) {
        UNROLL for (size_t v = 0; v < vectors; v++) acc->v[i][v] = finish(acc->v[i][v], lo, hi);
    }
    UNROLL for (size_t i = 0; i < pixels; i++) {
        float *y = s->y + s->y_pixel[i];
        UNROLL for (size_t v = 0; v < end; v++) f32xn_store(y + v * LANES, acc->v[i][v]);
        if (s->last == LANES) {
            f32xn_store(y + end * LANES, acc->v[i][end]);
        } else {
            store_part(y + end * LANES, acc->v[i][end], s->last);
        }
    }
}

/* All panels of pixels first ... first + pixels - 1. */
ALWAYS_INLINE void channel_panels(const corr2d_tile *tile, size_t first, size_t pixels, size_t vectors,
                                  bool pointwise) {
    const size_t width = vectors * LANES;
    const float *x[CORR2D_MAX_PIXELS];
    channel_step s = {tile->weights, tile->bias, tile->y, tile->y_pixel + first, LANES};
    const float *origin = tile->x + (pointwise ? tile->taps : 0);
    UNROLL for (size_t i = 0; i < pixels; i++) x[i] = origin + tile->x_pixel[first + i];
    for (size_t left = tile->channels; left; left -= left < width ? left : width) {
        channel_acc acc;
        if (left < width) s.last = left - (vectors - 1) * LANES;
        channel_bias(&acc, s.bias, pixels, vectors);
        if (tile->load) channel_load(&acc, &s, pixels, vectors);
        if (pointwise) {
            channel_taps_pointwise(&acc, (ptrdiff_t)tile->taps, x, s.weights, pixels, vectors);
        } else {
            channel_taps(&acc, tile, x, s.weights, pixels, vectors);
        }
        channel_store(&acc, tile, &s, pixels, vectors);
        s.weights += tile->panel;
        s.bias += tile->bias_step;
        s.y += width;
    }
}

ALWAYS_INLINE void channel_tile(const corr2d_tile *tile, size_t pixels, size_t vectors, bool pointwise) {
    for (size_t first = 0; first < tile->pixels; first += pixels) {
        channel_panels(tile, first, pixels, vectors, pointwise);
    }
}

/* Defines the tile of n pixels by v vectors, in both forms. */
#define CHANNEL_TILE(v, n)                                                                                             \
    static void channel_##v##x##n(const corr2d_tile *tile) { channel_tile(tile, n, v, false); }                        \
    static void channel_pointwise_##v##x##n(const corr2d_tile *tile) { channel_tile(tile, n, v, true); }
