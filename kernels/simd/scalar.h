/* SPDX-License-Identifier: Apache-2.0 */
/* The vector words on one float: the definition of what the others mean. */
#ifndef CORR2D_SIMD_H
#define CORR2D_SIMD_H

#include "kernels/simd/word.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define LANES 1
#define FUSED true

typedef float f32xn;

WORD f32xn f32xn_load(const float *p) { return *p; }

WORD void f32xn_store(float *p, f32xn a) { *p = a; }

WORD f32xn f32xn_splat(float a) { return a; }

WORD f32xn f32xn_add(f32xn a, f32xn b) { return a + b; }

/* a * b + c, rounded once: in hardware or, slowly, by the C library. */
WORD f32xn f32xn_fma(f32xn a, f32xn b, f32xn c) { return fmaf(a, b, c); }

/* NaN passes through: it is neither below nor above. */
WORD f32xn f32xn_clamp(f32xn x, f32xn lo, f32xn hi) {
    const f32xn at_least = x < lo ? lo : x;
    return at_least > hi ? hi : at_least;
}

/* The first lanes, 0 <= count <= LANES. */
typedef bool f32xn_mask;

WORD f32xn_mask f32xn_mask_of(size_t count) { return count > 0; }

/* The lanes from the first-th on that are below `end`, both at most LANES. Only where ROWS_TOGETHER is 0. */
WORD f32xn_mask f32xn_mask_between(size_t first, size_t end) { return first < end; }

/* Those lanes, read from p on, and zeros in the others, of which not a byte is read. */
WORD f32xn f32xn_load_mask(const float *p, f32xn_mask mask) { return mask ? *p : 0.0f; }

/* The first n lanes, 1 <= n <= LANES. */
WORD void f32xn_store_part(float *p, f32xn a, size_t n) {
    (void)n;
    *p = a;
}

/* The floats of a one place up, behind the last one of `before` or a zero, or one place down before a zero. */
WORD f32xn f32xn_push(f32xn a, f32xn before) {
    (void)a;
    return before;
}

WORD f32xn f32xn_pull(f32xn a) {
    (void)a;
    return 0.0f;
}

WORD f32xn f32xn_push_zero(f32xn a) { return f32xn_push(a, f32xn_splat(0.0f)); }

/* The same, loaded once: it is no operand in memory of whatever uses it. */
WORD f32xn f32xn_once(f32xn a) { return a; }

/* Of the floats of a and then b, those at even and those at odd places. */
WORD void f32xn_split(f32xn a, f32xn b, f32xn *even, f32xn *odd) {
    *even = a;
    *odd = b;
}

/* The same in some order, the same for all, which the last word mends. Only where ROWS_TOGETHER is 0. */
WORD void f32xn_split_parts(f32xn a, f32xn b, f32xn *even, f32xn *odd) { f32xn_split(a, b, even, odd); }

/* Those at even places alone; `early`: b begins one float before that. */
WORD f32xn f32xn_even_parts(f32xn a, f32xn b, bool early) {
    (void)b;
    (void)early;
    return a;
}

/* The odd ones alone. */
WORD f32xn f32xn_odd_parts(f32xn a, f32xn b) {
    (void)a;
    return b;
}

WORD f32xn f32xn_order_parts(f32xn a) { return a; }

/* Weights of neighbouring channels, from p on as far as a panel of PANEL_ROWS goes, then from p + panel on. */
WORD f32xn f32xn_load_panels(const float *p, size_t panel) {
    (void)panel;
    return *p;
}

/* Of a panel of PANEL_ROWS weights as many as a vector holds; where it holds more, the rest is anything. */
WORD f32xn f32xn_load_panel(const float *p) { return *p; }

/* Four weights, of which one at a time multiplies a whole vector. */
typedef const float *f32x4;

WORD f32x4 f32x4_load(const float *p) { return p; }

WORD f32xn f32xn_fma_lane(f32xn x, f32x4 w, size_t lane, f32xn c) { return f32xn_fma(w[lane], x, c); }

#endif
