/* SPDX-License-Identifier: Apache-2.0 */
/* What packs pixels of kernels three columns wide, written once over the words of simd/. */
#include "kernels/tiles/common.h"

/* A row after the other: of each the three taps. Before x lies a zero. */
static void threes(const corr2d_threes *all) {
    const size_t tap = all->tap, pixels = all->pixels;
    float *to = all->packed;
    for (const float *const *x = all->x; x != all->x_end; x++, to += 3 * tap) {
        const float *from = *x;
        f32xn before = f32xn_splat(all->before ? 0.0f : from[-1]);
        for (size_t i = 0; i < pixels; i += LANES, from += 2 * LANES) {
            f32xn even, odd;
            f32xn_load_split(from, &even, &odd);
            f32xn_store(to + i, f32xn_push(odd, before));
            f32xn_store(to + i + tap, even);
            f32xn_store(to + i + 2 * tap, odd);
            before = odd;
        }
    }
}
