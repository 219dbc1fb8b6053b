/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/scattered.h"

static size_t place(const corr2d_scattered *t, size_t pixel) {
    const size_t p = t->first + pixel;
    return p / t->width * t->y_row + p % t->width * t->y_column;
}

void corr2d_gather_tile(float *buffer, const corr2d_scattered *t) {
    for (size_t p = 0; p < t->pixels; p++) {
        const float *from = t->y + place(t, p);
        for (size_t o = 0; o < t->channels; o++) buffer[o * t->channel + p * t->pixel] = from[o * t->y_channel];
    }
}

void corr2d_scatter_tile(const float *buffer, const corr2d_scattered *t) {
    for (size_t p = 0; p < t->pixels; p++) {
        float *to = t->y + place(t, p);
        for (size_t o = 0; o < t->channels; o++) to[o * t->y_channel] = buffer[o * t->channel + p * t->pixel];
    }
}
