/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/oracle.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One output under way. */
typedef struct partial {
    float chain;
    double exact, magnitude;
} partial;

/* One output's place. */
typedef struct place {
    size_t image, channel, row, column;
} place;

/* x at a row and column that count from the padding's edge; its value outside is +0.0. */
static float x_at(const corr2d_spec *s, const float *plane, size_t row, size_t column) {
    if (row < s->pad_top || column < s->pad_left) return 0.0f;
    row -= s->pad_top;
    column -= s->pad_left;
    return row < s->in_height && column < s->in_width ? plane[row * s->in_width + column] : 0.0f;
}

static void add_plane(partial *sum, const corr2d_spec *s, const float *plane, const float *weights, place at) {
    for (size_t u = 0; u < s->kernel_height; u++) {
        for (size_t v = 0; v < s->kernel_width; v++) {
            const float x = x_at(s, plane, at.row * s->stride_height + u * s->dilation_height,
                                 at.column * s->stride_width + v * s->dilation_width);
            const float k = *weights++;
            sum->chain = fmaf(k, x, sum->chain);
            sum->exact += (double)k * (double)x;
            sum->magnitude += fabs((double)k * (double)x);
        }
    }
}

static void add_channels(partial *sum, const corr2d_spec *s, const layer_data *data, place at) {
    const size_t channels = s->in_channels / s->groups, first = at.channel / (s->out_channels / s->groups) * channels;
    const size_t plane = s->in_height * s->in_width, taps = s->kernel_height * s->kernel_width;
    const float *const x = data->x + (at.image * s->in_channels + first) * plane;
    const float *const weights = data->weights + at.channel * channels * taps;
    for (size_t c = 0; c < channels; c++) add_plane(sum, s, x + c * plane, weights + c * taps, at);
}

static partial start_sum(const layer_data *data, size_t channel, size_t output) {
    const float bias = data->bias ? data->bias[channel] : 0.0f;
    const float residual = data->residual ? data->residual[output] : 0.0f;
    return (partial){.chain = data->residual ? residual + bias : bias,
                     .exact = (double)residual + (double)bias,
                     .magnitude = fabs((double)residual) + fabs((double)bias)};
}

static double clamp(double value, double low, double high) { return value < low ? low : value > high ? high : value; }

static double activate(double value, const corr2d_spec *s) {
    if (s->activation == CORR2D_RELU) return clamp(value, 0.0, (double)INFINITY);
    if (s->activation == CORR2D_CLAMP) return clamp(value, (double)s->clamp_min, (double)s->clamp_max);
    return value;
}

static place place_of(const test_layer *layer, size_t output) {
    const size_t column = output % layer->out_width, rows = output / layer->out_width;
    const size_t row = rows % layer->out_height, channels = rows / layer->out_height;
    return (place){channels / layer->spec.out_channels, channels % layer->spec.out_channels, row, column};
}

test_oracle oracle_make(const test_layer *layer, const layer_data *data) {
    const size_t count = layer_y_count(layer);
    const double rounding = ((double)layer_taps(layer) + 2) * 0x1.01p-24, tiny = (double)layer_taps(layer) * 0x1p-149;
    test_oracle oracle = {.count = count,
                          .chain = floats(count),
                          .exact = malloc(count * sizeof(double)),
                          .bound = malloc(count * sizeof(double))};
    if (!oracle.exact || !oracle.bound) abort();
    for (size_t i = 0; i < count; i++) {
        const place at = place_of(layer, i);
        partial sum = start_sum(data, at.channel, i);
        add_channels(&sum, &layer->spec, data, at);
        oracle.chain[i] = (float)activate((double)sum.chain, &layer->spec) + 0.0f;
        oracle.exact[i] = activate(sum.exact, &layer->spec);
        oracle.bound[i] = layer->fill == FILL_SPECIAL ? (double)INFINITY : rounding * sum.magnitude + tiny;
    }
    return oracle;
}

void oracle_free(test_oracle *oracle) {
    free(oracle->chain);
    free(oracle->exact);
    free(oracle->bound);
}

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

bool oracle_same(float got, float want) { return isnan(want) ? isnan(got) : bits_of(got) == bits_of(want); }

static bool near(const test_oracle *oracle, size_t i, float got, double times) {
    return isinf(oracle->bound[i]) || fabs((double)got - oracle->exact[i]) <= times * oracle->bound[i];
}

size_t oracle_first_wrong(const test_oracle *oracle, const float *got, bool fused) {
    const uint32_t minus_zero = bits_of(-0.0f);
    size_t i = 0;
    if (fused) {
        while (i < oracle->count && oracle_same(got[i], oracle->chain[i]) && near(oracle, i, got[i], 1)) i++;
    } else {
        while (i < oracle->count && bits_of(got[i]) != minus_zero && near(oracle, i, got[i], 2)) i++;
    }
    return i;
}
