/* SPDX-License-Identifier: Apache-2.0 */
/* What packs pixels of kernels three columns wide, written once over the words of simd/. */
#include "kernels/tiles/common.h"

/* A row after the other: of each the three taps. Before x lies a zero. */
static void threes(const corr2d_threes *all) {
    const size_t tap = all->tap, tile = all->tile;
    float *packed = all->packed;
    for (const float *const *x = all->x; x != all->x_end; x++, packed += 3 * tap) {
        const float *from = *x, *const end = from + 2 * all->pixels;
        f32xn before = f32xn_splat(all->before ? 0.0f : from[-1]);
        float *to = packed;
        for (size_t at = all->at; from != end; from += 2 * LANES) {
            f32xn even, odd;
            f32xn_split(f32xn_load(from), f32xn_load(from + LANES), &even, &odd);
            f32xn_store(to + at, f32xn_push(odd, before));
            f32xn_store(to + at + tap, even);
            f32xn_store(to + at + 2 * tap, odd);
            before = odd;
            at += LANES;
            if (at != tap) continue;
            at = 0;
            to += tile;
        }
    }
}
