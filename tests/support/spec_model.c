/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/spec_model.h"

/* More floats than these have no address. */
static const uint64_t most_floats = PTRDIFF_MAX / sizeof(float);

static uint64_t sum(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

static uint64_t product(uint64_t a, uint64_t b) { return b && a > UINT64_MAX / b ? UINT64_MAX : a * b; }

static uint64_t or_one(size_t value) { return value ? value : 1; }

/* Batch, channels, height, width. */
typedef struct dims {
    uint64_t of[4];
} dims;

static uint64_t count(dims n) { return product(product(n.of[0], n.of[1]), product(n.of[2], n.of[3])); }

/* The result's size along one axis, or 0 with what is wrong noted. */
static uint64_t judge_axis(spec_verdict *v, uint64_t in, uint64_t kernel, uint64_t stride, uint64_t dilation,
                           uint64_t padding) {
    const uint64_t padded = sum(in, padding), reach = product(kernel - 1, dilation);
    if (in == 0) v->invalid = true;
    if (padded > most_floats || reach > most_floats) {
        v->overflow = true;
        return 0;
    }
    if (padded > reach) return (padded - reach - 1) / stride + 1;
    v->invalid = true;
    return 0;
}

static uint64_t distance(const corr2d_strides *s, int dimension) {
    const size_t of[4] = {s->batch, s->channel, s->row, s->column};
    return of[dimension];
}

static bool dense(const corr2d_strides *s) { return !s->batch && !s->channel && !s->row && !s->column; }

/* From the first element to the last. */
static uint64_t span(const corr2d_strides *s, dims n) {
    uint64_t last = 0;
    if (dense(s)) return count(n);
    for (int d = 0; d < 4; d++) last = sum(last, product(n.of[d] - 1, distance(s, d)));
    return sum(last, 1);
}

/* Whether dimension d steps over all that dimensions with smaller distances cover. */
static bool steps_over(const corr2d_strides *s, dims n, int d) {
    uint64_t covered = 0;
    for (int i = 0; i < 4; i++) {
        const bool before = distance(s, i) < distance(s, d) || (distance(s, i) == distance(s, d) && i < d);
        if (n.of[i] > 1 && before) covered = sum(covered, product(n.of[i] - 1, distance(s, i)));
    }
    return distance(s, d) > covered;
}

static bool overlaps(const corr2d_strides *s, dims n) {
    bool nested = true;
    for (int d = 0; d < 4; d++) nested = nested && (n.of[d] == 1 || steps_over(s, n, d));
    return !dense(s) && !nested;
}

static void judge_tensors(spec_verdict *v, const corr2d_spec *s, uint64_t height, uint64_t width) {
    const dims x = {{or_one(s->batch), s->in_channels, s->in_height, s->in_width}};
    const dims y = {{or_one(s->batch), s->out_channels, height, width}};
    if (count(x) == 0 || count(y) == 0) return;
    v->x_span = span(&s->x_strides, x);
    v->y_span = span(&s->y_strides, y);
    v->outputs = count(y);
    if (v->x_span > most_floats || v->y_span > most_floats) v->overflow = true;
    if (overlaps(&s->y_strides, y)) v->invalid = true;
}

static void judge_kinds(spec_verdict *v, const corr2d_spec *s) {
    if (s->type != CORR2D_F32) v->unsupported = true;
    if (s->layout != CORR2D_NCHW && s->layout != CORR2D_NHWC) v->unsupported = true;
    if (s->weights_layout != CORR2D_OIHW && s->weights_layout != CORR2D_OHWI) v->unsupported = true;
    if ((unsigned)s->activation > CORR2D_CLAMP) v->unsupported = true;
    if (s->activation == CORR2D_CLAMP && !(s->clamp_min <= s->clamp_max)) v->invalid = true;
}

spec_verdict spec_judge(const corr2d_spec *s) {
    spec_verdict v = {0};
    const uint64_t groups = or_one(s->groups), kernel_height = or_one(s->kernel_height),
                   kernel_width = or_one(s->kernel_width);
    judge_kinds(&v, s);
    if (!s->in_channels || !s->out_channels || s->in_channels % groups || s->out_channels % groups) v.invalid = true;
    const uint64_t height = judge_axis(&v, s->in_height, kernel_height, or_one(s->stride_height),
                                       or_one(s->dilation_height), sum(s->pad_top, s->pad_bottom));
    const uint64_t width = judge_axis(&v, s->in_width, kernel_width, or_one(s->stride_width), or_one(s->dilation_width),
                                      sum(s->pad_left, s->pad_right));
    v.taps = product(s->in_channels / groups, product(kernel_height, kernel_width));
    v.weights = product(s->out_channels, v.taps);
    if (v.weights > most_floats) v.overflow = true;
    judge_tensors(&v, s, height, width);
    return v;
}

bool spec_good(const spec_verdict *v) { return !v->invalid && !v->unsupported && !v->overflow; }

bool spec_explains(const spec_verdict *v, corr2d_status status) {
    switch (status) {
    case CORR2D_OK: return spec_good(v);
    case CORR2D_INVALID_ARGUMENT: return v->invalid;
    case CORR2D_UNSUPPORTED: return v->unsupported;
    case CORR2D_SIZE_OVERFLOW: return v->overflow;
    default: return false;
    }
}
