/* SPDX-License-Identifier: Apache-2.0 */
/* The three plain functions on the source text's worked example, to the last digit. */
#include "tests/support/oracle.h"

#include <criterion/criterion.h>

static const float x[2][3][3] = {{{0, 1, 2}, {3, 4, 5}, {6, 7, 8}}, {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}};
static const float k[3][2][2][2] = {
    {{{0, 1}, {2, 3}}, {{1, 2}, {3, 4}}}, {{{1, 2}, {3, 4}}, {{2, 3}, {4, 5}}}, {{{2, 3}, {4, 5}}, {{3, 4}, {5, 6}}}};
static const float expected[3][4] = {{56, 72, 104, 120}, {76, 100, 148, 172}, {96, 128, 192, 224}};

static void assert_same(const float *got, const float *want, size_t count) {
    for (size_t i = 0; i < count; i++) {
        cr_assert(oracle_same(got[i], want[i]), "y[%zu] is %a, must be %a", i, (double)got[i], (double)want[i]);
    }
}

Test(source_text, multi_in_adds_the_channels_up, .timeout = 30) {
    float y[4];
    cr_assert(corr2d_multi_in(&x[0][0][0], 2, 3, 3, &k[0][0][0][0], 2, 2, y) == CORR2D_OK);
    assert_same(y, expected[0], 4);
}

Test(source_text, multi_in_out_does_so_for_each_output_channel, .timeout = 30) {
    float y[12];
    cr_assert(corr2d_multi_in_out(&x[0][0][0], 2, 3, 3, &k[0][0][0][0], 3, 2, 2, y) == CORR2D_OK);
    assert_same(y, expected[0], 12);
}

/* Random values for both, in sizes that no tile divides. */
enum { INPUTS = 19, OUTPUTS = 13, HEIGHT = 5, WIDTH = 7, PIXELS = HEIGHT * WIDTH };

typedef struct pointwise {
    float x[INPUTS * PIXELS], weights[OUTPUTS * INPUTS], bias[OUTPUTS], y[OUTPUTS * PIXELS];
} pointwise;

static void draw(pointwise *p) {
    random_source source = {3};
    fill(p->x, INPUTS * PIXELS, FILL_REAL, &source);
    fill(p->weights, OUTPUTS * INPUTS, FILL_REAL, &source);
    fill(p->bias, OUTPUTS, FILL_REAL, &source);
}

Test(source_text, one_by_one_equals_the_general_function_to_the_bit, .timeout = 30) {
    static pointwise p;
    static float general[OUTPUTS * PIXELS];
    draw(&p);
    cr_assert(corr2d_multi_in_out(p.x, INPUTS, HEIGHT, WIDTH, p.weights, OUTPUTS, 1, 1, general) == CORR2D_OK);
    cr_assert(corr2d_multi_in_out_1x1(p.x, INPUTS, HEIGHT, WIDTH, p.weights, OUTPUTS, NULL, p.y) == CORR2D_OK);
    assert_same(p.y, general, OUTPUTS * PIXELS);
}

Test(source_text, one_by_one_starts_each_chain_from_the_bias, .timeout = 30) {
    static pointwise p;
    test_layer layer = {
        .bias = true, .spec = {.in_channels = INPUTS, .in_height = HEIGHT, .in_width = WIDTH, .out_channels = OUTPUTS}};
    layer = layer_complete(layer);
    draw(&p);
    test_oracle oracle = oracle_make(&layer, &(layer_data){.x = p.x, .weights = p.weights, .bias = p.bias});
    cr_assert(corr2d_multi_in_out_1x1(p.x, INPUTS, HEIGHT, WIDTH, p.weights, OUTPUTS, p.bias, p.y) == CORR2D_OK);
    const size_t wrong = oracle_first_wrong(&oracle, p.y, corr2d_variant_is_fused(corr2d_variant()));
    cr_assert(wrong == oracle.count, "y[%zu] is %a, must be %a", wrong, (double)p.y[wrong],
              (double)oracle.chain[wrong]);
    oracle_free(&oracle);
}

Test(source_text, one_by_one_of_one_pixel_is_the_fully_connected_layer, .timeout = 30) {
    const float inputs[3] = {1, 2, 3}, weights[2][3] = {{1, 10, 100}, {2, 0, -1}}, bias[2] = {1000, 0.5f};
    const float outputs[2] = {1321, -0.5f};
    float y[2];
    cr_assert(corr2d_multi_in_out_1x1(inputs, 3, 1, 1, &weights[0][0], 2, bias, y) == CORR2D_OK);
    assert_same(y, outputs, 2);
}
