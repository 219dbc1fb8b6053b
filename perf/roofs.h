/* SPDX-License-Identifier: Apache-2.0 */
/* The roofs of the run's threads together: how fast they multiply and add, and how fast they read. */
#ifndef CORR2D_PERF_ROOFS_H
#define CORR2D_PERF_ROOFS_H

#include "stats.h"

#include <stddef.h>

/*
 * Loops built for one instruction set. fma runs `steps` steps of `flops` operations each, chain = chain * factor + term
 * in independent chains, and returns a mix of them.
 * read reads `count` floats once (count a multiple of 128, the address of 64 bytes) and returns a mix of their bits.
 */
typedef struct roof_loops {
    const char *name;
    double flops;
    float (*fma)(size_t steps, float factor, float term);
    unsigned (*read)(const float *data, size_t count);
} roof_loops;

typedef enum roof_level { ROOF_L1, ROOF_L2, ROOF_L3, ROOF_DRAM, ROOF_LEVELS } roof_level;

typedef struct roofs {
    const roof_loops *vector, *scalar; /* the best loops that this run may use */
    double vector_flops, scalar_flops; /* per second, measured before the layers */
    size_t
        read_bytes[ROOF_LEVELS]; /* the buffers' sizes: a half of the cache, four times the last one for DRAM; what lies
                                           beyond L2 is shared out among the threads */
    double read_bandwidth[ROOF_LEVELS]; /* bytes per second */
    samples peak;                       /* flops per second of `vector`, one for each round of each layer */
} roofs;

const char *roof_level_name(roof_level level);

/* Takes about two seconds. */
void roofs_measure(roofs *r);

/* Operations per second of all threads over about a quarter of a millisecond. */
double roof_sample(const roofs *r);

#endif
