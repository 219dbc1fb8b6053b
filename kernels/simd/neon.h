/* SPDX-License-Identifier: Apache-2.0 */
/* The vector words on AArch64: four floats; through SIMDe's translation anywhere else. */
#ifndef CORR2D_SIMD_H
#define CORR2D_SIMD_H

#include "kernels/simd/word.h"

#include <simde/arm/neon.h>

#include <stddef.h>

#define LANES 4

/* See tiles/common.h. */
#define RELOADS
#ifdef SIMDE_ARM_NEON_A64V8_NATIVE
#define AS_IT_IS(v) __asm__("" : "+w"(v))
#else
#define AS_IT_IS(v) (void)(v)
#endif

/* SIMDe's vfmaq_f32 fuses where the CPU does. */
#if defined(SIMDE_ARM_NEON_A64V8_NATIVE) || defined(SIMDE_X86_FMA_NATIVE)
#define FUSED true
#else
#define FUSED false
#endif

typedef simde_float32x4_t f32xn;

WORD f32xn f32xn_load(const float *p) { return simde_vld1q_f32(p); }

WORD void f32xn_store(float *p, f32xn a) { simde_vst1q_f32(p, a); }

/* In the one form of a store that keeps a single pipe of Neoverse N1 busy. It has no offset. */
#ifdef SIMDE_ARM_NEON_A64V8_NATIVE
WORD void f32xn_store_alone(float *p, f32xn a) { __asm__("st1 {%1.4s}, %0" : "=Q"(*(float(*)[LANES])p) : "w"(a)); }
#else
WORD void f32xn_store_alone(float *p, f32xn a) { f32xn_store(p, a); }
#endif

WORD f32xn f32xn_splat(float a) { return simde_vdupq_n_f32(a); }

WORD f32xn f32xn_add(f32xn a, f32xn b) { return simde_vaddq_f32(a, b); }

WORD f32xn f32xn_fma(f32xn a, f32xn b, f32xn c) { return simde_vfmaq_f32(c, a, b); }

WORD f32xn f32xn_clamp(f32xn x, f32xn lo, f32xn hi) { return simde_vminq_f32(simde_vmaxq_f32(x, lo), hi); }

/* Which float each lane takes, the last real one for those beyond: so a load needs no branch, nor the stack. */
typedef struct f32xn_mask {
    size_t count, second, third, last;
    simde_uint32x4_t real;
} f32xn_mask;

WORD f32xn_mask f32xn_mask_of(size_t count) {
    static const uint32_t lanes[LANES] = {0, 1, 2, 3};
    return (f32xn_mask){.count = count,
                        .second = count > 1,
                        .third = count > 2 ? 2 : count > 1,
                        .last = count ? count - 1 : 0,
                        .real = simde_vcltq_u32(simde_vld1q_u32(lanes), simde_vdupq_n_u32((uint32_t)count))};
}

WORD f32xn f32xn_load_mask(const float *p, f32xn_mask mask) {
    static const float nothing = 0.0f;
    const float *from = mask.count ? p : &nothing;
    f32xn a = simde_vdupq_n_f32(*from);
    a = simde_vld1q_lane_f32(from + mask.second, a, 1);
    a = simde_vld1q_lane_f32(from + mask.third, a, 2);
    a = simde_vld1q_lane_f32(from + mask.last, a, 3);
    return simde_vreinterpretq_f32_u32(simde_vandq_u32(simde_vreinterpretq_u32_f32(a), mask.real));
}

WORD void f32xn_store_part(float *p, f32xn a, size_t n) {
    switch (n) {
    case 1: simde_vst1q_lane_f32(p, a, 0); break;
    case 2: simde_vst1_f32(p, simde_vget_low_f32(a)); break;
    case 3:
        simde_vst1_f32(p, simde_vget_low_f32(a));
        simde_vst1q_lane_f32(p + 2, a, 2);
        break;
    default: f32xn_store(p, a); break;
    }
}

WORD f32xn f32xn_load_panels(const float *p, size_t panel) {
    (void)panel;
    return f32xn_load(p);
}

WORD f32xn f32xn_push(f32xn a, f32xn before) { return simde_vextq_f32(before, a, 3); }

WORD f32xn f32xn_push_zero(f32xn a) { return f32xn_push(a, f32xn_splat(0.0f)); }

WORD f32xn f32xn_pull(f32xn a) { return simde_vextq_f32(a, f32xn_splat(0.0f), 1); }

WORD f32xn f32xn_load_panel(const float *p) { return f32xn_load(p); }

WORD void f32xn_split(f32xn a, f32xn b, f32xn *even, f32xn *odd) {
    const simde_float32x4x2_t pair = simde_vuzpq_f32(a, b);
    *even = pair.val[0];
    *odd = pair.val[1];
}

typedef simde_float32x4_t f32x4;

WORD f32x4 f32x4_load(const float *p) { return simde_vld1q_f32(p); }

/* The instruction takes the lane as a literal. SIMDe's translation of vfmaq_laneq_f32 rounds twice, so not that. */
#ifdef SIMDE_ARM_NEON_A64V8_NATIVE
#define FMA_LANE(c, x, w, lane) vfmaq_laneq_f32(c, x, w, lane)
#else
#define FMA_LANE(c, x, w, lane) simde_vfmaq_f32(c, x, simde_vdupq_laneq_f32(w, lane))
#endif

WORD f32xn f32xn_fma_lane(f32xn x, f32x4 w, size_t lane, f32xn c) {
    switch (lane) {
    case 0: return FMA_LANE(c, x, w, 0);
    case 1: return FMA_LANE(c, x, w, 1);
    case 2: return FMA_LANE(c, x, w, 2);
    default: return FMA_LANE(c, x, w, 3);
    }
}

/* Each four lanes of the four as rows of a square: its columns. */
WORD void f32xn_transpose_quads(f32xn *a) {
    const simde_float32x4x2_t ab = simde_vtrnq_f32(a[0], a[1]), cd = simde_vtrnq_f32(a[2], a[3]);
    a[0] = simde_vcombine_f32(simde_vget_low_f32(ab.val[0]), simde_vget_low_f32(cd.val[0]));
    a[1] = simde_vcombine_f32(simde_vget_low_f32(ab.val[1]), simde_vget_low_f32(cd.val[1]));
    a[2] = simde_vcombine_f32(simde_vget_high_f32(ab.val[0]), simde_vget_high_f32(cd.val[0]));
    a[3] = simde_vcombine_f32(simde_vget_high_f32(ab.val[1]), simde_vget_high_f32(cd.val[1]));
}

#endif
