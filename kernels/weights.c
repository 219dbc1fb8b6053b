/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/weights.h"

#include "kernels/checked.h"

#include <string.h>

#define LINE_FLOATS 16

/* About so many weights are packed at a time, and stay in the first cache meanwhile; but so many side by side. */
#define PACKED_FLOATS 4096
#define LEAST_TOGETHER 16

/*
 * Groups that are units of their own are packed each for itself; a unit that spans the groups, which is one input
 * channel each, has all their output channels in its panels. An output channel's taps are side by side, or, where c
 * runs fastest, as many runs of weights as a kernel has.
 */
typedef struct packing {
    const corr2d_kernels *kernels;
    const float *weights;
    size_t taps;      /* of one output channel */
    size_t run, runs; /* weights in a run */
} packing;

static packing packing_of(const corr2d_plan *plan, const float *weights) {
    const corr2d_layer *layer = &plan->layer;
    const size_t taps = corr2d_layer_taps(layer), channels = layer->group_in;
    const bool apart = layer->weights_layout == CORR2D_OHWI && channels > 1;
    return (packing){plan->kernels, weights, taps, apart ? channels : taps, apart ? taps / channels : 1};
}

/* `count` weights, side by side in the source, of `real` output channels, `step` apart. */
static void pack_run(float *to, size_t step, const float *from, const packing *p, size_t count, size_t real) {
    if (count >= p->kernels->lanes) {
        p->kernels->turn(to, step, from, p->taps, count, real);
        return;
    }
    for (; count; count--, to += step, from++) {
        for (size_t o = 0; o < real; o++) to[o] = from[o * p->taps];
    }
}

/* One panel of `real` channels, and zeros for those that are left of `width`. */
static void pack_panel(float *to, const packing *p, size_t first, size_t real, size_t width) {
    const float *from = p->weights + first * p->taps;
    const size_t step = p->runs * width, most = corr2d_max(LEAST_TOGETHER, PACKED_FLOATS / step);
    if (real < width) memset(to, 0, width * p->taps * sizeof *to);
    for (size_t done = 0, count; done < p->run; done += count, from += count, to += count * step) {
        const size_t left = p->run - done;
        count = left < 2 * most ? left : most;
        for (size_t t = 0; t < p->runs; t++) pack_run(to + t * width, step, from + t * p->run, p, count, real);
    }
}

/* `count` output channels from the first-th on, as panels. Returns where they end. */
static float *pack_panels(float *to, const corr2d_plan *plan, const packing *p, size_t first, size_t count) {
    if (plan->panel_channels == 1 && p->runs == 1) {
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
    const packing p = packing_of(plan, weights);
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
