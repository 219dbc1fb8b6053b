/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/simd/avx2.h"

#include "kernels/variants/sixteen_registers.h"
