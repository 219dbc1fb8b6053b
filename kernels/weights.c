/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/weights.h"

#include "kernels/checked.h"

#include <string.h>

/*
 * Groups that are units of their own are packed each for itself; a unit that spans the groups, which is one input
 * channel each, has all their output channels in its panels.
 */
typedef struct packing {
    const corr2d_layer *layer;
    const float *weights;
    size_t taps;              /* of one output channel */
    size_t channel, row, tap; /* distances in the source, of c, u, v */
    bool in_order;            /* which is the order wanted */
} packing;

static packing packing_of(const corr2d_layer *layer, const float *weights) {
    const size_t rows = layer->rows.taps, columns = layer->columns.taps, channels = layer->group_in;
    packing p = {.layer = layer, .weights = weights, .taps = corr2d_layer_taps(layer)};
    const bool last = layer->weights_layout == CORR2D_OHWI;
    p.tap = last ? channels : 1;
    p.row = columns * p.tap;
    p.channel = last ? 1 : rows * columns;
    p.in_order = !last || rows * columns == 1;
    return p;
}

/* The input channels from c on, `count` of them, of one output channel, each tap `width` behind the one before. */
static void pack_channel(float *restrict to, const packing *p, size_t channel, size_t c, size_t count, size_t width) {
    const float *from = p->weights + channel * p->taps + c * p->channel;
    if (p->in_order) {
        for (size_t t = 0, taps = count * p->channel; t < taps; t++) to[t * width] = from[t];
        return;
    }
    for (size_t end = c + count; c < end; c++, from += p->channel) {
        for (size_t u = 0; u < p->layer->rows.taps; u++) {
            const float *row = from + u * p->row;
            for (size_t v = 0; v < p->layer->columns.taps; v++, to += width) *to = row[v * p->tap];
        }
    }
}

static void pack_nothing(float *to, size_t taps, size_t width) {
    for (size_t t = 0; t < taps; t++) to[t * width] = 0.0f;
}

/* One panel of `real` channels, a few input channels at a time, so that what is written stays in the first cache. */
static void pack_panel(float *to, const packing *p, size_t first, size_t real, size_t width) {
    const size_t kernel = p->layer->rows.taps * p->layer->columns.taps, step = corr2d_max(1, 64 / kernel);
    for (size_t c = 0; c < p->layer->group_in; c += step) {
        const size_t count = corr2d_min(step, p->layer->group_in - c);
        for (size_t o = 0; o < real; o++) pack_channel(to + o, p, first + o, c, count, width);
        for (size_t o = real; o < width; o++) pack_nothing(to + o, count * kernel, width);
        to += count * kernel * width;
    }
}

/* `count` output channels from the first-th on, as panels. Returns where they end. */
static float *pack_panels(float *to, const corr2d_plan *plan, const packing *p, size_t first, size_t count) {
    for (size_t done = 0; done < count; done += plan->panel_channels) {
        const size_t real = corr2d_min(count - done, plan->panel_channels);
        const size_t width = corr2d_round_up(real, plan->panel_granule);
        pack_panel(to, p, first + done, real, width);
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

/* Infinities and NaNs have all bits of the exponent set; the loop has no branch, so that it takes vectors. */
bool corr2d_weights_finite(const corr2d_layer *layer, const float *weights) {
    const size_t count = layer->groups * layer->group_out * corr2d_layer_taps(layer);
    const uint32_t exponent = UINT32_C(0x7f800000);
    uint32_t endless = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, weights + i, sizeof bits);
        endless |= (bits & exponent) == exponent;
    }
    return !endless;
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
