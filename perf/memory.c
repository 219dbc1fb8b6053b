/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, SLACK = 64 };

static void *check(void *p) {
    if (p == NULL) {
        fputs("corr2d_perf: out of memory\n", stderr);
        exit(2);
    }
    return p;
}

void *grow(void *array, size_t count, size_t element_size) {
    if ((count & (count - 1)) != 0) return array;
    return check(realloc(array, (count == 0 ? 1 : 2 * count) * element_size));
}

char *copy_text(const char *text) { return check(strdup(text)); }

void *page_alloc(size_t bytes) {
    size_t size = (bytes + SLACK + PAGE - 1) / PAGE * PAGE;
    return memset(check(aligned_alloc(PAGE, size)), 0, size);
}

/* SplitMix64, by Sebastiano Vigna: https://prng.di.unimi.it/splitmix64.c */
uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

float *random_floats(size_t count, uint64_t seed) {
    float *out = page_alloc(count * sizeof *out);
    for (size_t i = 0; i < count; i++) out[i] = (float)(int32_t)(next_random(&seed) >> 32) * 0x1p-31f;
    return out;
}
