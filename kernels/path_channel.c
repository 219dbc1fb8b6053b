/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense layers with vectors over output channels: the natural form where channels lie side by side, and that of long
 * sums also where they do not. Pixels may lie anywhere, so that no width wastes anything; where channels lie side by
 * side and nothing is padded x is read where it is. Rows of outputs leave out the taps that they see of the padding.
 *
 *   for each block of input channels: pack it, if need be
 *     for each group of panels whose weights for the block stay in the second cache:
 *       for each tile of pixels: for each panel of the group: the tile's outputs
 */
#include "kernels/checked.h"
#include "kernels/plan.h"
#include "kernels/weights.h"

#include <math.h>

/* Long enough that storing and loading the sums between two blocks does not show. */
#define BLOCK_TAPS 1200

/* The weights that all pixels of a strip pass before the next: a quarter of a 512 KiB second cache. */
#define GROUP_FLOATS (32u << 10)

/* Taps in the padding are left out of kernels of at most so many, whose lists are short, and of rows at least so wide. */
#define LEAVE_OUT_TAPS 64
#define WIDE 4

/* A strip's pixels, and what its packed block may take: a 512 KiB second cache's size. */
#define STRIP_PIXELS 512
#define STRIP_FLOATS (128u << 10)

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

static void see_all(corr2d_plan *plan) { plan->rows_seen = corr2d_sights_all(&plan->layer.rows); }

/* Says where the taps of each sight are listed. Returns how many that makes. */
static size_t place_sights(corr2d_plan *plan, bool *overflow) {
    size_t taps = 0;
    for (size_t i = 0; i < plan->rows_seen.count; i++) {
        corr2d_sight *sight = plan->rows_seen.sights + i;
        sight->table = taps;
        taps += corr2d_mul(plan->block * plan->layer.columns.taps, sight->last - sight->first, overflow);
    }
    return taps;
}

/* Taps in the padding are left out, row by row, where it is worth it. There is room for all, if that must not be. */
static void cut_sights(corr2d_plan *plan, bool *overflow) {
    const corr2d_layer *layer = &plan->layer;
    const size_t kernel = layer->rows.taps * layer->columns.taps;
    const bool worth = layer->rows.padded && layer->columns.out >= WIDE && kernel <= LEAVE_OUT_TAPS;
    see_all(plan);
    plan->table_count = place_sights(plan, overflow);
    if (worth && corr2d_sights_list(&plan->rows_seen, &layer->rows)) {
        plan->table_count = corr2d_max(plan->table_count, place_sights(plan, overflow));
    } else {
        see_all(plan);
    }
    if (kernel == 1) plan->table_count = 0; /* the taps' distances are equal */
}

/* Panels about equal: 64 channels are 2 panels of two vectors of 16, not one of three and one of one. */
static size_t panel_vectors(const corr2d_plan *plan) {
    const size_t vectors = corr2d_div_up(plan->layer.group_out, plan->kernels->lanes);
    return corr2d_div_up(vectors, corr2d_div_up(vectors, plan->kernels->channel_vectors));
}

static void cut(corr2d_plan *plan, bool *overflow) {
    const corr2d_layer *layer = &plan->layer;
    const corr2d_kernels *k = plan->kernels;
    plan->unit_groups = layer->groups;
    plan->block = corr2d_plan_block(layer, BLOCK_TAPS);
    corr2d_plan_set_panels(plan, panel_vectors(plan) * k->lanes, k->lanes, overflow);
    plan->in_place = layer->x.channel == 1 && !layer->rows.padded && !layer->columns.padded;
    cut_sights(plan, overflow);
    for (size_t pixels = STRIP_PIXELS;; pixels /= 2) {
        bool too_much = false;
        cut_strips(plan, pixels, &too_much);
        if (pixels / 2 < CORR2D_MAX_PIXELS || plan->in_place || (!too_much && plan->workspace <= STRIP_FLOATS)) {
            *overflow |= too_much && !plan->in_place;
            return;
        }
    }
}

/* A sight's taps: the first input channel's, and the others as far behind as channels are. Returns where they end. */
static corr2d_tap *list_taps(corr2d_tap *tap, const corr2d_plan *plan, const corr2d_sight *sight) {
    const size_t columns = plan->layer.columns.taps, kernel = plan->layer.rows.taps * columns;
    const size_t each = (sight->last - sight->first) * columns, lanes = plan->kernels->lanes;
    const ptrdiff_t channel = corr2d_plan_channel(plan);
    for (size_t t = 0; t < each; t++) {
        const corr2d_place at = {0, sight->first + t / columns, t % columns};
        tap[t] = (corr2d_tap){corr2d_plan_offset(plan, at), (sight->first * columns + t) * lanes};
    }
    for (size_t t = each; t < plan->block * each; t++) {
        tap[t] = (corr2d_tap){tap[t - each].x + channel, tap[t - each].w + kernel * lanes};
    }
    return tap + plan->block * each;
}

static void fill(corr2d_plan *plan) {
    corr2d_tap *tap = plan->table;
    if (!plan->finite) see_all(plan);
    for (size_t i = 0; plan->table_count && i < plan->rows_seen.count; i++) {
        tap = list_taps(tap, plan, plan->rows_seen.sights + i);
    }
    corr2d_plan_fill_pixels(plan);
}

/* Some panels of one job, of one block of input channels. */
typedef struct pass {
    const corr2d_job *job;
    corr2d_tile tile;               /* what all tiles of the pass share; its y is the strip's first pixel */
    corr2d_tile_fn *const *kernels; /* by number of pixels ... */
    size_t most;                    /* ... up to this */
} pass;

/* `count` pixels from the first-th on, in tiles of so many. */
static void run_tiles(const pass *p, size_t first, size_t count, size_t pixels) {
    corr2d_tile tile = p->tile;
    tile.pixels = count;
    tile.x_pixel = p->job->plan->x_pixel + first;
    tile.y_pixel = p->job->plan->y_pixel + first;
    p->kernels[pixels](&tile);
}

/* `pixels` pixels from the first-th on, in tiles about equal: 49 are 4 tiles of 6 and 5 of 5. */
static void run_pixels(const pass *p, size_t first, size_t pixels) {
    const size_t tiles = corr2d_div_up(pixels, p->most), least = pixels / tiles;
    const size_t larger = pixels % tiles * (least + 1);
    if (larger) run_tiles(p, first, larger, least + 1);
    run_tiles(p, first + larger, pixels - larger, least);
}

/* All the strip's pixels, rows that see the same of x together. */
static void run_strip(pass *p, size_t channels) {
    const corr2d_plan *plan = p->job->plan;
    const corr2d_rectangle *out = &p->job->out;
    const corr2d_sight *sight = plan->rows_seen.sights, *const end = sight + plan->rows_seen.count;
    for (size_t row = out->row, last = row + out->height, next; row < last; row = next) {
        while (sight + 1 < end && sight[1].out <= row) sight++;
        next = sight + 1 < end ? corr2d_min(last, sight[1].out) : last;
        p->tile.table = plan->table_count ? plan->table + sight->table : NULL;
        p->tile.taps = channels * (sight->last - sight->first) * plan->layer.columns.taps;
        run_pixels(p, (row - out->row) * out->width, (next - row) * out->width);
    }
}

/* Panels that one call does: those of a group whose weights the second cache holds, and all of one width. */
static size_t panels_together(const corr2d_job *job, size_t panel, size_t taps) {
    const corr2d_plan *plan = job->plan;
    const size_t fit = corr2d_max(1, GROUP_FLOATS / (plan->panel_channels * taps));
    const size_t full = plan->unit_channels / plan->panel_channels;
    return panel >= full ? 1 : corr2d_min(fit, corr2d_min(job->last, full) - panel);
}

/* One block of `channels` input channels from the c-th on: `x` is what the tables count from. */
static void run_block(const corr2d_job *job, const float *x, size_t c, size_t channels) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    const corr2d_kernels *k = plan->kernels;
    const size_t kernel = layer->rows.taps * layer->columns.taps;
    const bool last = c + channels == layer->group_in;
    pass p = {.job = job};
    p.tile = (corr2d_tile){.x = x,
                           .x_step = (ptrdiff_t)(plan->in_place ? layer->x.channel : plan->strip.channel),
                           .panel = plan->panel_channels * corr2d_layer_taps(layer),
                           .bias_step = c ? 0 : plan->panel_channels,
                           .y_channel = layer->y.channel,
                           .load = c > 0 || layer->accumulate,
                           .lo = last ? layer->lo : -INFINITY,
                           .hi = last ? layer->hi : INFINITY};
    for (size_t panel = job->first, panels; panel < job->last; panel += panels) {
        panels = panels_together(job, panel, channels * kernel);
        const size_t part = corr2d_panel_channels(plan, panel), vectors = corr2d_div_up(part, k->lanes);
        p.kernels = k->channel[vectors];
        p.most = k->channel_pixels[vectors];
        p.tile.channels = (panels - 1) * plan->panel_channels + part;
        p.tile.y = job->y + panel * plan->panel_channels * layer->y.channel;
        p.tile.weights = corr2d_panel_weights(plan, job->group, panel, c * kernel);
        p.tile.bias = c ? corr2d_zeros : corr2d_panel_bias(plan, job->group, panel);
        run_strip(&p, channels);
    }
}

static void run(const corr2d_job *job) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    const size_t row = job->out.row * layer->rows.stride, column = job->out.column * layer->columns.stride;
    for (size_t c = 0; c < layer->group_in; c += plan->block) {
        const size_t channels = corr2d_min(plan->block, layer->group_in - c);
        const float *x = job->x + c * layer->x.channel;
        if (plan->in_place) {
            run_block(job, x + row * layer->x.row + column * layer->x.column, c, channels);
        } else {
            corr2d_strip_pack(job->workspace, &plan->strip, layer, x, channels, job->out);
            run_block(job, job->workspace, c, channels);
        }
    }
}

const corr2d_path corr2d_path_channel = {cut, fill, run};
