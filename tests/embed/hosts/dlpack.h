/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tensors as TVM, PyTorch, JAX and others exchange them: a DLTensor's sizes and strides in a spec. Compiled and run as
 * a test (dlpack.c).
 */
#ifndef CORR2D_HOST_DLPACK_H
#define CORR2D_HOST_DLPACK_H

#include <corr2d.h>
#include <dlpack/dlpack.h>

/* The tensor's first element. */
static inline float *dlpack_data(const DLTensor *t) { return (float *)(void *)((char *)t->data + t->byte_offset); }

/* Of a float32 tensor of 4 dimensions on the CPU, batch, channel, row, column. */
static inline bool dlpack_fits(const DLTensor *t) {
    return t->ndim == 4 && t->device.device_type == kDLCPU && t->dtype.code == kDLFloat && t->dtype.bits == 32 &&
           t->dtype.lanes == 1;
}

/* NULL strides mean a dense tensor, which is what zeros mean to corr2d. */
static inline corr2d_strides dlpack_strides(const DLTensor *t) {
    const int64_t *const s = t->strides;
    if (!s) return (corr2d_strides){0, 0, 0, 0};
    return (corr2d_strides){(size_t)s[0], (size_t)s[1], (size_t)s[2], (size_t)s[3]};
}

/* Sizes and strides; stride, padding, dilation and groups are the operator's attributes and stay as they are. */
static inline void dlpack_describe(corr2d_spec *spec, const DLTensor *x, const DLTensor *weights, const DLTensor *y) {
    spec->batch = (size_t)x->shape[0];
    spec->in_channels = (size_t)x->shape[1];
    spec->in_height = (size_t)x->shape[2];
    spec->in_width = (size_t)x->shape[3];
    spec->out_channels = (size_t)weights->shape[0];
    spec->kernel_height = (size_t)weights->shape[2];
    spec->kernel_width = (size_t)weights->shape[3];
    spec->x_strides = dlpack_strides(x);
    spec->y_strides = dlpack_strides(y);
}

#endif
