/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an engine's y is right: checked before it is timed. */
#ifndef CORR2D_PERF_VERIFY_H
#define CORR2D_PERF_VERIFY_H

#include "engine.h"

/* The first output that is wrong, by its index in memory. */
typedef struct mismatch {
    size_t index;
    double got, want, bound; /* bound: how far from want it may be */
} mismatch;

/*
 * Computes a few dozen outputs, corners among them, in double precision, and compares: an output may be off by
 * taps * unit * (|bias| + sum |k * x|), unit being 2^-24 for a chain of fused multiply-adds and 2^-23 for other sums.
 */
bool verify_samples(const problem *p, bool is_fused, mismatch *wrong);

/* Whether y has the reference's bits. */
bool verify_bits(const problem *p, const float *reference, mismatch *wrong);

#endif
