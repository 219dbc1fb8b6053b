/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/simd/avx512.h"

#define CHANNEL_LANES false
#include "kernels/variants/thirtytwo_registers.h"
