/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/simd/avx512.h"

/*
 * Up to twenty-four accumulators: 8 channels x 3 vectors of pixels; 3 vectors of channels by 8 pixels, 2 or 1 by 12.
 */
#define CHANNEL_LANES false

#include "kernels/tiles/channel.h"
#include "kernels/tiles/depthwise.h"
#include "kernels/tiles/pixel.h"

PIXEL_TILE(1, 1)
PIXEL_TILE(1, 2)
PIXEL_TILE(1, 3)
PIXEL_TILE(2, 1)
PIXEL_TILE(2, 2)
PIXEL_TILE(2, 3)

PIXEL_PACK_TILE(1)
PIXEL_PACK_TILE(2)
PIXEL_PACK_TILE(3)

CHANNEL_TILES_12(1)
CHANNEL_TILES_12(2)
CHANNEL_TILES_8(3)

#define PIXEL_ROW(v)                                                                                                   \
    { [1] = pixel_1x##v, [2] = pixel_2x##v }
#define PIXEL_TABLE                                                                                                    \
    { [1] = PIXEL_ROW(1), [2] = PIXEL_ROW(2), [3] = PIXEL_ROW(3) }
#define CHANNEL_TABLE                                                                                            \
    { [1] = CHANNEL_ROW_12(1), [2] = CHANNEL_ROW_12(2), [3] = CHANNEL_ROW_8(3) }

const corr2d_kernels CORR2D_KERNELS = {
    .name = CORR2D_NAME,
    .fused = FUSED,
    .lanes = LANES,
    .pixel_vectors = 3,
    .pixel = PIXEL_TABLE,
    .pixel_pack = {[1] = pixel_pack_1, [2] = pixel_pack_2, [3] = pixel_pack_3},
    .pixel_one = pixel_one,
    .channel_vectors = 3,
    .channel_pixels = {[1] = 12, [2] = 12, [3] = 8},
    .channel = CHANNEL_TABLE,
    .depthwise_pixel = depthwise_pixel,
    .depthwise_pack = depthwise_pack,
    .depthwise_planes = depthwise_planes,
    .depthwise_channel = depthwise_channel,
    .depthwise_edge = depthwise_edge,
};
