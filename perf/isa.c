/* SPDX-License-Identifier: Apache-2.0 */
#include "isa.h"

#include "kernels/dispatch.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How each library is told. XNNPACK reads none: peers/xnnpack.c asks isa_is_held. */
static const struct {
    const char *name, *value;
} settings[] = {
    {"DNNL_MAX_CPU_ISA", "AVX2"},
    {"OPENBLAS_CORETYPE", "Haswell"},
    {"LIBXSMM_TARGET", "hsw"},
};

enum { SETTINGS = sizeof settings / sizeof *settings };

static bool is_openblas_lost(void) {
    char *(*core_name)(void);
    void *symbol = dlsym(RTLD_DEFAULT, "openblas_get_corename");
    memcpy(&core_name, &symbol, sizeof symbol);
    return core_name != NULL && strcmp(core_name(), "Prescott") == 0 && (corr2d_cpu_flags() & CORR2D_CPU_AVX2) != 0;
}

/* Only beyond AVX2 is there anything to hold back. */
static bool is_beyond(void) { return (corr2d_cpu_flags() & CORR2D_CPU_AVX512) != 0; }

bool isa_is_held(void) {
    for (int i = 0; i < SETTINGS; i++) {
        const char *value = getenv(settings[i].name);
        if (value == NULL || strcmp(value, settings[i].value) != 0) return false;
    }
    return is_beyond();
}

void isa_help_openblas(char **argv) {
    if (getenv("OPENBLAS_CORETYPE") != NULL || !is_openblas_lost()) return;
    setenv("OPENBLAS_CORETYPE", is_beyond() ? "SkylakeX" : "Haswell", 1);
    execv("/proc/self/exe", argv);
}

bool isa_hold_to_avx2(char **argv) {
    if (!is_beyond() || isa_is_held()) return true;
    for (int i = 0; i < SETTINGS; i++) setenv(settings[i].name, settings[i].value, 1);
    execv("/proc/self/exe", argv);
    fprintf(stderr, "corr2d_perf: --isa: cannot start anew: %s\n", strerror(errno));
    return false;
}

const char *isa_name(void) { return isa_is_held() ? "avx2" : "native"; }

unsigned isa_cpu_flags(void) { return corr2d_cpu_flags() & ~(isa_is_held() ? (unsigned)CORR2D_CPU_AVX512 : 0u); }
