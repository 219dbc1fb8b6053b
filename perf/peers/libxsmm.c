/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libxsmm's direct convolution: on plain NHWC with weights in the order u, v, c, o where that is the layout, else in
 * its own blocked format, copied there and back by its own functions. It adds to y, which holds the bias before. No
 * groups, no dilation, the same padding on opposite sides.
 */
#include "perf/engine.h"
#include "perf/memory.h"
#include "perf/pool.h"

#include <libxsmm.h>
#include <stdlib.h>
#include <string.h>

enum { TENSORS = 3, INPUT = 0, OUTPUT = 1, FILTER = 2 };

static const libxsmm_dnn_tensor_type types[TENSORS] = {LIBXSMM_DNN_REGULAR_INPUT, LIBXSMM_DNN_REGULAR_OUTPUT,
                                                       LIBXSMM_DNN_REGULAR_FILTER};

typedef struct libxsmm_job {
    job base;
    const problem *problem;
    libxsmm_dnn_layer *layer;
    libxsmm_dnn_tensor *tensors[TENSORS];
    float *own[TENSORS]; /* NULL where the problem's serve */
    float *bias;         /* a y of its own format with the bias in each element, for the blocked format */
    size_t y_size;       /* floats of y in that format */
    void *scratch;
} libxsmm_job;

static bool is_plain(const problem *p) { return p->layout == CORR2D_NHWC; }

static void fill_bias(const libxsmm_job *j) {
    const layer *l = j->problem->layer;
    if (j->bias != NULL)
        memcpy(j->own[OUTPUT], j->bias, j->y_size * sizeof *j->bias);
    else
        for (size_t i = 0; i < l->shape.n * l->oh * l->ow; i++)
            memcpy(j->problem->y + i * l->shape.co, j->problem->bias, l->shape.co * sizeof *j->problem->y);
}

static void run_thread(void *context, size_t thread) {
    libxsmm_dnn_execute_st(((libxsmm_job *)context)->layer, LIBXSMM_DNN_COMPUTE_KIND_FWD, 0, (int)thread);
}

static void run(job *base) {
    fill_bias((libxsmm_job *)base);
    pool_run(run_thread, base, pool_threads());
}

static void convert_in(job *base) {
    const libxsmm_job *j = (const libxsmm_job *)base;
    libxsmm_dnn_copyin_tensor(j->tensors[INPUT], j->problem->x, LIBXSMM_DNN_TENSOR_FORMAT_NCHW);
}

static void convert_out(job *base) {
    const libxsmm_job *j = (const libxsmm_job *)base;
    libxsmm_dnn_copyout_tensor(j->tensors[OUTPUT], j->problem->y, LIBXSMM_DNN_TENSOR_FORMAT_NCHW);
}

static void destroy(job *base) {
    libxsmm_job *j = (libxsmm_job *)base;
    for (int i = 0; i < TENSORS; i++) {
        if (j->tensors[i] == NULL) continue;
        libxsmm_dnn_release_tensor(j->layer, types[i]);
        libxsmm_dnn_destroy_tensor(j->tensors[i]);
        free(j->own[i]);
    }
    libxsmm_dnn_destroy_conv_layer(j->layer);
    free(j->bias);
    free(j->scratch);
    free(j);
}

static bool is_possible(const layer_shape *s) {
    return s->groups == 1 && s->dil_h == 1 && s->dil_w == 1 && s->pad_t == s->pad_b && s->pad_l == s->pad_r;
}

static libxsmm_dnn_conv_desc describe(const problem *p) {
    const layer_shape *s = &p->layer->shape;
    return (libxsmm_dnn_conv_desc){
        .N = (int)s->n,
        .C = (int)s->ci,
        .H = (int)s->h,
        .W = (int)s->w,
        .K = (int)s->co,
        .R = (int)s->kh,
        .S = (int)s->kw,
        .u = (int)s->stride_h,
        .v = (int)s->stride_w,
        .pad_h = (int)s->pad_t,
        .pad_w = (int)s->pad_l,
        .threads = (int)pool_threads(),
        .datatype_in = LIBXSMM_DNN_DATATYPE_F32,
        .datatype_out = LIBXSMM_DNN_DATATYPE_F32,
        .buffer_format = is_plain(p) ? LIBXSMM_DNN_TENSOR_FORMAT_NHWC : LIBXSMM_DNN_TENSOR_FORMAT_LIBXSMM,
        .filter_format = is_plain(p) ? LIBXSMM_DNN_TENSOR_FORMAT_RSCK : LIBXSMM_DNN_TENSOR_FORMAT_LIBXSMM,
        .algo = LIBXSMM_DNN_CONV_ALGO_DIRECT,
        .options = LIBXSMM_DNN_CONV_OPTION_NONE,
        .fuse_ops = LIBXSMM_DNN_CONV_FUSE_NONE,
    };
}

/* OIHW to u, v, c, o. */
static void pack_rsck(const problem *p, float *packed) {
    const layer_shape *s = &p->layer->shape;
    size_t area = s->kh * s->kw;
    for (size_t o = 0; o < s->co; o++)
        for (size_t c = 0; c < s->ci; c++)
            for (size_t t = 0; t < area; t++)
                packed[(t * s->ci + c) * s->co + o] = p->weights[(o * s->ci + c) * area + t];
}

/* Binds one tensor, in memory of its own unless that is given; returns its bytes, 0 where the library refuses. */
static size_t bind(libxsmm_job *j, int which, float *given) {
    libxsmm_dnn_err_t status;
    libxsmm_dnn_tensor_datalayout *layout = libxsmm_dnn_create_tensor_datalayout(j->layer, types[which], &status);
    if (layout == NULL) return 0;
    size_t bytes = libxsmm_dnn_get_tensor_size(layout, &status);
    float *data = given != NULL ? given : page_alloc(bytes);
    j->own[which] = given != NULL ? NULL : data;
    j->tensors[which] = libxsmm_dnn_link_tensor(layout, data, &status);
    libxsmm_dnn_destroy_tensor_datalayout(layout);
    bool good = j->tensors[which] != NULL &&
                libxsmm_dnn_bind_tensor(j->layer, j->tensors[which], types[which]) == LIBXSMM_DNN_SUCCESS;
    return good ? bytes : 0;
}

static bool bind_weights(libxsmm_job *j) {
    j->base.weights_bytes = bind(j, FILTER, NULL);
    if (j->base.weights_bytes == 0) return false;
    j->base.weights = j->own[FILTER];
    if (is_plain(j->problem))
        pack_rsck(j->problem, j->own[FILTER]);
    else
        libxsmm_dnn_copyin_tensor(j->tensors[FILTER], j->problem->weights, LIBXSMM_DNN_TENSOR_FORMAT_KCRS);
    return true;
}

/* The bias at every pixel, brought into the blocked format by the library itself. */
static void make_bias(libxsmm_job *j, size_t bytes) {
    const layer *l = j->problem->layer;
    size_t pixels = l->oh * l->ow;
    float *plain = page_alloc(layer_y_size(l) * sizeof *plain);
    for (size_t i = 0; i < layer_y_size(l); i++) plain[i] = j->problem->bias[i / pixels % l->shape.co];
    libxsmm_dnn_copyin_tensor(j->tensors[OUTPUT], plain, LIBXSMM_DNN_TENSOR_FORMAT_NCHW);
    free(plain);
    j->bias = memcpy(page_alloc(bytes), j->own[OUTPUT], bytes);
    j->y_size = bytes / sizeof *j->bias;
}

static bool bind_tensors(libxsmm_job *j) {
    const problem *p = j->problem;
    size_t x = bind(j, INPUT, is_plain(p) ? p->x : NULL), y = bind(j, OUTPUT, is_plain(p) ? p->y : NULL);
    if (x == 0 || y == 0) return false;
    if (is_plain(p)) return true;
    make_bias(j, y);
    j->base.tensors = x + y;
    j->base.convert_in = convert_in;
    j->base.convert_out = convert_out;
    return true;
}

static bool bind_scratch(libxsmm_job *j) {
    libxsmm_dnn_err_t status;
    j->base.scratch = libxsmm_dnn_get_scratch_size(j->layer, LIBXSMM_DNN_COMPUTE_KIND_FWD, &status);
    j->scratch = page_alloc(j->base.scratch);
    return libxsmm_dnn_bind_scratch(j->layer, LIBXSMM_DNN_COMPUTE_KIND_FWD, j->scratch) == LIBXSMM_DNN_SUCCESS;
}

static job *create(const engine *e, const problem *p) {
    (void)e;
    libxsmm_dnn_err_t status = LIBXSMM_DNN_SUCCESS;
    if (!is_possible(&p->layer->shape)) return NULL;
    libxsmm_dnn_layer *made = libxsmm_dnn_create_conv_layer(describe(p), &status);
    if (made == NULL || status != LIBXSMM_DNN_SUCCESS) return NULL;
    libxsmm_job *j = page_alloc(sizeof *j);
    *j = (libxsmm_job){.base = {.run = run, .destroy = destroy}, .problem = p, .layer = made};
    if (bind_tensors(j) && bind_weights(j) && bind_scratch(j)) return &j->base;
    destroy(&j->base);
    return NULL;
}

const engine peer_libxsmm = {
    .name = "libxsmm", .head = "xsmm", .about = "libxsmm's direct convolution", .is_peer = true, .create = create};
