/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of bad input gives its status, and leaves what it would have written alone. */
#include <corr2d.h>

#include <criterion/criterion.h>
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

static const float weights[4 * 4 * 6 * 3];
static const float x[4 * 6 * 7];
static float y[4 * 4 * 5];

static corr2d_spec good_spec(void) {
    return (corr2d_spec){
        .in_channels = 4, .in_height = 6, .in_width = 7, .out_channels = 4, .kernel_height = 3, .kernel_width = 3};
}

static void assert_status(const char *what, const corr2d_spec *spec, corr2d_status want) {
    corr2d_plan *const before = (corr2d_plan *)(void *)y;
    corr2d_plan *plan = before;
    const corr2d_status status = corr2d_plan_create(&plan, spec, weights, NULL);
    cr_expect(status == want, "%s: %s, must be %s", what, corr2d_status_string(status), corr2d_status_string(want));
    cr_expect(status == CORR2D_OK || plan == before, "%s: the plan's pointer was written", what);
    if (status == CORR2D_OK) corr2d_plan_destroy(plan);
}

/* A good spec with one size changed. */
typedef struct size_case {
    const char *name;
    size_t offset, value;
    corr2d_status status;
} size_case;

#define SIZE_CASE(field, value, status)                                                                                \
    { #field " = " #value, offsetof(corr2d_spec, field), value, status }
#define HUGE_SIZE (SIZE_MAX / 2 + 2)

static const size_case size_cases[] = {
    SIZE_CASE(batch, 0, CORR2D_OK),
    SIZE_CASE(batch, HUGE_SIZE, CORR2D_SIZE_OVERFLOW),
    SIZE_CASE(batch, SIZE_MAX / 32, CORR2D_SIZE_OVERFLOW),
    SIZE_CASE(in_channels, 0, CORR2D_INVALID_ARGUMENT),
    SIZE_CASE(in_channels, HUGE_SIZE, CORR2D_SIZE_OVERFLOW),
    SIZE_CASE(in_channels, SIZE_MAX / 64, CORR2D_SIZE_OVERFLOW),
    SIZE_CASE(in_height, 0, CORR2D_INVALID_ARGUMENT),
    SIZE_CASE(in_height, 2, CORR2D_INVALID_ARGUMENT),
    SIZE_CASE(in_height, HUGE_SIZE, CORR2D_SIZE_OVERFLOW),
    SIZE_CASE(in_height, SIZE_MAX, CORR2D_SIZE_OVERFLOW),
    SIZE_CASE(in_width, 0, CORR2D_INVALID_ARGUMENT),
    SIZE_CASE(in_width, 2, CORR2D_INVALID_ARGUMENT),
    SIZE_CASE(in_width, SIZE_MAX / 16, CORR2D_SIZE_OVERFLOW),
    SIZE_CASE(out_channels, 0, CORR2D_INVALID_ARGUMENT),
    SIZE_CASE(out_channels, HUGE_SIZE, CORR2D_SIZE_OVERFLOW),
    SIZE_CASE(out_channels, SIZE_MAX / 128, CORR2D_SIZE_OVERFLOW),
    SIZE_CASE(kernel_height, 0, CORR2D_OK),
    SIZE_CASE(kernel_height, 6, CORR2D_OK),
    SIZE_CASE(kernel_height, 7, CORR2D_INVALID_ARGUMENT),
    SIZE_CASE(kernel_width, 0, CORR2D_OK),
    SIZE_CASE(kernel_width, 8, CORR2D_INVALID_ARGUMENT),
    SIZE_CASE(stride_height, 0, CORR2D_OK),
    SIZE_CASE(stride_height, SIZE_MAX, CORR2D_OK),
    SIZE_CASE(stride_width, SIZE_MAX, CORR2D_OK),
    SIZE_CASE(dilation_height, 0, CORR2D_OK),
    SIZE_CASE(dilation_height, 3, CORR2D_INVALID_ARGUMENT),
    SIZE_CASE(dilation_height, SIZE_MAX, CORR2D_SIZE_OVERFLOW),
    SIZE_CASE(dilation_width, 4, CORR2D_INVALID_ARGUMENT),
    SIZE_CASE(dilation_width, HUGE_SIZE, CORR2D_SIZE_OVERFLOW),
    SIZE_CASE(pad_top, SIZE_MAX, CORR2D_SIZE_OVERFLOW),
    SIZE_CASE(pad_bottom, SIZE_MAX - 5, CORR2D_SIZE_OVERFLOW),
    SIZE_CASE(pad_left, HUGE_SIZE, CORR2D_SIZE_OVERFLOW),
    SIZE_CASE(pad_right, SIZE_MAX, CORR2D_SIZE_OVERFLOW),
    SIZE_CASE(groups, 0, CORR2D_OK),
    SIZE_CASE(groups, 2, CORR2D_OK),
    SIZE_CASE(groups, 3, CORR2D_INVALID_ARGUMENT),
    SIZE_CASE(groups, 8, CORR2D_INVALID_ARGUMENT),
    SIZE_CASE(groups, SIZE_MAX, CORR2D_INVALID_ARGUMENT),
};

Test(status, of_every_size, .timeout = 60) {
    for (size_t i = 0; i < sizeof size_cases / sizeof *size_cases; i++) {
        corr2d_spec spec = good_spec();
        memcpy((char *)&spec + size_cases[i].offset, &size_cases[i].value, sizeof(size_t));
        assert_status(size_cases[i].name, &spec, size_cases[i].status);
    }
}

Test(status, of_groups_that_divide_one_channel_count_alone, .timeout = 60) {
    corr2d_spec spec = good_spec();
    spec.groups = 4;
    spec.out_channels = 6;
    assert_status("4 in, 6 out, 4 groups", &spec, CORR2D_INVALID_ARGUMENT);
    spec.in_channels = 6;
    spec.out_channels = 4;
    assert_status("6 in, 4 out, 4 groups", &spec, CORR2D_INVALID_ARGUMENT);
}

Test(status, of_unknown_kinds, .timeout = 60) {
    corr2d_spec type = good_spec(), layout = good_spec(), order = good_spec(), activation = good_spec();
    type.type = (corr2d_type)1;
    layout.layout = (corr2d_layout)2;
    order.weights_layout = (corr2d_weights)2;
    activation.activation = (corr2d_activation)3;
    assert_status("type", &type, CORR2D_UNSUPPORTED);
    assert_status("layout", &layout, CORR2D_UNSUPPORTED);
    assert_status("weights' layout", &order, CORR2D_UNSUPPORTED);
    assert_status("activation", &activation, CORR2D_UNSUPPORTED);
}

typedef struct clamp_case {
    float min, max;
    corr2d_status status;
} clamp_case;

Test(status, of_the_clamp, .timeout = 60) {
    static const clamp_case cases[] = {
        {0, 6, CORR2D_OK},
        {1, 1, CORR2D_OK},
        {-INFINITY, INFINITY, CORR2D_OK},
        {1, 0, CORR2D_INVALID_ARGUMENT},
        {NAN, 1, CORR2D_INVALID_ARGUMENT},
        {0, NAN, CORR2D_INVALID_ARGUMENT},
        {NAN, NAN, CORR2D_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        corr2d_spec spec = good_spec();
        spec.clamp_min = cases[i].min;
        spec.clamp_max = cases[i].max;
        assert_status("a clamp that is not asked for", &spec, CORR2D_OK);
        spec.activation = CORR2D_CLAMP;
        assert_status("a clamp", &spec, cases[i].status);
    }
}

typedef struct strides_case {
    const char *name;
    corr2d_strides x, y;
    corr2d_status status;
} strides_case;

/* x is (4, 6, 7), y is (4, 4, 5). */
static const strides_case strides_cases[] = {
    {"x dense, spelt out", {168, 42, 7, 1}, {0}, CORR2D_OK},
    {"x one element over and over", {0, 0, 0, 1}, {0}, CORR2D_OK},
    {"x past the address space", {0, 42, SIZE_MAX / 8, 1}, {0}, CORR2D_SIZE_OVERFLOW},
    {"x wrapping around", {0, SIZE_MAX / 3 + 1, 7, 1}, {0}, CORR2D_SIZE_OVERFLOW},
    {"y dense, spelt out", {0}, {80, 20, 5, 1}, CORR2D_OK},
    {"y channels innermost", {0}, {0, 1, 20, 4}, CORR2D_OK},
    {"y columns outermost", {0}, {0, 4, 1, 16}, CORR2D_OK},
    {"y with gaps", {0}, {0, 100, 9, 2}, CORR2D_OK},
    {"y rows overlapping", {0}, {80, 20, 4, 1}, CORR2D_INVALID_ARGUMENT},
    {"y channels overlapping", {0}, {80, 19, 5, 1}, CORR2D_INVALID_ARGUMENT},
    {"y columns on one another", {0}, {80, 20, 5, 0}, CORR2D_INVALID_ARGUMENT},
    {"y channels on one another", {0}, {80, 0, 5, 1}, CORR2D_INVALID_ARGUMENT},
    {"y past the address space", {0}, {80, SIZE_MAX / 8, 5, 1}, CORR2D_SIZE_OVERFLOW},
    {"y wrapping around", {0}, {0, SIZE_MAX / 3 + 2, 5, 1}, CORR2D_SIZE_OVERFLOW},
};

Test(status, of_the_strides, .timeout = 60) {
    for (size_t i = 0; i < sizeof strides_cases / sizeof *strides_cases; i++) {
        corr2d_spec spec = good_spec();
        spec.x_strides = strides_cases[i].x;
        spec.y_strides = strides_cases[i].y;
        assert_status(strides_cases[i].name, &spec, strides_cases[i].status);
    }
}

Test(status, of_images_on_one_another, .timeout = 60) {
    corr2d_spec spec = good_spec();
    spec.batch = 2;
    spec.y_strides = (corr2d_strides){79, 20, 5, 1};
    assert_status("overlapping images", &spec, CORR2D_INVALID_ARGUMENT);
    spec.y_strides.batch = 80;
    assert_status("images side by side", &spec, CORR2D_OK);
}

Test(status, of_variants, .timeout = 60) {
    corr2d_spec spec = good_spec();
    spec.variant = "no such variant";
    assert_status(spec.variant, &spec, CORR2D_UNKNOWN_VARIANT);
    spec.variant = "";
    assert_status("the empty name", &spec, CORR2D_UNKNOWN_VARIANT);
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        spec.variant = corr2d_variant_at(i);
        assert_status(spec.variant, &spec, CORR2D_OK);
    }
}

Test(status, of_null_for_a_plan, .timeout = 60) {
    const corr2d_spec spec = good_spec();
    corr2d_plan *const before = (corr2d_plan *)(void *)y;
    corr2d_plan *plan = before;
    cr_expect(corr2d_plan_create(NULL, &spec, weights, NULL) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_plan_create(&plan, NULL, weights, NULL) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_plan_create(&plan, &spec, NULL, NULL) == CORR2D_INVALID_ARGUMENT);
    cr_expect(plan == before);
}

Test(status, of_output_size, .timeout = 60) {
    corr2d_spec spec = good_spec();
    size_t height = 77, width = 78;
    cr_expect(corr2d_output_size(NULL, &height, &width) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_output_size(&spec, NULL, &width) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_output_size(&spec, &height, NULL) == CORR2D_INVALID_ARGUMENT);
    spec.kernel_width = 8;
    cr_expect(corr2d_output_size(&spec, &height, &width) == CORR2D_INVALID_ARGUMENT);
    spec.kernel_width = 3;
    spec.in_width = 0;
    cr_expect(corr2d_output_size(&spec, &height, &width) == CORR2D_INVALID_ARGUMENT);
    spec.in_width = SIZE_MAX;
    cr_expect(corr2d_output_size(&spec, &height, &width) == CORR2D_SIZE_OVERFLOW);
    cr_expect(height == 77 && width == 78);
}

static bool untouched(const float *values, size_t count) {
    while (count > 0 && values[count - 1] == 5.0f) count--;
    return count == 0;
}

static void fill_y(void) {
    for (size_t i = 0; i < sizeof y / sizeof *y; i++) y[i] = 5.0f;
}

Test(status, of_runs, .timeout = 60) {
    const corr2d_spec spec = good_spec();
    corr2d_plan *plan;
    cr_assert(corr2d_plan_create(&plan, &spec, weights, NULL) == CORR2D_OK);
    fill_y();
    cr_expect(corr2d_run(NULL, x, y, NULL) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_run(plan, NULL, y, NULL) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_run(plan, x, NULL, NULL) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_run_part(NULL, x, y, NULL, 0, 1) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_run_part(plan, NULL, y, NULL, 0, 1) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_run_part(plan, x, NULL, NULL, 0, 1) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_run_part(plan, x, y, NULL, 0, 0) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_run_part(plan, x, y, NULL, 1, 1) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_run_part(plan, x, y, NULL, SIZE_MAX, 3) == CORR2D_INVALID_ARGUMENT);
    cr_expect(untouched(y, sizeof y / sizeof *y));
    corr2d_plan_destroy(plan);
}

Test(status, of_the_plain_functions, .timeout = 60) {
    fill_y();
    cr_expect(corr2d_multi_in(NULL, 4, 6, 7, weights, 3, 3, y) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_multi_in(x, 4, 6, 7, NULL, 3, 3, y) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_multi_in(x, 4, 6, 7, weights, 3, 3, NULL) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_multi_in(x, 0, 6, 7, weights, 3, 3, y) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_multi_in(x, 4, 0, 7, weights, 3, 3, y) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_multi_in(x, 4, 6, 0, weights, 3, 3, y) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_multi_in(x, 4, 6, 7, weights, 0, 3, y) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_multi_in(x, 4, 6, 7, weights, 3, 0, y) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_multi_in(x, 4, 6, 7, weights, 7, 3, y) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_multi_in(x, 4, SIZE_MAX, 7, weights, 3, 3, y) == CORR2D_SIZE_OVERFLOW);
    cr_expect(corr2d_multi_in_out(NULL, 4, 6, 7, weights, 4, 3, 3, y) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_multi_in_out(x, 4, 6, 7, weights, 0, 3, 3, y) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_multi_in_out(x, 4, 6, 7, weights, SIZE_MAX, 3, 3, y) == CORR2D_SIZE_OVERFLOW);
    cr_expect(corr2d_multi_in_out_1x1(x, 4, 6, 7, NULL, 1, NULL, y) == CORR2D_INVALID_ARGUMENT);
    cr_expect(corr2d_multi_in_out_1x1(x, 4, 6, 7, weights, 0, NULL, y) == CORR2D_INVALID_ARGUMENT);
    cr_expect(untouched(y, sizeof y / sizeof *y));
}

Test(status, null_plans_are_harmless, .timeout = 60) {
    corr2d_plan_destroy(NULL);
    cr_expect(corr2d_plan_workspace_size(NULL) == 0);
    cr_expect(corr2d_plan_variant(NULL) == NULL);
}

Test(status, has_a_sentence_for_every_value, .timeout = 60) {
    for (int status = -1; status <= CORR2D_UNKNOWN_VARIANT + 1; status++) {
        const char *const text = corr2d_status_string((corr2d_status)status);
        cr_assert(text && *text);
        cr_expect(text[strlen(text) - 1] != '.');
        for (int other = 0; other < status; other++) {
            cr_expect(strcmp(text, corr2d_status_string((corr2d_status)other)) != 0, "%d and %d", status, other);
        }
    }
}
