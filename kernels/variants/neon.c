/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/simd/neon.h"

#define CHANNEL_LANES true
#define CHANNEL_ASKS false
#include "kernels/variants/thirtytwo_registers.h"
