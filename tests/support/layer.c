/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/layer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void set_default(size_t *value) {
    if (*value == 0) *value = 1;
}

test_layer layer_complete(test_layer layer) {
    corr2d_spec *const s = &layer.spec;
    set_default(&s->batch);
    set_default(&s->kernel_height);
    set_default(&s->kernel_width);
    set_default(&s->stride_height);
    set_default(&s->stride_width);
    set_default(&s->dilation_height);
    set_default(&s->dilation_width);
    set_default(&s->groups);
    if (corr2d_output_size(s, &layer.out_height, &layer.out_width) != CORR2D_OK) {
        fprintf(stderr, "no such layer: %s\n", layer.family);
        exit(EXIT_FAILURE);
    }
    return layer;
}

size_t layer_x_count(const test_layer *layer) {
    const corr2d_spec *const s = &layer->spec;
    return s->batch * s->in_channels * s->in_height * s->in_width;
}

size_t layer_y_count(const test_layer *layer) {
    return layer->spec.batch * layer->spec.out_channels * layer->out_height * layer->out_width;
}

size_t layer_taps(const test_layer *layer) {
    const corr2d_spec *const s = &layer->spec;
    return s->in_channels / s->groups * s->kernel_height * s->kernel_width;
}

size_t layer_weights_count(const test_layer *layer) { return layer->spec.out_channels * layer_taps(layer); }

static const char *activation_name(corr2d_activation activation) {
    static const char *const names[] = {"identity", "relu", "clamp"};
    return names[activation];
}

void layer_print(const test_layer *layer, char *text, size_t size) {
    const corr2d_spec *const s = &layer->spec;
    snprintf(text, size,
             "%s seed %" PRIu64 ": x %zux%zux%zux%zu, %zu out, kernel %zux%zu, stride %zux%zu, dilation %zux%zu, "
             "pad %zu %zu %zu %zu, groups %zu, %s%s%s, %s values",
             layer->family, layer->seed, s->batch, s->in_channels, s->in_height, s->in_width, s->out_channels,
             s->kernel_height, s->kernel_width, s->stride_height, s->stride_width, s->dilation_height,
             s->dilation_width, s->pad_top, s->pad_bottom, s->pad_left, s->pad_right, s->groups,
             activation_name(s->activation), layer->bias ? ", bias" : "", s->accumulate ? ", accumulate" : "",
             fill_name(layer->fill));
}

float *floats(size_t count) {
    float *const memory = malloc((count ? count : 1) * sizeof *memory);
    if (memory) return memory;
    perror("malloc");
    exit(EXIT_FAILURE);
}

static float *filled(size_t count, fill_kind kind, random_source *source) {
    float *const values = floats(count);
    fill(values, count, kind, source);
    return values;
}

layer_data layer_data_make(const test_layer *layer) {
    random_source source = {layer->seed};
    layer_data data = {0};
    data.x = filled(layer_x_count(layer), layer->fill, &source);
    data.weights = filled(layer_weights_count(layer), layer->fill, &source);
    if (layer->bias) data.bias = filled(layer->spec.out_channels, layer->fill, &source);
    if (layer->spec.accumulate) data.residual = filled(layer_y_count(layer), layer->fill, &source);
    return data;
}

void layer_data_free(layer_data *data) {
    free(data->x);
    free(data->weights);
    free(data->bias);
    free(data->residual);
    *data = (layer_data){0};
}
