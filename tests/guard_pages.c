/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Not a byte out of place: x, weights, bias, y and the workspace between pages that may not be touched, x unwritable,
 * weights and bias out of reach once the plan is made.
 */
#include "tests/support/criterion.h"

#define LAYER(name, batches, ci, h, w, co, kernel, pad, group)                                                         \
    {                                                                                                                  \
        .family = name, .seed = 7, .bias = true, .spec = {                                                             \
            .batch = batches,                                                                                          \
            .in_channels = ci,                                                                                         \
            .in_height = h,                                                                                            \
            .in_width = w,                                                                                             \
            .out_channels = co,                                                                                        \
            .kernel_height = kernel,                                                                                   \
            .kernel_width = kernel,                                                                                    \
            .pad_top = pad,                                                                                            \
            .pad_left = pad,                                                                                           \
            .groups = group                                                                                            \
        }                                                                                                              \
    }

/* Depthwise, with as much padding on all sides as leaves the map its size, but for the stride. */
#define SAME(name, channels, size, kernel, stride)                                                                     \
    {                                                                                                                  \
        .family = name, .seed = 7, .bias = true, .spec = {                                                             \
            .in_channels = channels,                                                                                   \
            .in_height = size,                                                                                         \
            .in_width = size,                                                                                          \
            .out_channels = channels,                                                                                  \
            .kernel_height = kernel,                                                                                   \
            .kernel_width = kernel,                                                                                    \
            .stride_height = stride,                                                                                   \
            .stride_width = stride,                                                                                    \
            .pad_top = kernel / 2,                                                                                     \
            .pad_bottom = kernel / 2,                                                                                  \
            .pad_left = kernel / 2,                                                                                    \
            .pad_right = kernel / 2,                                                                                   \
            .groups = channels                                                                                         \
        }                                                                                                              \
    }

static const test_layer layers[] = {
    LAYER("3x3", 1, 3, 6, 11, 7, 3, 0, 1),
    LAYER("3x3, padded", 2, 5, 4, 9, 13, 3, 2, 1),
    LAYER("1x1", 1, 9, 5, 5, 10, 1, 0, 1),
    LAYER("1x1, one pixel", 1, 17, 1, 1, 3, 1, 0, 1),
    LAYER("depthwise", 1, 11, 5, 13, 11, 3, 1, 11),
    LAYER("depthwise, narrow", 1, 11, 5, 7, 11, 3, 1, 11),
    LAYER("depthwise, not padded", 1, 8, 4, 10, 8, 3, 0, 8),
    LAYER("depthwise 5x5", 1, 3, 5, 13, 3, 5, 2, 3),
    LAYER("depthwise 5x5, narrow", 1, 3, 5, 8, 3, 5, 2, 3),
    SAME("depthwise, seven rows", 5, 7, 3, 1),
    SAME("depthwise, nine rows", 3, 9, 3, 1),
    SAME("depthwise, twelve rows", 2, 12, 3, 1),
    SAME("depthwise 5x5, seven rows", 5, 7, 5, 1),
    LAYER("multiplier 2", 1, 6, 5, 6, 12, 3, 1, 6),
    LAYER("groups", 1, 6, 5, 7, 10, 2, 1, 2),
    LAYER("groups of 4", 1, 48, 3, 4, 48, 3, 1, 12),
    LAYER("groups of 1 to 2", 1, 24, 4, 5, 48, 3, 0, 24),
    LAYER("groups of 3 to 4", 2, 36, 3, 3, 48, 2, 1, 12),
    LAYER("groups of 8", 1, 40, 3, 4, 40, 1, 0, 5),
    SAME("depthwise 5x5, stride 2, even columns", 3, 20, 5, 2),
    SAME("depthwise 5x5, stride 2, odd columns", 2, 19, 5, 2),
};

/* In both layouts of x and y and both of the weights. Every other seed accumulates, so that y is read as well. */
static void assert_guarded(test_trial trial, test_layer layer) {
    layer.spec.accumulate = trial.seed % 2;
    layer = layer_complete(layer);
    layer_data data = layer_data_make(&layer);
    test_oracle oracle = oracle_make(&layer, &data);
    for (unsigned i = 0; i < 4; i++) {
        trial.layout = (corr2d_layout)(i % 2);
        trial.weights_layout = (corr2d_weights)(i / 2);
        const test_report report = trial_run(&trial, &layer, &data, &oracle);
        assert_report(&report);
    }
    oracle_free(&oracle);
    layer_data_free(&data);
}

/* Each layer with its buffers on one side of their room, at every distance from the page. */
static void assert_every_gap(const char *variant, guard_side side) {
    for (size_t gap = 0; gap < 64; gap += 4) {
        for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
            const test_trial trial = {.variant = variant,
                                      .parts = 1 + i % 3,
                                      .workspace = true,
                                      .side = side,
                                      .gap = gap,
                                      .seed = gap / 4 + i};
            assert_guarded(trial, layers[i]);
        }
    }
}

ParameterizedTestParameters(guard_pages, in_front_of_every_buffer_stay_untouched) { return every_variant(); }

ParameterizedTest(size_t *variant, guard_pages, in_front_of_every_buffer_stay_untouched, .timeout = 300) {
    assert_every_gap(corr2d_variant_at(*variant), GUARD_FRONT);
}

ParameterizedTestParameters(guard_pages, behind_every_buffer_stay_untouched) { return every_variant(); }

ParameterizedTest(size_t *variant, guard_pages, behind_every_buffer_stay_untouched, .timeout = 300) {
    assert_every_gap(corr2d_variant_at(*variant), GUARD_BACK);
}

/* Flush against the page behind it, a buffer's alignment follows from its size. */
ParameterizedTestParameters(guard_pages, behind_maps_of_any_width_stay_untouched) { return every_variant(); }

ParameterizedTest(size_t *variant, guard_pages, behind_maps_of_any_width_stay_untouched, .timeout = 300) {
    for (size_t width = 3; width < 36; width++) {
        for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
            const test_trial trial = {.variant = corr2d_variant_at(*variant),
                                      .x = (tensor_kind)(width % TENSOR_KINDS),
                                      .parts = 1,
                                      .workspace = true,
                                      .side = GUARD_BACK,
                                      .seed = width};
            test_layer layer = layers[i];
            layer.spec.in_width = width;
            assert_guarded(trial, layer);
        }
    }
}
