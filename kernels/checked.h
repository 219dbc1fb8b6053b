/* SPDX-License-Identifier: Apache-2.0 */
/* Size arithmetic that remembers an overflow. */
#ifndef CORR2D_CHECKED_H
#define CORR2D_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* a * b and a + b; sets *overflow, and never clears it, where the result does not fit. */
static inline size_t corr2d_mul(size_t a, size_t b, bool *overflow) {
    size_t product;
    if (__builtin_mul_overflow(a, b, &product)) *overflow = true;
    return product;
}

static inline size_t corr2d_sum(size_t a, size_t b, bool *overflow) {
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum)) *overflow = true;
    return sum;
}

/* Whether that many floats are more than any object can hold. */
static inline bool corr2d_too_large(size_t floats) { return floats > (size_t)PTRDIFF_MAX / sizeof(float); }

static inline size_t corr2d_min(size_t a, size_t b) { return a < b ? a : b; }

static inline size_t corr2d_max(size_t a, size_t b) { return a > b ? a : b; }

/* a / b rounded up; b > 0. */
static inline size_t corr2d_div_up(size_t a, size_t b) { return a / b + (a % b != 0); }

/* a rounded up to a multiple of b; b > 0, and the result must fit. */
static inline size_t corr2d_round_up(size_t a, size_t b) { return corr2d_div_up(a, b) * b; }

/* The greatest common divisor; b > 0. */
static inline size_t corr2d_gcd(size_t a, size_t b) {
    while (a) {
        const size_t rest = b % a;
        b = a;
        a = rest;
    }
    return b;
}

#endif
