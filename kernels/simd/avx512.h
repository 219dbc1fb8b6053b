/* SPDX-License-Identifier: Apache-2.0 */
/* The vector words on AVX-512 (F and VL): sixteen floats. simd/scalar.h defines what each means. */
#ifndef CORR2D_SIMD_H
#define CORR2D_SIMD_H

#include "kernels/simd/word.h"

#include <simde/x86/avx512/setzero.h> /* insert.h needs it, and does not say so */

#include <simde/x86/avx512/add.h>
#include <simde/x86/avx512/broadcast.h>
#include <simde/x86/avx512/cast.h>
#include <simde/x86/avx512/extract.h>
#include <simde/x86/avx512/fmadd.h>
#include <simde/x86/avx512/insert.h>
#include <simde/x86/avx512/loadu.h>
#include <simde/x86/avx512/max.h>
#include <simde/x86/avx512/min.h>
#include <simde/x86/avx512/permutex2var.h>
#include <simde/x86/avx512/permutexvar.h>
#include <simde/x86/avx512/set1.h>
#include <simde/x86/avx512/shuffle.h>
#include <simde/x86/avx512/storeu.h>
#include <simde/x86/avx512/unpackhi.h>
#include <simde/x86/avx512/unpacklo.h>
#include <simde/x86/fma.h>

#include <stddef.h>
#include <stdint.h>

#define LANES 16
#define FUSED true

typedef simde__m512 f32xn;

WORD f32xn f32xn_load(const float *p) { return simde_mm512_loadu_ps(p); }

WORD void f32xn_store(float *p, f32xn a) { simde_mm512_storeu_ps(p, a); }

WORD f32xn f32xn_splat(float a) { return simde_mm512_set1_ps(a); }

WORD f32xn f32xn_add(f32xn a, f32xn b) { return simde_mm512_add_ps(a, b); }

WORD f32xn f32xn_fma(f32xn a, f32xn b, f32xn c) { return simde_mm512_fmadd_ps(a, b, c); }

/* The instruction returns its second operand where either is NaN, so a NaN in x passes through. */
WORD f32xn f32xn_clamp(f32xn x, f32xn lo, f32xn hi) { return simde_mm512_min_ps(hi, simde_mm512_max_ps(lo, x)); }

typedef simde__mmask16 f32xn_mask;

WORD f32xn_mask f32xn_mask_of(size_t count) { return (f32xn_mask)((1u << count) - 1); }

/* SIMDe 0.7 lacks the masked load and store, and the shift by whole floats. */
#ifdef SIMDE_X86_AVX512F_NATIVE
WORD f32xn f32xn_load_mask(const float *p, f32xn_mask mask) { return _mm512_maskz_loadu_ps(mask, p); }

WORD void f32xn_store_mask(float *p, f32xn a, f32xn_mask mask) { _mm512_mask_storeu_ps(p, mask, a); }

/* What tiles need that read planes where they lie, beside the load of a mask's lanes. */
#define IN_PLACE

/* Half a vector of either. */
WORD f32xn f32xn_splat_halves(const float *low, const float *high) {
    return _mm512_mask_broadcastss_ps(f32xn_splat(*low), 0xff00, _mm_load_ss(high));
}

/* The mask's lanes from p on, those of a in the others. */
WORD f32xn f32xn_load_more(f32xn a, const float *p, f32xn_mask mask) { return _mm512_mask_loadu_ps(a, mask, p); }

/* f32xn_store_mask, of lanes that are all in the first, or all in the second half. */
WORD void f32xn_store_low(float *p, f32xn a, f32xn_mask mask) {
    _mm256_mask_storeu_ps(p, (__mmask8)mask, _mm512_castps512_ps256(a));
}

/* Not by the extraction to memory, which would fault for lanes that the mask leaves out. */
WORD void f32xn_store_high(float *p, f32xn a, f32xn_mask mask) {
    __m256 high = _mm512_extractf32x8_ps(a, 1);
    __asm__("" : "+v"(high));
    _mm256_mask_storeu_ps(p + LANES / 2, (__mmask8)(mask >> LANES / 2), high);
}

/* Of the floats of a and then b, those from the n-th on, which is 1, 2 or as near to the last. */
WORD f32xn f32xn_join(f32xn a, f32xn b, size_t n) {
    const __m512i low = _mm512_castps_si512(a), high = _mm512_castps_si512(b);
    switch (n) {
    case 1: return _mm512_castsi512_ps(_mm512_alignr_epi32(high, low, 1));
    case 2: return _mm512_castsi512_ps(_mm512_alignr_epi32(high, low, 2));
    case 14: return _mm512_castsi512_ps(_mm512_alignr_epi32(high, low, 14));
    default: return _mm512_castsi512_ps(_mm512_alignr_epi32(high, low, 15));
    }
}

/* The same from the n-th on, 1, 15 or 6 to 10, with zeros in the lanes that the mask leaves out. */
#define JOIN_MASK(n)                                                                                                   \
    case n: return _mm512_castsi512_ps(_mm512_maskz_alignr_epi32(mask, high, low, n))
WORD f32xn f32xn_join_mask(f32xn a, f32xn b, size_t n, f32xn_mask mask) {
    const __m512i low = _mm512_castps_si512(a), high = _mm512_castps_si512(b);
    switch (n) {
        JOIN_MASK(1);
        JOIN_MASK(6);
        JOIN_MASK(7);
        JOIN_MASK(8);
        JOIN_MASK(9);
        JOIN_MASK(10);
    default: return _mm512_castsi512_ps(_mm512_maskz_alignr_epi32(mask, high, low, 15));
    }
}

WORD f32xn f32xn_push(f32xn a, f32xn before) { return f32xn_join(before, a, LANES - 1); }

WORD f32xn f32xn_pull(f32xn a) {
    return _mm512_castsi512_ps(_mm512_alignr_epi32(_mm512_setzero_si512(), _mm512_castps_si512(a), 1));
}
#else
WORD f32xn f32xn_load_mask(const float *p, f32xn_mask mask) {
    float part[LANES] = {0.0f};
    for (size_t i = 0; i < LANES; i++) {
        if (mask >> i & 1) part[i] = p[i];
    }
    return f32xn_load(part);
}

WORD void f32xn_store_mask(float *p, f32xn a, f32xn_mask mask) {
    float part[LANES];
    f32xn_store(part, a);
    for (size_t i = 0; i < LANES; i++) {
        if (mask >> i & 1) p[i] = part[i];
    }
}

WORD f32xn f32xn_push(f32xn a, f32xn before) {
    float joint[2 * LANES];
    f32xn_store(joint, before);
    f32xn_store(joint + LANES, a);
    return f32xn_load(joint + LANES - 1);
}

WORD f32xn f32xn_pull(f32xn a) {
    float joint[LANES + 1] = {0.0f};
    f32xn_store(joint, a);
    joint[LANES] = 0.0f;
    return f32xn_load(joint + 1);
}
#endif

WORD void f32xn_store_part(float *p, f32xn a, size_t n) { f32xn_store_mask(p, a, f32xn_mask_of(n)); }

WORD f32xn f32xn_push_zero(f32xn a) { return f32xn_push(a, f32xn_splat(0.0f)); }

typedef simde__m512i f32xn_lanes;

#define PICKS true

WORD f32xn_lanes f32xn_lanes_load(const int32_t *p) { return simde_mm512_loadu_si512(p); }

WORD f32xn f32xn_pick(f32xn a, f32xn_lanes lanes) { return simde_mm512_permutexvar_ps(lanes, a); }

/* Of the floats of a and then b those that the lanes count. */
WORD f32xn f32xn_pick_two(f32xn a, f32xn b, f32xn_lanes lanes) { return simde_mm512_permutex2var_ps(a, lanes, b); }

/* The first `count` floats, 2, 4 or 8, again and again. */
WORD f32xn f32xn_splat_few(const float *p, size_t count) {
    double two;
    if (count == 8)
        return simde_mm512_castpd_ps(simde_mm512_broadcast_f64x4(simde_mm256_castps_pd(simde_mm256_loadu_ps(p))));
    if (count == 4) return simde_mm512_broadcast_f32x4(simde_mm_loadu_ps(p));
    __builtin_memcpy(&two, p, sizeof two);
    return simde_mm512_castpd_ps(simde_mm512_set1_pd(two));
}

/* PANEL_ROWS is 8. */
WORD f32xn f32xn_load_panels(const float *p, size_t panel) {
    const simde__m512d low = simde_mm512_castpd256_pd512(simde_mm256_castps_pd(simde_mm256_loadu_ps(p)));
    return simde_mm512_castpd_ps(
        simde_mm512_insertf64x4(low, simde_mm256_castps_pd(simde_mm256_loadu_ps(p + panel)), 1));
}

WORD f32xn f32xn_load_panel(const float *p) {
    return simde_mm512_castpd_ps(simde_mm512_castpd256_pd512(simde_mm256_castps_pd(simde_mm256_loadu_ps(p))));
}

/* GCC 12 puts an index vector of constants together element by element, so these are in memory. */
WORD void f32xn_split(f32xn a, f32xn b, f32xn *even, f32xn *odd) {
    static const int32_t evens[LANES] = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
    static const int32_t odds[LANES] = {1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31};
    *even = simde_mm512_permutex2var_ps(a, simde_mm512_loadu_si512(evens), b);
    *odd = simde_mm512_permutex2var_ps(a, simde_mm512_loadu_si512(odds), b);
}

/* The floats of a and of b in turn. */
WORD void f32xn_zip(f32xn a, f32xn b, f32xn *low, f32xn *high) {
    static const int32_t lows[LANES] = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
    static const int32_t highs[LANES] = {8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    *low = simde_mm512_permutex2var_ps(a, simde_mm512_loadu_si512(lows), b);
    *high = simde_mm512_permutex2var_ps(a, simde_mm512_loadu_si512(highs), b);
}

/* Four weights, of which one at a time multiplies a whole vector: here a broadcast from memory. */
typedef const float *f32x4;

WORD f32x4 f32x4_load(const float *p) { return p; }

WORD f32xn f32xn_fma_lane(f32xn x, f32x4 w, size_t lane, f32xn c) { return f32xn_fma(f32xn_splat(w[lane]), x, c); }

/* The floats of `a` four by four, `step` apart in memory. */
WORD f32xn f32xn_load_quads(const float *p, size_t step) {
    f32xn a = simde_mm512_castps128_ps512(simde_mm_loadu_ps(p));
    a = simde_mm512_insertf32x4(a, simde_mm_loadu_ps(p + step), 1);
    a = simde_mm512_insertf32x4(a, simde_mm_loadu_ps(p + 2 * step), 2);
    return simde_mm512_insertf32x4(a, simde_mm_loadu_ps(p + 3 * step), 3);
}

WORD void f32xn_store_quads(float *p, size_t step, f32xn a) {
    simde_mm_storeu_ps(p, simde_mm512_castps512_ps128(a));
    simde_mm_storeu_ps(p + step, simde_mm512_extractf32x4_ps(a, 1));
    simde_mm_storeu_ps(p + 2 * step, simde_mm512_extractf32x4_ps(a, 2));
    simde_mm_storeu_ps(p + 3 * step, simde_mm512_extractf32x4_ps(a, 3));
}

/* Each four lanes of the four as rows of a square: its columns. */
WORD void f32xn_transpose_quads(f32xn *a) {
    const f32xn ab_low = simde_mm512_unpacklo_ps(a[0], a[1]), ab_high = simde_mm512_unpackhi_ps(a[0], a[1]);
    const f32xn cd_low = simde_mm512_unpacklo_ps(a[2], a[3]), cd_high = simde_mm512_unpackhi_ps(a[2], a[3]);
    a[0] = simde_mm512_shuffle_ps(ab_low, cd_low, 0x44);
    a[1] = simde_mm512_shuffle_ps(ab_low, cd_low, 0xee);
    a[2] = simde_mm512_shuffle_ps(ab_high, cd_high, 0x44);
    a[3] = simde_mm512_shuffle_ps(ab_high, cd_high, 0xee);
}

#endif
