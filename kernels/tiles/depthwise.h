/* SPDX-License-Identifier: Apache-2.0 */
/* The depthwise tiles of kernels/variant.h, written once over the words of simd/. */
#include "kernels/tiles/common.h"

/* Enough chains to hide a fused multiply-add's latency of four cycles at two a cycle. */
#define DEPTHWISE_CHAINS 8

/* `vectors` whole vectors of pixels of one channel, from pixel `first` on; the last may be partly real. */
ALWAYS_INLINE void depthwise_pixels(const corr2d_tile *tile, size_t first, size_t vectors) {
    const f32xn lo = f32xn_splat(tile->lo), hi = f32xn_splat(tile->hi), bias = f32xn_splat(tile->bias[0]);
    const size_t taps = tile->taps, end = vectors - 1, left = tile->pixels - first - end * LANES;
    const bool whole = left >= LANES;
    const float *x = tile->x + first, *weights = tile->weights;
    const ptrdiff_t *offsets = tile->offsets;
    float *y = tile->y + first;
    f32xn acc[DEPTHWISE_CHAINS];
    UNROLL for (size_t v = 0; v < vectors; v++) acc[v] = bias;
    if (tile->load) {
        UNROLL for (size_t v = 0; v < end; v++) acc[v] = f32xn_add(f32xn_load(y + v * LANES), bias);
        acc[end] = f32xn_add(whole ? f32xn_load(y + end * LANES) : load_part(y + end * LANES, left), bias);
    }
    for (size_t t = 0; t < taps; t++) {
        const f32xn w_f32xn = f32xn_splat(weights[t]);
        const float *x_tap = x + offsets[t];
        UNROLL for (size_t v = 0; v < vectors; v++) acc[v] = f32xn_fma(f32xn_load(x_tap + v * LANES), w_f32xn, acc[v]);
    }
    UNROLL for (size_t v = 0; v < vectors; v++) acc[v] = finish(acc[v], lo, hi);
    UNROLL for (size_t v = 0; v < end; v++) f32xn_store(y + v * LANES, acc[v]);
    if (whole) {
        f32xn_store(y + end * LANES, acc[end]);
    } else {
        store_part(y + end * LANES, acc[end], left);
    }
}

static void depthwise_pixel(const corr2d_tile *tile) {
    size_t first = 0, vectors = (tile->pixels + LANES - 1) / LANES;
    for (; vectors >= DEPTHWISE_CHAINS; vectors -= DEPTHWISE_CHAINS, first += DEPTHWISE_CHAINS * LANES) {
        depthwise_pixels(tile, first, DEPTHWISE_CHAINS);
    }
    for (; vectors >= 4; vectors -= 4, first += 4 * LANES) depthwise_pixels(tile, first, 4);
    for (; vectors >= 2; vectors -= 2, first += 2 * LANES) depthwise_pixels(tile, first, 2);
    if (vectors) depthwise_pixels(tile, first, 1);
}

/* `pixels` pixels from the first-th on, by one vector of channels. */
ALWAYS_INLINE void depthwise_channels(const corr2d_tile *tile, size_t first, size_t pixels) {
    const f32xn lo = f32xn_splat(tile->lo), hi = f32xn_splat(tile->hi), bias = f32xn_load(tile->bias);
    const size_t taps = tile->taps;
    const bool whole = tile->channels == LANES;
    const float *weights = tile->weights, *x[DEPTHWISE_CHAINS];
    const ptrdiff_t *offsets = tile->offsets;
    float *y[DEPTHWISE_CHAINS];
    f32xn acc[DEPTHWISE_CHAINS];
    UNROLL for (size_t i = 0; i < pixels; i++) {
        x[i] = tile->x + tile->x_pixel[first + i];
        y[i] = tile->y + tile->y_pixel[first + i];
        acc[i] = bias;
    }
    if (tile->load) {
        UNROLL for (size_t i = 0; i < pixels; i++) {
            acc[i] = f32xn_add(whole ? f32xn_load(y[i]) : load_part(y[i], tile->channels), bias);
        }
    }
    for (size_t t = 0; t < taps; t++) {
        const f32xn w_f32xn = f32xn_load(weights + t * LANES);
        UNROLL for (size_t i = 0; i < pixels; i++) acc[i] = f32xn_fma(f32xn_load(x[i] + offsets[t]), w_f32xn, acc[i]);
    }
    UNROLL for (size_t i = 0; i < pixels; i++) {
        if (whole) {
            f32xn_store(y[i], finish(acc[i], lo, hi));
        } else {
            store_part(y[i], finish(acc[i], lo, hi), tile->channels);
        }
    }
}

static void depthwise_channel(const corr2d_tile *tile) {
    size_t first = 0;
    for (; tile->pixels - first >= DEPTHWISE_CHAINS; first += DEPTHWISE_CHAINS) {
        depthwise_channels(tile, first, DEPTHWISE_CHAINS);
    }
    for (; tile->pixels - first >= 4; first += 4) depthwise_channels(tile, first, 4);
    for (; first < tile->pixels; first++) depthwise_channels(tile, first, 1);
}
