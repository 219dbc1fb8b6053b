/* SPDX-License-Identifier: Apache-2.0 */
/* The least that a variant can have, where each fused multiply-add is a call, which outweighs all else. */
#define CHANNEL_LANES false
#define PANEL_ROWS 4

#include "kernels/tiles/channel.h"
#include "kernels/tiles/depthwise.h"
#include "kernels/tiles/pixel.h"

PIXEL_TILE(1, 1)

CHANNEL_TILE(1, 1)

const corr2d_kernels CORR2D_KERNELS = {
    .name = CORR2D_NAME,
    .fused = FUSED,
    .lanes = LANES,
    .pixel_vectors = 1,
    .panel_rows = PANEL_ROWS,
    .pixel = {[1] = {[1] = pixel_1x1}},
    .pixel_pack = {[1] = {[1] = pixel_pack_1x1}},
    .pixel_few = PIXEL_FEW,
    .channel_columns = 16,
    .channel_vectors = 1,
    .channel_pixels = {[1] = 1},
    .channel = {[1] = {[1] = channel_1x1}},
    .depthwise_pixel = depthwise_pixel,
    .depthwise_pack = depthwise_pack,
    .depthwise_planes = depthwise_planes,
    .depthwise_channel = depthwise_channel,
    .depthwise_edge = depthwise_edge,
};
