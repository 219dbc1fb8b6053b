/* SPDX-License-Identifier: Apache-2.0 */
/* What the tiles share: early unrolling, the end of a chain, and tiles that are not whole. Needs the words of simd/. */
#ifndef CORR2D_TILES_COMMON_H
#define CORR2D_TILES_COMMON_H

#include "kernels/variant.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/*
 * Accumulators live in arrays, and an array stays in registers only where every index is a constant before the
 * compiler decides where it lives: so the loops over a tile are unrolled early. tests/check-hot-loops watches.
 */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#define UNROLL_ALL UNROLL
#else
#define UNROLL _Pragma("GCC unroll 16")
#define UNROLL_ALL _Pragma("GCC unroll 25")
#endif

/*
 * For i = 0 ... n - 1, n a constant of at most `most`. The guard is there for n = 1: clang 14 unrolls a loop of a
 * single trip too late, and the array that it indexes stays in memory.
 */
#define EACH(i, n, most) UNROLL for (size_t i = 0; i < (most); i++) if (i < (n))

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Nothing behind it is loaded before it: compilers load far ahead, and then have no registers for what they loaded. */
#define IN_ORDER __asm__ volatile("" ::: "memory")

#define FALL_THROUGH __attribute__((fallthrough))

/* For what must not share its registers with the loops around it. */
#define NOT_INLINE static __attribute__((noinline))
#define COLD static __attribute__((noinline, cold))

/* Where a loop's code lies in lines costs or gives up to 4 %: so at least no other code moves it. */
#define LINE_ALIGNED __attribute__((aligned(64)))

/*
 * The compiler forgets what it knows of a pointer. Stepping one from row to row so, it does not compute the places of
 * all rows ahead and keep them on the stack, which takes longer than a short sum.
 */
#define FORGET(p) __asm__("" : "+r"(p))

/* And for one that is to leave its register to others. */
#define IN_MEMORY(p) __asm__("" : "+m"(p))

/*
 * For a vector that is computed before a branch: clang 14 computes it in what comes after, and keeps what it is
 * computed of until then, for which there are no registers. MemorySanitizer would take it for used, lanes that nothing
 * looks at among them.
 */
#ifdef __clang__
#if __has_feature(memory_sanitizer)
#define HOLD(v) (void)(v)
#elif defined __x86_64__
#define HOLD(v) __asm__ volatile("" : "+v"(v))
#elif defined __aarch64__
#define HOLD(v) __asm__ volatile("" : "+w"(v))
#endif
#endif
#ifndef HOLD
#define HOLD(v) (void)(v)
#endif

/*
 * The vector stays in its register until here. Where nothing needs a factor any more, GCC lets a product take its
 * register, and the sums of a long loop wander from one to another.
 */
#if LANES >= 8 && !defined __clang__
#define UNTIL_HERE(v) __asm__ volatile("" : : "v"(v))
#else
#define UNTIL_HERE(v) (void)(v)
#endif

/* For a vector of eight lanes or more, which x86-64 alone has: what it is computed of next is not computed before. */
#if LANES >= 8
#define LATER(v) __asm__("" : "+v"(v))
#else
#define LATER(v) (void)(v)
#endif

/*
 * RELOADS, of a variant's words: to copy a vector takes a pipe from multiply-adds, to load it does not. So chains begin
 * with a load, of floats that are all the bias. And an address is computed once, for loads around it. AS_IT_IS: the
 * vector is in a register here, no other made of it ahead. BEHIND: such an address is the one behind all that is loaded
 * by it, so that its offsets are negative: others that are multiples of a vector take Neoverse N1 two instructions.
 */
#ifdef RELOADS
#define ONE_BASE(p) FORGET(p)
#define BEHIND(n) (n)
ALWAYS_INLINE f32xn chain_begin(const float **floats, f32xn bias) {
    (void)bias;
    __asm__ volatile("" : "+r"(*floats)); /* here and each time anew, or it would be copied after all */
    return f32xn_load(*floats - LANES);
}

/* The n vectors before p, no two of them by one instruction, which would be three on some cores. */
ALWAYS_INLINE void load_one_by_one(f32xn *a, const float *p, size_t n) {
    UNROLL for (size_t i = 0; i < n; i++) {
        IN_ORDER;
        a[i] = f32xn_load(p - (n - i) * LANES);
    }
}

ALWAYS_INLINE void store_alone(float *p, f32xn a) { f32xn_store_alone(p, a); }
#else
#define ONE_BASE(p) (void)(p)
#define BEHIND(n) 0
#define AS_IT_IS(v) (void)(v)
ALWAYS_INLINE f32xn chain_begin(const float **floats, f32xn bias) {
    (void)floats;
    return bias;
}

/* The n vectors before p. */
ALWAYS_INLINE void load_one_by_one(f32xn *a, const float *p, size_t n) {
    UNROLL for (size_t i = 0; i < n; i++) a[i] = f32xn_load(p - (n - i) * LANES);
}

ALWAYS_INLINE void store_alone(float *p, f32xn a) { f32xn_store(p, a); }
#endif

#if LANES == 4
/* The floats of a vector four by four, `step` apart in memory: wider vectors have words of their own. */
WORD f32xn f32xn_load_quads(const float *p, size_t step) {
    (void)step;
    return f32xn_load(p);
}

WORD void f32xn_store_quads(float *p, size_t step, f32xn a) {
    (void)step;
    f32xn_store(p, a);
}
#endif

/* Whether sums go a few at a time, so that one hides another's latency. The variant may say no. */
#ifndef CHAINS
#define CHAINS true
#endif

/* Whether there is an activation. */
ALWAYS_INLINE bool clamps(float lo, float hi) { return lo > -INFINITY || hi < INFINITY; }

/* The end of a chain: the activation, then + 0.0f, so that no result is -0.0. */
ALWAYS_INLINE f32xn finish(f32xn acc, f32xn lo, f32xn hi) {
    return f32xn_add(f32xn_clamp(acc, lo, hi), f32xn_splat(0.0f));
}

#endif
