/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channel tiles of two pixels to a vector, for output channels that fill three halves of vectors, written over the
 * words of simd/. Lane 2 * o + i of a pair's three vectors is output o of its i-th pixel. What is multiplied lies
 * likewise: every weight twice, and the inputs of a pair side by side, which one load repeats.
 */
#include "kernels/tiles/common.h"

#define PAIRS_VECTORS 3
#define PAIRS_FLOATS (PAIRS_VECTORS * LANES)

/* `count` floats, a multiple of LANES, of a and of b in turn. */
static inline void pairs_zip(float *to, const float *a, const float *b, size_t count) {
    const float *const end = a + count;
    do {
        f32xn low, high;
        f32xn_zip(f32xn_load(a), f32xn_load(b), &low, &high);
        f32xn_store(to, low);
        f32xn_store(to + LANES, high);
        a += LANES;
        b += LANES;
        to += 2 * LANES;
    } while (a != end);
}

/* The chains of the pairs at x, `pitch` apart, into y. */
ALWAYS_INLINE void pairs_chains(const corr2d_tile *tile, const float *x_pair, size_t pitch, const float *weights,
                                const f32xn *bias, const float *ahead, float *y) {
    const float *x[CORR2D_PAIRS], *const end = weights + tile->taps * PAIRS_FLOATS;
    const size_t step = tile->ahead_tap;
    f32xn acc[CORR2D_PAIRS][PAIRS_VECTORS];
    EACH(i, CORR2D_PAIRS, CORR2D_PAIRS) {
        EACH(v, PAIRS_VECTORS, PAIRS_VECTORS) acc[i][v] = bias[v];
        x[i] = x_pair + i * pitch;
    }
    size_t offset = 0;
    do {
        f32xn w_f32xn[PAIRS_VECTORS];
        __builtin_prefetch(ahead, 0, 3);
        ahead += step;
        EACH(v, PAIRS_VECTORS, PAIRS_VECTORS) w_f32xn[v] = f32xn_load(weights + v * LANES);
        EACH(i, CORR2D_PAIRS, CORR2D_PAIRS) {
            const f32xn x_f32xn = f32xn_splat_few(x[i] + offset, 2);
            EACH(v, PAIRS_VECTORS, PAIRS_VECTORS) acc[i][v] = f32xn_fma(x_f32xn, w_f32xn[v], acc[i][v]);
        }
        weights += PAIRS_FLOATS;
        offset += 2;
    } while (weights != end);
    EACH(i, CORR2D_PAIRS, CORR2D_PAIRS) {
        EACH(v, PAIRS_VECTORS, PAIRS_VECTORS) f32xn_store(y + i * PAIRS_FLOATS + v * LANES, acc[i][v]);
    }
}

/* A pair's outputs, each pixel's to its place. */
ALWAYS_INLINE void pairs_finish(const corr2d_tile *tile, const float *from, float *even_y, float *odd_y) {
    const f32xn lo = f32xn_splat(tile->lo), hi = f32xn_splat(tile->hi);
    const f32xn last = finish(f32xn_load(from + 2 * LANES), lo, hi);
    f32xn even, odd;
    f32xn_split(finish(f32xn_load(from), lo, hi), finish(f32xn_load(from + LANES), lo, hi), &even, &odd);
    f32xn_store(even_y, even);
    f32xn_store(odd_y, odd);
    f32xn_split(last, last, &even, &odd);
    f32xn_store_part(even_y + LANES, even, LANES / 2);
    f32xn_store_part(odd_y + LANES, odd, LANES / 2);
}

/* The weights, every one twice. A row ends with half a vector of zeros, which the next one's then takes the place of. */
static inline void pairs_weights(float *to, const corr2d_tile *tile) {
    const float *from = tile->weights, *const end = from + tile->taps * (2 * LANES);
    for (; from != end; from += 2 * LANES, to += PAIRS_FLOATS) pairs_zip(to, from, from, 2 * LANES);
}

static void channel_pairs(const corr2d_tile *tile) {
    _Alignas(64) float y[CORR2D_PAIRS * PAIRS_FLOATS];
    const size_t pitch = 2 * tile->taps + LANES; /* an odd number of cache lines */
    float *const x = tile->packed, *const weights = x + CORR2D_PAIRS * pitch;
    const ptrdiff_t *x_pixel = tile->x_pixel, *y_pixel = tile->y_pixel;
    f32xn bias[4];
    pairs_weights(weights, tile);
    for (size_t v = 0; v < 2; v++) {
        const f32xn b = f32xn_load(tile->bias + v * LANES);
        f32xn_zip(b, b, bias + 2 * v, bias + 2 * v + 1);
    }
    for (const ptrdiff_t *const end = x_pixel + tile->pixels; x_pixel != end;) {
        for (float *pair = x; pair != weights; pair += pitch, x_pixel += 2) {
            pairs_zip(pair, tile->x + x_pixel[0], tile->x + x_pixel[1], tile->taps);
        }
        pairs_chains(tile, x, pitch, weights, bias, tile->x + x_pixel[-1] + tile->ahead, y);
        for (const float *from = y; from != y + CORR2D_PAIRS * PAIRS_FLOATS; from += PAIRS_FLOATS, y_pixel += 2) {
            pairs_finish(tile, from, tile->y + y_pixel[0], tile->y + y_pixel[1]);
        }
    }
}
