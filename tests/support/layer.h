/* SPDX-License-Identifier: Apache-2.0 */
/* Layers to test, and their data in plain order: x, residual and y dense NCHW, weights dense OIHW. */
#ifndef TESTS_LAYER_H
#define TESTS_LAYER_H

#include "tests/support/random.h"

#include <corr2d.h>

typedef struct test_layer {
    corr2d_spec spec; /* sizes all given, no defaults; layouts, strides and variant left zero */
    size_t out_height, out_width;
    bool bias;
    fill_kind fill;
    uint64_t seed;      /* of the data, and of a random layer itself */
    const char *family; /* or what else names it */
} test_layer;

/* Where random layers come from; the long ones cost more. */
typedef enum test_family {
    FAMILY_DENSE,     /* k x k, any stride, dilation and padding */
    FAMILY_POINTWISE, /* 1x1 */
    FAMILY_GROUPED,
    FAMILY_DEPTHWISE, /* with a depth multiplier of 1 to 4 */
    FAMILY_NARROW,    /* maps one column wide, one row high, or both */
    FAMILY_LONG,      /* maps of up to 5000 columns, or rows */
    FAMILY_DEEP,      /* up to 600 input channels, or 1100 for 1x1 */
    FAMILY_USUAL,     /* odd kernels, even padding, whole vectors of channels: as networks have them, and smaller */
    FAMILIES
} test_family;

const char *family_name(test_family family);

test_layer layer_random(test_family family, uint64_t seed);

/* Puts in the defaults for the fields left zero, and the size of the result. Ends the process on a bad layer. */
test_layer layer_complete(test_layer layer);

size_t layer_x_count(const test_layer *layer);
size_t layer_y_count(const test_layer *layer);
size_t layer_weights_count(const test_layer *layer);

/* The multiply-adds of one output. */
size_t layer_taps(const test_layer *layer);

/* The layer as one line of text. */
void layer_print(const test_layer *layer, char *text, size_t size);

typedef struct layer_data {
    float *x, *weights;
    float *bias;     /* NULL for a layer without */
    float *residual; /* NULL unless the layer accumulates */
} layer_data;

/* What the layer's seed and kind of fill give. */
layer_data layer_data_make(const test_layer *layer);
void layer_data_free(layer_data *data);

/* malloc for `count` floats, at least one; ends the process where there is none. */
float *floats(size_t count);

#endif
