/* SPDX-License-Identifier: Apache-2.0 */
/*
 * im2col and OpenBLAS's sgemm: y = weights * columns in NCHW, y = rows * weights in NHWC, a group at a time;
 * straight on x for a 1x1 layer without stride or padding. The bias is in y before the product is added.
 */
#include "perf/engine.h"
#include "perf/memory.h"
#include "perf/pool.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

enum { SHARED_LEAST = 100000 }; /* floats of columns from which on waking threads pays */

typedef struct openblas_job {
    job base;
    const problem *problem;
    size_t ci_group, co_group, taps, pixels; /* pixels: of one image of y */
    float *columns;                          /* NCHW: taps x pixels; NHWC: pixels x taps; NULL where x serves */
    float *weights;                          /* NHWC: group, u, v, c, o; NULL in NCHW, which takes OIHW */
} openblas_job;

/* The row or column of x under a tap, or SIZE_MAX in the padding. */
static size_t source(size_t out, size_t stride, size_t offset, size_t pad, size_t size) {
    size_t at = out * stride + offset;
    return at >= pad && at - pad < size ? at - pad : SIZE_MAX;
}

static void fill_row_nchw(const layer_shape *s, float *to, const float *x, size_t v, size_t count) {
    for (size_t j = 0; j < count; j++) {
        size_t col = source(j, s->stride_w, v * s->dil_w, s->pad_l, s->w);
        to[j] = col == SIZE_MAX ? 0.0f : x[col];
    }
}

/* As above with stride 1: the inside in one copy. */
static void copy_row_nchw(const layer_shape *s, float *to, const float *x, size_t v, size_t count) {
    size_t offset = v * s->dil_w;
    size_t begin = offset < s->pad_l ? s->pad_l - offset : 0;
    size_t end = s->w + s->pad_l > offset ? s->w + s->pad_l - offset : 0;
    begin = begin < count ? begin : count;
    end = end < begin ? begin : end < count ? end : count;
    memset(to, 0, begin * sizeof *to);
    if (begin < end) memcpy(to + begin, x + begin + offset - s->pad_l, (end - begin) * sizeof *to);
    memset(to + end, 0, (count - end) * sizeof *to);
}

static void fill_tap_nchw(const openblas_job *b, const float *x, size_t u, size_t v, float *to) {
    const layer *l = b->problem->layer;
    const layer_shape *s = &l->shape;
    for (size_t i = 0; i < l->oh; i++, to += l->ow) {
        size_t row = source(i, s->stride_h, u * s->dil_h, s->pad_t, s->h);
        if (row == SIZE_MAX)
            memset(to, 0, l->ow * sizeof *to);
        else if (s->stride_w == 1)
            copy_row_nchw(s, to, x + row * s->w, v, l->ow);
        else
            fill_row_nchw(s, to, x + row * s->w, v, l->ow);
    }
}

/* What the threads share: channels in NCHW, rows of y in NHWC. */
typedef struct filling {
    const openblas_job *job;
    const float *x;
} filling;

static void fill_channel_nchw(void *context, size_t c) {
    const openblas_job *b = ((const filling *)context)->job;
    const layer_shape *s = &b->problem->layer->shape;
    const float *x = ((const filling *)context)->x + c * s->h * s->w;
    float *to = b->columns + c * s->kh * s->kw * b->pixels;
    for (size_t u = 0; u < s->kh; u++)
        for (size_t v = 0; v < s->kw; v++, to += b->pixels) fill_tap_nchw(b, x, u, v, to);
}

static void fill_pixel_nhwc(const openblas_job *b, const float *x, size_t i, size_t j, float *to) {
    const layer_shape *s = &b->problem->layer->shape;
    for (size_t u = 0; u < s->kh; u++)
        for (size_t v = 0; v < s->kw; v++, to += b->ci_group) {
            size_t row = source(i, s->stride_h, u * s->dil_h, s->pad_t, s->h);
            size_t col = source(j, s->stride_w, v * s->dil_w, s->pad_l, s->w);
            if (row == SIZE_MAX || col == SIZE_MAX)
                memset(to, 0, b->ci_group * sizeof *to);
            else
                memcpy(to, x + (row * s->w + col) * s->ci, b->ci_group * sizeof *to);
        }
}

static void fill_line_nhwc(void *context, size_t i) {
    const filling *f = context;
    size_t ow = f->job->problem->layer->ow;
    for (size_t j = 0; j < ow; j++) fill_pixel_nhwc(f->job, f->x, i, j, f->job->columns + (i * ow + j) * f->job->taps);
}

/* What is much is shared by the pool's threads, which then make room for OpenBLAS's. */
static void fill(const openblas_job *b, const float *x) {
    bool nchw = b->problem->layout == CORR2D_NCHW;
    size_t count = nchw ? b->ci_group : b->problem->layer->oh;
    void (*work)(void *, size_t) = nchw ? fill_channel_nchw : fill_line_nhwc;
    filling f = {b, x};
    if (b->taps * b->pixels >= SHARED_LEAST)
        pool_run_and_yield(work, &f, count);
    else
        for (size_t i = 0; i < count; i++) work(&f, i);
}

static void run_nchw_group(const openblas_job *b, size_t n, size_t g) {
    const problem *p = b->problem;
    const layer_shape *s = &p->layer->shape;
    size_t first = n * s->co + g * b->co_group;
    const float *x = p->x + (n * s->ci + g * b->ci_group) * s->h * s->w;
    float *y = p->y + first * b->pixels;
    if (b->columns != NULL) fill(b, x);
    for (size_t o = 0; o < b->co_group; o++)
        for (size_t i = 0; i < b->pixels; i++) y[o * b->pixels + i] = p->bias[g * b->co_group + o];
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)b->co_group, (blasint)b->pixels, (blasint)b->taps,
                1.0f, p->weights + g * b->co_group * b->taps, (blasint)b->taps, b->columns != NULL ? b->columns : x,
                (blasint)b->pixels, 1.0f, y, (blasint)b->pixels);
}

static void run_nhwc_group(const openblas_job *b, size_t n, size_t g) {
    const problem *p = b->problem;
    const layer_shape *s = &p->layer->shape;
    const float *x = p->x + n * s->h * s->w * s->ci + g * b->ci_group;
    float *y = p->y + n * b->pixels * s->co + g * b->co_group;
    if (b->columns != NULL) fill(b, x);
    for (size_t i = 0; i < b->pixels; i++) memcpy(y + i * s->co, p->bias + g * b->co_group, b->co_group * sizeof *y);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)b->pixels, (blasint)b->co_group, (blasint)b->taps,
                1.0f, b->columns != NULL ? b->columns : x, (blasint)(b->columns != NULL ? b->taps : s->ci),
                b->weights + g * b->co_group * b->taps, (blasint)b->co_group, 1.0f, y, (blasint)s->co);
}

static void run(job *base) {
    const openblas_job *b = (const openblas_job *)base;
    for (size_t n = 0; n < b->problem->layer->shape.n; n++)
        for (size_t g = 0; g < b->problem->layer->shape.groups; g++) {
            if (b->problem->layout == CORR2D_NCHW)
                run_nchw_group(b, n, g);
            else
                run_nhwc_group(b, n, g);
        }
}

static void destroy(job *base) {
    openblas_job *b = (openblas_job *)base;
    free(b->columns);
    free(b->weights);
    free(b);
}

static float *pack_nhwc(const openblas_job *b) {
    const layer_shape *s = &b->problem->layer->shape;
    size_t area = s->kh * s->kw;
    float *packed = page_alloc(layer_weights_size(b->problem->layer) * sizeof *packed);
    for (size_t o = 0; o < s->co; o++)
        for (size_t c = 0; c < b->ci_group; c++)
            for (size_t t = 0; t < area; t++)
                packed[(o / b->co_group * b->taps + t * b->ci_group + c) * b->co_group + o % b->co_group] =
                    b->problem->weights[(o * b->ci_group + c) * area + t];
    return packed;
}

/* Whether x itself is the matrix. */
static bool is_plain(const layer *l) {
    const layer_shape *s = &l->shape;
    return s->kh == 1 && s->kw == 1 && s->stride_h == 1 && s->stride_w == 1 && l->oh == s->h && l->ow == s->w &&
           s->pad_t == 0 && s->pad_l == 0;
}

static job *create(const engine *e, const problem *p) {
    (void)e;
    const layer_shape *s = &p->layer->shape;
    openblas_set_num_threads((int)pool_threads());
    openblas_job *b = page_alloc(sizeof *b);
    *b = (openblas_job){.base = {.run = run, .destroy = destroy},
                        .problem = p,
                        .ci_group = s->ci / s->groups,
                        .co_group = s->co / s->groups,
                        .taps = s->ci / s->groups * s->kh * s->kw,
                        .pixels = p->layer->oh * p->layer->ow};
    if (!is_plain(p->layer)) {
        b->base.scratch = b->taps * b->pixels * sizeof *b->columns;
        b->columns = page_alloc(b->base.scratch);
    }
    b->weights = p->layout == CORR2D_NHWC ? pack_nhwc(b) : NULL;
    b->base.weights = b->weights != NULL ? b->weights : p->weights;
    b->base.weights_bytes = layer_weights_size(p->layer) * sizeof(float);
    return &b->base;
}

const engine peer_openblas = {.name = "openblas",
                              .head = "blas",
                              .about = "im2col and OpenBLAS's sgemm",
                              .library = "libopenblas",
                              .is_peer = true,
                              .create = create};
