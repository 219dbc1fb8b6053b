/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corr2d_costs [--nhwc] [REGEX]: what the library takes beside multiply-adds. First a call on layers so small that it is
 * nearly all they take. Then, for each layer of the lists: what it takes to make and destroy a plan, in turn with
 * allocating a buffer and copying the weights into it, in units of one such copy; and the plan's bytes over those of the
 * weights. The least of the rounds counts, since a plan's pages may be new or not.
 */
#include "layers.h"
#include "memory.h"
#include "stats.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 15, CALLS = 2000 };

/* The layers that take nearly nothing: for each, the least nanoseconds of a call. */
static const char *const small_shapes[] = {"1x1x1:1:1x1",    "4x1x1:4:1x1",       "1x4x4:1:1x1", "1x4x4:1:3x3:p1",
                                           "4x4x4:4:3x3:p1", "4x4x4:4:3x3:p1:g4", "8x8x8:8:1x1"};

static float *weights_of(const layer *l) { return random_floats(layer_weights_size(l), 1); }

static double call_seconds(const corr2d_plan *plan, const float *x, float *y, void *workspace) {
    double least = 1;
    for (int round = 0; round < ROUNDS; round++) {
        const double start = now();
        for (int i = 0; i < CALLS; i++) corr2d_run(plan, x, y, workspace);
        const double seconds = (now() - start) / CALLS;
        if (seconds < least) least = seconds;
    }
    return least;
}

static bool measure_call(const layer *l, corr2d_layout layout) {
    const corr2d_spec spec = layer_spec(&l->shape, layout);
    float *const weights = weights_of(l), *const x = random_floats(layer_x_size(l), 2);
    float *const y = page_alloc(layer_y_size(l) * sizeof *y);
    corr2d_plan *plan;
    const bool made = corr2d_plan_create(&plan, &spec, weights, NULL) == CORR2D_OK;
    if (made) {
        void *const workspace = page_alloc(corr2d_plan_workspace_size(plan) + 1);
        printf("%-32s %8.0f ns\n", l->text, 1e9 * call_seconds(plan, x, y, workspace));
        corr2d_plan_destroy(plan);
        free(workspace);
    }
    free(weights);
    free(x);
    free(y);
    return made;
}

static bool measure_calls(corr2d_layout layout) {
    layer_set set = {0};
    bool good = true;
    for (size_t i = 0; i < sizeof small_shapes / sizeof *small_shapes; i++)
        good = good && layers_add_shape(&set, small_shapes[i]);
    printf("%-32s %11s\n", "a call", "");
    for (size_t i = 0; good && i < set.layer_count; i++) good = measure_call(&set.layers[i], layout);
    layers_free(&set);
    return good;
}

/* What is measured of making plans for a layer. */
typedef struct making {
    double plan, copy; /* seconds */
    size_t bytes;
} making;

static double copy_seconds(const float *weights, size_t bytes) {
    const double start = thread_now();
    void *const copy = aligned_alloc(64, (bytes + 63) / 64 * 64);
    memcpy(copy, weights, bytes);
    __asm__ volatile("" : : "r"(copy) : "memory");
    free(copy);
    return thread_now() - start;
}

static bool measure_making(making *m, const layer *l, corr2d_layout layout, corr2d_weights order) {
    corr2d_spec spec = layer_spec(&l->shape, layout);
    float *const weights = weights_of(l);
    const size_t bytes = layer_weights_size(l) * sizeof *weights;
    *m = (making){1, 1, 0};
    spec.weights_layout = order;
    for (int round = 0; round < ROUNDS; round++) {
        corr2d_plan *plan;
        const double copy = copy_seconds(weights, bytes), start = thread_now();
        if (corr2d_plan_create(&plan, &spec, weights, NULL) != CORR2D_OK) return free(weights), false;
        m->bytes = malloc_usable_size(plan);
        corr2d_plan_destroy(plan);
        const double seconds = thread_now() - start;
        if (seconds < m->plan) m->plan = seconds;
        if (copy < m->copy) m->copy = copy;
    }
    free(weights);
    return true;
}

static bool measure_plan(const layer *l, corr2d_layout layout, mean means[3]) {
    making oihw, ohwi;
    if (!measure_making(&oihw, l, layout, CORR2D_OIHW) || !measure_making(&ohwi, l, layout, CORR2D_OHWI)) return false;
    const double source = (double)layer_weights_size(l) * sizeof(float),
                 copy = oihw.copy < ohwi.copy ? oihw.copy : ohwi.copy;
    const double ratios[3] = {oihw.plan / copy, ohwi.plan / copy, (double)oihw.bytes / source};
    printf("%-32s %10.0f %8.2f us %8.2f us %6.2f %8.2f us %6.2f %8.0f %5.2f\n", l->text, source, 1e6 * copy,
           1e6 * oihw.plan, ratios[0], 1e6 * ohwi.plan, ratios[1], (double)oihw.bytes - source, ratios[2]);
    for (size_t i = 0; i < 3; i++) mean_add(&means[i], ratios[i]);
    return true;
}

int main(int count, char **arguments) {
    const bool nhwc = count > 1 && strcmp(arguments[1], "--nhwc") == 0;
    const char *const regex = count > 1 + nhwc ? arguments[1 + nhwc] : "";
    const corr2d_layout layout = nhwc ? CORR2D_NHWC : CORR2D_NCHW;
    layer_set set = {0};
    mean means[3] = {{0}};
    bool good = measure_calls(layout) && layers_add_all(&set) && layers_filter(&set, regex);
    printf("\n%-32s %10s %11s %11s %6s %11s %6s %8s %5s\n", "making a plan", "weights, B", "a copy", "OIHW", "copies",
           "OHWI", "copies", "more, B", "ratio");
    for (size_t i = 0; good && i < set.layer_count; i++) good = measure_plan(&set.layers[i], layout, means);
    printf("%-32s %41.2f %18.2f %14.2f\n", "geometric mean", mean_value(&means[0]), mean_value(&means[1]),
           mean_value(&means[2]));
    layers_free(&set);
    return !good;
}
