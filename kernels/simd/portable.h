/* SPDX-License-Identifier: Apache-2.0 */
/* The vector words on any CPU: four floats, in SSE's terms, which SIMDe translates into whatever vectors there are. */
#ifndef CORR2D_SIMD_H
#define CORR2D_SIMD_H

#include "kernels/simd/word.h"

#include <simde/x86/fma.h>
#include <simde/x86/sse.h>

#include <stdbool.h>
#include <stddef.h>

#define LANES 4

/* The cases in which SIMDe's simde_mm_fmadd_ps rounds once. */
#if defined(SIMDE_X86_FMA_NATIVE) || defined(SIMDE_POWER_ALTIVEC_P7_NATIVE) || defined(__FP_FAST_FMAF) ||              \
    (defined(SIMDE_ARM_NEON_A32V7_NATIVE) && defined(__ARM_FEATURE_FMA))
#define FUSED 1
#else
#define FUSED 0
#endif

typedef simde__m128 f32xn;

WORD f32xn f32xn_load(const float *p) { return simde_mm_loadu_ps(p); }

WORD void f32xn_store(float *p, f32xn a) { simde_mm_storeu_ps(p, a); }

WORD f32xn f32xn_splat(float a) { return simde_mm_set1_ps(a); }

WORD f32xn f32xn_add(f32xn a, f32xn b) { return simde_mm_add_ps(a, b); }

/* a * b + c; where it can't be rounded once, SIMDe's own translation is a loop of scalars. */
#if FUSED
#define FMA(a, b, c) simde_mm_fmadd_ps(a, b, c)
#else
#define FMA(a, b, c) simde_mm_add_ps(simde_mm_mul_ps(a, b), c)
#endif

WORD f32xn f32xn_fma(f32xn a, f32xn b, f32xn c) { return FMA(a, b, c); }

/* Gives the second operand where either is NaN, so a NaN in x passes through. */
WORD f32xn f32xn_clamp(f32xn x, f32xn lo, f32xn hi) { return simde_mm_min_ps(hi, simde_mm_max_ps(lo, x)); }

/* The first lane, and four bits higher the end. */
typedef size_t f32xn_mask;

WORD f32xn_mask f32xn_mask_between(size_t first, size_t end) { return first | end << 4; }

WORD f32xn_mask f32xn_mask_of(size_t count) { return f32xn_mask_between(0, count); }

WORD f32xn f32xn_load_mask(const float *p, f32xn_mask mask) {
    float part[LANES] = {0.0f};
    for (size_t i = mask & 15; i < mask >> 4; i++) part[i] = p[i];
    return f32xn_load(part);
}

WORD void f32xn_store_part(float *p, f32xn a, size_t n) {
    float part[LANES];
    f32xn_store(part, a);
    for (size_t i = 0; i < n; i++) p[i] = part[i];
}

WORD f32xn f32xn_load_panels(const float *p, size_t panel) {
    (void)panel;
    return f32xn_load(p);
}

WORD f32xn f32xn_push(f32xn a, f32xn before) {
    return simde_mm_move_ss(simde_mm_shuffle_ps(a, a, 0x90), simde_mm_shuffle_ps(before, before, 0xff));
}

WORD f32xn f32xn_push_zero(f32xn a) { return f32xn_push(a, f32xn_splat(0.0f)); }

WORD f32xn f32xn_pull(f32xn a) {
    const f32xn moved = simde_mm_move_ss(a, f32xn_splat(0.0f));
    return simde_mm_shuffle_ps(moved, moved, 0x39);
}

WORD f32xn f32xn_load_panel(const float *p) { return f32xn_load(p); }

WORD void f32xn_split(f32xn a, f32xn b, f32xn *even, f32xn *odd) {
    *even = simde_mm_shuffle_ps(a, b, 0x88);
    *odd = simde_mm_shuffle_ps(a, b, 0xdd);
}

WORD void f32xn_split_parts(f32xn a, f32xn b, f32xn *even, f32xn *odd) { f32xn_split(a, b, even, odd); }

WORD f32xn f32xn_even_parts(f32xn a, f32xn b, bool early) {
    return early ? simde_mm_shuffle_ps(a, b, 0xd8) : simde_mm_shuffle_ps(a, b, 0x88);
}

WORD f32xn f32xn_odd_parts(f32xn a, f32xn b) { return simde_mm_shuffle_ps(a, b, 0xdd); }

WORD f32xn f32xn_order_parts(f32xn a) { return a; }

typedef const float *f32x4;

WORD f32x4 f32x4_load(const float *p) { return p; }

WORD f32xn f32xn_fma_lane(f32xn x, f32x4 w, size_t lane, f32xn c) { return f32xn_fma(f32xn_splat(w[lane]), x, c); }

/* Each four lanes of the four as rows of a square: its columns. */
WORD void f32xn_transpose_quads(f32xn *a) {
    const f32xn ab_low = simde_mm_unpacklo_ps(a[0], a[1]), ab_high = simde_mm_unpackhi_ps(a[0], a[1]);
    const f32xn cd_low = simde_mm_unpacklo_ps(a[2], a[3]), cd_high = simde_mm_unpackhi_ps(a[2], a[3]);
    a[0] = simde_mm_movelh_ps(ab_low, cd_low);
    a[1] = simde_mm_movehl_ps(cd_low, ab_low);
    a[2] = simde_mm_movelh_ps(ab_high, cd_high);
    a[3] = simde_mm_movehl_ps(cd_high, ab_high);
}

#endif
