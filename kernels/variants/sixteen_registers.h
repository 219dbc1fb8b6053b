/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tiles for a file of sixteen vector registers: twelve accumulators, and the rest for what a tap needs. 4 x 3 and
 * 8 x 1 vectors of pixels; 2 vectors of channels by 6 pixels, or 1 by 8. The variant includes its words first.
 */
#define CHANNEL_LANES false
#define CHANNEL_ASKS true
#define CHANNEL_PARTS 0
#define CHANNEL_VECTORS 2
#define CHANNEL_FOURS (LANES == 8 ? 8 : SIZE_MAX)
#define CHANNEL_WHOLE (LANES == 8)
#define CHANNEL_PANELS (LANES == 8)
#define SEVENS_HELD false
#define PANEL_ROWS 4
#define ROWS_TOGETHER 0
#define BLOCK_VECTORS 1

#include "kernels/variants/every.h"

#include "kernels/tiles/channel_sevens.h"
#include "kernels/tiles/threes.h"

PIXEL_TILE(1, 1)
PIXEL_TILE(2, 1)
PIXEL_TILE(1, 2)
PIXEL_TILE(1, 3)

CHANNEL_TILES_8(1)
CHANNEL_TILES_6(2)

#define CHANNEL_TABLE                                                                                                  \
    { [1] = CHANNEL_ROW_8(1), [2] = CHANNEL_ROW_6(2) }

const corr2d_kernels CORR2D_KERNELS = {
    EVERY_VARIANT,
    .threes = threes,
    .pixel_vectors = PIXEL_VECTORS,
    .pixel = {[1] = {[1] = pixel_1x1, [2] = pixel_2x1}, [2] = {[1] = pixel_1x2}, [3] = {[1] = pixel_1x3}},
    .channel_columns = 128,
    .long_columns = 512,
    .whole_columns = 56,
    .small_columns = 144,
    .odd_columns = LANES == 8 ? 16 : 0,
    .few_columns = LANES == 8 ? 128 : 0,
    .channel_pixels = {[1] = 8, [2] = 6},
    .channel = CHANNEL_TABLE,
    .channel_groups_pack = CHANNEL_GROUPS_PACK,
    .channel_groups = CHANNEL_GROUPS,
    .channel_sevens = channel_sevens,
    .depthwise_rows = depthwise_rows,
    .rows_columns = 1,
    .rows_five = true,
    .depthwise_blocks = depthwise_blocks,
};
