/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORR2D_PERF_CACHE_H
#define CORR2D_PERF_CACHE_H

#include <stddef.h>

/* Takes the bytes out of every cache, so that the next read of them comes from memory. */
void cache_flush(const void *data, size_t bytes);

#endif
