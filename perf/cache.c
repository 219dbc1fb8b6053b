/* SPDX-License-Identifier: Apache-2.0 */
#include "cache.h"

#include "memory.h"

enum { LINE = 64 };

#if defined(__x86_64__)
#include <emmintrin.h>

void cache_flush(const void *data, size_t bytes) {
    const char *at = data;
    for (size_t i = 0; i < bytes; i += LINE) _mm_clflush(at + i);
    if (bytes > 0) _mm_clflush(at + bytes - 1);
    _mm_mfence();
}

#elif defined(__aarch64__)

static void flush_line(const char *at) { __asm__ volatile("dc civac, %0" : : "r"(at) : "memory"); }

void cache_flush(const void *data, size_t bytes) {
    const char *at = data;
    for (size_t i = 0; i < bytes; i += LINE) flush_line(at + i);
    if (bytes > 0) flush_line(at + bytes - 1);
    __asm__ volatile("dsb sy" : : : "memory");
}

#else

enum { EVERYTHING = 64 << 20 };

/* No instruction for it: what is read instead pushes everything out, x and y too. */
void cache_flush(const void *data, size_t bytes) {
    static volatile char *other;
    (void)data;
    if (other == NULL) other = page_alloc(EVERYTHING);
    for (size_t i = 0; bytes > 0 && i < EVERYTHING; i += LINE) other[i]++;
}

#endif
