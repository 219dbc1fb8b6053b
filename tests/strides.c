/* SPDX-License-Identifier: Apache-2.0 */
/* Strides beyond what a bigger tensor gives: an x that overlaps itself, and distances that do not matter. */
#include "tests/support/criterion.h"

#include <stdint.h>
#include <stdlib.h>

/* Runs the layer with these strides of x, whose elements data->x holds spread out, from `x`. */
static void assert_strided(const test_layer *layer, const layer_data *data, const float *x, corr2d_strides strides) {
    test_oracle oracle = oracle_make(layer, data);
    float *const y = floats(oracle.count);
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        const char *const variant = corr2d_variant_at(i);
        corr2d_spec spec = layer->spec;
        corr2d_plan *plan;
        spec.x_strides = strides;
        spec.variant = variant;
        cr_assert(corr2d_plan_create(&plan, &spec, data->weights, data->bias) == CORR2D_OK);
        cr_assert(corr2d_run(plan, x, y, NULL) == CORR2D_OK);
        const size_t wrong = oracle_first_wrong(&oracle, y, corr2d_variant_is_fused(variant));
        cr_assert(wrong == oracle.count, "%s on %s: y[%zu]", layer->family, variant, wrong);
        corr2d_plan_destroy(plan);
    }
    free(y);
    oracle_free(&oracle);
}

/* Element (n, c, i, j) is x[n * batch + c * channel + i * row + j * column]. */
static void assert_overlapping(const char *name, size_t kernel, corr2d_strides strides) {
    const test_layer layer = layer_complete((test_layer){.family = name,
                                                         .seed = 11,
                                                         .bias = true,
                                                         .spec = {.batch = 2,
                                                                  .in_channels = 5,
                                                                  .in_height = 6,
                                                                  .in_width = 11,
                                                                  .out_channels = 9,
                                                                  .kernel_height = kernel,
                                                                  .kernel_width = kernel,
                                                                  .pad_left = kernel / 2}});
    layer_data data = layer_data_make(&layer);
    float *const x = data.x;
    data.x = floats(layer_x_count(&layer));
    for (size_t i = 0; i < layer_x_count(&layer); i++) {
        const size_t column = i % 11, row = i / 11 % 6, channel = i / 66 % 5, image = i / 330;
        data.x[i] = x[image * strides.batch + channel * strides.channel + row * strides.row + column * strides.column];
    }
    assert_strided(&layer, &data, x, strides);
    free(x);
    layer_data_free(&data);
}

Test(strides, let_x_overlap_itself, .timeout = 60) {
    for (size_t kernel = 1; kernel <= 3; kernel += 2) {
        assert_overlapping("one image for all", kernel, (corr2d_strides){0, 66, 11, 1});
        assert_overlapping("one channel for all", kernel, (corr2d_strides){66, 0, 11, 1});
        assert_overlapping("one row for all", kernel, (corr2d_strides){55, 11, 0, 1});
        assert_overlapping("one column for all", kernel, (corr2d_strides){30, 6, 1, 0});
        assert_overlapping("one element for all", kernel, (corr2d_strides){0, 0, 0, 1});
        assert_overlapping("sliding windows", kernel, (corr2d_strides){40, 7, 3, 1});
        assert_overlapping("columns outermost", kernel, (corr2d_strides){1, 2, 10, 60});
    }
}

/* Maps of y whose rows lie side by side, and columns apart: 2 x 2 outputs fill four places, in another order. */
static void assert_turned(size_t side, size_t out_channels) {
    const test_layer layer = layer_complete(
        (test_layer){.family = "turned maps",
                     .seed = 13,
                     .spec = {.in_channels = 3, .in_height = side, .in_width = side, .out_channels = out_channels}});
    layer_data data = layer_data_make(&layer);
    test_oracle oracle = oracle_make(&layer, &data);
    float *const turned = floats(oracle.count), *const y = floats(oracle.count);
    for (size_t v = 0; corr2d_variant_at(v); v++) {
        corr2d_spec spec = layer.spec;
        corr2d_plan *plan;
        spec.y_strides = (corr2d_strides){oracle.count, side * side, 1, side};
        spec.variant = corr2d_variant_at(v);
        cr_assert(corr2d_plan_create(&plan, &spec, data.weights, data.bias) == CORR2D_OK);
        cr_assert(corr2d_run(plan, data.x, turned, NULL) == CORR2D_OK);
        for (size_t i = 0; i < oracle.count; i++) {
            const size_t row = i / side % side, column = i % side;
            y[i] = turned[i - row * side - column + column * side + row];
        }
        const size_t wrong = oracle_first_wrong(&oracle, y, corr2d_variant_is_fused(spec.variant));
        cr_assert(wrong == oracle.count, "%s, side %zu: y[%zu]", spec.variant, side, wrong);
        corr2d_plan_destroy(plan);
    }
    free(turned);
    free(y);
    oracle_free(&oracle);
    layer_data_free(&data);
}

Test(strides, of_y_may_put_rows_side_by_side, .timeout = 60) {
    for (size_t side = 1; side <= 9; side++) assert_turned(side, 5 + 13 * (side % 4));
}

/* The distance of a dimension of size 1 is never used. */
Test(strides, of_dimensions_of_size_one_do_not_matter, .timeout = 60) {
    const float x[3] = {1, 2, 3}, weights[2] = {10, 100};
    corr2d_spec spec = {.in_channels = 1, .in_height = 1, .in_width = 3, .out_channels = 1, .kernel_width = 2};
    corr2d_plan *plan;
    spec.x_strides = (corr2d_strides){SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 3, 1};
    spec.y_strides = (corr2d_strides){1, SIZE_MAX, 0, 1};
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        float y[2] = {0, 0};
        spec.variant = corr2d_variant_at(i);
        cr_assert(corr2d_plan_create(&plan, &spec, weights, NULL) == CORR2D_OK);
        cr_assert(corr2d_run(plan, x, y, NULL) == CORR2D_OK);
        cr_assert(y[0] == 210 && y[1] == 320, "%s: %g %g", spec.variant, (double)y[0], (double)y[1]);
        corr2d_plan_destroy(plan);
    }
}
