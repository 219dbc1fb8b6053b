/* SPDX-License-Identifier: Apache-2.0 */
/* Which instruction set a run may use: all that the CPU has, or, held back, AVX2 and FMA for every engine alike. */
#ifndef CORR2D_PERF_ISA_H
#define CORR2D_PERF_ISA_H

#include <stdbool.h>

/*
 * To be called first. An OpenBLAS that does not know this CPU takes its kernels for SSE3: then this names it better
 * ones and starts the program anew. A choice in the environment (OPENBLAS_CORETYPE) stays.
 */
void isa_help_openblas(char **argv);

/*
 * Holds this process, the peers' libraries included, to AVX2. They read how from the environment as they are loaded: so
 * this sets it and, where it was not set, starts the program anew with the same arguments. Returns where nothing has
 * to be held back, or false, with a message, where the program cannot be started.
 */
bool isa_hold_to_avx2(char **argv);

/* Whether this process is held back. */
bool isa_is_held(void);

/* "avx2" or "native". */
const char *isa_name(void);

/* corr2d_cpu_flags, without what this run may not use. */
unsigned isa_cpu_flags(void);

#endif
