/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oneDNN, version 2: in the layout that it chooses itself (with its own reorders from and to the plain one), and held
 * to plain NCHW or NHWC. The weights are reordered beforehand into whatever layout it asks for.
 */
#include "perf/engine.h"
#include "perf/memory.h"
#include "perf/pool.h"

#include <dlfcn.h>
#include <dnnl.h>
#include <stdlib.h>
#include <string.h>

typedef struct onednn_job {
    job base;
    dnnl_primitive_t run, in, out;     /* in, out: NULL where x and y serve as they are */
    dnnl_memory_t x, y, weights, bias; /* weights: as the primitive wants them */
    dnnl_memory_t own_x, own_y;        /* NULL likewise */
} onednn_job;

static dnnl_engine_t cpu;
static dnnl_stream_t stream;

/* oneDNN takes its threads from OpenMP, whichever library of that it was linked with. */
static void set_threads(void) {
    void (*set)(int);
    void *symbol = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    memcpy(&set, &symbol, sizeof symbol);
    if (set != NULL) set((int)pool_threads());
}

static bool start(void) {
    if (stream != NULL) return true;
    set_threads();
    dnnl_set_primitive_cache_capacity(0); /* what is created is created, and its time counts */
    return dnnl_engine_create(&cpu, dnnl_cpu, 0) == dnnl_success &&
           dnnl_stream_create(&stream, cpu, dnnl_stream_default_flags) == dnnl_success;
}

static void execute(dnnl_primitive_t primitive, int count, const dnnl_exec_arg_t *args) {
    dnnl_primitive_execute(primitive, stream, count, args);
    dnnl_stream_wait(stream);
}

static void reorder(dnnl_primitive_t primitive, dnnl_memory_t from, dnnl_memory_t to) {
    if (primitive == NULL) return;
    dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    execute(primitive, 2, args);
}

static void run(job *base) {
    onednn_job *j = (onednn_job *)base;
    dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, j->own_x != NULL ? j->own_x : j->x},
                              {DNNL_ARG_WEIGHTS, j->weights},
                              {DNNL_ARG_BIAS, j->bias},
                              {DNNL_ARG_DST, j->own_y != NULL ? j->own_y : j->y}};
    execute(j->run, 4, args);
}

static void convert_in(job *base) {
    onednn_job *j = (onednn_job *)base;
    reorder(j->in, j->x, j->own_x);
}

static void convert_out(job *base) {
    onednn_job *j = (onednn_job *)base;
    reorder(j->out, j->own_y, j->y);
}

static void destroy(job *base) {
    onednn_job *j = (onednn_job *)base;
    dnnl_primitive_t primitives[] = {j->run, j->in, j->out};
    dnnl_memory_t memories[] = {j->x, j->y, j->weights, j->bias, j->own_x, j->own_y};
    for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++) dnnl_primitive_destroy(primitives[i]);
    for (size_t i = 0; i < sizeof memories / sizeof *memories; i++) dnnl_memory_destroy(memories[i]);
    free(j);
}

/* A tensor's description in one of the plain layouts, or in whichever the primitive likes. */
static dnnl_memory_desc_t describe(int count, const dnnl_dims_t dims, dnnl_format_tag_t tag) {
    dnnl_memory_desc_t md;
    dnnl_memory_desc_init_by_tag(&md, count, dims, dnnl_f32, tag);
    return md;
}

/* On a map of one pixel both layouts are the same memory, and told that it is NHWC, version 2.6 gets the sums wrong. */
static dnnl_format_tag_t plain_tag(const layer *l, corr2d_layout layout) {
    bool is_pixel = l->shape.h == 1 && l->shape.w == 1 && l->oh == 1 && l->ow == 1;
    return layout == CORR2D_NCHW || is_pixel ? dnnl_nchw : dnnl_nhwc;
}

static dnnl_memory_desc_t describe_x(const layer *l, dnnl_format_tag_t tag) {
    const layer_shape *s = &l->shape;
    return describe(4, (dnnl_dims_t){(dnnl_dim_t)s->n, (dnnl_dim_t)s->ci, (dnnl_dim_t)s->h, (dnnl_dim_t)s->w}, tag);
}

static dnnl_memory_desc_t describe_y(const layer *l, dnnl_format_tag_t tag) {
    const dnnl_dims_t dims = {(dnnl_dim_t)l->shape.n, (dnnl_dim_t)l->shape.co, (dnnl_dim_t)l->oh, (dnnl_dim_t)l->ow};
    return describe(4, dims, tag);
}

static dnnl_memory_desc_t describe_weights(const layer_shape *s, bool plain) {
    dnnl_dim_t groups = (dnnl_dim_t)s->groups, co = (dnnl_dim_t)(s->co / s->groups),
               ci = (dnnl_dim_t)(s->ci / s->groups);
    dnnl_dim_t kh = (dnnl_dim_t)s->kh, kw = (dnnl_dim_t)s->kw;
    if (s->groups == 1) return describe(4, (dnnl_dims_t){co, ci, kh, kw}, plain ? dnnl_oihw : dnnl_format_tag_any);
    return describe(5, (dnnl_dims_t){groups, co, ci, kh, kw}, plain ? dnnl_goihw : dnnl_format_tag_any);
}

static bool describe_layer(const layer *l, dnnl_format_tag_t tag, dnnl_primitive_desc_t *pd) {
    const layer_shape *s = &l->shape;
    dnnl_memory_desc_t x = describe_x(l, tag), y = describe_y(l, tag), weights = describe_weights(s, false);
    dnnl_memory_desc_t bias = describe(1, (dnnl_dims_t){(dnnl_dim_t)s->co}, dnnl_x);
    const dnnl_dims_t strides = {(dnnl_dim_t)s->stride_h, (dnnl_dim_t)s->stride_w};
    const dnnl_dims_t dilates = {(dnnl_dim_t)s->dil_h - 1, (dnnl_dim_t)s->dil_w - 1};
    const dnnl_dims_t before = {(dnnl_dim_t)s->pad_t, (dnnl_dim_t)s->pad_l};
    const dnnl_dims_t after = {(dnnl_dim_t)s->pad_b, (dnnl_dim_t)s->pad_r};
    dnnl_convolution_desc_t desc;
    return dnnl_dilated_convolution_forward_desc_init(&desc, dnnl_forward_inference, dnnl_convolution_auto, &x,
                                                      &weights, &bias, &y, strides, dilates, before,
                                                      after) == dnnl_success &&
           dnnl_primitive_desc_create(pd, &desc, NULL, cpu, NULL) == dnnl_success;
}

static bool create_reorder(dnnl_primitive_t *primitive, const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to) {
    dnnl_primitive_desc_t pd;
    if (dnnl_reorder_primitive_desc_create(&pd, from, cpu, to, cpu, NULL) != dnnl_success) return false;
    bool good = dnnl_primitive_create(primitive, pd) == dnnl_success;
    dnnl_primitive_desc_destroy(pd);
    return good;
}

/* Where the primitive's tensor is not the plain one: memory of its own, and the reorder there or back. */
static bool create_own(const dnnl_memory_desc_t *plain, const dnnl_memory_desc_t *wanted, bool is_input,
                       dnnl_memory_t *own, dnnl_primitive_t *primitive) {
    if (dnnl_memory_desc_equal(plain, wanted)) return true;
    return dnnl_memory_create(own, wanted, cpu, DNNL_MEMORY_ALLOCATE) == dnnl_success &&
           create_reorder(primitive, is_input ? plain : wanted, is_input ? wanted : plain);
}

static bool create_weights(onednn_job *j, const problem *p, const dnnl_memory_desc_t *wanted) {
    dnnl_memory_desc_t plain = describe_weights(&p->layer->shape, true);
    dnnl_memory_t from = NULL;
    dnnl_primitive_t primitive = NULL;
    bool good = dnnl_memory_create(&from, &plain, cpu, p->weights) == dnnl_success &&
                dnnl_memory_create(&j->weights, wanted, cpu, DNNL_MEMORY_ALLOCATE) == dnnl_success &&
                create_reorder(&primitive, &plain, wanted);
    if (good) reorder(primitive, from, j->weights);
    dnnl_primitive_destroy(primitive);
    dnnl_memory_destroy(from);
    return good;
}

static bool create_tensors(onednn_job *j, const problem *p, const_dnnl_primitive_desc_t pd) {
    dnnl_format_tag_t tag = plain_tag(p->layer, p->layout);
    dnnl_memory_desc_t x = describe_x(p->layer, tag), y = describe_y(p->layer, tag);
    dnnl_memory_desc_t bias = describe(1, (dnnl_dims_t){(dnnl_dim_t)p->layer->shape.co}, dnnl_x);
    return dnnl_memory_create(&j->x, &x, cpu, p->x) == dnnl_success &&
           dnnl_memory_create(&j->y, &y, cpu, p->y) == dnnl_success &&
           dnnl_memory_create(&j->bias, &bias, cpu, p->bias) == dnnl_success &&
           create_own(&x, dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0), true, &j->own_x, &j->in) &&
           create_own(&y, dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0), false, &j->own_y, &j->out) &&
           create_weights(j, p, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0));
}

static size_t memory_size(const_dnnl_memory_t memory) {
    const dnnl_memory_desc_t *md = NULL;
    return memory != NULL && dnnl_memory_get_memory_desc(memory, &md) == dnnl_success ? dnnl_memory_desc_get_size(md)
                                                                                      : 0;
}

static void tell_memory(onednn_job *j, const_dnnl_primitive_desc_t pd) {
    dnnl_dim_t scratch = 0;
    void *weights = NULL;
    dnnl_primitive_desc_query(pd, dnnl_query_memory_consumption_s64, 0, &scratch);
    dnnl_memory_get_data_handle(j->weights, &weights);
    j->base.scratch = (size_t)scratch;
    j->base.weights = weights;
    j->base.weights_bytes = memory_size(j->weights);
    j->base.tensors = memory_size(j->own_x) + memory_size(j->own_y);
}

static job *create(const problem *p, dnnl_format_tag_t tag) {
    dnnl_primitive_desc_t pd;
    if (!start() || !describe_layer(p->layer, tag, &pd)) return NULL;
    onednn_job *j = page_alloc(sizeof *j);
    bool good = dnnl_primitive_create(&j->run, pd) == dnnl_success && create_tensors(j, p, pd);
    j->base = (job){.run = run,
                    .convert_in = j->in != NULL ? convert_in : NULL,
                    .convert_out = j->out != NULL ? convert_out : NULL,
                    .destroy = destroy};
    if (good) tell_memory(j, pd);
    dnnl_primitive_desc_destroy(pd);
    if (good) return &j->base;
    destroy(&j->base);
    return NULL;
}

static job *create_any(const engine *e, const problem *p) {
    (void)e;
    return create(p, dnnl_format_tag_any);
}

static job *create_nchw(const engine *e, const problem *p) {
    (void)e;
    return create(p, plain_tag(p->layer, CORR2D_NCHW));
}

static job *create_nhwc(const engine *e, const problem *p) {
    (void)e;
    return create(p, plain_tag(p->layer, CORR2D_NHWC));
}

const engine peer_onednn_any = {.name = "onednn-any",
                                .head = "1dnn",
                                .about = "oneDNN in the layout that it chooses, reorders shown apart",
                                .library = "libdnnl",
                                .is_peer = true,
                                .create = create_any};
const engine peer_onednn_nchw = {.name = "onednn-nchw",
                                 .head = "1dnn-c",
                                 .about = "oneDNN on plain NCHW",
                                 .library = "libdnnl",
                                 .is_peer = true,
                                 .create = create_nchw};
const engine peer_onednn_nhwc = {.name = "onednn-nhwc",
                                 .head = "1dnn-l",
                                 .about = "oneDNN on plain NHWC",
                                 .library = "libdnnl",
                                 .is_peer = true,
                                 .create = create_nhwc};
