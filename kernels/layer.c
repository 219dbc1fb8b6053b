/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/layer.h"

#include "kernels/checked.h"

#include <math.h>

static size_t or_one(size_t value) { return value ? value : 1; }

/* Resolves one spatial axis; `after` is the padding behind x. */
static corr2d_status resolve_axis(corr2d_axis *axis, size_t after) {
    bool overflow = false;
    axis->taps = or_one(axis->taps);
    axis->stride = or_one(axis->stride);
    axis->dilation = or_one(axis->dilation);
    if (axis->in == 0) return CORR2D_INVALID_ARGUMENT;
    const size_t padded = corr2d_sum(corr2d_sum(axis->in, axis->pad, &overflow), after, &overflow);
    const size_t reach = corr2d_mul(axis->dilation, axis->taps - 1, &overflow);
    if (overflow || corr2d_too_large(padded) || corr2d_too_large(reach)) return CORR2D_SIZE_OVERFLOW;
    if (reach >= padded) return CORR2D_INVALID_ARGUMENT;
    axis->out = (padded - reach - 1) / axis->stride + 1;
    /* What is never stepped by may be any number; 1 keeps it out of products. */
    if (axis->taps == 1) axis->dilation = 1;
    if (axis->out == 1) axis->stride = 1;
    axis->padded = axis->pad > 0 || (axis->out - 1) * axis->stride + reach >= axis->in;
    return CORR2D_OK;
}

static corr2d_status resolve_axes(corr2d_axis *rows, corr2d_axis *columns, const corr2d_spec *spec) {
    *rows = (corr2d_axis){.in = spec->in_height,
                          .taps = spec->kernel_height,
                          .stride = spec->stride_height,
                          .dilation = spec->dilation_height,
                          .pad = spec->pad_top};
    *columns = (corr2d_axis){.in = spec->in_width,
                             .taps = spec->kernel_width,
                             .stride = spec->stride_width,
                             .dilation = spec->dilation_width,
                             .pad = spec->pad_left};
    const corr2d_status status = resolve_axis(rows, spec->pad_bottom);
    return status ? status : resolve_axis(columns, spec->pad_right);
}

corr2d_status corr2d_output_size(const corr2d_spec *spec, size_t *height, size_t *width) {
    corr2d_axis rows, columns;
    if (!spec || !height || !width) return CORR2D_INVALID_ARGUMENT;
    const corr2d_status status = resolve_axes(&rows, &columns, spec);
    if (status) return status;
    *height = rows.out;
    *width = columns.out;
    return CORR2D_OK;
}

static corr2d_status resolve_channels(corr2d_layer *layer, const corr2d_spec *spec) {
    if (!spec->in_channels || !spec->out_channels) return CORR2D_INVALID_ARGUMENT;
    if (spec->in_channels % layer->groups || spec->out_channels % layer->groups) return CORR2D_INVALID_ARGUMENT;
    layer->group_in = spec->in_channels / layer->groups;
    layer->group_out = spec->out_channels / layer->groups;
    return CORR2D_OK;
}

static corr2d_status resolve_activation(corr2d_layer *layer, const corr2d_spec *spec) {
    layer->lo = -INFINITY;
    layer->hi = INFINITY;
    switch (spec->activation) {
    case CORR2D_IDENTITY: return CORR2D_OK;
    case CORR2D_RELU: layer->lo = 0.0f; return CORR2D_OK;
    case CORR2D_CLAMP:
        layer->lo = spec->clamp_min;
        layer->hi = spec->clamp_max;
        return spec->clamp_min <= spec->clamp_max ? CORR2D_OK : CORR2D_INVALID_ARGUMENT; /* not for a NaN either */
    }
    return CORR2D_UNSUPPORTED;
}

/* The shape of x or of y, beside its strides. */
typedef struct shape {
    size_t batch, channels, height, width;
} shape;

/* Puts in dense strides where the spec leaves them out. */
static corr2d_status resolve_strides(corr2d_strides *s, shape n, corr2d_layout layout) {
    bool overflow = false;
    if (s->batch || s->channel || s->row || s->column) return CORR2D_OK;
    const bool last = layout == CORR2D_NHWC;
    s->column = last ? n.channels : 1;
    s->row = corr2d_mul(n.width, s->column, &overflow);
    s->channel = last ? 1 : corr2d_mul(n.height, s->row, &overflow);
    s->batch = corr2d_mul(last ? n.height : n.channels, last ? s->row : s->channel, &overflow);
    return overflow ? CORR2D_SIZE_OVERFLOW : CORR2D_OK;
}

/*
 * The tensor's last element must lie within reach of a pointer to its first. The distance of a dimension of size 1 may
 * be any number; 0 keeps one that leads out of the tensor from overflowing in products.
 */
static corr2d_status resolve_extent(corr2d_strides *s, shape n) {
    bool overflow = false;
    size_t last = corr2d_mul(n.batch - 1, s->batch, &overflow);
    last = corr2d_sum(last, corr2d_mul(n.channels - 1, s->channel, &overflow), &overflow);
    last = corr2d_sum(last, corr2d_mul(n.height - 1, s->row, &overflow), &overflow);
    last = corr2d_sum(last, corr2d_mul(n.width - 1, s->column, &overflow), &overflow);
    const size_t extent = corr2d_sum(last, 1, &overflow);
    if (overflow || corr2d_too_large(extent)) return CORR2D_SIZE_OVERFLOW;
    if (n.batch == 1 && s->batch > extent) s->batch = 0;
    if (n.channels == 1 && s->channel > extent) s->channel = 0;
    if (n.height == 1 && s->row > extent) s->row = 0;
    if (n.width == 1 && s->column > extent) s->column = 0;
    return CORR2D_OK;
}

/* Whether no two indices share an element: in order of distance, each steps over all that lies before it. */
static bool nested(const corr2d_strides *s, shape n) {
    const size_t size[4] = {n.batch, n.channels, n.height, n.width};
    const size_t step[4] = {s->batch, s->channel, s->row, s->column};
    bool used[4] = {size[0] == 1, size[1] == 1, size[2] == 1, size[3] == 1};
    for (size_t extent = 0;;) {
        size_t next = 4;
        for (size_t d = 0; d < 4; d++) {
            if (!used[d] && (next == 4 || step[d] < step[next])) next = d;
        }
        if (next == 4) return true;
        if (step[next] <= extent) return false;
        extent += (size[next] - 1) * step[next];
        used[next] = true;
    }
}

static corr2d_status resolve_tensors(corr2d_layer *layer, const corr2d_spec *spec) {
    const shape x = {layer->batch, spec->in_channels, layer->rows.in, layer->columns.in};
    const shape y = {layer->batch, spec->out_channels, layer->rows.out, layer->columns.out};
    layer->x = spec->x_strides;
    layer->y = spec->y_strides;
    corr2d_status status = resolve_strides(&layer->x, x, spec->layout);
    if (!status) status = resolve_strides(&layer->y, y, spec->layout);
    if (!status) status = resolve_extent(&layer->x, x);
    if (!status) status = resolve_extent(&layer->y, y);
    if (!status && !nested(&layer->y, y)) status = CORR2D_INVALID_ARGUMENT;
    return status;
}

static corr2d_status check_weights(const corr2d_layer *layer, const corr2d_spec *spec) {
    bool overflow = false;
    size_t floats = corr2d_mul(layer->rows.taps, layer->columns.taps, &overflow);
    floats = corr2d_mul(floats, layer->group_in, &overflow);
    floats = corr2d_mul(floats, spec->out_channels, &overflow);
    return overflow || corr2d_too_large(floats) ? CORR2D_SIZE_OVERFLOW : CORR2D_OK;
}

/* Whether `outer` steps on from where size * inner ends, in both tensors, so that the two axes are one. */
static bool joins(size_t size, size_t x_outer, size_t x_inner, size_t y_outer, size_t y_inner) {
    return x_outer % size == 0 && x_outer / size == x_inner && y_outer % size == 0 && y_outer / size == y_inner;
}

/* A pointwise layer asks nothing of an axis but its distance: rows, then images, that follow on are one row. */
static void join_axes(corr2d_layer *layer) {
    corr2d_axis *rows = &layer->rows, *columns = &layer->columns;
    if (rows->taps != 1 || columns->taps != 1 || rows->padded || columns->padded) return;
    if (rows->out != rows->in || columns->out != columns->in) return;
    if (columns->in == 1) {
        columns->in = rows->in;
        layer->x.column = layer->x.row;
        layer->y.column = layer->y.row;
        rows->in = 1;
    } else if (rows->in > 1 && joins(columns->in, layer->x.row, layer->x.column, layer->y.row, layer->y.column)) {
        columns->in *= rows->in;
        rows->in = 1;
    }
    if (rows->in == 1 && layer->batch > 1) {
        if (columns->in == 1) {
            columns->in = layer->batch;
            layer->x.column = layer->x.batch;
            layer->y.column = layer->y.batch;
            layer->batch = 1;
        } else if (joins(columns->in, layer->x.batch, layer->x.column, layer->y.batch, layer->y.column)) {
            columns->in *= layer->batch;
            layer->batch = 1;
        }
    }
    rows->out = rows->in;
    columns->out = columns->in;
}

corr2d_status corr2d_layer_resolve(corr2d_layer *layer, const corr2d_spec *spec) {
    if (spec->type != CORR2D_F32) return CORR2D_UNSUPPORTED;
    if (spec->layout != CORR2D_NCHW && spec->layout != CORR2D_NHWC) return CORR2D_UNSUPPORTED;
    if (spec->weights_layout != CORR2D_OIHW && spec->weights_layout != CORR2D_OHWI) return CORR2D_UNSUPPORTED;
    *layer = (corr2d_layer){.batch = or_one(spec->batch),
                            .groups = or_one(spec->groups),
                            .weights_layout = spec->weights_layout,
                            .accumulate = spec->accumulate};
    corr2d_status status = resolve_activation(layer, spec);
    if (!status) status = resolve_channels(layer, spec);
    if (!status) status = resolve_axes(&layer->rows, &layer->columns, spec);
    if (!status) status = resolve_tensors(layer, spec);
    if (!status) status = check_weights(layer, spec);
    if (!status) join_axes(layer);
    return status;
}
