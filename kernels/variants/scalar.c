/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/simd/scalar.h"

#include "kernels/variants/eight_chains.h"
