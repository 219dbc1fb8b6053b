/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tiles for a file of thirty-two vector registers: up to twenty-four accumulators, 8 channels x 3 vectors of
 * pixels; 4 vectors of channels by 5 pixels, 2 or 1 by 8. The variant includes its words first, and says CHANNEL_LANES.
 */
#define CHANNEL_PARTS 0
#define CHANNEL_VECTORS 4
#define PANEL_ROWS 8
#define ROWS_TOGETHER 7
#define ROWS_VECTORS 2
#define BLOCK_VECTORS 2

#include "kernels/variants/every.h"

PIXEL_TILE(1, 1)
PIXEL_TILE(1, 2)
PIXEL_TILE(1, 3)

CHANNEL_TILES_8(1)
CHANNEL_TILES_8(2)
CHANNEL_TILES_5(3)
CHANNEL_TILES_5(4)

#define CHANNEL_TABLE                                                                                                  \
    { [1] = CHANNEL_ROW_8(1), [2] = CHANNEL_ROW_8(2), [3] = CHANNEL_ROW_5(3), [4] = CHANNEL_ROW_5(4), }

const corr2d_kernels CORR2D_KERNELS = {
    EVERY_VARIANT,
    .pixel_vectors = PIXEL_VECTORS,
    .pixel = {[1] = {[1] = pixel_1x1}, [2] = {[1] = pixel_1x2}, [3] = {[1] = pixel_1x3}},
    .channel_columns = 16,
    .channel_pixels = {[1] = 8, [2] = 8, [3] = 5, [4] = 5},
    .channel = CHANNEL_TABLE,
    .channel_groups_pack = CHANNEL_GROUPS_PACK,
    .channel_groups = CHANNEL_GROUPS,
    .depthwise_rows = depthwise_rows,
    .rows_columns = LANES + 1,
    .rows_any = ROWS_ANY,
    .depthwise_blocks = depthwise_blocks,
};
