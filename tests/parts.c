/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a layer write every output once, whatever their number, order and thread. */
#include "tests/support/criterion.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { Y = 8192, THREADS = 4 };

static const corr2d_spec specs[] = {
    {X(5, 9, 13), .out_channels = 11, SQUARE(3)},
    {X(7, 5, 9), .out_channels = 19},
    {X(9, 9, 9), .out_channels = 9, .groups = 9, SQUARE(3), .pad_top = 1, .pad_left = 1},
    {.batch = 3, X(6, 4, 6), .out_channels = 8, .groups = 2, SQUARE(2)},
    {X(2, 3, 3), .out_channels = 1, SQUARE(3)},
    {.batch = 2, X(32, 7, 5), .out_channels = 56, SQUARE(3), PAD(1)},
    {X(3, 7, 7), .out_channels = 64, SQUARE(5), PAD(2)},
    {X(16, 16, 17), .out_channels = 24},
    {X(3, 1, 83), .out_channels = 40, .kernel_width = 3},
    {.batch = 2, X(9, 1, 1), .out_channels = 200},
    {X(3, 1, 83), .out_channels = 3, .groups = 3, SQUARE(3), PAD(1)},
    {X(5, 35, 37), .out_channels = 5, .groups = 5, SQUARE(3), STRIDE(2), PAD(1)},
    {X(17, 14, 15), .out_channels = 17, .groups = 17, SQUARE(5), PAD(2)},
    {.batch = 2, X(32, 7, 8), .out_channels = 32, .groups = 8, SQUARE(3), PAD(1)},
};

/* A plan with what it runs on. */
typedef struct planned {
    corr2d_plan *plan;
    layer_data data;
    size_t count; /* of outputs */
    float whole[Y];
} planned;

static planned job_make(const corr2d_spec *spec, const char *variant, corr2d_layout layout) {
    test_layer layer = {.spec = *spec, .seed = 5, .bias = true};
    layer.spec.variant = variant;
    layer.spec.layout = layout;
    layer = layer_complete(layer);
    planned job = {.data = layer_data_make(&layer), .count = layer_y_count(&layer)};
    cr_assert(job.count <= Y);
    cr_assert(corr2d_plan_create(&job.plan, &layer.spec, job.data.weights, job.data.bias) == CORR2D_OK);
    cr_assert(corr2d_run(job.plan, job.data.x, job.whole, NULL) == CORR2D_OK);
    return job;
}

static void job_free(planned *job) {
    corr2d_plan_destroy(job->plan);
    layer_data_free(&job->data);
}

/* Each part writes what the whole layer does, or nothing; between them, every output once. */
static void assert_parts(const planned *job, size_t parts) {
    static unsigned char written[Y];
    static float y[Y];
    memset(written, 0, sizeof written);
    for (size_t part = parts; part-- > 0;) {
        memset(y, 0xff, sizeof y);
        cr_assert(corr2d_run_part(job->plan, job->data.x, y, NULL, part, parts) == CORR2D_OK);
        for (size_t i = 0; i < job->count; i++) {
            if (y[i] != y[i]) continue;
            cr_assert(oracle_same(y[i], job->whole[i]), "part %zu of %zu: y[%zu]", part, parts, i);
            written[i]++;
        }
    }
    for (size_t i = 0; i < job->count; i++) cr_assert(written[i] == 1, "y[%zu]: %u times", i, (unsigned)written[i]);
}

ParameterizedTestParameters(parts, write_every_output_once) { return every_variant(); }

ParameterizedTest(size_t *variant, parts, write_every_output_once, .timeout = 120) {
    static const size_t numbers[] = {1, 2, 3, 4, 5, 7, 16, 61, 1000};
    for (size_t i = 0; i < 2 * (sizeof specs / sizeof *specs); i++) {
        planned job = job_make(&specs[i / 2], corr2d_variant_at(*variant), (corr2d_layout)(i % 2));
        for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) assert_parts(&job, numbers[n]);
        job_free(&job);
    }
}

/* One thread's share: part of the layer into the y of all. */
typedef struct share {
    const planned *job;
    float *y;
    size_t part;
    corr2d_status status;
} share;

static void *run_share(void *argument) {
    share *const s = argument;
    void *const workspace = malloc(corr2d_plan_workspace_size(s->job->plan) + 1);
    s->status = corr2d_run_part(s->job->plan, s->job->data.x, s->y, workspace, s->part, THREADS);
    free(workspace);
    return NULL;
}

static void assert_threads(const planned *job) {
    static float y[Y];
    pthread_t threads[THREADS];
    share shares[THREADS];
    memset(y, 0xff, sizeof y);
    for (size_t i = 0; i < THREADS; i++) {
        shares[i] = (share){job, y, i, CORR2D_INVALID_ARGUMENT};
        cr_assert(pthread_create(&threads[i], NULL, run_share, &shares[i]) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        cr_assert(pthread_join(threads[i], NULL) == 0);
        cr_assert(shares[i].status == CORR2D_OK);
    }
    cr_assert(memcmp(y, job->whole, job->count * sizeof *y) == 0);
}

Test(parts, run_on_threads_that_share_one_plan, .timeout = 120) {
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        planned job = job_make(&specs[i], NULL, CORR2D_NCHW);
        for (int round = 0; round < 10; round++) assert_threads(&job);
        job_free(&job);
    }
}

/* The outputs that a part writes. */
static size_t outputs_of(const corr2d_plan *plan, const float *x, size_t part, size_t parts) {
    static float y[64 * 28 * 28];
    size_t count = 0;
    memset(y, 0xff, sizeof y);
    cr_assert(corr2d_run_part(plan, x, y, NULL, part, parts) == CORR2D_OK);
    for (size_t i = 0; i < sizeof y / sizeof *y; i++) count += y[i] == y[i];
    return count;
}

/* Pixel tiles have whole rows, of which an eighth of the map is three or four. */
static size_t tolerance(size_t fair, int layout) { return layout == CORR2D_NHWC ? fair / 8 : fair / 4; }

ParameterizedTestParameters(parts, are_about_equal) { return every_variant(); }

ParameterizedTest(size_t *variant, parts, are_about_equal, .timeout = 120) {
    static const float weights[64 * 16 * 9], x[16 * 28 * 28];
    for (int layout = CORR2D_NCHW; layout <= CORR2D_NHWC; layout++) {
        const corr2d_spec spec = {.in_channels = 16,
                                  .in_height = 28,
                                  .in_width = 28,
                                  .out_channels = 64,
                                  .kernel_height = 3,
                                  .kernel_width = 3,
                                  .pad_top = 1,
                                  .pad_bottom = 1,
                                  .pad_left = 1,
                                  .pad_right = 1,
                                  .layout = (corr2d_layout)layout,
                                  .variant = corr2d_variant_at(*variant)};
        corr2d_plan *plan;
        cr_assert(corr2d_plan_create(&plan, &spec, weights, NULL) == CORR2D_OK);
        for (size_t parts = 2; parts <= 8; parts++) {
            const size_t fair = 64 * 28 * 28 / parts, off = tolerance(fair, layout);
            for (size_t part = 0; part < parts; part++) {
                const size_t count = outputs_of(plan, x, part, parts);
                cr_assert(count > fair - off && count < fair + off, "%s: part %zu of %zu: %zu outputs, not %zu",
                          spec.variant, part, parts, count, fair);
            }
        }
        corr2d_plan_destroy(plan);
    }
}

static corr2d_plan *plan_of(corr2d_spec spec) {
    static const float weights[64 * 64 * 9];
    corr2d_plan *plan;
    cr_assert(corr2d_plan_create(&plan, &spec, weights, NULL) == CORR2D_OK);
    return plan;
}

Test(parts, are_as_many_as_pay) {
    corr2d_plan *small = plan_of((corr2d_spec){.in_channels = 8, .in_height = 4, .in_width = 4, .out_channels = 8});
    corr2d_plan *large = plan_of((corr2d_spec){
        .in_channels = 64, .in_height = 64, .in_width = 64, .out_channels = 64, .kernel_height = 3, .kernel_width = 3});
    cr_assert(corr2d_plan_parts(NULL, 4) == 1);
    cr_assert(corr2d_plan_parts(small, 4) == 1);
    cr_assert(corr2d_plan_parts(large, 0) == 1);
    for (size_t most = 1; most <= 16; most++) cr_assert(corr2d_plan_parts(large, most) == most);
    cr_assert(corr2d_plan_parts(large, SIZE_MAX) < 1000);
    corr2d_plan_destroy(small);
    corr2d_plan_destroy(large);
}
