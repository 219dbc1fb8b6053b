/* SPDX-License-Identifier: Apache-2.0 */
/* For CPUs without FMA, where each step is a call of the C library: no chain has to hide another's latency. */
#include "kernels/simd/scalar.h"

#define CHAINS false
#define CHANNEL_LANES false
#define CHANNEL_ASKS false
#define CHANNEL_PARTS 0
#define CHANNEL_VECTORS 1
#define PANEL_ROWS 4

#include "kernels/variants/every.h"

PIXEL_TILE(1, 1)

CHANNEL_TILE(1, 1)

const corr2d_kernels CORR2D_KERNELS = {
    EVERY_VARIANT,         .pixel_vectors = 1,          .pixel = {[1] = {[1] = pixel_1x1}},
    .channel_columns = 16, .channel_pixels = {[1] = 1}, .channel = {[1] = {[1] = channel_1x1}},
};
