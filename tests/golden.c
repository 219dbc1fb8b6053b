/* SPDX-License-Identifier: Apache-2.0 */
/* The outputs of another implementation, PyTorch's conv2d, recorded by tests/golden/record.py. */
#include "tests/support/criterion.h"

#include <math.h>

typedef struct recording {
    fill_kind fill;
    bool bias;
    const float *y;
    size_t count;
    corr2d_spec spec; /* its layout is the one that was recorded; every layout is tested on it */
} recording;

#include "tests/golden/outputs.h"

/* The same as in record.py. */
static float next_value(uint32_t *state, fill_kind kind) {
    *state = *state * 1664525u + 1013904223u;
    return kind == FILL_INTEGER ? (float)((*state >> 16) % 9) - 4.0f : (float)(*state >> 8) * 0x1p-23f - 1.0f;
}

static float *next_values(uint32_t *state, fill_kind kind, size_t count) {
    float *const values = floats(count);
    for (size_t i = 0; i < count; i++) values[i] = next_value(state, kind);
    return values;
}

static layer_data recorded_data(const test_layer *layer) {
    uint32_t state = (uint32_t)layer->seed;
    layer_data data = {0};
    data.x = next_values(&state, layer->fill, layer_x_count(layer));
    data.weights = next_values(&state, layer->fill, layer_weights_count(layer));
    if (layer->bias) data.bias = next_values(&state, layer->fill, layer->spec.out_channels);
    if (layer->spec.accumulate) data.residual = next_values(&state, layer->fill, layer_y_count(layer));
    return data;
}

/* Both are within the oracle's bound of the exact result, PyTorch with products that may be rounded; integers agree. */
static void assert_near_recorded(const recording *golden, const test_oracle *oracle) {
    cr_assert(golden->count == oracle->count, "%zu outputs, %zu recorded", oracle->count, golden->count);
    for (size_t i = 0; i < oracle->count; i++) {
        const double bound = golden->fill == FILL_INTEGER ? 0.0 : 2 * oracle->bound[i];
        cr_assert(fabs((double)golden->y[i] - oracle->exact[i]) <= bound, "setting %td: y[%zu]", golden - recordings,
                  i);
    }
}

static void assert_golden(const char *variant, const recording *golden) {
    const test_layer layer = layer_complete((test_layer){.spec = golden->spec,
                                                         .bias = golden->bias,
                                                         .fill = golden->fill,
                                                         .seed = (uint64_t)(golden - recordings),
                                                         .family = "recorded"});
    layer_data data = recorded_data(&layer);
    test_oracle oracle = oracle_make(&layer, &data);
    assert_near_recorded(golden, &oracle);
    for (unsigned i = 0; i < 4; i++) {
        const test_trial trial = {.variant = variant,
                                  .parts = 1,
                                  .layout = (corr2d_layout)(i % 2),
                                  .weights_layout = (corr2d_weights)(i / 2)};
        const test_report report = trial_run(&trial, &layer, &data, &oracle);
        assert_report(&report);
    }
    oracle_free(&oracle);
    layer_data_free(&data);
}

ParameterizedTestParameters(pytorchs_outputs, are_met) { return every_variant(); }

ParameterizedTest(size_t *variant, pytorchs_outputs, are_met, .timeout = 120) {
    for (size_t i = 0; i < sizeof recordings / sizeof *recordings; i++)
        assert_golden(corr2d_variant_at(*variant), &recordings[i]);
}
