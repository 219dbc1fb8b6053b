/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/dispatch.h"

#include <string.h>

#ifdef __AVX__
#error "the framework must run on any CPU: compile it without ISA flags"
#endif

/* The build's list of variants, best first: CORR2D_VARIANT(symbol, CPU flags) a line. See kernels/CMakeLists.txt. */
#define CORR2D_VARIANT(symbol, flags) extern const corr2d_kernels corr2d_kernels_##symbol;
#include "variant_list.h"
#undef CORR2D_VARIANT

typedef struct entry {
    const corr2d_kernels *kernels;
    unsigned needs;
} entry;

#define CORR2D_VARIANT(symbol, flags) {&corr2d_kernels_##symbol, flags},
static const entry variants[] = {
#include "variant_list.h"
};
#undef CORR2D_VARIANT

#define VARIANTS (sizeof variants / sizeof *variants)

static bool runs(const entry *variant, unsigned flags) { return (variant->needs & ~flags) == 0; }

const corr2d_kernels *corr2d_dispatch_find(unsigned flags, const char *name) {
    if (!name) return NULL;
    for (size_t i = 0; i < VARIANTS; i++) {
        if (runs(&variants[i], flags) && strcmp(variants[i].kernels->name, name) == 0) return variants[i].kernels;
    }
    return NULL;
}

/* Two builds of one variant share its name, and the better one stands for it. */
const corr2d_kernels *corr2d_dispatch_at(unsigned flags, size_t index) {
    for (size_t i = 0; i < VARIANTS; i++) {
        const corr2d_kernels *kernels = variants[i].kernels;
        if (!runs(&variants[i], flags) || corr2d_dispatch_find(flags, kernels->name) != kernels) continue;
        if (index == 0) return kernels;
        index--;
    }
    return NULL;
}

const corr2d_kernels *corr2d_dispatch_select(unsigned flags, const char *name) {
    const corr2d_kernels *named = corr2d_dispatch_find(flags, name);
    return named ? named : corr2d_dispatch_at(flags, 0);
}
