/* SPDX-License-Identifier: Apache-2.0 */
/* Which variant a CPU gets: the pure selection on made-up CPU flags, and what the public functions say of this one. */
#include "kernels/dispatch.h"

#include <corr2d.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum {
    AVX2 = CORR2D_CPU_FMA | CORR2D_CPU_AVX2,
    AVX512 = AVX2 | CORR2D_CPU_AVX512,
    EVERYTHING = AVX512 | CORR2D_CPU_NEON
};

typedef struct choice {
    unsigned flags;
    const char *best;
} choice;

#if defined(__x86_64__)
static const choice choices[] = {
    {0, "portable"},
    {CORR2D_CPU_NEON, "portable"},
    {CORR2D_CPU_AVX2, "portable"},
    {CORR2D_CPU_FMA, "scalar"},
    {AVX2, "avx2"},
    {CORR2D_CPU_AVX512, "portable"},
    {CORR2D_CPU_AVX512 | CORR2D_CPU_FMA, "scalar"},
    {AVX512, "avx512"},
    {EVERYTHING, "avx512"},
};
#elif defined(__aarch64__)
static const choice choices[] = {{0, "scalar"}, {CORR2D_CPU_NEON, "neon"}, {EVERYTHING, "neon"}};
#else
static const choice choices[] = {{0, "portable"}, {EVERYTHING, "portable"}};
#endif

Test(dispatch, picks_the_best_that_the_flags_allow, .timeout = 30) {
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        const char *const got = corr2d_dispatch_select(choices[i].flags, NULL)->name;
        cr_assert(strcmp(got, choices[i].best) == 0, "flags %#x: %s, must be %s", choices[i].flags, got,
                  choices[i].best);
    }
}

Test(dispatch, picks_the_first_of_the_list, .timeout = 30) {
    for (unsigned flags = 0; flags <= EVERYTHING; flags++) {
        cr_assert(corr2d_dispatch_at(flags, 0));
        cr_assert(corr2d_dispatch_select(flags, NULL) == corr2d_dispatch_at(flags, 0));
    }
}

Test(dispatch, picks_the_one_that_is_named, .timeout = 30) {
    for (unsigned flags = 0; flags <= EVERYTHING; flags++) {
        for (size_t i = 0; corr2d_dispatch_at(flags, i); i++) {
            const corr2d_kernels *const kernels = corr2d_dispatch_at(flags, i);
            cr_assert(corr2d_dispatch_find(flags, kernels->name) == kernels);
            cr_assert(corr2d_dispatch_select(flags, kernels->name) == kernels);
        }
    }
}

Test(dispatch, ignores_names_that_it_can_not_run, .timeout = 30) {
    static const char *const names[] = {"", "no such variant", "SCALAR", "avx", "scalar "};
    for (unsigned flags = 0; flags <= EVERYTHING; flags++) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            cr_assert(!corr2d_dispatch_find(flags, names[i]));
            cr_assert(corr2d_dispatch_select(flags, names[i]) == corr2d_dispatch_at(flags, 0));
        }
    }
    cr_assert(!corr2d_dispatch_find(EVERYTHING, NULL));
    cr_assert(!corr2d_dispatch_find(0, "avx2"));
    cr_assert(!corr2d_dispatch_find(CORR2D_CPU_AVX2, "avx2"));
    cr_assert(!corr2d_dispatch_find(AVX2, "avx512"));
    cr_assert(!corr2d_dispatch_find(0, "neon"));
}

Test(dispatch, lists_every_name_once_and_scalar_always, .timeout = 30) {
    for (unsigned flags = 0; flags <= EVERYTHING; flags++) {
        cr_assert(corr2d_dispatch_find(flags, "scalar"));
        for (size_t i = 0; corr2d_dispatch_at(flags, i); i++) {
            for (size_t j = 0; j < i; j++) {
                cr_assert(strcmp(corr2d_dispatch_at(flags, i)->name, corr2d_dispatch_at(flags, j)->name) != 0);
            }
        }
    }
}

Test(dispatch, never_loses_a_variant_to_more_flags, .timeout = 30) {
    for (unsigned flags = 0; flags <= EVERYTHING; flags++) {
        for (size_t i = 0; corr2d_dispatch_at(flags, i); i++) {
            cr_assert(corr2d_dispatch_find(EVERYTHING, corr2d_dispatch_at(flags, i)->name));
        }
    }
}

Test(variants, are_those_of_this_cpu, .timeout = 30) {
    const unsigned flags = corr2d_cpu_flags();
    size_t i = 0;
    for (; corr2d_dispatch_at(flags, i); i++) {
        const corr2d_kernels *const kernels = corr2d_dispatch_at(flags, i);
        cr_assert(strcmp(corr2d_variant_at(i), kernels->name) == 0);
        cr_assert(corr2d_variant_is_fused(kernels->name) == kernels->fused);
    }
    cr_assert(!corr2d_variant_at(i) && !corr2d_variant_at(i + 1) && !corr2d_variant_at((size_t)-1));
}

/* Which knows every CPU, and is too large for the library. */
#if defined(__x86_64__) || defined(__i386__)
Test(dispatch, finds_in_this_cpu_what_the_compiler_finds, .timeout = 30) {
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    const unsigned wanted = (__builtin_cpu_supports("fma") ? CORR2D_CPU_FMA : 0) |
                            (__builtin_cpu_supports("avx2") ? CORR2D_CPU_AVX2 : 0) | (avx512 ? CORR2D_CPU_AVX512 : 0);
    cr_assert(corr2d_cpu_flags() == wanted);
}
#endif

Test(variants, of_no_name_are_not_fused, .timeout = 30) {
    cr_assert(!corr2d_variant_is_fused(NULL));
    cr_assert(!corr2d_variant_is_fused("no such variant"));
    cr_assert(corr2d_variant_is_fused("scalar"));
}

static const char *planned_variant(const char *wanted) {
    const corr2d_spec spec = {.in_channels = 1, .in_height = 1, .in_width = 1, .out_channels = 1, .variant = wanted};
    const float weight = 1;
    corr2d_plan *plan;
    cr_assert(corr2d_plan_create(&plan, &spec, &weight, NULL) == CORR2D_OK);
    const char *const variant = corr2d_plan_variant(plan);
    corr2d_plan_destroy(plan);
    return variant;
}

Test(variants, of_a_plan_are_the_specs_or_the_one_picked_at_load, .timeout = 30) {
    cr_assert(strcmp(planned_variant(NULL), corr2d_variant()) == 0);
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        cr_assert(strcmp(planned_variant(corr2d_variant_at(i)), corr2d_variant_at(i)) == 0);
    }
}
