/* SPDX-License-Identifier: Apache-2.0 */
/* Planes to pixels and back, written once over the words of simd/. */
#include "kernels/tiles/common.h"

#if LANES > 1
/*
 * Four channels. The last vector ends with the last pixel, and does some pixels again, or else begins with the first.
 */
static inline void turn_four(float *to, size_t step, const float *from, size_t channel, size_t pixels) {
    const f32xn_mask mask = f32xn_mask_of(pixels < LANES ? pixels : LANES);
    for (size_t first = 0, next; first < pixels; first = next) {
        next = first + LANES;
        if (next > pixels && pixels >= LANES) first = pixels - LANES;
        f32xn a[4];
        EACH(c, 4, 4) {
            const float *const p = from + c * channel + first;
            a[c] = pixels >= LANES ? f32xn_load(p) : f32xn_load_mask(p, mask);
        }
        f32xn_transpose_quads(a);
        EACH(i, 4, 4) f32xn_store_quads(to + (first + i) * step, 4 * step, a[i]);
    }
}
#endif

#if LANES > 4
/* A vector of channels, each line of which is stored whole. The last four pixels may be turned again. */
static inline void turn_vector(float *to, size_t step, const float *from, size_t channel, size_t pixels) {
    for (size_t first = 0, next; first < pixels; first = next) {
        next = first + 4;
        if (next > pixels) first = pixels - 4;
        f32xn a[4];
        EACH(c, 4, 4) a[c] = f32xn_load_quads(from + c * channel + first, 4 * channel);
        f32xn_transpose_quads(a);
        EACH(i, 4, 4) f32xn_store(to + (first + i) * step, a[i]);
    }
}
#endif

static void turn(float *restrict to, size_t step, const float *restrict from, size_t channel, size_t pixels,
                 size_t channels) {
#if LANES > 4
    for (; pixels >= 4 && channels >= LANES; channels -= LANES, to += LANES, from += LANES * channel) {
        turn_vector(to, step, from, channel, pixels);
    }
#endif
#if LANES > 1
    for (; pixels > 1 && channels >= 4; channels -= 4, to += 4, from += 4 * channel) {
        turn_four(to, step, from, channel, pixels);
    }
#endif
    for (; channels; channels--, to++, from += channel) {
        for (size_t i = 0; i < pixels; i++) to[i * step] = from[i];
    }
}

#if LANES > 1
/* A vector of pixels, or the first few of one, four channels at a time. Returns how many channels are done. */
ALWAYS_INLINE size_t unturn_fours(float *to, size_t channel, const float *from, size_t step, size_t pixels,
                                  size_t channels) {
    size_t done = 0;
    for (; done + 4 <= channels; done += 4, to += 4 * channel, from += 4) {
        f32xn a[4];
        EACH(i, 4, 4) a[i] = f32xn_load_quads(from + i * step, 4 * step);
        f32xn_transpose_quads(a);
        EACH(c, 4, 4) {
            if (pixels == LANES) {
                f32xn_store(to + c * channel, a[c]);
                __builtin_prefetch(to + c * channel + LANES, 1, 3);
            } else {
                f32xn_store_part(to + c * channel, a[c], pixels);
            }
        }
    }
    return done;
}
#endif

/* The pixels of a vector or fewer. */
ALWAYS_INLINE void unturn_some(float *to, size_t channel, const float *from, size_t step, size_t pixels,
                               size_t channels) {
    size_t c = 0;
#if LANES > 1
    if (pixels > 1) c = unturn_fours(to, channel, from, step, pixels, channels);
#endif
    for (; c < channels; c++) {
        for (size_t i = 0; i < pixels; i++) to[c * channel + i] = from[i * step + c];
    }
}

NOT_INLINE void unturn(float *restrict to, size_t channel, const float *restrict from, size_t step, size_t pixels,
                       size_t channels) {
    for (; pixels >= LANES; pixels -= LANES, to += LANES, from += LANES * step) {
        unturn_some(to, channel, from, step, LANES, channels);
    }
    if (pixels == 1) {
        unturn_some(to, channel, from, step, 1, channels);
    } else if (pixels) {
        unturn_some(to, channel, from, step, pixels, channels);
    }
}
