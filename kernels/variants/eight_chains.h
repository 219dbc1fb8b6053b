/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles of eight chains, which hide the latency of a multiply-add and take little of the library's room. */
#define CHANNEL_LANES false
#define CHANNEL_ASKS false
#define CHANNEL_PARTS 0
#define CHANNEL_VECTORS 2
#define PANEL_ROWS 4
#define FEW_HALVES false

#include "kernels/variants/every.h"

PIXEL_TILE(1, 1)
PIXEL_TILE(1, 2)

CHANNEL_TILES_4(1)
CHANNEL_TILES_4(2)

#define CHANNEL_TABLE                                                                                                  \
    { [1] = CHANNEL_ROW_4(1), [2] = CHANNEL_ROW_4(2) }

const corr2d_kernels CORR2D_KERNELS = {
    EVERY_VARIANT,
    .pixel_vectors = 2,
    .pixel = {[1] = {[1] = pixel_1x1}, [2] = {[1] = pixel_1x2}},
    .channel_columns = 16,
    .channel_pixels = {[1] = 4, [2] = 4},
    .channel = CHANNEL_TABLE,
};
