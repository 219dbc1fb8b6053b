/* SPDX-License-Identifier: Apache-2.0 */
#include "corr2d_darknet.h"

#include <corr2d/openmp.h>
#include <math.h>

/* In libdarknet, but not in its header. */
void forward_convolutional_layer(layer l, network net);
void activate_array(float *x, int n, ACTIVATION a);

/* The plan waits where recurrent layers keep their first layer; nothing else has room in a convolutional one. */
static void set_plan(layer *l, corr2d_plan *plan) { l->input_layer = (struct layer *)(void *)plan; }

static corr2d_plan *plan_of(const layer *l) { return (corr2d_plan *)(void *)l->input_layer; }

/* Darknet's threads are OpenMP's. Its other activations are a pass of their own, as they are in Darknet. */
static void forward(layer l, network net) {
    const corr2d_status status = corr2d_run_openmp(plan_of(&l), net.input, l.output, NULL);
    if (status) error(corr2d_status_string(status));
    if (l.activation != LINEAR && l.activation != RELU) activate_array(l.output, l.outputs * l.batch, l.activation);
}

/* Weights and biases as they are once each output channel's normalisation, scale and bias are folded in. */
static void fold(const layer *l, float *weights, float *biases) {
    const size_t taps = (size_t)(l->nweights / l->n);
    for (size_t o = 0; o < (size_t)l->n; o++) {
        float factor = 1, mean = 0;
        if (l->batch_normalize) {
            factor = l->scales[o] / (sqrtf(l->rolling_variance[o]) + .000001f);
            mean = l->rolling_mean[o];
        }
        for (size_t t = o * taps; t < (o + 1) * taps; t++) weights[t] = l->weights[t] * factor;
        biases[o] = l->biases[o] - mean * factor;
    }
}

static corr2d_spec spec_of(const layer *l) {
    const size_t size = (size_t)l->size, stride = (size_t)l->stride, pad = (size_t)l->pad;
    return (corr2d_spec){.batch = (size_t)l->batch,
                         .in_channels = (size_t)l->c,
                         .in_height = (size_t)l->h,
                         .in_width = (size_t)l->w,
                         .out_channels = (size_t)l->n,
                         .kernel_height = size,
                         .kernel_width = size,
                         .stride_height = stride,
                         .stride_width = stride,
                         .pad_top = pad,
                         .pad_bottom = pad,
                         .pad_left = pad,
                         .pad_right = pad,
                         .groups = (size_t)l->groups,
                         .activation = l->activation == RELU ? CORR2D_RELU : CORR2D_IDENTITY};
}

static corr2d_status attach_layer(layer *l) {
    const corr2d_spec spec = spec_of(l);
    corr2d_plan *plan;
    float *const weights = malloc(((size_t)l->nweights + (size_t)l->n) * sizeof *weights);
    if (!weights) return CORR2D_OUT_OF_MEMORY;
    fold(l, weights, weights + l->nweights);
    const corr2d_status status = corr2d_plan_create(&plan, &spec, weights, weights + l->nweights);
    free(weights);
    if (status) return status;
    set_plan(l, plan);
    l->forward = forward;
    return CORR2D_OK;
}

corr2d_status corr2d_darknet_attach(network *net) {
    corr2d_status status = CORR2D_OK;
    for (int i = 0; i < net->n && !status; i++) {
        layer *const l = &net->layers[i];
        if (l->type == CONVOLUTIONAL && !l->binary && !l->xnor) status = attach_layer(l);
    }
    if (status) corr2d_darknet_detach(net);
    return status;
}

void corr2d_darknet_detach(network *net) {
    for (int i = 0; i < net->n; i++) {
        layer *const l = &net->layers[i];
        if (l->forward != forward) continue;
        corr2d_plan_destroy(plan_of(l));
        set_plan(l, NULL);
        l->forward = forward_convolutional_layer;
    }
}
