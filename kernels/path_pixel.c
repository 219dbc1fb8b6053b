/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense layers with vectors over pixels. A tile of pixels is packed tap after tap, so that the micro-kernels read two
 * plain streams, pixels and weights; the first panel packs it on the way from where the pixels lie, which is x itself
 * or, with padding or stride, a strip. Tiles run across the ends of rows, so that only the last one wastes lanes:
 *
 *   for each block of input channels: pack the strip, if need be
 *     for each tile of pixels: for each panel of output channels: the tile's outputs
 */
#include "kernels/checked.h"
#include "kernels/plan.h"
#include "kernels/scattered.h"
#include "kernels/weights.h"

#include <math.h>

/* At 24 pixels 384 taps take 36 KiB, which the second cache streams as fast as they are used. */
#define BLOCK_TAPS 384

/* Pixels that make no whole vector, and are no more than these, are cheaper one by one. */
#define FEW_PIXELS 2

/*
 * Tiles are packed in groups of about this many floats, at least one. Short sums write y fast, so that it matters how:
 * a panel of four channels along a group of many tiles is four streams, and not as many as there are channels.
 */
#define GROUP_FLOATS (24u << 10)

/* A strip's pixels, and what its packed block may take: a 512 KiB second cache's size. */
#define STRIP_PIXELS 1344
#define STRIP_FLOATS (128u << 10)

#define TILE_CHANNELS (CORR2D_MAX_PANELS * CORR2D_PANEL_ROWS)
#define TILE_PIXELS (CORR2D_MAX_VECTORS * CORR2D_MAX_LANES)

static size_t tile_width(const corr2d_plan *plan) { return plan->kernels->pixel_vectors * plan->kernels->lanes; }

/* Where a tile's vectors begin, row ends fall between them: then the columns of a strip need no copies. */
static bool rows_are_whole(const corr2d_plan *plan) {
    return plan->strip_height == 1 || plan->strip_width % plan->kernels->lanes == 0;
}

/* Whole tiles in a group. */
static size_t group_tiles(const corr2d_plan *plan, size_t tile_floats) {
    const size_t fit = corr2d_max(1, GROUP_FLOATS / tile_floats);
    return corr2d_min(fit, corr2d_div_up(plan->strip_height * plan->strip_width, tile_width(plan)));
}

/* The group that is packed, in floats. */
static size_t packed_size(const corr2d_plan *plan, bool *overflow) {
    const size_t kernel = plan->layer.rows.taps * plan->layer.columns.taps;
    const size_t tile = corr2d_mul(corr2d_mul(plan->block, kernel, overflow), tile_width(plan), overflow);
    return corr2d_mul(group_tiles(plan, tile), tile, overflow);
}

/*
 * Cuts strips of at most so many pixels. Where rows are not whole vectors, the columns are packed once for each column
 * tap: then rows follow on, and a vector across two rows' ends is as good as any.
 */
static void cut_strips(corr2d_plan *plan, size_t pixels, bool *overflow) {
    const corr2d_layer *layer = &plan->layer;
    corr2d_plan_set_strips(plan, pixels, tile_width(plan));
    const corr2d_runs rows = corr2d_runs_split(&layer->rows, plan->strip_height, true, overflow);
    const corr2d_runs columns = corr2d_runs_split(&layer->columns, plan->strip_width, rows_are_whole(plan), overflow);
    plan->strip = corr2d_strip_planes(rows, columns, plan->block, overflow);
    plan->workspace = corr2d_sum(packed_size(plan, overflow), plan->strip.size, overflow);
    plan->workspace = corr2d_sum(plan->workspace, CORR2D_STRIP_SLACK, overflow);
}

/* Whether vectors of pixels can be read from x as it is; of a pointwise layer's one row the last few are packed. */
static bool readable_in_place(const corr2d_plan *plan) {
    const corr2d_axis *rows = &plan->layer.rows, *columns = &plan->layer.columns;
    if (rows->padded || columns->padded || columns->stride * plan->layer.x.column != 1) return false;
    return columns->out % plan->kernels->lanes == 0 || (rows->out == 1 && rows->taps * columns->taps == 1);
}

/* A single pixel is not packed, so that its sums need no blocks: a layer that only streams its weights. */
static bool one_pixel(const corr2d_layer *layer) {
    return layer->rows.out == 1 && layer->columns.out == 1 && !layer->rows.padded && !layer->columns.padded;
}

static void cut(corr2d_plan *plan, bool *overflow) {
    const bool one = one_pixel(&plan->layer);
    plan->unit_groups = plan->layer.groups;
    plan->block = one ? plan->layer.group_in : corr2d_plan_block(&plan->layer, BLOCK_TAPS);
    plan->offset_count = plan->block * plan->layer.rows.taps * plan->layer.columns.taps;
    corr2d_plan_set_panels(plan, CORR2D_PANEL_ROWS, CORR2D_PANEL_ROWS, overflow);
    plan->in_place = one || readable_in_place(plan);
    if (one) {
        corr2d_plan_set_strips(plan, 1, 1);
        return;
    }
    if (plan->in_place) {
        corr2d_plan_set_strips(plan, STRIP_PIXELS, tile_width(plan));
        plan->workspace = packed_size(plan, overflow);
        return;
    }
    for (size_t pixels = STRIP_PIXELS;; pixels /= 2) {
        bool too_much = false;
        cut_strips(plan, pixels, &too_much);
        if (pixels / 2 < tile_width(plan) || (!too_much && plan->workspace <= STRIP_FLOATS)) {
            *overflow |= too_much;
            return;
        }
    }
}

static void fill(corr2d_plan *plan) { corr2d_plan_fill_offsets(plan); }

/* One block of input channels of one job. */
typedef struct pass {
    const corr2d_job *job;
    const float *x;   /* what the tile's pixels are counted from, in x or in the packed strip, ... */
    size_t row;       /* ... and the distance there from row to row */
    size_t tap;       /* the block's first */
    corr2d_tile tile; /* what all tiles of the pass share */
} pass;

/* Whether pixels first ... first + n - 1 of the strip lie side by side in y. */
static bool side_by_side(const pass *p, size_t first, size_t n) {
    const corr2d_layer *layer = &p->job->plan->layer;
    const size_t width = p->job->out.width;
    return layer->y.column == 1 && (first % width + n <= width || layer->y.row == width);
}

/* A panel or two through a buffer. */
static void run_scattered(const pass *p, const corr2d_tile *tile, corr2d_tile_fn *kernel, size_t first) {
    const corr2d_strides *y = &p->job->plan->layer.y;
    const corr2d_scattered place = {.y = tile->y,
                                    .y_channel = y->channel,
                                    .y_row = y->row,
                                    .y_column = y->column,
                                    .width = p->job->out.width,
                                    .first = first,
                                    .pixels = tile->pixels,
                                    .channels = tile->channels,
                                    .channel = TILE_PIXELS,
                                    .pixel = 1};
    float buffer[TILE_CHANNELS * TILE_PIXELS];
    corr2d_tile buffered = *tile;
    buffered.y = buffer;
    buffered.y_channel = TILE_PIXELS;
    if (tile->load) corr2d_gather_tile(buffer, &place);
    kernel(&buffered);
    corr2d_scatter_tile(buffer, &place);
}

/* Panels from ... to - 1 of the tile of pixels from `first` on, so many panels a step. */
static void run_panels(const pass *p, corr2d_tile *tile, corr2d_tile_fn *kernel, size_t first, size_t from, size_t to,
                       size_t step) {
    const corr2d_plan *plan = p->job->plan;
    const corr2d_layer *layer = &plan->layer;
    const size_t width = p->job->out.width;
    const bool direct = side_by_side(p, first, tile->pixels);
    for (size_t panel = from, next; panel < to; panel = next) {
        next = direct ? to : panel + step;
        tile->weights = corr2d_panel_weights(plan, p->job->group, panel, p->tap);
        tile->bias = p->tap ? corr2d_zeros : corr2d_panel_bias(plan, p->job->group, panel);
        tile->channels = (next - panel - 1) * plan->panel_channels + corr2d_panel_channels(plan, next - 1);
        tile->y = p->job->y + panel * plan->panel_channels * layer->y.channel;
        if (direct) {
            tile->y += first / width * layer->y.row + first % width;
            kernel(tile);
        } else {
            run_scattered(p, tile, kernel, first);
        }
    }
}

/* The packed tiles from pixel `first` on, panels from `from` on, as many at a time as the variant has tiles for. */
static void run_packed(const pass *p, corr2d_tile *tile, size_t first, size_t from) {
    const corr2d_job *job = p->job;
    const corr2d_kernels *k = job->plan->kernels;
    corr2d_tile_fn *const *kernels = k->pixel[corr2d_div_up(tile->pixels, k->lanes)];
    for (size_t together = CORR2D_MAX_PANELS; together > 0; together--) {
        if (!kernels[together]) continue;
        const size_t to = from + (job->last - from) / together * together;
        run_panels(p, tile, kernels[together], first, from, to, together);
        from = to;
    }
}

/* The first panel of the tile of pixels from `first` on, whole vectors of which can be read; packs it. */
static void run_first(const pass *p, corr2d_tile *tile, size_t first) {
    const corr2d_job *job = p->job;
    const corr2d_kernels *k = job->plan->kernels;
    const size_t vectors = corr2d_div_up(tile->pixels, k->lanes), width = job->out.width;
    ptrdiff_t x_pixel[CORR2D_MAX_VECTORS];
    for (size_t v = 0; v < vectors; v++) {
        const size_t pixel = first + v * k->lanes;
        x_pixel[v] = (ptrdiff_t)(pixel / width * p->row + pixel % width);
    }
    tile->x = p->x;
    tile->x_pixel = x_pixel;
    run_panels(p, tile, k->pixel_pack[vectors], first, job->first, job->first + 1, 1);
}

/* `tiles` tiles of tile->pixels pixels each, from pixel `first` on. */
static void run_group(const pass *p, corr2d_tile *tile, size_t first, size_t tiles) {
    const size_t size = tile->taps * tile->pixels;
    float *const packed = tile->packed;
    for (size_t i = 0; i < tiles; i++, tile->packed += size) run_first(p, tile, first + i * tile->pixels);
    tile->packed = packed;
    if (side_by_side(p, first, tiles * tile->pixels)) {
        tile->tiles = tiles;
        run_packed(p, tile, first, p->job->first + 1);
    } else {
        for (size_t i = 0; i < tiles; i++, tile->packed += size) {
            run_packed(p, tile, first + i * tile->pixels, p->job->first + 1);
        }
    }
    tile->packed = packed;
    tile->tiles = 1;
}

/* One pixel, the first-th, of all panels. */
static void run_one(const pass *p, corr2d_tile *tile, size_t first) {
    const corr2d_job *job = p->job;
    const corr2d_plan *plan = job->plan;
    const size_t width = job->out.width;
    tile->pixels = 1;
    tile->x = p->x + first / width * p->row + first % width;
    tile->y = job->y + job->first * plan->panel_channels * plan->layer.y.channel + first / width * plan->layer.y.row +
              first % width * plan->layer.y.column;
    tile->channels = (job->last - job->first - 1) * plan->panel_channels + corr2d_panel_channels(plan, job->last - 1);
    tile->weights = corr2d_panel_weights(plan, job->group, job->first, p->tap);
    tile->bias = p->tap ? corr2d_zeros : corr2d_panel_bias(plan, job->group, job->first);
    plan->kernels->pixel_one(tile);
}

/* The last few pixels of x, which are no whole vector, so that a pointwise layer's taps are packed one by one. */
static void run_rest(const pass *p, corr2d_tile *tile, size_t first) {
    const corr2d_plan *plan = p->job->plan;
    const size_t lanes = plan->kernels->lanes, step = plan->layer.x.channel;
    const float *x = p->x + first;
    float *packed = tile->packed;
    for (size_t t = 0; t < tile->taps; t++, x += step, packed += lanes) {
        for (size_t i = 0; i < lanes; i++) packed[i] = i < tile->pixels ? x[i] : 0.0f;
    }
    run_packed(p, tile, first, p->job->first);
}

/* How many of a strip's pixels, its last ones, are run one by one. */
static size_t lone_pixels(const corr2d_plan *plan, size_t pixels) {
    if (one_pixel(&plan->layer)) return 1;
    const size_t rest = pixels % plan->kernels->lanes;
    return rest <= FEW_PIXELS ? rest : 0;
}

static void run_pass(const pass *p) {
    const corr2d_plan *plan = p->job->plan;
    const size_t lanes = plan->kernels->lanes, width = tile_width(plan);
    const size_t pixels = p->job->out.height * p->job->out.width, tiled = pixels - lone_pixels(plan, pixels);
    const size_t readable = plan->in_place ? tiled / lanes * lanes : tiled, whole = readable / width;
    const size_t most = group_tiles(plan, plan->offset_count * width);
    corr2d_tile tile = p->tile;
    tile.pixels = width;
    for (size_t i = 0; i < whole; i += most) run_group(p, &tile, i * width, corr2d_min(most, whole - i));
    if (whole * width < readable) {
        tile.pixels = readable - whole * width;
        run_group(p, &tile, whole * width, 1);
    }
    if (readable < tiled) {
        tile.pixels = tiled - readable;
        run_rest(p, &tile, readable);
    }
    for (size_t i = tiled; i < pixels; i++) run_one(p, &tile, i);
}

static void run(const corr2d_job *job) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    const size_t kernel = layer->rows.taps * layer->columns.taps;
    const size_t row = job->out.row * layer->rows.stride * layer->x.row;
    const size_t tile_floats = plan->offset_count * tile_width(plan);
    float *packed = job->workspace, *strip = packed + group_tiles(plan, tile_floats) * tile_floats;
    for (size_t c = 0; c < layer->group_in; c += plan->block) {
        const size_t channels = corr2d_min(plan->block, layer->group_in - c);
        const bool last = c + channels == layer->group_in;
        const float *x = job->x + c * layer->x.channel;
        pass p = {
            .job = job, .x = x + row + job->out.column, .row = layer->rows.stride * layer->x.row, .tap = c * kernel};
        p.tile = (corr2d_tile){.taps = channels * kernel,
                               .offsets = plan->offsets,
                               .packed = packed,
                               .tiles = 1,
                               .panel = CORR2D_PANEL_ROWS * corr2d_layer_taps(layer),
                               .y_channel = layer->y.channel,
                               .bias_step = c ? 0 : CORR2D_PANEL_ROWS,
                               .load = c > 0 || layer->accumulate,
                               .lo = last ? layer->lo : -INFINITY,
                               .hi = last ? layer->hi : INFINITY};
        if (!plan->in_place) {
            corr2d_strip_pack(strip, &plan->strip, layer, x, channels, job->out);
            p.x = strip;
            p.row = plan->strip.row;
        }
        run_pass(&p);
    }
}

const corr2d_path corr2d_path_pixel = {cut, fill, run};
