/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/dispatch.h"

#if defined(__x86_64__) || defined(__i386__)

/* The compiler's own test also asks whether the system saves the registers (OSXSAVE and XCR0). */
unsigned corr2d_cpu_flags(void) {
    __builtin_cpu_init();
    unsigned flags = 0;
    if (__builtin_cpu_supports("fma")) flags |= CORR2D_CPU_FMA;
    if (__builtin_cpu_supports("avx2")) flags |= CORR2D_CPU_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl")) {
        flags |= CORR2D_CPU_AVX512;
    }
    return flags;
}

#elif defined(__aarch64__)

unsigned corr2d_cpu_flags(void) { return CORR2D_CPU_NEON; }

#else

unsigned corr2d_cpu_flags(void) { return 0; }

#endif
