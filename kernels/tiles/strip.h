/* SPDX-License-Identifier: Apache-2.0 */
/* What halves rows for strips, written once over the words of simd/. */
#include "kernels/tiles/common.h"

/*
 * So many floats ahead `to` is fetched: a strip is more than the first cache holds, and its lines come one by one. And
 * `from`, a row or several: only every other one is used.
 */
#define HALVE_AHEAD 64
#define HALVE_FAR 448
#define HALVE_LINE 16

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
        UNROLL for (size_t v = 0; v < 2 * LANES; v += HALVE_LINE)
            __builtin_prefetch(from + 2 * i + v + HALVE_FAR, 0, 3);
    }
    from += 2 * last - 1;
    f32xn_split(f32xn_load(from), f32xn_load(from + LANES), &even, &odd);
    f32xn_store(to + last, odd);
}
