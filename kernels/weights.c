/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/weights.h"

#include "kernels/checked.h"

#include <string.h>

#define LINE_FLOATS 16

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
    p.in_order = !last || rows * columns == 1 || channels == 1;
    return p;
}

/* Output channels that are packed side by side, and the taps of each at a time: what compilers make vectors of. */
#define TOGETHER 4
#define RUN 16

/* A run of taps of all that are packed together, which are `apart` in the source, and packed `step` apart. */
static void pack_run(float *to, const float *from, size_t step, size_t apart) {
    float side[RUN][TOGETHER];
    for (size_t t = 0; t < RUN; t++) {
        side[t][0] = from[t];
        side[t][1] = from[apart + t];
        side[t][2] = from[2 * apart + t];
        side[t][3] = from[3 * apart + t];
    }
    for (size_t t = 0; t < RUN; t++) memcpy(to + t * step, side[t], sizeof side[t]);
}

/* `count` taps, side by side in the source, of `real` output channels; zeros for those that are left of `width`. */
static void pack_taps(float *restrict to, const float *restrict from, size_t count, size_t step, size_t real,
                      size_t width, size_t apart) {
    if (real == TOGETHER) {
        for (; count >= RUN; count -= RUN, from += RUN, to += RUN * step) pack_run(to, from, step, apart);
    }
    for (size_t t = 0; t < count; t++, to += step) {
        for (size_t o = 0; o < width; o++) to[o] = o < real ? from[o * apart + t] : 0.0f;
    }
}

/* The input channels from c on, `count` of them, of a few output channels from the first-th on. */
static void pack_channels(float *to, const packing *p, size_t first, size_t real, size_t width, size_t c, size_t count,
                          size_t step) {
    const float *from = p->weights + first * p->taps + c * p->channel;
    const size_t kernel = p->layer->rows.taps * p->layer->columns.taps;
    if (p->in_order) {
        pack_taps(to, from, count * kernel, step, real, width, p->taps);
        return;
    }
    for (size_t t = 0; t < kernel; t++, to += step, from += p->tap) {
        pack_taps(to, from, count, step * kernel, real, width, p->taps);
    }
}

/* One panel of `real` channels, a few input channels at a time, so that what is written stays in the first cache. */
static void pack_panel(float *to, const packing *p, size_t first, size_t real, size_t width) {
    const size_t kernel = p->layer->rows.taps * p->layer->columns.taps, least = p->in_order ? 1 : LINE_FLOATS;
    const size_t step = corr2d_max(least, 64 / kernel);
    for (size_t c = 0; c < p->layer->group_in; c += step) {
        const size_t count = corr2d_min(step, p->layer->group_in - c);
        for (size_t o = 0; o < width; o += TOGETHER) {
            const size_t some = corr2d_min(TOGETHER, width - o), left = o < real ? real - o : 0;
            pack_channels(to + o, p, first + o, corr2d_min(left, some), some, c, count, width);
        }
        to += count * kernel * width;
    }
}

/* `count` output channels from the first-th on, as panels. Returns where they end. */
static float *pack_panels(float *to, const corr2d_plan *plan, const packing *p, size_t first, size_t count) {
    if (plan->panel_channels == 1 && p->in_order) {
        memcpy(to, p->weights + first * p->taps, count * p->taps * sizeof *to);
        return to + count * p->taps;
    }
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

/* All bits of the exponent set, as infinities and NaNs have them, carry into the sign. */
static uint32_t carry_of(const float *weight) {
    const uint32_t exponent = UINT32_C(0x7f800000), least = UINT32_C(0x00800000);
    uint32_t bits;
    memcpy(&bits, weight, sizeof bits);
    return (bits & exponent) + least;
}

/* The loops have no branch, so that they take vectors, and are several sums, so that they take several. */
bool corr2d_weights_finite(const corr2d_layer *layer, const float *weights) {
    const size_t count = layer->groups * layer->group_out * corr2d_layer_taps(layer), rest = count % LINE_FLOATS;
    uint32_t carries[LINE_FLOATS] = {0}, all = 0;
    for (const float *const end = weights + count - rest; weights < end; weights += LINE_FLOATS) {
        for (size_t i = 0; i < LINE_FLOATS; i++) carries[i] |= carry_of(weights + i);
    }
    for (size_t i = 0; i < rest; i++) all |= carry_of(weights + i);
    for (size_t i = 0; i < LINE_FLOATS; i++) all |= carries[i];
    return !(all >> 31);
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
