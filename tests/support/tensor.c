/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tensor.h"

#include <string.h>

enum { BATCH, CHANNEL, ROW, COLUMN };

const char *tensor_name(tensor_kind kind) {
    static const char *const names[] = {"dense", "padded", "slice", "crop", "mixed", "given"};
    return names[kind];
}

static void shuffle(int order[4], random_source *source) {
    for (size_t i = 3; i > 0; i--) {
        const size_t j = random_below(source, i + 1);
        const int swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
}

/* What the tensor is part of has this many more of each dimension. */
static void draw_surroundings(size_t more[4], tensor_kind kind, random_source *source) {
    memset(more, 0, 4 * sizeof *more);
    if (kind == TENSOR_SLICE || kind == TENSOR_MIXED) more[CHANNEL] = random_between(source, 1, 5);
    if (kind == TENSOR_CROP || kind == TENSOR_MIXED) {
        more[ROW] = random_between(source, 0, 3);
        more[COLUMN] = random_between(source, 1, 4);
    }
}

test_tensor tensor_make(const size_t size[4], corr2d_layout layout, tensor_kind kind, random_source *source) {
    static const int inner_first[2][4] = {{COLUMN, ROW, CHANNEL, BATCH}, {CHANNEL, COLUMN, ROW, BATCH}};
    test_tensor tensor = {.count = 1, .span = 1};
    size_t more[4], extent = 1;
    int order[4];
    memcpy(order, inner_first[layout == CORR2D_NHWC], sizeof order);
    if (kind == TENSOR_MIXED) shuffle(order, source);
    draw_surroundings(more, kind, source);
    for (size_t i = 0; i < 4; i++) {
        const int d = order[i];
        tensor.size[d] = size[d];
        tensor.step[d] = extent;
        tensor.count *= size[d];
        tensor.span += (size[d] - 1) * extent;
        extent *= size[d] + more[d];
        if (kind == TENSOR_PADDED && d == COLUMN) extent += random_between(source, 1, 9);
    }
    return tensor;
}

test_tensor tensor_given(const size_t size[4], corr2d_strides strides) {
    test_tensor tensor = {.count = 1, .span = 1, .step = {strides.batch, strides.channel, strides.row, strides.column}};
    for (size_t d = 0; d < 4; d++) {
        tensor.size[d] = size[d];
        tensor.count *= size[d];
        tensor.span += (size[d] - 1) * tensor.step[d];
    }
    return tensor;
}

corr2d_strides tensor_strides(const test_tensor *tensor, tensor_kind kind) {
    const size_t *const step = tensor->step;
    if (kind == TENSOR_DENSE) return (corr2d_strides){0};
    return (corr2d_strides){step[BATCH], step[CHANNEL], step[ROW], step[COLUMN]};
}

/* Where the i-th element of dense NCHW lies. */
static size_t place(const test_tensor *tensor, size_t i) {
    size_t at = 0;
    for (int d = COLUMN; d >= BATCH; d--) {
        at += i % tensor->size[d] * tensor->step[d];
        i /= tensor->size[d];
    }
    return at;
}

void tensor_scatter(const test_tensor *tensor, float *to, const float *dense) {
    for (size_t i = 0; i < tensor->count; i++) memcpy(&to[place(tensor, i)], &dense[i], sizeof *dense);
}

void tensor_gather(const test_tensor *tensor, float *dense, const float *from) {
    for (size_t i = 0; i < tensor->count; i++) memcpy(&dense[i], &from[place(tensor, i)], sizeof *dense);
}
