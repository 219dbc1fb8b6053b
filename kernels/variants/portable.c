/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/simd/portable.h"

#include "kernels/variants/sixteen_registers.h"
