/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/trial.h"

#include "tests/support/settings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A trial under way. */
typedef struct bench {
    const test_trial *trial;
    const test_layer *layer;
    test_tensor x_tensor, y_tensor;
    guarded x, weights, bias, y, workspace;
    corr2d_plan *plan;
    test_report report;
} bench;

static void describe(bench *b) {
    const test_trial *const t = b->trial;
    char *const text = b->report.text;
    layer_print(b->layer, text, sizeof b->report.text);
    const size_t used = strlen(text);
    snprintf(text + used, sizeof b->report.text - used,
             "; variant %s, %s, %s, x %s, y %s, %zu parts, %s workspace, %s page, gap %zu\n", t->variant,
             t->layout == CORR2D_NHWC ? "NHWC" : "NCHW", t->weights_layout == CORR2D_OHWI ? "OHWI" : "OIHW",
             tensor_name(t->x), tensor_name(t->y), t->parts, t->workspace ? "given" : "no",
             t->side == GUARD_FRONT ? "front" : "back", t->gap);
    guarded_explain_faults(text);
}

/* Adds what went wrong; the first such call decides. */
__attribute__((format(printf, 2, 3))) static bool fail(bench *b, const char *format, ...) {
    if (!b->report.ok) return false;
    b->report.ok = false;
    const size_t used = strlen(b->report.text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(b->report.text + used, sizeof b->report.text - used, format, arguments);
    va_end(arguments);
    return false;
}

static guarded allocate_floats(const bench *b, size_t count) {
    return guarded_allocate(count * sizeof(float), b->trial->side, b->trial->gap);
}

/* From o, i, h, w to o, h, w, i. */
static void reorder_weights(float *to, const float *from, const corr2d_spec *s) {
    const size_t inputs = s->in_channels / s->groups, taps = s->kernel_height * s->kernel_width;
    for (size_t o = 0; o < s->out_channels; o++, from += inputs * taps) {
        for (size_t t = 0; t < taps; t++) {
            for (size_t c = 0; c < inputs; c++) *to++ = from[c * taps + t];
        }
    }
}

static void place_weights(bench *b, const layer_data *data) {
    const size_t count = layer_weights_count(b->layer);
    b->weights = allocate_floats(b, count);
    if (b->trial->weights_layout == CORR2D_OHWI)
        reorder_weights(b->weights.data, data->weights, &b->layer->spec);
    else
        memcpy(b->weights.data, data->weights, count * sizeof(float));
    guarded_protect(&b->weights);
    if (!data->bias) return;
    b->bias = allocate_floats(b, b->layer->spec.out_channels);
    memcpy(b->bias.data, data->bias, b->bias.size);
    guarded_protect(&b->bias);
}

static void place_tensors(bench *b, const layer_data *data) {
    const corr2d_spec *const s = &b->layer->spec;
    const test_trial *const t = b->trial;
    const size_t x_size[4] = {s->batch, s->in_channels, s->in_height, s->in_width};
    const size_t y_size[4] = {s->batch, s->out_channels, b->layer->out_height, b->layer->out_width};
    random_source source = {t->seed};
    b->x_tensor =
        t->x == TENSOR_GIVEN ? tensor_given(x_size, t->x_strides) : tensor_make(x_size, t->layout, t->x, &source);
    b->y_tensor =
        t->y == TENSOR_GIVEN ? tensor_given(y_size, t->y_strides) : tensor_make(y_size, t->layout, t->y, &source);
    b->x = allocate_floats(b, b->x_tensor.span);
    b->y = allocate_floats(b, b->y_tensor.span);
    tensor_scatter(&b->x_tensor, b->x.data, data->x);
    guarded_protect(&b->x);
    if (data->residual) tensor_scatter(&b->y_tensor, b->y.data, data->residual);
}

/* Weights and bias are out of reach once the plan is made. */
static bool make_plan(bench *b) {
    const test_trial *const t = b->trial;
    corr2d_spec spec = b->layer->spec;
    spec.variant = t->variant;
    spec.layout = t->layout;
    spec.weights_layout = t->weights_layout;
    spec.x_strides = tensor_strides(&b->x_tensor, t->x);
    spec.y_strides = tensor_strides(&b->y_tensor, t->y);
    const corr2d_status status = corr2d_plan_create(&b->plan, &spec, b->weights.data, b->bias.data);
    if (status != CORR2D_OK) return fail(b, "corr2d_plan_create: %s", corr2d_status_string(status));
    guarded_revoke(&b->weights);
    if (b->bias.map) guarded_revoke(&b->bias);
    return true;
}

/* The parts in an order of the seed's choosing. A workspace may lie anywhere, so its gap is no multiple of 4. */
static bool run(bench *b) {
    const test_trial *const t = b->trial;
    const size_t start = (size_t)(t->seed % t->parts);
    if (t->workspace) {
        b->workspace = guarded_allocate(corr2d_plan_workspace_size(b->plan), t->side, t->gap + (size_t)(t->seed % 4));
    }
    for (size_t i = 0; i < t->parts; i++) {
        const size_t part = (start + i) % t->parts;
        const corr2d_status status =
            t->parts == 1 ? corr2d_run(b->plan, b->x.data, b->y.data, b->workspace.data)
                          : corr2d_run_part(b->plan, b->x.data, b->y.data, b->workspace.data, part, t->parts);
        if (status != CORR2D_OK) return fail(b, "part %zu: %s", part, corr2d_status_string(status));
    }
    return true;
}

static void compare(bench *b, const test_oracle *oracle, const float *got) {
    const test_layer *const l = b->layer;
    const bool fused = corr2d_variant_is_fused(b->trial->variant);
    const size_t wrong = oracle_first_wrong(oracle, got, fused);
    if (wrong == oracle->count) return;
    const size_t row = wrong / l->out_width, channel = row / l->out_height;
    fail(b, "y[%zu][%zu][%zu][%zu] is %a, must be %a%s; exactly %.17g, bound %.3g", channel / l->spec.out_channels,
         channel % l->spec.out_channels, row % l->out_height, wrong % l->out_width, (double)got[wrong],
         (double)oracle->chain[wrong], fused ? "" : " or near", oracle->exact[wrong], oracle->bound[wrong]);
}

/* Whether what lies between y's elements, and around every buffer, is as it was made. */
static void check_gaps(bench *b, const float *got) {
    const size_t bytes = b->y.size;
    unsigned char *const expected = (unsigned char *)floats(b->y_tensor.span);
    memset(expected, 0xff, bytes);
    tensor_scatter(&b->y_tensor, (float *)(void *)expected, got);
    if (memcmp(expected, b->y.data, bytes) != 0) fail(b, "a gap between y's elements was written");
    free(expected);
    if (!guarded_intact(&b->y)) fail(b, "memory around y was written");
    if (b->workspace.map && !guarded_intact(&b->workspace)) fail(b, "memory around the workspace was written");
}

static void give_back(bench *b) {
    corr2d_plan_destroy(b->plan);
    guarded_free(&b->x);
    guarded_free(&b->weights);
    guarded_free(&b->bias);
    guarded_free(&b->y);
    guarded_free(&b->workspace);
}

test_report trial_run(const test_trial *trial, const test_layer *layer, const layer_data *data,
                      const test_oracle *oracle) {
    static bench b;
    b = (bench){.trial = trial, .layer = layer, .report.ok = true};
    describe(&b);
    place_weights(&b, data);
    place_tensors(&b, data);
    if (make_plan(&b) && run(&b)) {
        float *const got = floats(oracle->count);
        tensor_gather(&b.y_tensor, got, b.y.data);
        compare(&b, oracle, got);
        check_gaps(&b, got);
        free(got);
    }
    give_back(&b);
    return b.report;
}

static test_trial draw_trial(const char *variant, random_source *source) {
    const bool dense = random_chance(source, 40); /* most callers' tensors, and what most tiles are for */
    return (test_trial){.variant = variant,
                        .x = dense ? TENSOR_DENSE : (tensor_kind)random_below(source, TENSOR_KINDS),
                        .y = dense ? TENSOR_DENSE : (tensor_kind)random_below(source, TENSOR_KINDS),
                        .parts = random_between(source, 1, 5),
                        .workspace = random_chance(source, 80),
                        .side = random_chance(source, 50) ? GUARD_FRONT : GUARD_BACK,
                        .gap = settings_gap() + (random_chance(source, 60) ? 0 : 4 * random_below(source, 16)),
                        .seed = random_bits(source)};
}

/* A layer's own distances, where it has some. */
static void take_strides(test_trial *trial, const corr2d_spec *spec) {
    if (spec->x_strides.column) trial->x = TENSOR_GIVEN;
    if (spec->y_strides.column) trial->y = TENSOR_GIVEN;
    trial->x_strides = spec->x_strides;
    trial->y_strides = spec->y_strides;
}

test_report trial_layer(const char *variant, const test_layer *layer) {
    random_source source = {~layer->seed};
    layer_data data = layer_data_make(layer);
    test_oracle oracle = oracle_make(layer, &data);
    test_report report = {.ok = true};
    for (unsigned i = 0; i < 4 && report.ok; i++) {
        test_trial trial = draw_trial(variant, &source);
        trial.layout = (corr2d_layout)(i % 2);
        trial.weights_layout = (corr2d_weights)(i / 2);
        take_strides(&trial, &layer->spec);
        report = trial_run(&trial, layer, &data, &oracle);
    }
    oracle_free(&oracle);
    layer_data_free(&data);
    return report;
}
