/* SPDX-License-Identifier: Apache-2.0 */
/* How x and y may lie in memory: dense, or part of something bigger. */
#ifndef TESTS_TENSOR_H
#define TESTS_TENSOR_H

#include "tests/support/random.h"

#include <corr2d.h>

typedef enum tensor_kind {
    TENSOR_DENSE,  /* strides left zero */
    TENSOR_PADDED, /* a few elements behind every row */
    TENSOR_SLICE,  /* some channels of a bigger tensor */
    TENSOR_CROP,   /* some rows and columns of a bigger tensor */
    TENSOR_MIXED,  /* the dimensions in any order, with gaps behind each */
    TENSOR_KINDS,
    TENSOR_GIVEN = TENSOR_KINDS /* distances that the trial gives; those of an x may be 0 */
} tensor_kind;

const char *tensor_name(tensor_kind kind);

/* Sizes and distances of batch, channel, row, column, in this order. */
typedef struct test_tensor {
    size_t size[4], step[4];
    size_t count; /* elements */
    size_t span;  /* from the first to the last of them, gaps included */
} test_tensor;

/* A random place for a tensor of these sizes. */
test_tensor tensor_make(const size_t size[4], corr2d_layout layout, tensor_kind kind, random_source *source);

/* One with these distances, none of them beyond the address space. */
test_tensor tensor_given(const size_t size[4], corr2d_strides strides);

/* What a spec says of it: zeros for a dense one. */
corr2d_strides tensor_strides(const test_tensor *tensor, tensor_kind kind);

/* Between dense NCHW and the tensor's own order. The gaps are left alone. */
void tensor_scatter(const test_tensor *tensor, float *to, const float *dense);
void tensor_gather(const test_tensor *tensor, float *dense, const float *from);

#endif
