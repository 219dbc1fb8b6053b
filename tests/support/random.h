/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded numbers, so that a seed is the same test on every machine. */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* splitmix64; zero is as good a state as any. */
typedef struct random_source {
    uint64_t state;
} random_source;

uint64_t random_bits(random_source *source);

/* Any of 0 ... bound - 1; bound > 0. */
size_t random_below(random_source *source, size_t bound);

/* Any of low ... high. */
size_t random_between(random_source *source, size_t low, size_t high);

bool random_chance(random_source *source, unsigned percent);

typedef enum fill_kind {
    FILL_REAL,    /* of [-1, 1), with all 24 bits */
    FILL_INTEGER, /* -4 ... 4: sums are exact */
    FILL_SPECIAL, /* reals among NaNs, infinities, denormals, zeros of both signs and the largest floats */
    FILL_KINDS
} fill_kind;

const char *fill_name(fill_kind kind);

void fill(float *to, size_t count, fill_kind kind, random_source *source);

#endif
