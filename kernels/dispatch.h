/* SPDX-License-Identifier: Apache-2.0 */
/* Which variants exist, and which of them a CPU can run. All but corr2d_cpu_flags are pure. */
#ifndef CORR2D_DISPATCH_H
#define CORR2D_DISPATCH_H

#include "kernels/variant.h"

#include <stddef.h>

/* What a variant may ask of the CPU; a set of these. */
enum {
    CORR2D_CPU_FMA = 1 << 0,   /* x86: fused multiply-add on vectors, whose registers the system saves */
    CORR2D_CPU_AVX2 = 1 << 1,  /* x86: AVX2, likewise */
    CORR2D_CPU_NEON = 1 << 2,  /* AArch64: always there */
    CORR2D_CPU_AVX512 = 1 << 3 /* x86: AVX-512 F, DQ, BW and VL, likewise */
};

/* Asks the CPU and the system that this process runs on. */
unsigned corr2d_cpu_flags(void);

/* The index-th variant, best first, of those that need no flag outside `flags`; NULL past the end. */
const corr2d_kernels *corr2d_dispatch_at(unsigned flags, size_t index);

/* The variant of that name among them; NULL if there is none. */
const corr2d_kernels *corr2d_dispatch_find(unsigned flags, const char *name);

/* The variant of that name, or the best one where name is NULL or names none of them. Never NULL. */
const corr2d_kernels *corr2d_dispatch_select(unsigned flags, const char *name);

#endif
