/* SPDX-License-Identifier: Apache-2.0 */
/* What packs strips, written once over the words of simd/. */
#include "kernels/tiles/common.h"

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
    }
    from += 2 * last - 1;
    f32xn_split(f32xn_load(from), f32xn_load(from + LANES), &even, &odd);
    f32xn_store(to + last, odd);
}
