/* SPDX-License-Identifier: Apache-2.0 */
/* Which way a layer is run: whether vectors go over pixels or over output channels, as kernels/README.md has it. */
#include "kernels/dispatch.h"
#include "kernels/plan.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { MOST_WEIGHTS = 256 * 256 * 9 };

static const corr2d_path *path_of(const corr2d_kernels *kernels, corr2d_spec spec) {
    static float weights[MOST_WEIGHTS];
    corr2d_plan *plan;
    cr_assert(corr2d_plan_make(&plan, &spec, kernels, weights, NULL) == CORR2D_OK);
    const corr2d_path *const path = plan->path;
    corr2d_plan_destroy(plan);
    return path;
}

static void assert_paths(corr2d_spec spec, const corr2d_path *wanted) {
    for (size_t i = 0; corr2d_dispatch_at(corr2d_cpu_flags(), i); i++) {
        const corr2d_kernels *const kernels = corr2d_dispatch_at(corr2d_cpu_flags(), i);
        cr_assert(path_of(kernels, spec) == wanted, "%s", kernels->name);
    }
}

static corr2d_spec square(size_t channels, size_t map, size_t out, size_t kernel) {
    return (corr2d_spec){.in_channels = channels,
                         .in_height = map,
                         .in_width = map,
                         .out_channels = out,
                         .kernel_height = kernel,
                         .kernel_width = kernel,
                         .pad_top = kernel / 2,
                         .pad_bottom = kernel / 2,
                         .pad_left = kernel / 2,
                         .pad_right = kernel / 2};
}

Test(orientation, of_channels_side_by_side_is_over_channels) {
    for (size_t kernel = 1; kernel <= 3; kernel += 2) {
        corr2d_spec spec = square(16, 9, 16, kernel);
        spec.layout = CORR2D_NHWC;
        assert_paths(spec, &corr2d_path_channel);
    }
}

Test(orientation, of_pointwise_planes_is_over_pixels) { assert_paths(square(512, 14, 64, 1), &corr2d_path_pixel); }

Test(orientation, of_long_sums_on_narrow_planes_is_over_channels) {
    assert_paths(square(256, 14, 16, 3), &corr2d_path_channel);
    assert_paths(square(3, 14, 16, 3), &corr2d_path_pixel);
}

Test(orientation, of_long_sums_on_wide_planes_is_as_the_variant_has_it) {
    for (size_t i = 0; corr2d_dispatch_at(corr2d_cpu_flags(), i); i++) {
        const corr2d_kernels *const kernels = corr2d_dispatch_at(corr2d_cpu_flags(), i);
        const size_t most = kernels->channel_columns;
        cr_assert(path_of(kernels, square(32, most, 8, 3)) == &corr2d_path_channel, "%s", kernels->name);
        cr_assert(path_of(kernels, square(32, most + 1, 8, 3)) == &corr2d_path_pixel, "%s", kernels->name);
    }
}

Test(orientation, of_one_pixel_is_over_pixels_which_streams_the_weights) {
    corr2d_spec spec = square(64, 1, 64, 1);
    assert_paths(spec, &corr2d_path_pixel);
    spec.layout = CORR2D_NHWC;
    assert_paths(spec, &corr2d_path_pixel);
}

Test(orientation, of_depthwise_layers_is_that_of_their_layout) {
    corr2d_spec spec = square(32, 9, 32, 3);
    spec.groups = 32;
    assert_paths(spec, &corr2d_path_depthwise_pixel);
    spec.layout = CORR2D_NHWC;
    assert_paths(spec, &corr2d_path_depthwise_channel);
}
