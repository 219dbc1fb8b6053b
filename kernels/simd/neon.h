/* SPDX-License-Identifier: Apache-2.0 */
/* The vector words on AArch64: four floats; through SIMDe's translation anywhere else. */
#ifndef CORR2D_SIMD_H
#define CORR2D_SIMD_H

#include <simde/arm/neon.h>

#include <stddef.h>

#define LANES 4

/* SIMDe's vfmaq_f32 fuses where the CPU does. */
#if defined(SIMDE_ARM_NEON_A64V8_NATIVE) || defined(SIMDE_X86_FMA_NATIVE)
#define FUSED true
#else
#define FUSED false
#endif

typedef simde_float32x4_t f32xn;

static inline f32xn f32xn_load(const float *p) { return simde_vld1q_f32(p); }

static inline void f32xn_store(float *p, f32xn a) { simde_vst1q_f32(p, a); }

static inline f32xn f32xn_splat(float a) { return simde_vdupq_n_f32(a); }

static inline f32xn f32xn_add(f32xn a, f32xn b) { return simde_vaddq_f32(a, b); }

static inline f32xn f32xn_fma(f32xn a, f32xn b, f32xn c) { return simde_vfmaq_f32(c, a, b); }

static inline f32xn f32xn_clamp(f32xn x, f32xn lo, f32xn hi) { return simde_vminq_f32(simde_vmaxq_f32(x, lo), hi); }

typedef struct f32xn_mask {
    size_t first, last;
} f32xn_mask;

static inline f32xn_mask f32xn_mask_of(size_t first, size_t last) { return (f32xn_mask){first, last}; }

static inline f32xn f32xn_load_mask(const float *p, f32xn_mask mask) {
    float part[LANES] = {0.0f};
    for (size_t i = mask.first; i < mask.last; i++) part[i] = p[i];
    return f32xn_load(part);
}

static inline void f32xn_store_part(float *p, f32xn a, size_t n) {
    float part[LANES];
    f32xn_store(part, a);
    for (size_t i = 0; i < n; i++) p[i] = part[i];
}

static inline void f32xn_load_split(const float *p, f32xn *even, f32xn *odd) {
    const simde_float32x4x2_t pair = simde_vld2q_f32(p);
    *even = pair.val[0];
    *odd = pair.val[1];
}

typedef simde_float32x4_t f32x4;

static inline f32x4 f32x4_load(const float *p) { return simde_vld1q_f32(p); }

/* The instruction takes the lane as a literal. SIMDe's translation of vfmaq_laneq_f32 rounds twice, so not that. */
#ifdef SIMDE_ARM_NEON_A64V8_NATIVE
#define FMA_LANE(c, x, w, lane) vfmaq_laneq_f32(c, x, w, lane)
#else
#define FMA_LANE(c, x, w, lane) simde_vfmaq_f32(c, x, simde_vdupq_laneq_f32(w, lane))
#endif

static inline f32xn f32xn_fma_lane(f32xn x, f32x4 w, size_t lane, f32xn c) {
    switch (lane) {
    case 0: return FMA_LANE(c, x, w, 0);
    case 1: return FMA_LANE(c, x, w, 1);
    case 2: return FMA_LANE(c, x, w, 2);
    default: return FMA_LANE(c, x, w, 3);
    }
}

/* A panel's four weights as a vector of their own, for tiles of one pixel: here any vector. */
typedef f32xn quad;

static inline quad quad_load(const float *p) { return f32xn_load(p); }

static inline void quad_store(float *p, quad a) { f32xn_store(p, a); }

static inline quad quad_splat(float a) { return f32xn_splat(a); }

static inline quad quad_fma(quad a, quad b, quad c) { return f32xn_fma(a, b, c); }

#endif
