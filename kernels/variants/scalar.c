/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/simd/scalar.h"

#define PLANES_WIDE_3 true

#include "kernels/variants/eight_chains.h"
