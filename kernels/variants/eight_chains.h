/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles of eight chains, which hide the latency of a multiply-add and take little of the library's room. */
#define CHANNEL_LANES false
#define CHANNEL_ASKS false
#define CHANNEL_PARTS 0
#define CHANNEL_VECTORS 2
#define PANEL_ROWS 4

#include "kernels/tiles/channel.h"
#include "kernels/tiles/depthwise.h"
#include "kernels/tiles/pixel.h"
#include "kernels/tiles/strip.h"

PIXEL_TILE(1, 1)
PIXEL_TILE(1, 2)

CHANNEL_TILES_4(1)
CHANNEL_TILES_4(2)

#define CHANNEL_TABLE                                                                                                  \
    { [1] = CHANNEL_ROW_4(1), [2] = CHANNEL_ROW_4(2) }

const corr2d_kernels CORR2D_KERNELS = {
    .name = CORR2D_NAME,
    .fused = FUSED,
    .lanes = LANES,
    .halve = halve,
    .turn = turn,
    .unturn = unturn,
    .pixel_vectors = 2,
    .panel_rows = PANEL_ROWS,
    .pixel = {[1] = {[1] = pixel_1x1}, [2] = {[1] = pixel_1x2}},
    .pixel_few = PIXEL_FEW,
    .channel_columns = 16,
    .channel_vectors = CHANNEL_VECTORS,
    .channel_pixels = {[1] = 4, [2] = 4},
    .channel = CHANNEL_TABLE,
    .depthwise_pixel = depthwise_pixel,
    .depthwise_pack = depthwise_pack,
    .depthwise_planes = depthwise_planes,
    .depthwise_channel = depthwise_channel,
    .depthwise_edge = depthwise_edge,
};
