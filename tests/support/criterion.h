/* SPDX-License-Identifier: Apache-2.0 */
/* What the Criterion tests share. Criterion forks for each parameter: so a parameter is a variant, not a shape. */
#ifndef TESTS_CRITERION_H
#define TESTS_CRITERION_H

#include "tests/support/trial.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

/* For ParameterizedTestParameters: the index of each variant, for corr2d_variant_at. */
struct criterion_test_params every_variant(void);

/* The same for each variant and each family of random layers. */
typedef struct variant_family {
    size_t variant;
    test_family family;
} variant_family;

struct criterion_test_params every_variant_and_family(void);

/* Fails the test unless the layer is right on the variant, see trial_layer. */
void assert_layer(const char *variant, const test_layer *layer);

void assert_report(const test_report *report);

/* Fields of a spec that mostly go together. */
#define SQUARE(size) .kernel_height = (size), .kernel_width = (size)
#define STRIDE(size) .stride_height = (size), .stride_width = (size)
#define DILATION(size) .dilation_height = (size), .dilation_width = (size)
#define PAD(size) .pad_top = (size), .pad_bottom = (size), .pad_left = (size), .pad_right = (size)
#define X(channels, height, width) .in_channels = (channels), .in_height = (height), .in_width = (width)

#endif
