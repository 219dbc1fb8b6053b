/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise layers: one input channel to a group, so that a unit is a strip of all channels, and no sum runs over
 * channels. With vectors over pixels a panel is one output channel and a strip is packed for each input channel; with
 * vectors over channels a panel is one vector of channels, and a few panels are packed together.
 */
#include "kernels/checked.h"
#include "kernels/plan.h"
#include "kernels/scattered.h"
#include "kernels/weights.h"

/* A strip's pixels: one packed channel stays in the first cache. */
#define STRIP_PIXELS 960
#define STRIP_FLOATS (4u << 10)

/* With channels in vectors: the channels packed together, and what they may take of the second cache. */
#define BLOCK_CHANNELS 64
#define BLOCK_FLOATS (32u << 10)

static void cut_pixel_strips(corr2d_plan *plan, size_t pixels, bool *overflow) {
    const corr2d_layer *layer = &plan->layer;
    corr2d_plan_set_strips(plan, pixels, plan->kernels->lanes);
    const corr2d_runs rows = corr2d_runs_split(&layer->rows, plan->strip_height, true, overflow);
    const corr2d_runs columns = corr2d_runs_split(&layer->columns, plan->strip_width, false, overflow);
    plan->strip = corr2d_strip_planes(rows, columns, 1, overflow);
    plan->workspace = corr2d_sum(plan->strip.size, CORR2D_STRIP_SLACK, overflow);
}

static void cut_channel_strips(corr2d_plan *plan, size_t pixels, bool *overflow) {
    const corr2d_layer *layer = &plan->layer;
    const size_t channels = corr2d_round_up(corr2d_min(layer->groups, BLOCK_CHANNELS), plan->kernels->lanes);
    corr2d_plan_set_strips(plan, pixels, 1);
    const corr2d_runs rows = corr2d_runs_split(&layer->rows, plan->strip_height, true, overflow);
    const corr2d_runs columns = corr2d_runs_split(&layer->columns, plan->strip_width, true, overflow);
    plan->strip = corr2d_strip_pixels(rows, columns, channels, overflow);
    plan->workspace = plan->in_place ? 0 : plan->strip.size;
    plan->pixel_count = plan->strip_height * plan->strip_width;
}

/* Halves the strips until what is packed of them is no more than `floats`, or they are as small as they get. */
static void cut_to_size(corr2d_plan *plan, void (*cut)(corr2d_plan *, size_t, bool *), size_t floats, bool *overflow) {
    for (size_t pixels = STRIP_PIXELS;; pixels /= 2) {
        bool too_much = false;
        cut(plan, pixels, &too_much);
        if (pixels / 2 < plan->kernels->lanes || (!too_much && plan->workspace <= floats)) {
            *overflow |= too_much;
            return;
        }
    }
}

static void cut_pixel(corr2d_plan *plan, bool *overflow) {
    plan->unit_groups = 1;
    plan->block = 1;
    corr2d_plan_set_panels(plan, 1, 1, overflow);
    cut_to_size(plan, cut_pixel_strips, STRIP_FLOATS, overflow);
}

static void cut_channel(corr2d_plan *plan, bool *overflow) {
    const corr2d_layer *layer = &plan->layer;
    plan->unit_groups = 1;
    plan->block = 1;
    plan->in_place = !layer->rows.padded && !layer->columns.padded && layer->groups % plan->kernels->lanes == 0;
    corr2d_plan_set_panels(plan, plan->kernels->lanes, plan->kernels->lanes, overflow);
    cut_to_size(plan, cut_channel_strips, BLOCK_FLOATS, overflow);
}

static corr2d_tile tile_of(const corr2d_plan *plan, size_t panel) {
    const corr2d_layer *layer = &plan->layer;
    return (corr2d_tile){.taps = layer->rows.taps * layer->columns.taps, .offsets = plan->offsets,
                         .weights = corr2d_panel_weights(plan, 0, panel, 0), .bias = corr2d_panel_bias(plan, 0, panel),
                         .channels = corr2d_panel_channels(plan, panel), .load = layer->accumulate, .lo = layer->lo,
                         .hi = layer->hi};
}

/* Pixels that do not lie side by side in y, through a buffer. */
static void run_scattered(const corr2d_job *job, const corr2d_tile *whole, float *y) {
    float buffer[CORR2D_STRIP_SLACK];
    const corr2d_layer *layer = &job->plan->layer;
    const size_t pixels = job->out.height * job->out.width;
    corr2d_tile tile = *whole;
    tile.y = buffer;
    for (size_t first = 0; first < pixels; first += tile.pixels) {
        tile.pixels = corr2d_min(pixels - first, CORR2D_STRIP_SLACK);
        tile.x = whole->x + first;
        const corr2d_scattered place = {.y = y, .y_row = layer->y.row, .y_column = layer->y.column,
                                        .width = job->out.width, .first = first, .pixels = tile.pixels, .channels = 1,
                                        .pixel = 1};
        if (tile.load) corr2d_gather_tile(buffer, &place);
        job->plan->kernels->depthwise_pixel(&tile);
        corr2d_scatter_tile(buffer, &place);
    }
}

/* One output channel, whose input channel is packed. */
static void run_one_channel(const corr2d_job *job, size_t channel) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    const bool follow_on = job->out.height == 1 || layer->y.row == job->out.width;
    const size_t runs = follow_on ? 1 : job->out.height;
    corr2d_tile tile = tile_of(plan, channel);
    tile.x = job->workspace;
    tile.y = job->y + channel * layer->y.channel;
    if (layer->y.column != 1) {
        run_scattered(job, &tile, tile.y);
        return;
    }
    tile.pixels = job->out.height * job->out.width / runs;
    for (size_t i = 0; i < runs; i++, tile.x += tile.pixels, tile.y += layer->y.row) {
        plan->kernels->depthwise_pixel(&tile);
    }
}

static void run_pixel(const corr2d_job *job) {
    const corr2d_layer *layer = &job->plan->layer;
    size_t packed = layer->groups;
    for (size_t channel = job->first; channel < job->last; channel++) {
        const size_t input = channel / layer->group_out;
        if (input != packed) {
            const float *x = job->x + input * layer->x.channel;
            corr2d_strip_pack(job->workspace, &job->plan->strip, layer, x, 1, job->out);
            packed = input;
        }
        run_one_channel(job, channel);
    }
}

/* Panels first ... last - 1, of which the first one's channels begin at x, wherever the tables count from. */
static void run_vectors(const corr2d_job *job, const float *x, size_t first, size_t last) {
    const corr2d_plan *plan = job->plan;
    for (size_t panel = first; panel < last; panel++) {
        corr2d_tile tile = tile_of(plan, panel);
        tile.x = x + (panel - first) * plan->panel_channels;
        tile.x_pixel = plan->x_pixel;
        tile.y = job->y + panel * plan->panel_channels;
        tile.y_pixel = plan->y_pixel;
        tile.pixels = job->out.height * job->out.width;
        plan->kernels->depthwise_channel(&tile);
    }
}

static void run_channel(const corr2d_job *job) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    const size_t lanes = plan->panel_channels, together = plan->strip.channels / lanes;
    if (plan->in_place) {
        const size_t row = job->out.row * layer->rows.stride, column = job->out.column * layer->columns.stride;
        const float *x = job->x + row * layer->x.row + column * layer->x.column;
        run_vectors(job, x + job->first * lanes, job->first, job->last);
        return;
    }
    for (size_t panel = job->first; panel < job->last; panel += together) {
        const size_t last = corr2d_min(panel + together, job->last), first_channel = panel * lanes;
        const size_t channels = corr2d_min((last - panel) * lanes, layer->groups - first_channel);
        corr2d_strip_pack(job->workspace, &plan->strip, layer, job->x + first_channel, channels, job->out);
        run_vectors(job, job->workspace, panel, last);
    }
}

const corr2d_path corr2d_path_depthwise_pixel = {cut_pixel, run_pixel};
const corr2d_path corr2d_path_depthwise_channel = {cut_channel, run_channel};
