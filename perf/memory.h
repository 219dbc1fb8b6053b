/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that ends the program when there is no memory, and seeded random floats. */
#ifndef CORR2D_PERF_MEMORY_H
#define CORR2D_PERF_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* The array with room for one element more than count, doubling at powers of two. */
void *grow(void *array, size_t count, size_t element_size);

char *copy_text(const char *text);

/* Bytes on a page boundary, zeroed, with 64 more behind them for peers that read past a tensor's end. */
void *page_alloc(size_t bytes);

/* page_alloc of count floats in [-1, 1), the same for the same seed. */
float *random_floats(size_t count, uint64_t seed);

/* The next number of the sequence that *state stands for. */
uint64_t next_random(uint64_t *state);

#endif
