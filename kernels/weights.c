/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/weights.h"

#include "kernels/checked.h"

/*
 * Groups that are units of their own are packed each for itself; a unit that spans the groups, which is one input
 * channel each, has all their output channels in its panels.
 */
typedef struct packing {
    const corr2d_layer *layer;
    const float *weights;
    size_t taps;              /* of one output channel */
    size_t channel, row, tap; /* distances in the source, of c, u, v */
} packing;

static packing packing_of(const corr2d_layer *layer, const float *weights) {
    const size_t rows = layer->rows.taps, columns = layer->columns.taps, channels = layer->group_in;
    packing p = {.layer = layer, .weights = weights, .taps = corr2d_layer_taps(layer)};
    const bool last = layer->weights_layout == CORR2D_OHWI;
    p.tap = last ? channels : 1;
    p.row = columns * p.tap;
    p.channel = last ? 1 : rows * columns;
    return p;
}

/* The weights of one output channel, in the order c, u, v, each `width` behind the one before. */
static void pack_channel(float *restrict to, const packing *p, size_t channel, size_t width) {
    const float *from = p->weights + channel * p->taps;
    for (size_t c = 0; c < p->layer->group_in; c++) {
        for (size_t u = 0; u < p->layer->rows.taps; u++) {
            const float *row = from + c * p->channel + u * p->row;
            for (size_t v = 0; v < p->layer->columns.taps; v++, to += width) *to = row[v * p->tap];
        }
    }
}

static void pack_nothing(float *to, size_t taps, size_t width) {
    for (size_t t = 0; t < taps; t++) to[t * width] = 0.0f;
}

/* `count` output channels from the first-th on, as panels. Returns where they end. */
static float *pack_panels(float *to, const corr2d_plan *plan, const packing *p, size_t first, size_t count) {
    for (size_t done = 0; done < count; done += plan->panel_channels) {
        const size_t real = corr2d_min(count - done, plan->panel_channels);
        const size_t width = corr2d_round_up(real, plan->panel_granule);
        for (size_t o = 0; o < real; o++) pack_channel(to + o, p, first + done + o, width);
        for (size_t o = real; o < width; o++) pack_nothing(to + o, p->taps, width);
        to += width * p->taps;
    }
    return to;
}

void corr2d_weights_pack(const corr2d_plan *plan, const float *weights) {
    const packing p = packing_of(&plan->layer, weights);
    float *to = plan->weights;
    for (size_t g = 0; g < plan->unit_groups; g++) {
        to = pack_panels(to, plan, &p, g * plan->unit_channels, plan->unit_channels);
    }
}

void corr2d_bias_pack(const corr2d_plan *plan, const float *bias) {
    const size_t width = corr2d_round_up(plan->unit_channels, plan->panel_granule);
    for (size_t g = 0; g < plan->unit_groups; g++) {
        for (size_t o = 0; o < width; o++) {
            const bool real = bias && o < plan->unit_channels;
            plan->bias[g * width + o] = real ? bias[g * plan->unit_channels + o] : 0.0f;
        }
    }
}

const float *corr2d_panel_weights(const corr2d_plan *plan, size_t group, size_t panel, size_t tap) {
    const size_t taps = corr2d_layer_taps(&plan->layer), before = panel * plan->panel_channels;
    const size_t width = corr2d_round_up(corr2d_panel_channels(plan, panel), plan->panel_granule);
    const size_t group_width = corr2d_round_up(plan->unit_channels, plan->panel_granule);
    return plan->weights + (group * group_width + before) * taps + tap * width;
}

const float *corr2d_panel_bias(const corr2d_plan *plan, size_t group, size_t panel) {
    const size_t group_width = corr2d_round_up(plan->unit_channels, plan->panel_granule);
    return plan->bias + group * group_width + panel * plan->panel_channels;
}
