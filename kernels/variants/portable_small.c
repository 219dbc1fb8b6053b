/* SPDX-License-Identifier: Apache-2.0 */
/* For CPUs that have nothing better than SSE: small tiles, which take little of the library's room. */
#include "kernels/simd/portable.h"

#include "kernels/variants/eight_chains.h"
