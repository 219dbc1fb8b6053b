/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/simd/neon.h"

#define CHANNEL_LANES true
#include "kernels/variants/thirtytwo_registers.h"
