/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain C loops, which the compiler vectorises by itself at -O3 -march=native: what one has without a library, written
 * with some care. x is first copied into a frame of zeros where there is padding, so that no tap needs a test; the
 * innermost loop runs over contiguous elements of y (a row of pixels in NCHW, the output channels of a pixel in NHWC,
 * for which the weights are stored to fit), and adds four products before it stores. Threads share out the rows or
 * pixels.
 */
#include "perf/engine.h"
#include "perf/memory.h"
#include "perf/pool.h"

#include <stdlib.h>
#include <string.h>

typedef struct loops_job {
    job base;
    layer_shape shape; /* with h and w those of the frame; a 1x1 layer with stride 1 counts as one long row */
    size_t oh, ow, taps, co_group, ci_group;
    const problem *problem;
    const float *x;  /* the frame, or the problem's */
    float *frame;    /* NULL where there is no padding */
    float *weights;  /* NHWC: group, u, v, c, o, or u, v, o where it is depthwise; NULL in NCHW, which takes OIHW */
    size_t *offsets; /* NCHW: of each tap c, u, v of a group, from its first pixel in x */
} loops_job;

static void add_four(float *restrict y, const float *restrict x, const size_t *offset, const float *k, size_t count) {
    const float *a = x + offset[0], *b = x + offset[1], *c = x + offset[2], *d = x + offset[3];
    float ka = k[0], kb = k[1], kc = k[2], kd = k[3];
    for (size_t j = 0; j < count; j++) y[j] += ka * a[j] + kb * b[j] + kc * c[j] + kd * d[j];
}

static void add_four_strided(float *restrict y, const float *restrict x, const size_t *offset, const float *k,
                             size_t stride, size_t count) {
    const float *a = x + offset[0], *b = x + offset[1], *c = x + offset[2], *d = x + offset[3];
    float ka = k[0], kb = k[1], kc = k[2], kd = k[3];
    for (size_t j = 0; j < count; j++)
        y[j] += ka * a[j * stride] + kb * b[j * stride] + kc * c[j * stride] + kd * d[j * stride];
}

static void add_one(float *restrict y, const float *restrict x, float k, size_t stride, size_t count) {
    for (size_t j = 0; j < count; j++) y[j] += k * x[j * stride];
}

static void nchw_row(const loops_job *l, size_t n, size_t o, size_t i) {
    const layer_shape *s = &l->shape;
    size_t first = o / l->co_group * l->ci_group, t = 0;
    float *y = l->problem->y + ((n * s->co + o) * l->oh + i) * l->ow;
    const float *x = l->x + ((n * s->ci + first) * s->h + i * s->stride_h) * s->w;
    const float *k = l->problem->weights + o * l->taps;
    for (size_t j = 0; j < l->ow; j++) y[j] = l->problem->bias[o];
    for (; t + 4 <= l->taps; t += 4) {
        if (s->stride_w == 1)
            add_four(y, x, l->offsets + t, k + t, l->ow);
        else
            add_four_strided(y, x, l->offsets + t, k + t, s->stride_w, l->ow);
    }
    for (; t < l->taps; t++) add_one(y, x + l->offsets[t], k[t], s->stride_w, l->ow);
}

/* Rows in the order n, i, o; a part of them. */
static void nchw_part(void *context, size_t part) {
    const loops_job *l = context;
    size_t co = l->shape.co, rows = l->shape.n * l->oh * co, parts = pool_threads();
    for (size_t r = part * rows / parts; r < (part + 1) * rows / parts; r++)
        nchw_row(l, r / co / l->oh, r % co, r / co % l->oh);
}

/* All channels of a group from one tap. */
static void add_channels(float *restrict y, const float *restrict x, const float *restrict k, size_t ci, size_t co) {
    size_t c = 0;
    for (; c + 4 <= ci; c += 4, k += 4 * co)
        for (size_t o = 0; o < co; o++)
            y[o] += x[c] * k[o] + x[c + 1] * k[co + o] + x[c + 2] * k[2 * co + o] + x[c + 3] * k[3 * co + o];
    for (; c < ci; c++, k += co)
        for (size_t o = 0; o < co; o++) y[o] += x[c] * k[o];
}

static void add_depthwise(float *restrict y, const float *restrict x, const float *restrict k, size_t channels) {
    for (size_t c = 0; c < channels; c++) y[c] += x[c] * k[c];
}

static bool is_depthwise(const layer_shape *s) { return s->groups == s->ci && s->groups == s->co; }

static void nhwc_tap(const loops_job *l, float *y, const float *x, size_t tap) {
    const layer_shape *s = &l->shape;
    size_t size = l->ci_group * l->co_group;
    if (is_depthwise(s)) {
        add_depthwise(y, x, l->weights + tap * s->co, s->co);
        return;
    }
    for (size_t g = 0; g < s->groups; g++)
        add_channels(y + g * l->co_group, x + g * l->ci_group, l->weights + (g * s->kh * s->kw + tap) * size,
                     l->ci_group, l->co_group);
}

static void nhwc_pixel(const loops_job *l, size_t n, size_t i, size_t j) {
    const layer_shape *s = &l->shape;
    float *y = l->problem->y + ((n * l->oh + i) * l->ow + j) * s->co;
    const float *x = l->x + ((n * s->h + i * s->stride_h) * s->w + j * s->stride_w) * s->ci;
    memcpy(y, l->problem->bias, s->co * sizeof *y);
    for (size_t u = 0; u < s->kh; u++)
        for (size_t v = 0; v < s->kw; v++)
            nhwc_tap(l, y, x + (u * s->dil_h * s->w + v * s->dil_w) * s->ci, u * s->kw + v);
}

/* Pixels in the order n, i, j; a part of them. */
static void nhwc_part(void *context, size_t part) {
    const loops_job *l = context;
    size_t pixels = l->shape.n * l->oh * l->ow, parts = pool_threads();
    for (size_t p = part * pixels / parts; p < (part + 1) * pixels / parts; p++)
        nhwc_pixel(l, p / l->ow / l->oh, p / l->ow % l->oh, p % l->ow);
}

/* Copies `planes` planes of rows into the middle of the frame's planes; a row is `size` floats a pixel. */
static void fill_frame(const loops_job *l, size_t planes, size_t size) {
    const layer_shape *from = &l->problem->layer->shape;
    for (size_t p = 0; p < planes; p++)
        for (size_t i = 0; i < from->h; i++)
            memcpy(l->frame + ((p * l->shape.h + i + from->pad_t) * l->shape.w + from->pad_l) * size,
                   l->problem->x + (p * from->h + i) * from->w * size, from->w * size * sizeof *l->frame);
}

static void run(job *base) {
    const loops_job *l = (const loops_job *)base;
    bool nchw = l->problem->layout == CORR2D_NCHW;
    if (l->frame != NULL) fill_frame(l, nchw ? l->shape.n * l->shape.ci : l->shape.n, nchw ? 1 : l->shape.ci);
    pool_run(nchw ? nchw_part : nhwc_part, base, pool_threads());
}

static void destroy(job *base) {
    loops_job *l = (loops_job *)base;
    free(l->frame);
    free(l->weights);
    free(l->offsets);
    free(l);
}

/* OIHW to group, u, v, c, o, or to u, v, o. */
static float *pack_nhwc(const loops_job *l) {
    const layer_shape *s = &l->shape;
    size_t taps = s->kh * s->kw;
    size_t group_step = is_depthwise(s) ? 1 : l->taps * l->co_group;
    size_t tap_step = is_depthwise(s) ? s->co : l->ci_group * l->co_group;
    float *packed = page_alloc(layer_weights_size(l->problem->layer) * sizeof *packed);
    for (size_t o = 0; o < s->co; o++)
        for (size_t c = 0; c < l->ci_group; c++)
            for (size_t t = 0; t < taps; t++)
                packed[o / l->co_group * group_step + t * tap_step + c * l->co_group + o % l->co_group] =
                    l->problem->weights[(o * l->ci_group + c) * taps + t];
    return packed;
}

static size_t *list_offsets(const loops_job *l) {
    const layer_shape *s = &l->shape;
    size_t *offsets = page_alloc(l->taps * sizeof *offsets), *at = offsets;
    for (size_t c = 0; c < l->ci_group; c++)
        for (size_t u = 0; u < s->kh; u++)
            for (size_t v = 0; v < s->kw; v++) *at++ = (c * s->h + u * s->dil_h) * s->w + v * s->dil_w;
    return offsets;
}

/* Sizes for x in its frame. */
static void enlarge(loops_job *l) {
    layer_shape *s = &l->shape;
    if (s->pad_t + s->pad_b + s->pad_l + s->pad_r != 0) {
        s->h += s->pad_t + s->pad_b;
        s->w += s->pad_l + s->pad_r;
        l->base.scratch = s->n * s->ci * s->h * s->w * sizeof *l->frame;
        l->frame = page_alloc(l->base.scratch);
        l->x = l->frame;
    } else if (s->kh == 1 && s->kw == 1 && s->stride_h == 1 && s->stride_w == 1) {
        s->w *= s->h;
        l->ow *= l->oh;
        s->h = l->oh = 1;
    }
}

static job *create(const engine *e, const problem *p) {
    (void)e;
    const layer_shape *s = &p->layer->shape;
    loops_job *l = page_alloc(sizeof *l);
    *l = (loops_job){.base = {.run = run, .destroy = destroy},
                     .shape = *s,
                     .oh = p->layer->oh,
                     .ow = p->layer->ow,
                     .ci_group = s->ci / s->groups,
                     .co_group = s->co / s->groups,
                     .taps = s->ci / s->groups * s->kh * s->kw,
                     .problem = p,
                     .x = p->x};
    enlarge(l);
    if (p->layout == CORR2D_NCHW)
        l->offsets = list_offsets(l);
    else
        l->weights = pack_nhwc(l);
    l->base.weights = l->weights != NULL ? l->weights : p->weights;
    l->base.weights_bytes = layer_weights_size(p->layer) * sizeof(float);
    return &l->base;
}

extern const engine PEER_LOOPS;
const engine PEER_LOOPS = {.name = "loops",
                           .head = "loops",
                           .about = "plain C loops that the compiler vectorises (-O3 -march=" PEER_LOOPS_MARCH ")",
                           .isa = PEER_LOOPS_ISA,
                           .is_peer = true,
                           .create = create};
