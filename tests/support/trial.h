/* SPDX-License-Identifier: Apache-2.0 */
/* One layer run in one way through the public functions, in guarded memory, and compared with the oracle. */
#ifndef TESTS_TRIAL_H
#define TESTS_TRIAL_H

#include "tests/support/guarded.h"
#include "tests/support/layer.h"
#include "tests/support/oracle.h"
#include "tests/support/tensor.h"

/* The way. */
typedef struct test_trial {
    const char *variant;
    corr2d_layout layout;
    corr2d_weights weights_layout;
    tensor_kind x, y;
    corr2d_strides x_strides, y_strides; /* of a TENSOR_GIVEN */
    size_t parts;   /* 1: corr2d_run */
    bool workspace; /* given, or left to the library */
    guard_side side;
    size_t gap;    /* bytes between each buffer and its guard page, a multiple of 4 */
    uint64_t seed; /* of what else there is to draw */
} test_trial;

/* How it went. The text names layer, trial, the first wrong index and both values. */
typedef struct test_report {
    bool ok;
    char text[1024];
} test_report;

test_report trial_run(const test_trial *trial, const test_layer *layer, const layer_data *data,
                      const test_oracle *oracle);

/* The layer on one variant in both layouts of x and of the weights, the rest of each trial drawn from the seed. */
test_report trial_layer(const char *variant, const test_layer *layer);

#endif
