/* SPDX-License-Identifier: Apache-2.0 */
/* A layer after validation: a spec without defaults, gaps or surprises. */
#ifndef CORR2D_LAYER_H
#define CORR2D_LAYER_H

#include <corr2d.h>

/* One of the two spatial axes. */
typedef struct corr2d_axis {
    size_t in, out;                /* sizes of x and y */
    size_t taps, stride, dilation; /* of the kernel */
    size_t pad;                    /* before x */
    bool padded;                   /* some tap of some output lies outside x */
} corr2d_axis;

typedef struct corr2d_layer {
    size_t batch, groups, group_in, group_out; /* images; groups; channels of one group */
    corr2d_axis rows, columns;
    corr2d_strides x, y;
    corr2d_weights weights_layout;
    float lo, hi; /* the activation as a clamp */
    bool accumulate;
} corr2d_layer;

/*
 * Checks a spec whole, all but its variant, and resolves it. Every size and offset in bytes of x, y and the weights
 * then fits ptrdiff_t. Rows are joined into one where a pointwise layer makes no difference between them.
 */
corr2d_status corr2d_layer_resolve(corr2d_layer *layer, const corr2d_spec *spec);

/* The weights of one output channel. Cannot overflow in a resolved layer. */
static inline size_t corr2d_layer_taps(const corr2d_layer *layer) {
    return layer->group_in * layer->rows.taps * layer->columns.taps;
}

#endif
