/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes -> spec, strides, layouts, data, and a way to run it. A spec that is wrong gets a status that says so, before
 * anything is touched; one that is right gives the oracle's bits on every variant, between guard pages.
 */
#include "tests/fuzz/target.h"

#include "tests/support/spec_model.h"
#include "tests/support/trial.h"

#include <stdlib.h>
#include <string.h>

/* An input, read. */
typedef struct fuzz_case {
    test_layer layer;
    test_trial trial;
    fuzz_bytes data;
} fuzz_case;

enum { BIT_BIAS = 1, BIT_ACCUMULATE = 2, BIT_WORKSPACE = 4, BIT_BACK = 8, BIT_WEIGHTS = 16, BIT_DEPTHWISE = 32 };

static void take_sizes(corr2d_spec *s, fuzz_bytes *b) {
    s->batch = bytes_size(b, 3);
    s->in_channels = bytes_size(b, 40);
    s->in_height = bytes_size(b, 30);
    s->in_width = bytes_size(b, 80);
    s->out_channels = bytes_size(b, 40);
    s->kernel_height = bytes_size(b, 7);
    s->kernel_width = bytes_size(b, 7);
    s->stride_height = bytes_size(b, 4);
    s->stride_width = bytes_size(b, 4);
    s->dilation_height = bytes_size(b, 4);
    s->dilation_width = bytes_size(b, 4);
    s->pad_top = bytes_size(b, 5);
    s->pad_bottom = bytes_size(b, 5);
    s->pad_left = bytes_size(b, 5);
    s->pad_right = bytes_size(b, 5);
    s->groups = bytes_size(b, 6);
}

/* So that not nearly all groups fail to divide the channels. */
static void make_depthwise(corr2d_spec *s, size_t multiplier) {
    s->groups = s->in_channels;
    s->out_channels = s->in_channels * multiplier;
}

static void take_activation(corr2d_spec *s, fuzz_bytes *b) {
    s->activation = (corr2d_activation)(bytes_take(b) % 4);
    s->clamp_min = (float)bytes_take(b) / 32.0f - 4.0f;
    s->clamp_max = s->clamp_min + (float)bytes_take(b) / 32.0f - 0.5f;
}

static corr2d_strides take_strides(fuzz_bytes *b) {
    corr2d_strides s;
    s.batch = bytes_size(b, 150);
    s.channel = bytes_size(b, 150);
    s.row = bytes_size(b, 100);
    s.column = bytes_size(b, 8);
    return s;
}

static tensor_kind take_kind(fuzz_bytes *b, corr2d_strides *strides) {
    const tensor_kind kind = (tensor_kind)(bytes_take(b) % (TENSOR_KINDS + 1));
    if (kind == TENSOR_GIVEN) *strides = take_strides(b);
    return kind;
}

static fuzz_case take_case(fuzz_bytes b) {
    fuzz_case c = {.layer.family = "fuzz"};
    corr2d_spec *const s = &c.layer.spec;
    const unsigned bits = bytes_take(&b), kinds = bytes_take(&b), parts = bytes_take(&b);
    take_sizes(s, &b);
    if (bits & BIT_DEPTHWISE) make_depthwise(s, 1 + kinds % 3);
    take_activation(s, &b);
    s->type = (corr2d_type)(kinds == 255);
    s->layout = c.trial.layout = (corr2d_layout)(kinds == 254 ? 2 : kinds % 2);
    s->weights_layout = c.trial.weights_layout = (corr2d_weights)(kinds == 253 ? 2 : (bits & BIT_WEIGHTS) != 0);
    s->accumulate = (bits & BIT_ACCUMULATE) != 0;
    c.layer.bias = (bits & BIT_BIAS) != 0;
    c.trial.workspace = (bits & BIT_WORKSPACE) != 0;
    c.trial.side = bits & BIT_BACK ? GUARD_BACK : GUARD_FRONT;
    c.trial.parts = 1 + parts % 7;
    c.trial.gap = parts / 7 % 16 * 4;
    c.trial.x = take_kind(&b, &c.trial.x_strides);
    c.trial.y = take_kind(&b, &c.trial.y_strides);
    c.layer.seed = c.trial.seed = bytes_take(&b);
    c.layer.fill = (fill_kind)(c.layer.seed % FILL_KINDS);
    c.data = b;
    return c;
}

/* What corr2d_plan_create shall see; tensors of the other kinds get their strides from the trial. */
static corr2d_spec spec_of(const fuzz_case *c, const char *variant) {
    corr2d_spec spec = c->layer.spec;
    spec.variant = variant;
    if (c->trial.x == TENSOR_GIVEN) spec.x_strides = c->trial.x_strides;
    if (c->trial.y == TENSOR_GIVEN) spec.y_strides = c->trial.y_strides;
    return spec;
}

/* A wrong spec: neither weights nor bias are looked at, and *plan stays. */
static void check_refused(const fuzz_case *c, const spec_verdict *verdict) {
    corr2d_plan *const before = fuzz_forbidden();
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        const corr2d_spec spec = spec_of(c, corr2d_variant_at(i));
        corr2d_plan *plan = before;
        const corr2d_status status = corr2d_plan_create(&plan, &spec, fuzz_forbidden(), fuzz_forbidden());
        fuzz_need(spec_explains(verdict, status), corr2d_status_string(status));
        fuzz_need(plan == before, "a plan's pointer was written in vain");
    }
}

/* What a plan, or NULL, says of itself. */
static void check_answers(const fuzz_case *c, const corr2d_plan *plan, const char *variant) {
    const size_t most = c->trial.parts, parts = corr2d_plan_parts(plan, most);
    const char *const name = corr2d_plan_variant(plan);
    fuzz_need(parts >= 1 && parts <= most, "parts out of range");
    fuzz_need(plan ? strcmp(name, variant) == 0 : !name, "not the spec's variant");
    fuzz_need(corr2d_plan_workspace_size(plan) <= PTRDIFF_MAX, "a workspace larger than any object");
}

/* Named before anything else is looked at. */
static void check_unknown_variant(const fuzz_case *c) {
    const corr2d_spec spec = spec_of(c, "no such variant");
    corr2d_plan *plan;
    const corr2d_status status = corr2d_plan_create(&plan, &spec, fuzz_forbidden(), NULL);
    fuzz_need(status == CORR2D_UNKNOWN_VARIANT, corr2d_status_string(status));
}

/* A layer too large to run here: it gets a plan, or is said to be too large. */
static void check_planned(const fuzz_case *c, const spec_verdict *verdict) {
    float *const weights = floats((size_t)verdict->weights), *const bias = floats(c->layer.spec.out_channels);
    memset(weights, 0, (size_t)verdict->weights * sizeof *weights);
    memset(bias, 0, c->layer.spec.out_channels * sizeof *bias);
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        const corr2d_spec spec = spec_of(c, corr2d_variant_at(i));
        corr2d_plan *plan = NULL;
        const corr2d_status status = corr2d_plan_create(&plan, &spec, weights, bias);
        fuzz_need(status == CORR2D_OK || status == CORR2D_SIZE_OVERFLOW, corr2d_status_string(status));
        fuzz_need((plan != NULL) == (status == CORR2D_OK), "a plan, but not CORR2D_OK, or the other way round");
        check_answers(c, plan, spec.variant);
        corr2d_plan_destroy(plan);
    }
    free(weights);
    free(bias);
}

/* The rest of the input as the bits of the values, where there is any. */
static void put_in_bytes(fuzz_case *c, layer_data *data) {
    if (!bytes_fill(c->data, data->x, layer_x_count(&c->layer))) return;
    c->layer.fill = FILL_SPECIAL;
    bytes_fill(c->data, data->weights, layer_weights_count(&c->layer));
    if (data->bias) bytes_fill(c->data, data->bias, c->layer.spec.out_channels);
    if (data->residual) bytes_fill(c->data, data->residual, layer_y_count(&c->layer));
}

/* Where x overlaps itself, its elements must agree. */
static void make_consistent(const fuzz_case *c, float *x) {
    const corr2d_spec *const s = &c->layer.spec;
    if (c->trial.x != TENSOR_GIVEN) return;
    const test_tensor tensor =
        tensor_given((size_t[]){s->batch, s->in_channels, s->in_height, s->in_width}, c->trial.x_strides);
    float *const laid_out = floats(tensor.span);
    tensor_scatter(&tensor, laid_out, x);
    tensor_gather(&tensor, x, laid_out);
    free(laid_out);
}

static void check_run(fuzz_case *c) {
    c->layer = layer_complete(c->layer);
    layer_data data = layer_data_make(&c->layer);
    put_in_bytes(c, &data);
    make_consistent(c, data.x);
    test_oracle oracle = oracle_make(&c->layer, &data);
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        c->trial.variant = corr2d_variant_at(i);
        const test_report report = trial_run(&c->trial, &c->layer, &data, &oracle);
        fuzz_need(report.ok, report.text);
    }
    oracle_free(&oracle);
    layer_data_free(&data);
}

/* A given all-zero distance means a dense tensor. */
static void name_dense(test_trial *t) {
    const corr2d_strides *const x = &t->x_strides, *const y = &t->y_strides;
    if (!x->batch && !x->channel && !x->row && !x->column && t->x == TENSOR_GIVEN) t->x = TENSOR_DENSE;
    if (!y->batch && !y->channel && !y->row && !y->column && t->y == TENSOR_GIVEN) t->y = TENSOR_DENSE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_case c = take_case((fuzz_bytes){data, data + size});
    name_dense(&c.trial);
    const corr2d_spec spec = spec_of(&c, NULL);
    const spec_verdict v = spec_judge(&spec);
    check_unknown_variant(&c);
    if (!spec_good(&v)) {
        check_refused(&c, &v);
    } else if (v.weights > FUZZ_MOST_FLOATS) {
        return 0;
    } else if (v.x_span > FUZZ_MOST_FLOATS || v.y_span > FUZZ_MOST_FLOATS || v.outputs * v.taps > FUZZ_MOST_WORK) {
        check_planned(&c, &v);
    } else {
        check_run(&c);
    }
    return 0;
}
