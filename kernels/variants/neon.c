/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/simd/neon.h"

#include "kernels/variants/thirtytwo_registers.h"
