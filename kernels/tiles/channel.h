/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel tiles of kernels/variant.h, written once over the words of simd/. The variant defines CHANNEL_LANES:
 * whether to multiply by lanes where taps lie side by side.
 */
#include "kernels/tiles/common.h"

/* acc[i][v]: pixel i, output channels v * LANES ... v * LANES + LANES - 1. */
typedef struct channel_acc {
    f32xn v[CORR2D_MAX_PIXELS][CORR2D_MAX_VECTORS];
} channel_acc;

ALWAYS_INLINE void channel_bias(channel_acc *acc, const float *bias, size_t pixels, size_t vectors) {
    EACH(v, vectors, CORR2D_MAX_VECTORS) {
        const f32xn b = f32xn_load(bias + v * LANES);
        EACH(i, pixels, CORR2D_MAX_PIXELS) acc->v[i][v] = b;
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
    EACH(i, pixels, CORR2D_MAX_PIXELS) {
        const float *y = s->y + s->y_pixel[i];
        EACH(v, end, CORR2D_MAX_VECTORS) acc->v[i][v] = f32xn_add(f32xn_load(y + v * LANES), acc->v[i][v]);
        const f32xn part = s->last == LANES ? f32xn_load(y + end * LANES) : load_part(y + end * LANES, s->last);
        acc->v[i][end] = f32xn_add(part, acc->v[i][end]);
    }
}

/* One tap: each vector of weights is loaded once and used by every pixel. */
ALWAYS_INLINE void channel_tap(channel_acc *acc, const float *const *x, ptrdiff_t offset, const float *weights,
                               size_t pixels, size_t vectors) {
    f32xn w_f32xn[CORR2D_MAX_VECTORS];
    EACH(v, vectors, CORR2D_MAX_VECTORS) w_f32xn[v] = f32xn_load(weights + v * LANES);
    EACH(i, pixels, CORR2D_MAX_PIXELS) {
        const f32xn x_f32xn = f32xn_splat(x[i][offset]);
        EACH(v, vectors, CORR2D_MAX_VECTORS) acc->v[i][v] = f32xn_fma(x_f32xn, w_f32xn[v], acc->v[i][v]);
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
ALWAYS_INLINE void channel_taps_pointwise(channel_acc *acc, ptrdiff_t taps, const float *const *x, const float *weights,
                                          size_t pixels, size_t vectors) {
    UNROLL_TAPS for (ptrdiff_t t = -taps; t != 0; t++) {
        channel_tap(acc, x, t, weights, pixels, vectors);
        weights += vectors * LANES;
    }
}

/* Four taps side by side for CPUs that multiply by a lane of a register: one load brings all four of a pixel. */
ALWAYS_INLINE void channel_four_lanes(channel_acc *acc, const f32x4 *x_f32x4, const float *weights, size_t pixels,
                                      size_t vectors) {
    UNROLL for (size_t lane = 0; lane < 4; lane++) {
        EACH(v, vectors, CORR2D_MAX_VECTORS) {
            const f32xn w_f32xn = f32xn_load(weights + (lane * vectors + v) * LANES);
            EACH(i, pixels, CORR2D_MAX_PIXELS) {
                acc->v[i][v] = f32xn_fma_lane(w_f32xn, x_f32x4[i], lane, acc->v[i][v]);
            }
        }
    }
}

ALWAYS_INLINE void channel_taps_lanes(channel_acc *acc, ptrdiff_t taps, const float *const *x, const float *weights,
                                      size_t pixels, size_t vectors) {
    const size_t width = vectors * LANES;
    ptrdiff_t t = -taps;
    for (; t < -3; t += 4, weights += 4 * width) {
        f32x4 x_f32x4[CORR2D_MAX_PIXELS];
        EACH(i, pixels, CORR2D_MAX_PIXELS) x_f32x4[i] = f32x4_load(x[i] + t);
        channel_four_lanes(acc, x_f32x4, weights, pixels, vectors);
    }
    for (; t != 0; t++, weights += width) channel_tap(acc, x, t, weights, pixels, vectors);
}

ALWAYS_INLINE void channel_store(channel_acc *acc, const corr2d_tile *tile, const channel_step *s, size_t pixels,
                                 size_t vectors) {
    const f32xn lo = f32xn_splat(tile->lo), hi = f32xn_splat(tile->hi);
    const size_t end = vectors - 1;
    EACH(i, pixels, CORR2D_MAX_PIXELS) {
        EACH(v, vectors, CORR2D_MAX_VECTORS) acc->v[i][v] = finish(acc->v[i][v], lo, hi);
    }
    EACH(i, pixels, CORR2D_MAX_PIXELS) {
        float *y = s->y + s->y_pixel[i];
        EACH(v, end, CORR2D_MAX_VECTORS) f32xn_store(y + v * LANES, acc->v[i][v]);
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
    EACH(i, pixels, CORR2D_MAX_PIXELS) x[i] = origin + tile->x_pixel[first + i];
    for (size_t left = tile->channels; left; left -= left < width ? left : width) {
        channel_acc acc;
        if (left < width) s.last = left - (vectors - 1) * LANES;
        channel_bias(&acc, s.bias, pixels, vectors);
        if (tile->load) channel_load(&acc, &s, pixels, vectors);
        if (pointwise && CHANNEL_LANES) {
            channel_taps_lanes(&acc, (ptrdiff_t)tile->taps, x, s.weights, pixels, vectors);
        } else if (pointwise) {
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
