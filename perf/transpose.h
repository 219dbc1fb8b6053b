/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORR2D_PERF_TRANSPOSE_H
#define CORR2D_PERF_TRANSPOSE_H

#include <stddef.h>

/* to[n][pixel][channel] = from[n][channel][pixel], and back; for peers that know one layout only. */
void to_nhwc(const float *from, float *to, size_t n, size_t channels, size_t pixels);
void to_nchw(const float *from, float *to, size_t n, size_t channels, size_t pixels);

#endif
