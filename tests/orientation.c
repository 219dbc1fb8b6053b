/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which way a layer is run: whether vectors go over pixels or over output channels, and how the taps in the padding are
 * left out, as kernels/README.md has it.
 */
#include "kernels/dispatch.h"
#include "kernels/plan.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WEIGHTS = 1024 * 1024 };

/* Without its arrays. */
static corr2d_plan plan_of(const corr2d_kernels *kernels, corr2d_spec spec) {
    static float weights[MOST_WEIGHTS];
    corr2d_plan *plan;
    cr_assert(corr2d_plan_make(&plan, &spec, kernels, weights, NULL) == CORR2D_OK);
    const corr2d_plan copy = *plan;
    corr2d_plan_destroy(plan);
    return copy;
}

static const corr2d_path *path_of(const corr2d_kernels *kernels, corr2d_spec spec) {
    return plan_of(kernels, spec).path;
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

Test(orientation, of_pointwise_planes_is_over_pixels_in_strips_of_whole_tiles) {
    assert_paths(square(512, 14, 64, 1), &corr2d_path_pixel);
    assert_paths(square(512, 16, 64, 1), &corr2d_path_pixel);
    assert_paths(square(512, 25, 64, 1), &corr2d_path_pixel);
    assert_paths(square(128, 13, 64, 1), &corr2d_path_pixel);
    corr2d_spec spec = square(64, 112, 64, 1); /* 56 rows of 56 are more than a strip; equal ones have 19 rows or 18 */
    spec.stride_height = spec.stride_width = 2;
    for (size_t i = 0; corr2d_dispatch_at(corr2d_cpu_flags(), i); i++) {
        const corr2d_kernels *const kernels = corr2d_dispatch_at(corr2d_cpu_flags(), i);
        const corr2d_plan plan = plan_of(kernels, spec);
        const size_t tile = kernels->pixel_vectors * kernels->lanes;
        cr_assert(plan.strips_down > 1 && plan.strip_height * 56 % tile == 0, "%s", kernels->name);
    }
}

/* Which the widest pixel tiles do not do. */
Test(orientation, of_a_single_tap_is_over_narrower_vectors) {
    for (size_t i = 0; corr2d_dispatch_at(corr2d_cpu_flags(), i); i++) {
        const corr2d_kernels *const kernels = corr2d_dispatch_at(corr2d_cpu_flags(), i);
        const corr2d_kernels *const wanted = kernels->narrower ? kernels->narrower : kernels;
        cr_assert(plan_of(kernels, square(1, 16, 8, 1)).kernels == wanted, "%s", kernels->name);
        cr_assert(plan_of(kernels, square(2, 16, 8, 1)).kernels == kernels, "%s", kernels->name);
    }
}

/* The input channels of a block. */
static size_t block_of(const corr2d_kernels *kernels, corr2d_spec spec) {
    const corr2d_plan plan = plan_of(kernels, spec);
    cr_assert(plan.path == &corr2d_path_pixel, "%s", kernels->name);
    return plan.block;
}

/* 1023 blocks of 1024 channels would leave one. Rows of 514 outputs are no whole vectors, those of 528 are. */
Test(orientation, of_pixels_leaves_no_block_of_a_single_tap_and_has_shorter_ones_for_ragged_rows) {
    const size_t channels = 1024 * 1023 + 1;
    for (size_t i = 0; corr2d_dispatch_at(corr2d_cpu_flags(), i); i++) {
        const corr2d_kernels *const kernels = corr2d_dispatch_at(corr2d_cpu_flags(), i);
        cr_assert(channels % block_of(kernels, square(channels, 8, 1, 1)) > 1, "%s", kernels->name);
        cr_assert(block_of(kernels, square(64, 514, 8, 3)) == (kernels->lanes > 1 ? 32 : 64), "%s", kernels->name);
        cr_assert(block_of(kernels, square(64, 528, 8, 3)) == 64, "%s", kernels->name);
    }
}

/*
 * 169 and 49 pixels leave 9 and 1 of vectors of 16, and 16 are no more than one. Then channels have to fill two
 * vectors or more, and be no more than nine, but for few pixels. 196 leave 4, so that there are to be two.
 */
Test(orientation, of_pointwise_planes_that_fill_vectors_badly_is_as_the_variant_has_it) {
    for (size_t i = 0; corr2d_dispatch_at(corr2d_cpu_flags(), i); i++) {
        const corr2d_kernels *const kernels = corr2d_dispatch_at(corr2d_cpu_flags(), i);
        const corr2d_path *const wanted = kernels->channel_map ? &corr2d_path_channel : &corr2d_path_pixel;
        const size_t filled[][2] = {{13, 48}, {7, 64}, {7, 144}, {13, 128}, {7, 32},
                                    {14, 30}, {5, 25}, {4, 17},  {3, 8}};
        const size_t idle[][2] = {{13, 47}, {7, 56}, {7, 28},  {12, 32}, {13, 72}, {5, 24},
                                  {4, 16},  {2, 8},  {14, 64}, {7, 160}, {13, 255}};
        for (size_t k = 0; k < sizeof filled / sizeof *filled; k++) {
            cr_assert(path_of(kernels, square(512, filled[k][0], filled[k][1], 1)) == wanted, "%s", kernels->name);
        }
        for (size_t k = 0; k < sizeof idle / sizeof *idle; k++) {
            const corr2d_spec layer = square(512, idle[k][0], idle[k][1], 1);
            cr_assert(path_of(kernels, layer) == &corr2d_path_pixel, "%s", kernels->name);
        }
    }
}

/* But half a vector of them on rows of 9 outputs and more, a vector or one lane for four channels on rows of 28. */
static void assert_few_channels(const corr2d_kernels *kernels) {
    const size_t lanes = kernels->lanes, half = lanes / 2;
    if (lanes == 1) return;
    cr_assert(path_of(kernels, square(64, 8, half, 3)) == &corr2d_path_channel, "%s", kernels->name);
    cr_assert(path_of(kernels, square(64, 9, half, 3)) == &corr2d_path_pixel, "%s", kernels->name);
    cr_assert(path_of(kernels, square(64, 9, half + 1, 3)) == &corr2d_path_channel, "%s", kernels->name);
    if (kernels->channel_columns < 28) return;
    cr_assert(path_of(kernels, square(64, 27, lanes, 3)) == &corr2d_path_channel, "%s", kernels->name);
    cr_assert(path_of(kernels, square(64, 28, lanes, 3)) == &corr2d_path_pixel, "%s", kernels->name);
    cr_assert(path_of(kernels, square(64, 28, lanes + half, 3)) == &corr2d_path_pixel, "%s", kernels->name);
    cr_assert(path_of(kernels, square(64, 28, 2 * lanes, 3)) == &corr2d_path_channel, "%s", kernels->name);
}

/* Or with few outputs, whose planes take longer to pack than to add up. */
Test(orientation, of_long_sums_on_narrow_planes_is_over_channels) {
    assert_paths(square(1, 4, 4, 3), &corr2d_path_channel);
    assert_paths(square(1, 5, 4, 3), &corr2d_path_pixel);
    assert_paths(square(1, 4, 33, 3), &corr2d_path_pixel);
    assert_paths(square(256, 14, 16, 3), &corr2d_path_channel);
    assert_paths(square(3, 14, 16, 3), &corr2d_path_pixel);
    for (size_t i = 0; corr2d_dispatch_at(corr2d_cpu_flags(), i); i++) {
        assert_few_channels(corr2d_dispatch_at(corr2d_cpu_flags(), i));
    }
}

/*
 * Of 144 taps only where rows are no whole vectors, of 288 and more where those that are have as many as the variant
 * says, or of 288 half as many where planes share sets, as those of 64 by 64 and 96 by 96 do and of 144 by 144 not, and
 * of more than 800 as if they were none.
 */
Test(orientation, of_long_sums_on_wide_planes_is_as_the_variant_has_it) {
    for (size_t i = 0; corr2d_dispatch_at(corr2d_cpu_flags(), i); i++) {
        const corr2d_kernels *const kernels = corr2d_dispatch_at(corr2d_cpu_flags(), i);
        const size_t most = kernels->channel_columns, small = kernels->small_columns,
                     longest = kernels->long_columns ? kernels->long_columns : most,
                     whole = small                    ? small
                             : kernels->whole_columns ? kernels->whole_columns
                                                      : most;
        cr_assert(path_of(kernels, square(40, whole, 64, 3)) == &corr2d_path_channel, "%s", kernels->name);
        cr_assert(path_of(kernels, square(40, whole + 16, 64, 3)) == &corr2d_path_pixel, "%s", kernels->name);
        cr_assert(path_of(kernels, square(88, whole + 16, 64, 3)) == &corr2d_path_pixel, "%s", kernels->name);
        cr_assert(path_of(kernels, square(89, longest, 64, 3)) == &corr2d_path_channel, "%s", kernels->name);
        cr_assert(path_of(kernels, square(89, longest + 16, 64, 3)) == &corr2d_path_pixel, "%s", kernels->name);
        cr_assert(path_of(kernels, square(32, most, 64, 3)) == &corr2d_path_pixel, "%s", kernels->name);
        const corr2d_path *const short_whole = whole >= 144 ? &corr2d_path_channel : &corr2d_path_pixel;
        cr_assert(path_of(kernels, square(32, 64, 64, 3)) == short_whole, "%s", kernels->name);
        cr_assert(path_of(kernels, square(32, 96, 64, 3)) == &corr2d_path_pixel, "%s", kernels->name);
        cr_assert(path_of(kernels, square(32, 144, 64, 3)) == short_whole, "%s", kernels->name);
        cr_assert(path_of(kernels, square(40, 96, 64, 3)) == short_whole, "%s", kernels->name);
        const corr2d_path *const long_ragged = kernels->long_columns ? &corr2d_path_channel : &corr2d_path_pixel;
        cr_assert(path_of(kernels, square(32, most + 1, 64, 3)) == long_ragged, "%s", kernels->name);
        cr_assert(path_of(kernels, square(32, 513, 64, 3)) == &corr2d_path_pixel, "%s", kernels->name);
        cr_assert(path_of(kernels, square(16, most, 64, 3)) == &corr2d_path_pixel, "%s", kernels->name);
        const bool ragged = kernels->lanes > 1;
        cr_assert(path_of(kernels, square(16, most - 1, 64, 3)) == (ragged ? &corr2d_path_channel : &corr2d_path_pixel),
                  "%s", kernels->name);
    }
}

/* Rows of whole vectors, sums of 216 taps: of 48 outputs too many, of 126 taps too short. 64 x 64 floats are 16 KiB. */
Test(orientation, of_few_outputs_on_planes_that_share_no_sets_is_as_the_variant_has_it) {
    for (size_t i = 0; corr2d_dispatch_at(corr2d_cpu_flags(), i); i++) {
        const corr2d_kernels *const kernels = corr2d_dispatch_at(corr2d_cpu_flags(), i);
        const corr2d_path *const few = kernels->few_columns ? &corr2d_path_channel : &corr2d_path_pixel;
        cr_assert(path_of(kernels, square(24, 80, 16, 3)) == few, "%s", kernels->name);
        cr_assert(path_of(kernels, square(24, 112, 32, 3)) == few, "%s", kernels->name);
        const size_t others[][3] = {{24, 144, 32}, {24, 80, 48}, {24, 80, 24}, {14, 80, 32}, {24, 64, 32}};
        for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
            const corr2d_spec layer = square(others[k][0], others[k][1], others[k][2], 3);
            cr_assert(path_of(kernels, layer) == &corr2d_path_pixel, "%s", kernels->name);
        }
    }
}

/* Sums of 288 taps, and of 360; and larger kernels, of 500. */
Test(orientation, of_an_odd_number_of_vectors_of_channels_is_as_the_variant_has_it) {
    for (size_t i = 0; corr2d_dispatch_at(corr2d_cpu_flags(), i); i++) {
        const corr2d_kernels *const kernels = corr2d_dispatch_at(corr2d_cpu_flags(), i);
        const size_t most = kernels->odd_columns, whole = kernels->whole_columns, lanes = kernels->lanes;
        if (most == 0) continue;
        cr_assert(path_of(kernels, square(32, most, 5 * lanes, 3)) == &corr2d_path_channel, "%s", kernels->name);
        cr_assert(path_of(kernels, square(32, most + lanes, 5 * lanes, 3)) == &corr2d_path_pixel, "%s", kernels->name);
        cr_assert(path_of(kernels, square(32, most + lanes, 6 * lanes, 3)) == &corr2d_path_channel, "%s",
                  kernels->name);
        cr_assert(path_of(kernels, square(32, most + 1, 5 * lanes, 3)) == &corr2d_path_channel, "%s", kernels->name);
        cr_assert(path_of(kernels, square(40, whole, 5 * lanes, 3)) == &corr2d_path_channel, "%s", kernels->name);
        cr_assert(path_of(kernels, square(40, whole + lanes, 5 * lanes, 3)) == &corr2d_path_pixel, "%s", kernels->name);
        cr_assert(path_of(kernels, square(20, whole, 64, 5)) == &corr2d_path_channel, "%s", kernels->name);
        cr_assert(path_of(kernels, square(20, whole + lanes, 64, 5)) == &corr2d_path_pixel, "%s", kernels->name);
    }
}

/* Rows of 2 * most + 1 inputs have one output too many, and are no whole vectors. */
Test(orientation, of_wide_planes_with_a_stride_is_as_the_variant_has_it) {
    for (size_t i = 0; corr2d_dispatch_at(corr2d_cpu_flags(), i); i++) {
        const corr2d_kernels *const kernels = corr2d_dispatch_at(corr2d_cpu_flags(), i);
        corr2d_spec spec = square(40, 2 * kernels->channel_columns, 128, 3);
        spec.stride_height = spec.stride_width = 2;
        cr_assert(path_of(kernels, spec) == &corr2d_path_channel, "%s", kernels->name);
        spec.in_height = ++spec.in_width;
        const corr2d_path *const wanted = kernels->long_columns ? &corr2d_path_channel : &corr2d_path_pixel;
        cr_assert(path_of(kernels, spec) == wanted, "%s", kernels->name);
    }
}

Test(orientation, of_groups_on_planes_is_over_channels_where_their_outputs_are_whole_vectors) {
    corr2d_spec spec = square(64, 14, 64, 3);
    spec.groups = 4;
    assert_paths(spec, &corr2d_path_channel);
    spec.groups = 16;
    assert_paths(spec, &corr2d_path_pixel);
}

/* They waste lanes over channels, which planes to be packed with a stride make up for. */
Test(orientation, of_groups_on_narrow_planes_that_fill_half_a_vector_is_over_channels_with_a_stride_alone) {
    for (size_t i = 0; corr2d_dispatch_at(corr2d_cpu_flags(), i); i++) {
        const corr2d_kernels *const kernels = corr2d_dispatch_at(corr2d_cpu_flags(), i);
        corr2d_spec spec = square(64, 14, 64, 3);
        spec.groups = 8;
        if (kernels->lanes != 16) continue;
        cr_assert(path_of(kernels, spec) == &corr2d_path_pixel, "%s", kernels->name);
        spec.stride_height = spec.stride_width = 2;
        cr_assert(path_of(kernels, spec) == &corr2d_path_channel, "%s", kernels->name);
    }
}

Test(orientation, of_one_pixel_is_over_pixels_which_streams_the_weights) {
    corr2d_spec spec = square(64, 1, 64, 1);
    assert_paths(spec, &corr2d_path_pixel);
    spec.layout = CORR2D_NHWC;
    assert_paths(spec, &corr2d_path_pixel);
}

/* Whose distances from tap to tap take more than 31 bits. */
Test(orientation, of_taps_far_apart_is_over_pixels) {
    corr2d_spec spec = square(1, 3, 16, 3);
    spec.layout = CORR2D_NHWC;
    spec.x_strides = (corr2d_strides){.batch = 1, .channel = 1, .row = (1u << 30) - 2, .column = 1};
    assert_paths(spec, &corr2d_path_channel);
    spec.x_strides.row++;
    assert_paths(spec, &corr2d_path_pixel);
    spec.groups = spec.in_channels = 16;
    assert_paths(spec, &corr2d_path_depthwise_pixel);
}

Test(orientation, of_depthwise_layers_is_that_of_their_layout) {
    corr2d_spec spec = square(32, 9, 32, 3);
    spec.groups = 32;
    assert_paths(spec, &corr2d_path_depthwise_pixel);
    spec.layout = CORR2D_NHWC;
    assert_paths(spec, &corr2d_path_depthwise_channel);
}

Test(orientation, of_groups_of_few_channels_side_by_side_is_over_several_at_once) {
    corr2d_spec spec = square(48, 9, 48, 3);
    spec.layout = CORR2D_NHWC;
    for (size_t i = 0; corr2d_dispatch_at(corr2d_cpu_flags(), i); i++) {
        const corr2d_kernels *const kernels = corr2d_dispatch_at(corr2d_cpu_flags(), i);
        corr2d_layer layer;
        if (!kernels->channel_groups) continue;
        for (size_t group = 2; group <= 4; group *= 2) {
            spec.groups = 48 / group;
            cr_assert(corr2d_layer_resolve(&layer, &spec) == CORR2D_OK);
            cr_expect(corr2d_groups_together(&layer, kernels) == kernels->lanes / group, "%s", kernels->name);
            layer.y.channel = 2;
            cr_expect(corr2d_groups_together(&layer, kernels) == 1, "%s", kernels->name);
        }
    }
}

/* Looks at the plans that all variants make of a layer, one of its weights being `first`. */
static void look_at_all_plans(corr2d_spec spec, float first, void (*look)(const corr2d_plan *plan)) {
    static float weights[MOST_WEIGHTS];
    weights[0] = first;
    for (size_t i = 0; corr2d_dispatch_at(corr2d_cpu_flags(), i); i++) {
        corr2d_plan *plan;
        cr_assert(corr2d_plan_make(&plan, &spec, corr2d_dispatch_at(corr2d_cpu_flags(), i), weights, NULL) ==
                  CORR2D_OK);
        look(plan);
        corr2d_plan_destroy(plan);
    }
}

static void look_at_plans(corr2d_spec spec, float first, void (*look)(const corr2d_plan *plan)) {
    spec.layout = CORR2D_NHWC;
    look_at_all_plans(spec, first, look);
}

static void in_place(const corr2d_plan *plan) {
    cr_expect(plan->in_place && corr2d_plan_workspace_size(plan) == 0, "%s", plan->variant);
}

static void packed(const corr2d_plan *plan) { cr_expect(!plan->in_place, "%s", plan->variant); }

static void in_blocks(const corr2d_plan *plan) {
    cr_expect(plan->rows_in_place == (plan->kernels->depthwise_blocks != NULL), "%s", plan->variant);
    in_place(plan);
}

static void over_narrower_vectors(const corr2d_plan *plan) {
    cr_expect(plan->kernels->narrower == NULL && plan->rows_in_place == (plan->kernels->depthwise_rows != NULL), "%s",
              plan->variant);
}

static void over_its_own_vectors(const corr2d_plan *plan) {
    cr_expect(strcmp(plan->kernels->name, plan->variant) == 0, "%s", plan->variant);
}

static void tap_by_tap(const corr2d_plan *plan) { cr_expect(!plan->rows_in_place, "%s", plan->variant); }

Test(orientation, of_depthwise_layers_is_in_blocks_that_leave_out_columns_of_padding) {
    corr2d_spec spec = square(48, 14, 48, 3);
    spec.groups = 48;
    look_at_plans(spec, 1.0f, in_blocks);
    look_at_plans(spec, INFINITY, tap_by_tap);
    spec.pad_left = 2;
    look_at_plans(spec, 1.0f, tap_by_tap);
    spec.pad_left = 1;
    spec.pad_right = 2;
    look_at_plans(spec, 1.0f, tap_by_tap);
    spec = square(48, 14, 48, 3);
    spec.groups = 48;
    spec.stride_height = spec.stride_width = 2;
    static const size_t own[] = {14, 28, 56, 75, 84}, narrower[] = {32, 64, 86, 112};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        spec.in_width = own[i];
        look_at_all_plans(spec, 1.0f, over_its_own_vectors);
    }
    for (size_t i = 0; i < sizeof narrower / sizeof *narrower; i++) {
        spec.in_width = narrower[i];
        look_at_all_plans(spec, 1.0f, over_narrower_vectors);
    }
}

static void packed_whole(const corr2d_plan *plan) {
    packed(plan);
    cr_expect(plan->rows_seen.count == 1 && !plan->rows_seen.sights[0].apart, "%s", plan->variant);
}

/* Tiles of four pixels are so slow beside others that it may not be worth it. */
static void packed_with_columns_apart(const corr2d_plan *plan) {
    packed(plan);
    if (plan->kernels->channel_pixels[plan->kernels->channel_vectors] <= 4) return;
    cr_assert(plan->rows_seen.count == 3, "%s", plan->variant);
    cr_expect(plan->rows_seen.sights[1].apart && plan->columns_seen.count > 1, "%s", plan->variant);
}

Test(orientation, of_wide_padded_maps_is_in_place_where_weights_are_finite) {
    look_at_plans(square(32, 56, 32, 3), 1.0f, in_place);
    look_at_plans(square(32, 56, 32, 3), INFINITY, packed_whole);
}

/* Columns so far apart share a few of the first cache's sets. */
Test(orientation, of_narrow_padded_maps_and_of_columns_far_apart_is_packed) {
    look_at_plans(square(256, 7, 256, 3), 1.0f, packed_with_columns_apart);
    look_at_plans(square(1024, 32, 4, 3), 1.0f, packed);
}

static void packed_where_joined(const corr2d_plan *plan) {
    if (plan->kernels->channel_groups) packed(plan);
}

/* In place only pairs of pixels have a workspace. */
static void pairs_of_pixels(const corr2d_plan *plan) {
    const bool paired = corr2d_plan_workspace_size(plan) != 0;
    cr_expect(plan->in_place && paired == (plan->kernels->channel_pairs != NULL), "%s", plan->variant);
}

Test(orientation, of_groups_that_share_a_vector_is_packed_and_of_pixels_in_place) {
    corr2d_spec residual = square(32, 16, 24, 1);
    look_at_plans(residual, 1.0f, pairs_of_pixels);
    residual.accumulate = true;
    look_at_plans(residual, 1.0f, in_place);
    look_at_plans(square(32, 15, 24, 1), 1.0f, in_place);
    look_at_plans(square(32, 16, 32, 1), 1.0f, in_place);
    look_at_plans(square(40, 16, 24, 1), 1.0f, in_place);
    corr2d_spec spec = square(64, 56, 64, 3);
    spec.groups = 16;
    look_at_plans(spec, 1.0f, packed_where_joined);
    spec.pad_top = spec.pad_bottom = spec.pad_left = spec.pad_right = 0;
    look_at_plans(spec, 1.0f, packed_where_joined);
}

Test(orientation, of_joined_sights_is_what_either_sees) {
    corr2d_sights s = {.count = 3,
                       .sights = {{.first = 2, .last = 5}, {.out = 1, .first = 1, .last = 5}, {.out = 2, .last = 4}}};
    corr2d_sights_join(&s, 0);
    cr_expect(s.count == 2);
    cr_expect(s.sights[0].out == 0 && s.sights[0].first == 1 && s.sights[0].last == 5);
    cr_expect(s.sights[1].out == 2 && s.sights[1].first == 0 && s.sights[1].last == 4);
}

/* Their outputs wait for planes in the workspace. */
static void planes_in_place_with_wide_panels(const corr2d_plan *plan) {
    if (plan->kernels->lanes == 16) cr_expect(plan->in_place && plan->stage == 0 && plan->stage_pitch >= 16);
    if (plan->kernels->lanes == 8) packed(plan);
}

static void rows_of_seven(const corr2d_plan *plan) {
    cr_expect(plan->sevens == (plan->kernels->channel_sevens != NULL), "%s", plan->variant);
}

static void no_sevens(const corr2d_plan *plan) { cr_expect(!plan->sevens, "%s", plan->variant); }

/* Few panels read them, with sixteen lanes, and many with eight. */
Test(orientation, of_planes_is_in_place_where_few_panels_read_them_and_of_rows_of_seven_in_either_layout) {
    look_at_all_plans(square(64, 28, 64, 3), 1.0f, planes_in_place_with_wide_panels);
    look_at_all_plans(square(64, 28, 64, 3), INFINITY, packed);
    look_at_all_plans(square(48, 7, 128, 5), 1.0f, rows_of_seven);
    look_at_all_plans(square(48, 7, 128, 5), INFINITY, no_sevens);
    look_at_plans(square(48, 7, 128, 5), 1.0f, rows_of_seven);
    look_at_plans(square(48, 7, 120, 3), 1.0f, no_sevens);
    look_at_plans(square(48, 8, 128, 5), 1.0f, no_sevens);
}

static void straight_from_x(const corr2d_plan *plan) {
    cr_expect(plan->threes == (plan->kernels->threes != NULL), "%s", plan->variant);
}

static void in_a_strip(const corr2d_plan *plan) { cr_expect(!plan->threes && !plan->in_place, "%s", plan->variant); }

Test(orientation, of_first_layers_with_stride_2_is_packed_straight_from_x) {
    corr2d_spec spec = square(3, 224, 32, 3);
    spec.stride_height = spec.stride_width = 2;
    look_at_all_plans(spec, 1.0f, straight_from_x);
    spec.in_width = 223;
    look_at_all_plans(spec, 1.0f, in_a_strip);
    spec.in_width = 220;
    look_at_all_plans(spec, 1.0f, in_a_strip);
}

static void workspace_of_a_strip(const corr2d_plan *plan) {
    cr_expect(corr2d_plan_workspace_size(plan) <= 1 << 20, "%s", plan->variant);
}

Test(orientation, of_planes_needs_no_workspace_of_an_image) {
    look_at_all_plans(square(28, 224, 28, 3), INFINITY, workspace_of_a_strip);
    look_at_all_plans(square(256, 128, 16, 3), INFINITY, workspace_of_a_strip);
}

static bool large_tile;

static void note_large_tile(const corr2d_tile *tile) {
    (void)tile;
    large_tile = true;
}

/* Whether a pointwise layer of 7 x 7 pixels, in vectors over two vectors of channels, has tiles of more than six. */
static bool takes_large_tiles(const corr2d_kernels *kernels, size_t channels) {
    static float x[64 * 49], y[64 * 49], weights[64 * 64];
    corr2d_kernels noting = *kernels;
    corr2d_spec spec = square(channels, 7, 2 * kernels->lanes, 1);
    corr2d_plan *plan;
    spec.layout = CORR2D_NHWC;
    for (size_t n = 7; n <= kernels->channel_pixels[2]; n++) noting.channel[2][n] = note_large_tile;
    large_tile = false;
    cr_assert(corr2d_plan_make(&plan, &spec, &noting, weights, NULL) == CORR2D_OK);
    cr_assert(corr2d_run(plan, x, y, NULL) == CORR2D_OK);
    corr2d_plan_destroy(plan);
    return large_tile;
}

Test(orientation, of_short_sums_takes_few_pixels_at_once) {
    for (size_t i = 0; corr2d_dispatch_at(corr2d_cpu_flags(), i); i++) {
        const corr2d_kernels *const kernels = corr2d_dispatch_at(corr2d_cpu_flags(), i);
        if (kernels->channel_vectors < 2 || kernels->channel_pixels[2] < 7) continue;
        cr_expect(!takes_large_tiles(kernels, 63), "%s", kernels->name);
        cr_expect(takes_large_tiles(kernels, 64), "%s", kernels->name);
    }
}
