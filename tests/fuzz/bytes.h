/* SPDX-License-Identifier: Apache-2.0 */
/* A fuzzer's input, taken byte by byte from the front. Past its end all bytes are 0. */
#ifndef TESTS_FUZZ_BYTES_H
#define TESTS_FUZZ_BYTES_H

#include <stddef.h>
#include <stdint.h>

typedef struct fuzz_bytes {
    const uint8_t *at, *end;
} fuzz_bytes;

unsigned bytes_take(fuzz_bytes *bytes);

/* A size of 0 ... most, most < 160; seldom one of some thousands, or one near a power of two, up to SIZE_MAX. */
size_t bytes_size(fuzz_bytes *bytes, size_t most);

/* Fills `count` floats with the bits of the rest of the input, over and over; false where there are no four bytes. */
int bytes_fill(fuzz_bytes bytes, float *to, size_t count);

#endif
