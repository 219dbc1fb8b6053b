/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ggml: a custom operation; every thread calls it with its (ith, nth), which are a part and the number of parts. Not
 * compiled in CI: Debian 12 has no ggml. Compiled where ggml.h is found.
 *
 * ggml's dimensions are the other way round: ne[0] is the width, ne[1] the height, ne[2] the channels, ne[3] the batch;
 * nb[] are distances in bytes. There are no barriers, and nothing is allocated if the plan needs no workspace; where it
 * does, hand each ith its share of one buffer in `userdata`.
 */
#include <corr2d.h>
#include <ggml.h>

struct ggml_tensor *corr2d_ggml_conv_2d(struct ggml_context *context, corr2d_plan *plan, const corr2d_spec *spec,
                                        struct ggml_tensor *x);

/* For spec.x_strides, before the plan is made: views and permuted tensors are taken as they lie. */
static inline corr2d_strides strides_of(const struct ggml_tensor *t) {
    const size_t size = sizeof(float);
    return (corr2d_strides){
        .batch = t->nb[3] / size, .channel = t->nb[2] / size, .row = t->nb[1] / size, .column = t->nb[0] / size};
}

static void convolve(struct ggml_tensor *y, int ith, int nth, void *userdata) {
    const corr2d_status status =
        corr2d_run_part((const corr2d_plan *)userdata, y->src[0]->data, y->data, NULL, (size_t)ith, (size_t)nth);
    GGML_ASSERT(status == CORR2D_OK);
}

/* The node of the graph; NULL where x is not what the plan was made for. */
struct ggml_tensor *corr2d_ggml_conv_2d(struct ggml_context *context, corr2d_plan *plan, const corr2d_spec *spec,
                                        struct ggml_tensor *x) {
    size_t height, width;
    const corr2d_strides found = strides_of(x), planned = spec->x_strides;
    if (x->type != GGML_TYPE_F32 || corr2d_output_size(spec, &height, &width) || found.row != planned.row ||
        found.channel != planned.channel || found.column != planned.column || found.batch != planned.batch)
        return NULL;
    const int tasks = (int)corr2d_plan_parts(plan, GGML_DEFAULT_N_THREADS);
    return ggml_custom_4d(context, GGML_TYPE_F32, (int64_t)width, (int64_t)height, (int64_t)spec->out_channels,
                          x->ne[3], &x, 1, convolve, tasks, plan);
}
