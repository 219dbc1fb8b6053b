/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public functions that choose a variant, and the choice when the library loads. They share an object, so that a
 * static link that uses the library also takes the constructor along.
 */
#define _GNU_SOURCE /* secure_getenv */

#include "kernels/checked.h"
#include "kernels/dispatch.h"
#include "kernels/plan.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Set once, to what is the same whoever sets it; NULL only until the constructor, or a call before it, has run. */
static _Atomic(const corr2d_kernels *) chosen;

static const corr2d_kernels *chosen_kernels(void) {
    const corr2d_kernels *kernels = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (!kernels) {
        kernels = corr2d_dispatch_select(corr2d_cpu_flags(), secure_getenv("CORR2D_VARIANT"));
        atomic_store_explicit(&chosen, kernels, memory_order_relaxed);
    }
    return kernels;
}

__attribute__((constructor)) static void choose_at_load(void) { chosen_kernels(); }

const char *corr2d_variant(void) { return chosen_kernels()->name; }

const char *corr2d_variant_at(size_t index) {
    const corr2d_kernels *kernels = corr2d_dispatch_at(corr2d_cpu_flags(), index);
    return kernels ? kernels->name : NULL;
}

bool corr2d_variant_is_fused(const char *variant) {
    const corr2d_kernels *kernels = corr2d_dispatch_find(corr2d_cpu_flags(), variant);
    return kernels && kernels->fused;
}

const char *corr2d_status_string(corr2d_status status) {
    switch (status) {
    case CORR2D_OK: return "success";
    case CORR2D_INVALID_ARGUMENT: return "invalid argument";
    case CORR2D_UNSUPPORTED: return "not supported by this version";
    case CORR2D_SIZE_OVERFLOW: return "a size does not fit the address space";
    case CORR2D_OUT_OF_MEMORY: return "out of memory";
    case CORR2D_UNKNOWN_VARIANT: return "no such variant in this build or for this CPU";
    }
    return "unknown status";
}

corr2d_status corr2d_plan_create(corr2d_plan **plan, const corr2d_spec *spec, const void *weights, const void *bias) {
    if (!plan || !spec || !weights) return CORR2D_INVALID_ARGUMENT;
    const corr2d_kernels *kernels =
        spec->variant ? corr2d_dispatch_find(corr2d_cpu_flags(), spec->variant) : chosen_kernels();
    if (!kernels) return CORR2D_UNKNOWN_VARIANT;
    return corr2d_plan_make(plan, spec, kernels, weights, bias);
}

/* Plans, runs and frees. */
static corr2d_status run_once(const corr2d_spec *spec, const float *x, const float *k, const float *bias, float *y) {
    corr2d_plan *plan;
    if (!x || !y) return CORR2D_INVALID_ARGUMENT;
    /* A zero means a default in a spec, but not here. */
    if (!spec->kernel_height || !spec->kernel_width) return CORR2D_INVALID_ARGUMENT;
    corr2d_status status = corr2d_plan_create(&plan, spec, k, bias);
    if (status) return status;
    status = corr2d_run(plan, x, y, NULL);
    corr2d_plan_destroy(plan);
    return status;
}

corr2d_status corr2d_multi_in_out(const float *x, size_t ci, size_t h, size_t w, const float *k, size_t co, size_t kh,
                                  size_t kw, float *y) {
    const corr2d_spec spec = {
        .in_channels = ci, .in_height = h, .in_width = w, .out_channels = co, .kernel_height = kh, .kernel_width = kw};
    return run_once(&spec, x, k, NULL, y);
}

corr2d_status corr2d_multi_in(const float *x, size_t ci, size_t h, size_t w, const float *k, size_t kh, size_t kw,
                              float *y) {
    return corr2d_multi_in_out(x, ci, h, w, k, 1, kh, kw, y);
}

corr2d_status corr2d_multi_in_out_1x1(const float *x, size_t ci, size_t h, size_t w, const float *k, size_t co,
                                      const float *bias, float *y) {
    const corr2d_spec spec = {
        .in_channels = ci, .in_height = h, .in_width = w, .out_channels = co, .kernel_height = 1, .kernel_width = 1};
    return run_once(&spec, x, k, bias, y);
}
