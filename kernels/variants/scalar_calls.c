/* SPDX-License-Identifier: Apache-2.0 */
/* For CPUs without FMA, where each step is a call of the C library: no chain has to hide another's latency. */
#include "kernels/simd/scalar.h"

#define CHANNEL_LANES false
#define CHANNEL_ASKS false
#define CHANNEL_PARTS 0
#define CHANNEL_VECTORS 1
#define PANEL_ROWS 4

#include "kernels/tiles/channel.h"
#include "kernels/tiles/depthwise.h"
#include "kernels/tiles/pixel.h"
#include "kernels/tiles/strip.h"

PIXEL_TILE(1, 1)

CHANNEL_TILE(1, 1)

const corr2d_kernels CORR2D_KERNELS = {
    .name = CORR2D_NAME,
    .fused = FUSED,
    .lanes = LANES,
    .halve = halve,
    .turn = turn,
    .unturn = unturn,
    .pixel_vectors = 1,
    .panel_rows = PANEL_ROWS,
    .pixel = {[1] = {[1] = pixel_1x1}},
    .pixel_few = PIXEL_FEW,
    .channel_columns = 16,
    .channel_vectors = CHANNEL_VECTORS,
    .channel_pixels = {[1] = 1},
    .channel = {[1] = {[1] = channel_1x1}},
    .depthwise_pixel = depthwise_pixel,
    .depthwise_pack = depthwise_pack,
    .depthwise_planes = depthwise_planes,
    .depthwise_channel = depthwise_channel,
    .depthwise_edge = depthwise_edge,
};
