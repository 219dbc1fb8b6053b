/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/simd/avx512.h"

/*
 * Up to twenty-four accumulators: 8 channels x 3 vectors of pixels; 4 vectors of channels by 6 pixels, 3 by 8, 2 or 1
 * by 12.
 */
#define CHANNEL_LANES false
#define CHANNEL_ASKS false
#define CHANNEL_PARTS 2
#define CHANNEL_VECTORS 4
#define CHANNEL_FOURS 18
#define SEVENS_HELD true
#define PANEL_ROWS 8
#define ROWS_TOGETHER 7
#define ROWS_VECTORS 1
#define BLOCK_VECTORS 1

#include "kernels/variants/every.h"

#include "kernels/tiles/channel_pairs.h"
#include "kernels/tiles/channel_sevens.h"
#include "kernels/tiles/threes.h"

PIXEL_TILE(1, 1)
PIXEL_TILE(1, 2)
PIXEL_TILE(1, 3)
PIXEL_TILE_MORE(3)

CHANNEL_TILES_12(1)
CHANNEL_TILES_12(2)
CHANNEL_TILES_8(3)
CHANNEL_TILES_6(4)

#define CHANNEL_TABLE                                                                                                  \
    { [1] = CHANNEL_ROW_12(1), [2] = CHANNEL_ROW_12(2), [3] = CHANNEL_ROW_8(3), [4] = CHANNEL_ROW_6(4) }

extern const corr2d_kernels corr2d_kernels_avx2;

const corr2d_kernels CORR2D_KERNELS = {
    EVERY_VARIANT,
    .threes = threes,
    .pixel_vectors = PIXEL_VECTORS,
    .pixel = {[1] = {[1] = pixel_1x1}, [2] = {[1] = pixel_1x2}, [3] = {[1] = pixel_1x3}, [4] = {[1] = pixel_1x3_more}},
    .channel_columns = 512,
    .whole_columns = 160,
    .channel_map = 256,
    .channel_pixels = {[1] = 12, [2] = 12, [3] = 8, [4] = 6},
    .channel = CHANNEL_TABLE,
    .channel_groups_pack = CHANNEL_GROUPS_PACK,
    .channel_groups = CHANNEL_GROUPS,
    .channel_pairs = channel_pairs,
    .channel_sevens = channel_sevens,
    .narrower = &corr2d_kernels_avx2,
    .depthwise_rows = depthwise_rows,
    .rows_columns = LANES + 1,
    .rows_any = ROWS_ANY,
    .depthwise_blocks = depthwise_blocks,
};
