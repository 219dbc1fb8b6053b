/* SPDX-License-Identifier: Apache-2.0 */
/* The vector words on AVX2 and FMA: eight floats. simd/scalar.h defines what each means. */
#ifndef CORR2D_SIMD_H
#define CORR2D_SIMD_H

#include "kernels/simd/word.h"

#include <simde/x86/avx2.h>
#include <simde/x86/fma.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LANES 8
#define FUSED true

typedef simde__m256 f32xn;

WORD f32xn f32xn_load(const float *p) { return simde_mm256_loadu_ps(p); }

WORD void f32xn_store(float *p, f32xn a) { simde_mm256_storeu_ps(p, a); }

WORD f32xn f32xn_splat(float a) { return simde_mm256_set1_ps(a); }

WORD f32xn f32xn_add(f32xn a, f32xn b) { return simde_mm256_add_ps(a, b); }

/* a * b + c, rounded once. */
WORD f32xn f32xn_fma(f32xn a, f32xn b, f32xn c) { return simde_mm256_fmadd_ps(a, b, c); }

/* The instruction returns its second operand where either is NaN, so a NaN in x passes through. */
WORD f32xn f32xn_clamp(f32xn x, f32xn lo, f32xn hi) { return simde_mm256_min_ps(hi, simde_mm256_max_ps(lo, x)); }

typedef simde__m256i f32xn_mask;

WORD f32xn_mask f32xn_mask_of(size_t count) {
    const simde__m256i lanes = simde_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return simde_mm256_cmpgt_epi32(simde_mm256_set1_epi32((int)count), lanes);
}

WORD f32xn_mask f32xn_mask_between(size_t first, size_t end) {
    return simde_mm256_andnot_si256(f32xn_mask_of(first), f32xn_mask_of(end));
}

WORD f32xn f32xn_load_mask(const float *p, f32xn_mask mask) { return simde_mm256_maskload_ps(p, mask); }

/* In three steps, since the masked store is microcode on many CPUs. */
WORD void f32xn_store_part(float *p, f32xn a, size_t n) {
    simde__m128 rest = simde_mm256_castps256_ps128(a);
    if (n & 8) {
        simde_mm256_storeu_ps(p, a);
        return;
    }
    if (n & 4) {
        simde_mm_storeu_ps(p, rest);
        rest = simde_mm256_extractf128_ps(a, 1);
        p += 4;
    }
    if (n & 2) {
        simde_mm_storel_pi((simde__m64 *)(void *)p, rest);
        rest = simde_mm_movehl_ps(rest, rest);
        p += 2;
    }
    if (n & 1) simde_mm_store_ss(p, rest);
}

typedef simde__m256i f32xn_lanes;

#define PICKS true

WORD f32xn_lanes f32xn_lanes_load(const int32_t *p) {
    return simde_mm256_loadu_si256((const simde__m256i *)(const void *)p);
}

WORD f32xn f32xn_pick(f32xn a, f32xn_lanes lanes) { return simde_mm256_permutevar8x32_ps(a, lanes); }

/* A zero in the first lane. */
WORD f32xn f32xn_clear_first(f32xn a) { return simde_mm256_blend_ps(a, simde_mm256_setzero_ps(), 1); }

/* The first `count` floats, 2 or 4, again and again. */
WORD f32xn f32xn_splat_few(const float *p, size_t count) {
    double two;
    if (count == 4) return simde_mm256_broadcast_ps((const simde__m128 *)(const void *)p);
    __builtin_memcpy(&two, p, sizeof two);
    return simde_mm256_castpd_ps(simde_mm256_set1_pd(two));
}

/* Four floats of either. */
WORD f32xn f32xn_join_quads(const float *low, const float *high) {
    return simde_mm256_insertf128_ps(simde_mm256_castps128_ps256(simde_mm_loadu_ps(low)), simde_mm_loadu_ps(high), 1);
}

/* PANEL_ROWS is 4. */
WORD f32xn f32xn_load_panels(const float *p, size_t panel) { return f32xn_join_quads(p, p + panel); }

WORD f32xn f32xn_push(f32xn a, f32xn before) {
    const simde__m256i joint = simde_mm256_castps_si256(simde_mm256_permute2f128_ps(before, a, 0x21));
    return simde_mm256_castsi256_ps(simde_mm256_alignr_epi8(simde_mm256_castps_si256(a), joint, 12));
}

WORD f32xn f32xn_push_zero(f32xn a) {
    const simde__m256i joint = simde_mm256_castps_si256(simde_mm256_permute2f128_ps(a, a, 0x08));
    return simde_mm256_castsi256_ps(simde_mm256_alignr_epi8(simde_mm256_castps_si256(a), joint, 12));
}

WORD f32xn f32xn_pull(f32xn a) {
    const simde__m256i joint = simde_mm256_castps_si256(simde_mm256_permute2f128_ps(a, a, 0x81));
    return simde_mm256_castsi256_ps(simde_mm256_alignr_epi8(joint, simde_mm256_castps_si256(a), 4));
}

WORD f32xn f32xn_load_panel(const float *p) { return simde_mm256_castps128_ps256(simde_mm_loadu_ps(p)); }

WORD f32xn f32xn_once(f32xn a) {
    __asm__("" : "+x"(a));
    return a;
}

/* Each loaded once: two shuffles of what is in memory would load it twice, and take up to a tenth longer. */
WORD void f32xn_split_parts(f32xn a, f32xn b, f32xn *even, f32xn *odd) {
    a = f32xn_once(a);
    b = f32xn_once(b);
    *even = simde_mm256_shuffle_ps(a, b, 0x88);
    *odd = simde_mm256_shuffle_ps(a, b, 0xdd);
}

WORD f32xn f32xn_even_parts(f32xn a, f32xn b, bool early) {
    return early ? simde_mm256_shuffle_ps(a, b, 0xd8) : simde_mm256_shuffle_ps(a, b, 0x88);
}

/* The second one may be in memory: so much shorter is a loop. */
WORD f32xn f32xn_odd_parts(f32xn a, f32xn b) { return simde_mm256_shuffle_ps(a, b, 0xdd); }

WORD f32xn f32xn_order_parts(f32xn a) {
    return simde_mm256_castpd_ps(simde_mm256_permute4x64_pd(simde_mm256_castps_pd(a), 0xd8));
}

WORD void f32xn_split(f32xn a, f32xn b, f32xn *even, f32xn *odd) {
    f32xn_split_parts(a, b, even, odd);
    *even = f32xn_order_parts(*even);
    *odd = f32xn_order_parts(*odd);
}

/* Half a vector of either. */
WORD f32xn f32xn_splat_halves(const float *low, const float *high) {
    return simde_mm256_set_m128(simde_mm_set1_ps(*high), simde_mm_set1_ps(*low));
}

/* Each four lanes: one lane down, with zero in the last. */
WORD f32xn f32xn_pull_quads(f32xn a) {
    return simde_mm256_castsi256_ps(simde_mm256_srli_si256(simde_mm256_castps_si256(a), 4));
}

/* Four weights, of which one at a time multiplies a whole vector: here a broadcast from memory. */
typedef const float *f32x4;

WORD f32x4 f32x4_load(const float *p) { return p; }

WORD f32xn f32xn_fma_lane(f32xn x, f32x4 w, size_t lane, f32xn c) { return f32xn_fma(f32xn_splat(w[lane]), x, c); }

/* The floats of `a` four by four, `step` apart in memory. */
WORD f32xn f32xn_load_quads(const float *p, size_t step) { return f32xn_load_panels(p, step); }

WORD void f32xn_store_quads(float *p, size_t step, f32xn a) {
    simde_mm_storeu_ps(p, simde_mm256_castps256_ps128(a));
    simde_mm_storeu_ps(p + step, simde_mm256_extractf128_ps(a, 1));
}

/* Each four lanes of the four as rows of a square: its columns. */
WORD void f32xn_transpose_quads(f32xn *a) {
    const f32xn ab_low = simde_mm256_unpacklo_ps(a[0], a[1]), ab_high = simde_mm256_unpackhi_ps(a[0], a[1]);
    const f32xn cd_low = simde_mm256_unpacklo_ps(a[2], a[3]), cd_high = simde_mm256_unpackhi_ps(a[2], a[3]);
    a[0] = simde_mm256_shuffle_ps(ab_low, cd_low, 0x44);
    a[1] = simde_mm256_shuffle_ps(ab_low, cd_low, 0xee);
    a[2] = simde_mm256_shuffle_ps(ab_high, cd_high, 0x44);
    a[3] = simde_mm256_shuffle_ps(ab_high, cd_high, 0xee);
}

#endif
