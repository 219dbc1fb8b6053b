/* SPDX-License-Identifier: Apache-2.0 */
/* The vector words on AVX2 and FMA: eight floats. simd/scalar.h defines what each means. */
#ifndef CORR2D_SIMD_H
#define CORR2D_SIMD_H

#include <simde/x86/avx2.h>
#include <simde/x86/fma.h>

#include <stddef.h>

#define LANES 8
#define FUSED true

typedef simde__m256 f32xn;

static inline f32xn f32xn_load(const float *p) { return simde_mm256_loadu_ps(p); }

static inline void f32xn_store(float *p, f32xn a) { simde_mm256_storeu_ps(p, a); }

static inline f32xn f32xn_splat(float a) { return simde_mm256_set1_ps(a); }

static inline f32xn f32xn_add(f32xn a, f32xn b) { return simde_mm256_add_ps(a, b); }

/* a * b + c, rounded once. */
static inline f32xn f32xn_fma(f32xn a, f32xn b, f32xn c) { return simde_mm256_fmadd_ps(a, b, c); }

/* The instruction returns its second operand where either is NaN, so a NaN in x passes through. */
static inline f32xn f32xn_clamp(f32xn x, f32xn lo, f32xn hi) {
    return simde_mm256_min_ps(hi, simde_mm256_max_ps(lo, x));
}

/* Four weights, of which one at a time multiplies a whole vector: here a broadcast from memory. */
typedef const float *f32x4;

static inline f32x4 f32x4_load(const float *p) { return p; }

static inline f32xn f32xn_fma_lane(f32xn x, f32x4 w, size_t lane, f32xn c) {
    return f32xn_fma(f32xn_splat(w[lane]), x, c);
}

#endif
