/* SPDX-License-Identifier: Apache-2.0 */
/* The vector words on one float: the definition of what the others mean. */
#ifndef CORR2D_SIMD_H
#define CORR2D_SIMD_H

#include <math.h>
#include <stddef.h>

#define LANES 1
#define FUSED true

typedef float f32xn;

static inline f32xn f32xn_load(const float *p) { return *p; }

static inline void f32xn_store(float *p, f32xn a) { *p = a; }

static inline f32xn f32xn_splat(float a) { return a; }

static inline f32xn f32xn_add(f32xn a, f32xn b) { return a + b; }

/* a * b + c, rounded once: in hardware or, slowly, by the C library. */
static inline f32xn f32xn_fma(f32xn a, f32xn b, f32xn c) { return fmaf(a, b, c); }

/* NaN passes through: it is neither below nor above. */
static inline f32xn f32xn_clamp(f32xn x, f32xn lo, f32xn hi) {
    const f32xn at_least = x < lo ? lo : x;
    return at_least > hi ? hi : at_least;
}

/* Four weights, of which one at a time multiplies a whole vector. */
typedef const float *f32x4;

static inline f32x4 f32x4_load(const float *p) { return p; }

static inline f32xn f32xn_fma_lane(f32xn x, f32x4 w, size_t lane, f32xn c) { return f32xn_fma(w[lane], x, c); }

#endif
