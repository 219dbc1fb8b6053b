/* SPDX-License-Identifier: Apache-2.0 */
/* What packs pixels of kernels three columns wide, written once over the words of simd/. */
#include "kernels/tiles/common.h"

/* A vector of pixels after the other: three taps of each row. Before x lies a zero. */
static void threes(const corr2d_threes *all) {
    static const float zero = 0.0f;
    const size_t tap = all->tap;
    for (size_t i = 0; i < all->pixels; i += LANES) {
        const bool before = all->before && i == 0;
        float *to = all->packed + i;
        for (const float *const *x = all->x; x != all->x_end; x++, to += 3 * tap) {
            const float *const from = *x + 2 * i, *const first = before ? &zero : from - 1;
            f32xn even, odd;
            f32xn_split(f32xn_load(from), f32xn_load(from + LANES), &even, &odd);
            f32xn_store(to, f32xn_push(odd, *first));
            f32xn_store(to + tap, even);
            f32xn_store(to + 2 * tap, odd);
        }
    }
}
