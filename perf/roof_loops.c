/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loops behind the roofs, compiled once for each instruction set, with that set's flags and
 *   ROOF_LOOPS   the name of the struct that this file defines
 *   ROOF_NAME    the set's name in reports, a string
 *   ROOF_LANES   floats in a register
 *   ROOF_CHAINS  independent chains: more than an FMA's latency times the FMAs a cycle, and few enough for the
 *                registers. 12 keeps two FMAs a cycle of 5 cycles each busy with 16 registers.
 * The compiler fuses here (-ffp-contract=fast), where the flags let it, and does not vectorise by itself.
 */
#include "roofs.h"

#include <string.h>

#if ROOF_LANES == 1
typedef float vector;
typedef unsigned bits;
#else
typedef float vector __attribute__((vector_size(4 * ROOF_LANES)));
typedef unsigned bits __attribute__((vector_size(4 * ROOF_LANES)));
#endif

enum { READS = 128 / ROOF_LANES < 8 ? 128 / ROOF_LANES : 8 };

static float roof_fma(size_t steps, float factor, float term) {
    vector factors = factor - (vector){0}, terms = term - (vector){0};
    vector acc[ROOF_CHAINS];
#pragma GCC unroll 32
    for (int i = 0; i < ROOF_CHAINS; i++) acc[i] = terms * (float)i;
    for (size_t step = 0; step < steps; step++) {
#pragma GCC unroll 32
        for (int i = 0; i < ROOF_CHAINS; i++) acc[i] = acc[i] * factors + terms;
    }
#pragma GCC unroll 32
    for (int i = 1; i < ROOF_CHAINS; i++) acc[0] += acc[i];
    vector sum = acc[0];
    float lane;
    memcpy(&lane, &sum, sizeof lane);
    return lane;
}

static unsigned roof_read(const float *data, size_t count) {
    const bits *at = (const bits *)data, *end = at + count / ROOF_LANES;
    bits mix[READS] = {0};
    for (; at < end; at += READS) {
#pragma GCC unroll 8
        for (int i = 0; i < READS; i++) mix[i] ^= at[i];
    }
#pragma GCC unroll 8
    for (int i = 1; i < READS; i++) mix[0] ^= mix[i];
    bits sum = mix[0];
    unsigned lane;
    memcpy(&lane, &sum, sizeof lane);
    return lane;
}

const roof_loops ROOF_LOOPS = {ROOF_NAME, 2.0 * ROOF_LANES *ROOF_CHAINS, roof_fma, roof_read};
