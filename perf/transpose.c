/* SPDX-License-Identifier: Apache-2.0 */
#include "transpose.h"

enum { BLOCK = 16 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static void transpose_block(const float *restrict from, float *restrict to, size_t rows, size_t cols, size_t from_step,
                            size_t to_step) {
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++) to[j * to_step + i] = from[i * from_step + j];
}

/* to[col][row] = from[row][col] */
static void transpose(const float *from, float *to, size_t rows, size_t cols) {
    for (size_t i = 0; i < rows; i += BLOCK)
        for (size_t j = 0; j < cols; j += BLOCK)
            transpose_block(from + i * cols + j, to + j * rows + i, least(BLOCK, rows - i), least(BLOCK, cols - j),
                            cols, rows);
}

void to_nhwc(const float *from, float *to, size_t n, size_t channels, size_t pixels) {
    for (size_t i = 0; i < n; i++)
        transpose(from + i * channels * pixels, to + i * channels * pixels, channels, pixels);
}

void to_nchw(const float *from, float *to, size_t n, size_t channels, size_t pixels) {
    for (size_t i = 0; i < n; i++)
        transpose(from + i * channels * pixels, to + i * channels * pixels, pixels, channels);
}
