/* SPDX-License-Identifier: Apache-2.0 */
/* What all variants have. A variant says first what its tiles measure, and afterwards which it has. */
#include "kernels/tiles/channel.h"
#include "kernels/tiles/depthwise.h"
#include "kernels/tiles/pixel.h"
#include "kernels/tiles/strip.h"

#define EVERY_VARIANT                                                                                                  \
    .name = CORR2D_NAME, .fused = FUSED, .lanes = LANES, .halve = halve, .turn = turn, .unturn = unturn,               \
    .panel_rows = PANEL_ROWS, .pixel_few = PIXEL_FEW, .channel_vectors = CHANNEL_VECTORS,                              \
    .depthwise_pixel = depthwise_pixel, .depthwise_pack = depthwise_pack, .depthwise_planes = depthwise_planes,        \
    .depthwise_channel = depthwise_channel, .depthwise_edge = depthwise_edge
