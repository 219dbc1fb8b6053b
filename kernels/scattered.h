/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles whose outputs do not lie in y as the micro-kernels store them: they pass through a buffer. */
#ifndef CORR2D_SCATTERED_H
#define CORR2D_SCATTERED_H

#include "kernels/variant.h"

/* A tile in a buffer of its own, and where it belongs in y. Distances in elements. */
typedef struct corr2d_scattered {
    float *y;                          /* the strip's first pixel, the tile's first channel */
    size_t y_channel, y_row, y_column; /* distances in y */
    size_t width;                      /* columns of the strip */
    size_t first, pixels, channels;    /* which pixels, counted row by row through the strip; how many channels */
    size_t channel, pixel;             /* distances in the buffer */
} corr2d_scattered;

/* From y into the buffer, and back. */
void corr2d_gather_tile(float *buffer, const corr2d_scattered *tile);
void corr2d_scatter_tile(const float *buffer, const corr2d_scattered *tile);

#endif
