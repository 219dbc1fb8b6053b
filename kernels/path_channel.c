/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense layers with vectors over output channels, the natural form where channels lie side by side. Pixels may lie
 * anywhere, so that no width wastes anything, and without padding x is read where it is.
 *
 *   for each block of input channels: pack it, if need be
 *     for each group of panels whose weights for the block stay in the second cache:
 *       for each tile of pixels: for each panel of the group: the tile's outputs
 */
#include "kernels/checked.h"
#include "kernels/plan.h"
#include "kernels/scattered.h"
#include "kernels/weights.h"

#include <math.h>

/* Long enough that storing and loading the sums between two blocks does not show. */
#define BLOCK_TAPS 576

/* The weights that all pixels of a strip pass before the next: a quarter of a 512 KiB second cache. */
#define GROUP_FLOATS (32u << 10)

/* A strip's pixels, and what its packed block may take: a 512 KiB second cache's size. */
#define STRIP_PIXELS 512
#define STRIP_FLOATS (128u << 10)

#define TILE_CHANNELS (CORR2D_MAX_VECTORS * CORR2D_MAX_LANES)

/* Whether a strip's rows are x's, padded: where channels lie side by side, and no column between is useless. */
static bool rows_as_they_are(const corr2d_layer *layer) {
    const corr2d_axis *columns = &layer->columns;
    return layer->x.channel == 1 && columns->dilation == 1 && columns->stride <= columns->taps;
}

/* Cuts strips of at most so many pixels. */
static void cut_strips(corr2d_plan *plan, size_t pixels, bool *overflow) {
    const corr2d_layer *layer = &plan->layer;
    corr2d_plan_set_strips(plan, pixels, 1);
    const corr2d_runs rows = corr2d_runs_split(&layer->rows, plan->strip_height, true, overflow);
    const corr2d_runs columns = rows_as_they_are(layer)
                                    ? corr2d_runs_plain(&layer->columns, plan->strip_width, overflow)
                                    : corr2d_runs_split(&layer->columns, plan->strip_width, true, overflow);
    plan->strip = layer->x.channel == 1 ? corr2d_strip_pixels(rows, columns, plan->block, overflow)
                                        : corr2d_strip_planes(rows, columns, plan->block, overflow);
    plan->workspace = plan->in_place ? 0 : plan->strip.size;
    plan->pixel_count = plan->strip_height * plan->strip_width;
}

static void cut(corr2d_plan *plan, bool *overflow) {
    const corr2d_layer *layer = &plan->layer;
    const corr2d_kernels *k = plan->kernels;
    plan->unit_groups = layer->groups;
    plan->block = corr2d_plan_block(layer, BLOCK_TAPS);
    corr2d_plan_set_panels(plan, k->channel_vectors * k->lanes, k->lanes, overflow);
    plan->in_place = !layer->rows.padded && !layer->columns.padded;
    for (size_t pixels = STRIP_PIXELS;; pixels /= 2) {
        bool too_much = false;
        cut_strips(plan, pixels, &too_much);
        if (pixels / 2 < k->channel_pixels || plan->in_place || (!too_much && plan->workspace <= STRIP_FLOATS)) {
            *overflow |= too_much && !plan->in_place;
            return;
        }
    }
}

/* Some panels of one job, of one block of input channels. */
typedef struct pass {
    const corr2d_job *job;
    corr2d_tile tile;               /* what all tiles of the pass share; its y is the strip's first pixel */
    corr2d_tile_fn *const *kernels; /* by number of pixels */
} pass;

/* Where a tile's pixels lie in a buffer. */
static const ptrdiff_t buffer_pixel[CORR2D_MAX_PIXELS] = {
    0 * TILE_CHANNELS, 1 * TILE_CHANNELS, 2 * TILE_CHANNELS, 3 * TILE_CHANNELS,
    4 * TILE_CHANNELS, 5 * TILE_CHANNELS, 6 * TILE_CHANNELS, 7 * TILE_CHANNELS,
};

/* `pixels` pixels of one panel through a buffer, for a y whose channels are not side by side. */
static void run_scattered(const pass *p, corr2d_tile *tile, size_t first, size_t pixels) {
    const corr2d_strides *y = &p->job->plan->layer.y;
    const corr2d_scattered place = {.y = p->tile.y,
                                    .y_channel = y->channel,
                                    .y_row = y->row,
                                    .y_column = y->column,
                                    .width = p->job->out.width,
                                    .first = first,
                                    .pixels = pixels,
                                    .channels = tile->channels,
                                    .channel = 1,
                                    .pixel = TILE_CHANNELS};
    float buffer[CORR2D_MAX_PIXELS * TILE_CHANNELS];
    tile->pixels = pixels;
    tile->x_pixel = p->job->plan->x_pixel + first;
    tile->y = buffer;
    tile->y_pixel = buffer_pixel;
    if (tile->load) corr2d_gather_tile(buffer, &place);
    p->kernels[pixels](tile);
    corr2d_scatter_tile(buffer, &place);
}

/* `count` pixels from the first-th on, in tiles of so many. */
static void run_tiles(const pass *p, size_t first, size_t count, size_t pixels) {
    const corr2d_plan *plan = p->job->plan;
    corr2d_tile tile = p->tile;
    if (plan->layer.y.channel == 1) {
        tile.pixels = count;
        tile.x_pixel = plan->x_pixel + first;
        tile.y_pixel = plan->y_pixel + first;
        p->kernels[pixels](&tile);
        return;
    }
    for (const size_t end = first + count; first < end; first += pixels) run_scattered(p, &tile, first, pixels);
}

/* All the strip's pixels, in tiles about equal: 49 are 4 tiles of 6 and 5 of 5. */
static void run_pixels(const pass *p) {
    const size_t pixels = p->job->out.height * p->job->out.width;
    const size_t tiles = corr2d_div_up(pixels, p->job->plan->kernels->channel_pixels), least = pixels / tiles;
    const size_t larger = pixels % tiles * (least + 1);
    if (larger) run_tiles(p, 0, larger, least + 1);
    run_tiles(p, larger, pixels - larger, least);
}

/* Panels that one call does: those of a group whose weights the second cache holds, and all of one width. */
static size_t panels_together(const corr2d_job *job, size_t panel, size_t taps) {
    const corr2d_plan *plan = job->plan;
    if (plan->layer.y.channel != 1) return 1;
    const size_t fit = corr2d_max(1, GROUP_FLOATS / (plan->panel_channels * taps));
    const size_t full = plan->unit_channels / plan->panel_channels;
    return panel >= full ? 1 : corr2d_min(fit, corr2d_min(job->last, full) - panel);
}

/* One block of input channels: `x` is what the tables count from, `tap` its first tap. */
static void run_block(const corr2d_job *job, const float *x, size_t tap, size_t taps) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    const corr2d_kernels *k = plan->kernels;
    const bool pointwise = layer->rows.taps == 1 && layer->columns.taps == 1 &&
                           (plan->in_place ? layer->x.channel : plan->strip.channel) == 1;
    const bool last = tap + taps == corr2d_layer_taps(layer);
    pass p = {.job = job};
    p.tile = (corr2d_tile){.taps = taps,
                           .offsets = plan->offsets,
                           .x = x,
                           .panel = plan->panel_channels * corr2d_layer_taps(layer),
                           .bias_step = tap ? 0 : plan->panel_channels,
                           .load = tap > 0 || layer->accumulate,
                           .lo = last ? layer->lo : -INFINITY,
                           .hi = last ? layer->hi : INFINITY};
    for (size_t panel = job->first, panels; panel < job->last; panel += panels) {
        panels = panels_together(job, panel, taps);
        const size_t part = corr2d_panel_channels(plan, panel), vectors = corr2d_div_up(part, k->lanes);
        p.kernels = pointwise ? k->channel_pointwise[vectors] : k->channel[vectors];
        p.tile.channels = (panels - 1) * plan->panel_channels + part;
        p.tile.y = job->y + panel * plan->panel_channels * layer->y.channel;
        p.tile.weights = corr2d_panel_weights(plan, job->group, panel, tap);
        p.tile.bias = tap ? corr2d_zeros : corr2d_panel_bias(plan, job->group, panel);
        run_pixels(&p);
    }
}

static void run(const corr2d_job *job) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    const size_t kernel = layer->rows.taps * layer->columns.taps;
    const size_t row = job->out.row * layer->rows.stride, column = job->out.column * layer->columns.stride;
    for (size_t c = 0; c < layer->group_in; c += plan->block) {
        const size_t channels = corr2d_min(plan->block, layer->group_in - c);
        const float *x = job->x + c * layer->x.channel;
        if (plan->in_place) {
            run_block(job, x + row * layer->x.row + column * layer->x.column, c * kernel, channels * kernel);
        } else {
            corr2d_strip_pack(job->workspace, &plan->strip, layer, x, channels, job->out);
            run_block(job, job->workspace, c * kernel, channels * kernel);
        }
    }
}

const corr2d_path corr2d_path_channel = {cut, run};
