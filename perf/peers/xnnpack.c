/* SPDX-License-Identifier: Apache-2.0 */
/* XNNPACK's NHWC convolution operator; transposed from and to NCHW where that is the layout. */
#include "perf/engine.h"
#include "perf/isa.h"
#include "perf/memory.h"
#include "perf/pool.h"
#include "perf/transpose.h"

#include <cpuinfo.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <xnnpack.h>

typedef struct xnnpack_job {
    job base;
    const problem *problem;
    xnn_operator_t op;
    float *x, *y; /* NHWC, of its own; NULL where the problem's serve */
} xnnpack_job;

/* XNNPACK's memory for the operator being made, told by the allocator that it was given: all, and its largest block. */
static size_t allocated_bytes, largest_bytes;
static const void *largest;

static void *allocate(void *context, size_t alignment, size_t size) {
    void *block = NULL;
    (void)context;
    if (posix_memalign(&block, alignment, size) != 0) return NULL;
    allocated_bytes += size;
    if (size > largest_bytes) {
        largest_bytes = size;
        largest = block;
    }
    return block;
}

static void *allocate_any(void *context, size_t size) { return allocate(context, sizeof(max_align_t), size); }

static void *reallocate(void *context, void *block, size_t size) {
    (void)context;
    allocated_bytes += size;
    return realloc(block, size);
}

static void deallocate(void *context, void *block) {
    (void)context;
    free(block);
}

static const struct xnn_allocator allocator = {.allocate = allocate_any,
                                               .reallocate = reallocate,
                                               .deallocate = deallocate,
                                               .aligned_allocate = allocate,
                                               .aligned_deallocate = deallocate};

static void run(job *base) { xnn_run_operator(((xnnpack_job *)base)->op, pool_handle()); }

static void convert_in(job *base) {
    const xnnpack_job *j = (const xnnpack_job *)base;
    const layer_shape *s = &j->problem->layer->shape;
    to_nhwc(j->problem->x, j->x, s->n, s->ci, s->h * s->w);
}

static void convert_out(job *base) {
    const xnnpack_job *j = (const xnnpack_job *)base;
    const layer *l = j->problem->layer;
    to_nchw(j->y, j->problem->y, l->shape.n, l->shape.co, l->oh * l->ow);
}

static void destroy(job *base) {
    xnnpack_job *j = (xnnpack_job *)base;
    xnn_delete_operator(j->op);
    free(j->x);
    free(j->y);
    free(j);
}

/* OHWI, as the operator takes them. */
static float *transpose_weights(const problem *p) {
    const layer_shape *s = &p->layer->shape;
    float *weights = page_alloc(layer_weights_size(p->layer) * sizeof *weights);
    to_nhwc(p->weights, weights, s->co, s->ci / s->groups, s->kh * s->kw);
    return weights;
}

static bool create_operator(const problem *p, xnn_operator_t *op) {
    const layer_shape *s = &p->layer->shape;
    float *weights = transpose_weights(p);
    enum xnn_status status = xnn_create_convolution2d_nhwc_f32(
        (uint32_t)s->pad_t, (uint32_t)s->pad_r, (uint32_t)s->pad_b, (uint32_t)s->pad_l, (uint32_t)s->kh,
        (uint32_t)s->kw, (uint32_t)s->stride_h, (uint32_t)s->stride_w, (uint32_t)s->dil_h, (uint32_t)s->dil_w,
        (uint32_t)s->groups, s->ci / s->groups, s->co / s->groups, s->ci, s->co, weights, p->bias, -INFINITY, INFINITY,
        0, op);
    free(weights);
    return status == xnn_status_success;
}

/* XNNPACK has no switch of its own, and goes by what the cpuinfo library tells it. */
#if CPUINFO_ARCH_X86_64
static bool hide_avx512(void) {
    if (!cpuinfo_initialize()) return false;
    cpuinfo_isa.avx512f = cpuinfo_isa.avx512vl = cpuinfo_isa.avx512dq = cpuinfo_isa.avx512bw = false;
    return true;
}
#else
static bool hide_avx512(void) { return false; }
#endif

static bool start(void) {
    return (!isa_is_held() || hide_avx512()) && xnn_initialize(&allocator) == xnn_status_success;
}

static job *create(const engine *e, const problem *p) {
    (void)e;
    xnn_operator_t op = NULL;
    const layer_shape *s = &p->layer->shape;
    if (!start()) return NULL;
    allocated_bytes = largest_bytes = 0;
    if (!create_operator(p, &op)) return NULL;
    xnnpack_job *j = page_alloc(sizeof *j);
    *j = (xnnpack_job){.base = {.run = run, .destroy = destroy, .weights = largest, .weights_bytes = largest_bytes},
                       .problem = p,
                       .op = op};
    allocated_bytes = 0;
    if (p->layout == CORR2D_NCHW) {
        j->x = page_alloc(layer_x_size(p->layer) * sizeof *j->x);
        j->y = page_alloc(layer_y_size(p->layer) * sizeof *j->y);
        j->base.tensors = (layer_x_size(p->layer) + layer_y_size(p->layer)) * sizeof *j->x;
        j->base.convert_in = convert_in;
        j->base.convert_out = convert_out;
    }
    if (xnn_setup_convolution2d_nhwc_f32(op, s->n, s->h, s->w, j->x != NULL ? j->x : p->x, j->y != NULL ? j->y : p->y,
                                         pool_handle()) == xnn_status_success) {
        j->base.scratch = allocated_bytes; /* the operator's tables of addresses */
        return &j->base;
    }
    destroy(&j->base);
    return NULL;
}

const engine peer_xnnpack = {.name = "xnnpack",
                             .head = "xnn",
                             .about = "XNNPACK's NHWC operator",
                             .library = "libXNNPACK",
                             .is_peer = true,
                             .create = create};
