/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/bytes.h"

#include <string.h>

enum { LARGE = 224, HOSTILE = 248 };

unsigned bytes_take(fuzz_bytes *bytes) { return bytes->at < bytes->end ? *bytes->at++ : 0; }

/* A power of two, or all ones below one, and up to seven more. */
static size_t hostile(fuzz_bytes *bytes) {
    const unsigned kind = bytes_take(bytes), shift = kind % (8 * sizeof(size_t));
    const size_t more = bytes_take(bytes) % 8, ones = SIZE_MAX >> shift;
    return kind & 128 ? ones - more : ones / 2 + more;
}

size_t bytes_size(fuzz_bytes *bytes, size_t most) {
    const size_t first = bytes_take(bytes);
    if (first < LARGE) return first % (most + 1);
    if (first < HOSTILE) return (first - LARGE) * 61 + bytes_take(bytes);
    return hostile(bytes);
}

int bytes_fill(fuzz_bytes bytes, float *to, size_t count) {
    const size_t floats = (size_t)(bytes.end - bytes.at) / sizeof *to;
    for (size_t i = 0; floats && i < count; i++) memcpy(&to[i], bytes.at + i % floats * sizeof *to, sizeof *to);
    return floats > 0;
}
