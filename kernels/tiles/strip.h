/* SPDX-License-Identifier: Apache-2.0 */
/* What packs strips, written once over the words of simd/. */
#include "kernels/tiles/common.h"

/* So many floats ahead `to` is fetched: a strip is more than the first cache holds, and its lines come one by one. */
#define HALVE_AHEAD 64

/* The last vector ends with the last float: its pairs begin one float earlier, and it may do some floats again. */
static void halve(float *restrict to, const float *restrict from, size_t count) {
    f32xn even, odd;
    if (count <= LANES) {
        for (size_t i = 0; i < count; i++) to[i] = from[2 * i];
        return;
    }
    const size_t last = count - LANES;
    for (size_t i = 0; i < last; i += LANES) {
        f32xn_split(f32xn_load(from + 2 * i), f32xn_load(from + 2 * i + LANES), &even, &odd);
        f32xn_store(to + i, even);
        __builtin_prefetch(to + i + HALVE_AHEAD, 1, 3);
    }
    from += 2 * last - 1;
    f32xn_split(f32xn_load(from), f32xn_load(from + LANES), &even, &odd);
    f32xn_store(to + last, odd);
}

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

static void turn(float *restrict to, size_t step, const float *restrict from, size_t channel, size_t pixels,
                 size_t channels) {
#if LANES > 1
    for (; channels >= 4; channels -= 4, to += 4, from += 4 * channel) turn_four(to, step, from, channel, pixels);
#endif
    for (; channels; channels--, to++, from += channel) {
        for (size_t i = 0; i < pixels; i++) to[i * step] = from[i];
    }
}
