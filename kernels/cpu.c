/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/dispatch.h"

#if defined(__x86_64__) || defined(__i386__)

#include <cpuid.h>

/* Of XCR0, the registers that the system saves: YMM and what they begin with, and the masks and ZMM beside those. */
#define SAVES_YMM 0x06u
#define SAVES_ZMM 0xe6u

#define AVX512_BITS (bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL)

static unsigned saved_registers(void) {
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static unsigned flag_if(unsigned flag, unsigned bits, unsigned wanted) { return (bits & wanted) == wanted ? flag : 0; }

/* As the compiler's own test has it, which would be 4 KB of the library, for it knows every CPU by name. */
unsigned corr2d_cpu_flags(void) {
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !flag_if(1, ecx, bit_OSXSAVE | bit_AVX)) return 0;
    const unsigned saved = saved_registers();
    if (!flag_if(1, saved, SAVES_YMM)) return 0;
    const unsigned fma = flag_if(CORR2D_CPU_FMA, ecx, bit_FMA);
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return fma;
    const unsigned avx512 = flag_if(CORR2D_CPU_AVX512, saved, SAVES_ZMM);
    return fma | flag_if(CORR2D_CPU_AVX2, ebx, bit_AVX2) | flag_if(avx512, ebx, AVX512_BITS);
}

#elif defined(__aarch64__)

unsigned corr2d_cpu_flags(void) { return CORR2D_CPU_NEON; }

#else

unsigned corr2d_cpu_flags(void) { return 0; }

#endif
