/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes -> a call of one of the three plain functions, which has the oracle's bits, or a status and an untouched y. */
#include "tests/fuzz/target.h"

#include "tests/support/guarded.h"
#include "tests/support/oracle.h"
#include "tests/support/spec_model.h"

#include <string.h>

typedef enum function { MULTI_IN, MULTI_IN_OUT, MULTI_IN_OUT_1X1, FUNCTIONS } function;

/* An input, read; the sizes are those of the call. */
typedef struct fuzz_call {
    function function;
    test_layer layer;
    guard_side side;
    size_t gap;
    fuzz_bytes data;
} fuzz_call;

static fuzz_call take_call(fuzz_bytes b) {
    const unsigned bits = bytes_take(&b), place = bytes_take(&b);
    fuzz_call c = {.function = (function)(bits % FUNCTIONS),
                   .layer.family = "fuzz",
                   .layer.bias = bits & 32,
                   .side = bits & 64 ? GUARD_BACK : GUARD_FRONT,
                   .gap = place % 16 * 4};
    corr2d_spec *const s = &c.layer.spec;
    s->in_channels = bytes_size(&b, 40);
    s->in_height = bytes_size(&b, 30);
    s->in_width = bytes_size(&b, 60);
    s->out_channels = c.function == MULTI_IN ? 1 : bytes_size(&b, 40);
    s->kernel_height = c.function == MULTI_IN_OUT_1X1 ? 1 : bytes_size(&b, 7);
    s->kernel_width = c.function == MULTI_IN_OUT_1X1 ? 1 : bytes_size(&b, 7);
    c.layer.bias = c.layer.bias && c.function == MULTI_IN_OUT_1X1;
    c.layer.seed = bytes_take(&b);
    c.layer.fill = (fill_kind)(c.layer.seed % FILL_KINDS);
    c.data = b;
    return c;
}

static corr2d_status call(const fuzz_call *c, const float *x, const float *k, const float *bias, float *y) {
    const corr2d_spec *const s = &c->layer.spec;
    switch (c->function) {
    case MULTI_IN:
        return corr2d_multi_in(x, s->in_channels, s->in_height, s->in_width, k, s->kernel_height, s->kernel_width, y);
    case MULTI_IN_OUT:
        return corr2d_multi_in_out(x, s->in_channels, s->in_height, s->in_width, k, s->out_channels, s->kernel_height,
                                   s->kernel_width, y);
    default: return corr2d_multi_in_out_1x1(x, s->in_channels, s->in_height, s->in_width, k, s->out_channels, bias, y);
    }
}

static void check_refused(const fuzz_call *c, const spec_verdict *verdict) {
    float *const forbidden = fuzz_forbidden();
    const corr2d_status status = call(c, forbidden, forbidden, forbidden, forbidden);
    fuzz_need(spec_explains(verdict, status), corr2d_status_string(status));
}

static guarded place(const fuzz_call *c, const float *values, size_t count) {
    guarded memory = guarded_allocate(count * sizeof(float), c->side, c->gap);
    memcpy(memory.data, values, memory.size);
    guarded_protect(&memory);
    return memory;
}

static void check_result(const fuzz_call *c, const layer_data *data) {
    test_oracle oracle = oracle_make(&c->layer, data);
    guarded x = place(c, data->x, layer_x_count(&c->layer));
    guarded k = place(c, data->weights, layer_weights_count(&c->layer)), bias = {0};
    if (data->bias) bias = place(c, data->bias, c->layer.spec.out_channels);
    guarded y = guarded_allocate(oracle.count * sizeof(float), c->side, c->gap);
    const corr2d_status status = call(c, x.data, k.data, bias.data, y.data);
    fuzz_need(status == CORR2D_OK, corr2d_status_string(status));
    fuzz_need(oracle_first_wrong(&oracle, y.data, corr2d_variant_is_fused(corr2d_variant())) == oracle.count,
              "an output is wrong");
    fuzz_need(guarded_intact(&y), "memory around y was written");
    guarded_free(&x);
    guarded_free(&k);
    guarded_free(&bias);
    guarded_free(&y);
    oracle_free(&oracle);
}

static void check_call(fuzz_call *c) {
    c->layer = layer_complete(c->layer);
    layer_data data = layer_data_make(&c->layer);
    if (bytes_fill(c->data, data.x, layer_x_count(&c->layer))) {
        c->layer.fill = FILL_SPECIAL;
        bytes_fill(c->data, data.weights, layer_weights_count(&c->layer));
    }
    check_result(c, &data);
    layer_data_free(&data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_call c = take_call((fuzz_bytes){data, data + size});
    const corr2d_spec *const s = &c.layer.spec;
    spec_verdict v = spec_judge(s);
    if (!s->kernel_height || !s->kernel_width) v.invalid = true; /* no default here */
    if (!spec_good(&v)) {
        check_refused(&c, &v);
    } else if (v.weights <= FUZZ_MOST_FLOATS && v.x_span <= FUZZ_MOST_FLOATS && v.y_span <= FUZZ_MOST_FLOATS &&
               v.outputs * v.taps <= FUZZ_MOST_WORK) {
        check_call(&c);
    }
    return 0;
}
