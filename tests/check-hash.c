/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check-hash [LAYERS [PARTS [VARIANT]]]: the same bits, proven wide. Hashes the outputs of seeded random layers, in
 * turn of each family, some of them with NaNs, infinities and denormals, and compares with what is written down here:
 * each fused variant, compiler, optimisation, layout and number of parts must give this very hash. LAYERS is 10000 (the
 * default) or 1000; PARTS is 1 ... 7, or 0 for all of these in turn. Exit status 77: no fused variant of that name.
 */
#include "tests/support/layer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 64-bit FNV-1a over the words' bytes, the lowest first. */
static const uint64_t hash_start = 0xcbf29ce484222325u, hash_prime = 0x100000001b3u;

/* The hash of the first so many layers. */
typedef struct milestone {
    size_t layers;
    uint64_t hash;
} milestone;

static const milestone milestones[] = {{1000, 0x41b5b9e2410ba88du}, {10000, 0x0c76911e1315c0a4u}};

/* A NaN's payload is not promised, so every NaN counts as one. */
static uint32_t word_of(float value) {
    uint32_t word;
    memcpy(&word, &value, sizeof word);
    return isnan(value) ? 0x7fc00000u : word;
}

static uint64_t hash_word(uint64_t hash, uint32_t word) {
    for (int byte = 0; byte < 4; byte++, word >>= 8) {
        hash ^= word & 0xff;
        (void)__builtin_mul_overflow(hash, hash_prime, &hash);
    }
    return hash;
}

/* In the order of NCHW. */
static uint64_t hash_outputs(uint64_t hash, const test_layer *layer, const float *y) {
    const size_t channels = layer->spec.out_channels, pixels = layer->out_height * layer->out_width;
    const bool last = layer->spec.layout == CORR2D_NHWC;
    const size_t channel = last ? 1 : pixels, pixel = last ? channels : 1;
    for (size_t n = 0; n < layer->spec.batch; n++, y += channels * pixels) {
        for (size_t c = 0; c < channels; c++) {
            for (size_t p = 0; p < pixels; p++) hash = hash_word(hash, word_of(y[c * channel + p * pixel]));
        }
    }
    return hash;
}

/* Dense NCHW as NHWC. */
static void put_channels_last(float *to, const float *from, size_t images, size_t channels, size_t pixels) {
    for (size_t n = 0; n < images; n++, from += channels * pixels, to += channels * pixels) {
        for (size_t c = 0; c < channels; c++) {
            for (size_t p = 0; p < pixels; p++) to[p * channels + c] = from[c * pixels + p];
        }
    }
}

static float *laid_out(float *dense, size_t count, const test_layer *layer, size_t channels, size_t pixels) {
    if (layer->spec.layout == CORR2D_NCHW || !dense) return dense;
    float *const last = floats(count);
    put_channels_last(last, dense, layer->spec.batch, channels, pixels);
    free(dense);
    return last;
}

static void need(corr2d_status status) {
    if (status == CORR2D_OK) return;
    printf("%s\n", corr2d_status_string(status));
    exit(EXIT_FAILURE);
}

static void run(const test_layer *layer, const layer_data *data, float *y, size_t parts) {
    corr2d_plan *plan;
    need(corr2d_plan_create(&plan, &layer->spec, data->weights, data->bias));
    void *const workspace = malloc(corr2d_plan_workspace_size(plan) + 1);
    for (size_t part = 0; part < parts; part++) need(corr2d_run_part(plan, data->x, y, workspace, part, parts));
    free(workspace);
    corr2d_plan_destroy(plan);
}

/* The index-th layer: every third with channels last, every fifth with special values. */
static test_layer layer_at(size_t index, const char *variant) {
    test_layer layer = layer_random((test_family)(index % FAMILIES), 1 + index / FAMILIES);
    layer.spec.variant = variant;
    layer.spec.layout = index % 3 == 2 ? CORR2D_NHWC : CORR2D_NCHW;
    if (index % 5 == 4) layer.fill = FILL_SPECIAL;
    return layer;
}

static uint64_t hash_layer(uint64_t hash, const test_layer *layer, size_t parts) {
    const corr2d_spec *const s = &layer->spec;
    const size_t pixels = layer->out_height * layer->out_width;
    layer_data data = layer_data_make(layer);
    data.x = laid_out(data.x, layer_x_count(layer), layer, s->in_channels, s->in_height * s->in_width);
    data.residual = laid_out(data.residual, layer_y_count(layer), layer, s->out_channels, pixels);
    float *const y = data.residual ? data.residual : floats(layer_y_count(layer));
    run(layer, &data, y, parts);
    hash = hash_outputs(hash, layer, y);
    if (!data.residual) free(y);
    layer_data_free(&data);
    return hash;
}

/* Whether the hash of `layers` layers is the one written down; one of a number that is not there is never right. */
static bool right(size_t layers, uint64_t hash) {
    for (size_t i = 0; i < sizeof milestones / sizeof *milestones; i++) {
        if (milestones[i].layers == layers) return milestones[i].hash == hash;
    }
    return false;
}

static bool check_variant(const char *variant, size_t layers, size_t parts) {
    uint64_t hash = hash_start;
    for (size_t i = 0; i < layers; i++) {
        const test_layer layer = layer_at(i, variant);
        hash = hash_layer(hash, &layer, parts ? parts : 1 + i % 7);
    }
    const bool ok = right(layers, hash);
    printf("%s, %zu layers, %zu parts: %016" PRIx64 "%s\n", variant, layers, parts, hash, ok ? "" : " WRONG");
    return ok;
}

int main(int count, char **arguments) {
    const size_t layers = count > 1 ? strtoul(arguments[1], NULL, 0) : 10000;
    const size_t parts = count > 2 ? strtoul(arguments[2], NULL, 0) : 0;
    size_t checked = 0, failures = 0;
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        const char *const variant = corr2d_variant_at(i);
        if (!corr2d_variant_is_fused(variant) || (count > 3 && strcmp(variant, arguments[3]) != 0)) continue;
        failures += !check_variant(variant, layers, parts);
        checked++;
    }
    if (!checked) return 77;
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
