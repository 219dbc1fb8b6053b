/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to NaNs, infinities, denormals and zeros. */
#include "tests/support/criterion.h"

#include <math.h>
#include <string.h>

/* One output: x . weights + bias by a 1x1 kernel, or by one whose taps 1 ... count - 1 lie in the padding. */
typedef struct dot {
    size_t count;
    float x[4], weights[4], bias;
    bool padded;
    corr2d_activation activation;
    float min, max;
} dot;

static float dot_on(const char *variant, dot d) {
    corr2d_spec spec = {.in_channels = d.padded ? 1 : d.count,
                        .in_height = 1,
                        .in_width = 1,
                        .out_channels = 1,
                        .kernel_width = d.padded ? d.count : 1,
                        .pad_right = d.padded ? d.count - 1 : 0,
                        .activation = d.activation,
                        .clamp_min = d.min,
                        .clamp_max = d.max,
                        .variant = variant};
    corr2d_plan *plan;
    float y = -1.0f;
    cr_assert(corr2d_plan_create(&plan, &spec, d.weights, &d.bias) == CORR2D_OK);
    cr_assert(corr2d_run(plan, d.x, &y, NULL) == CORR2D_OK);
    corr2d_plan_destroy(plan);
    return y;
}

/* The same on every variant. */
static void assert_dot(dot d, float want) {
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        const float got = dot_on(corr2d_variant_at(i), d);
        cr_assert(oracle_same(got, want), "%s: %a, must be %a", corr2d_variant_at(i), (double)got, (double)want);
    }
}

Test(specials, nan_passes_through_every_activation, .timeout = 60) {
    assert_dot((dot){.count = 1, .x = {NAN}, .weights = {1}, .activation = CORR2D_IDENTITY}, NAN);
    assert_dot((dot){.count = 1, .x = {NAN}, .weights = {1}, .activation = CORR2D_RELU}, NAN);
    assert_dot((dot){.count = 1, .x = {NAN}, .weights = {1}, .activation = CORR2D_CLAMP, .min = -1, .max = 1}, NAN);
    assert_dot((dot){.count = 1, .x = {1}, .weights = {NAN}, .activation = CORR2D_RELU}, NAN);
    assert_dot((dot){.count = 1, .x = {1}, .weights = {1}, .bias = NAN, .activation = CORR2D_RELU}, NAN);
}

Test(specials, infinity_is_a_value_like_others, .timeout = 60) {
    assert_dot((dot){.count = 1, .x = {INFINITY}, .weights = {-2}}, -INFINITY);
    assert_dot((dot){.count = 2, .x = {INFINITY, INFINITY}, .weights = {1, -1}}, NAN);
    assert_dot((dot){.count = 2, .x = {INFINITY, 1}, .weights = {0, 1}}, NAN);
    assert_dot((dot){.count = 1, .x = {INFINITY}, .weights = {-1}, .activation = CORR2D_RELU}, 0.0f);
    assert_dot((dot){.count = 1, .x = {INFINITY}, .weights = {1}, .activation = CORR2D_CLAMP, .min = 0, .max = 6},
               6.0f);
    assert_dot(
        (dot){
            .count = 1, .x = {INFINITY}, .weights = {1}, .activation = CORR2D_CLAMP, .min = -INFINITY, .max = INFINITY},
        INFINITY);
}

Test(specials, padding_is_zero_times_the_weight, .timeout = 60) {
    assert_dot((dot){.count = 3, .x = {2}, .weights = {3, 5, 7}, .padded = true}, 6.0f);
    assert_dot((dot){.count = 3, .x = {2}, .weights = {3, INFINITY, 7}, .padded = true}, NAN);
    assert_dot((dot){.count = 3, .x = {2}, .weights = {3, 5, NAN}, .padded = true}, NAN);
}

Test(specials, denormals_are_not_flushed, .timeout = 60) {
    assert_dot((dot){.count = 1, .x = {0x1p-149f}, .weights = {1}}, 0x1p-149f);
    assert_dot((dot){.count = 1, .x = {0x1p-126f}, .weights = {0.5f}}, 0x1p-127f);
    assert_dot((dot){.count = 2, .x = {0x1p-149f, 0x1p-140f}, .weights = {3, 2}, .bias = 0x1p-148f}, 0x1.014p-139f);
    assert_dot((dot){.count = 1, .x = {0x1p-149f}, .weights = {0x1p100f}}, 0x1p-49f);
}

Test(specials, no_result_is_minus_zero, .timeout = 60) {
    const float zero = 0.0f;
    assert_dot((dot){.count = 1, .x = {-zero}, .weights = {1}, .bias = -zero}, zero);
    assert_dot((dot){.count = 1, .x = {zero}, .weights = {-1}, .bias = -zero}, zero);
    assert_dot((dot){.count = 1, .x = {-0x1p-149f}, .weights = {0x1p-149f}, .bias = -zero}, zero);
    assert_dot((dot){.count = 1, .x = {-1}, .weights = {1}, .activation = CORR2D_CLAMP, .min = -zero, .max = 1}, zero);
    assert_dot((dot){.count = 1, .x = {1}, .weights = {1}, .activation = CORR2D_CLAMP, .min = -1, .max = -zero}, zero);
    assert_dot((dot){.count = 1, .x = {-zero}, .weights = {1}, .bias = -zero, .activation = CORR2D_RELU}, zero);
}

Test(specials, every_step_is_fused, .timeout = 60) {
    const float a = 1.0f + 0x1p-12f, square = 1.0f + 0x1p-11f;
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        if (!corr2d_variant_is_fused(corr2d_variant_at(i))) continue;
        const float rest = dot_on(corr2d_variant_at(i), (dot){.count = 1, .x = {a}, .weights = {a}, .bias = -square});
        cr_assert(rest == 0x1p-24f, "%s: %a", corr2d_variant_at(i), (double)rest);
    }
}

/* In an order other than the weights', or in two halves, some of these sums come out otherwise. */
Test(specials, sums_keep_the_weights_order, .timeout = 60) {
    assert_dot((dot){.count = 4, .x = {1, 1, 1, 1}, .weights = {0x1p24f, 1, -0x1p24f, 1}}, 1.0f);
    assert_dot((dot){.count = 4, .x = {1, 1, 1, 1}, .weights = {1, 0x1p24f, 1, -0x1p24f}}, 0.0f);
    assert_dot((dot){.count = 4, .x = {1, 1, 1, 1}, .weights = {1, 1, 0x1p24f, -0x1p24f}, .bias = 1}, 4.0f);
    assert_dot((dot){.count = 2, .x = {1, 1}, .weights = {0x1p24f, -0x1p24f}, .bias = 1}, 0.0f);
}
