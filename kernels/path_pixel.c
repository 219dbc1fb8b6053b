/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense layers with vectors over pixels. A tile of pixels is packed tap after tap, so that the micro-kernels read two
 * plain streams, pixels and weights; the first panel packs it on the way from where the pixels lie, which is x itself
 * or, with padding or stride, a strip. A few panels read them there, all of them. Tiles run across the ends of rows, so
 * that only the last one wastes lanes:
 *
 *   for each block of input channels: pack the strip, if need be
 *     for each group of tiles:
 *       for each panel of output channels: for each tile: its outputs
 *       a share of the output channels of the few pixels that no tile holds
 */
#include "kernels/checked.h"
#include "kernels/plan.h"
#include "kernels/scattered.h"
#include "kernels/weights.h"

#include <math.h>

/* At 48 pixels 1024 taps take 192 KiB, which the second cache streams as fast as they are used. */
#define BLOCK_TAPS 1024

/* Where a strip repeats columns for each tap: its channels are fewer, so that it has room for more rows. */
#define RAGGED_TAPS 350

/*
 * Tiles are packed in groups of about this many floats, three quarters of a 32 KiB first cache, or one at a time: all
 * panels stream them from there, up to 7 % faster than from the second.
 */
#define GROUP_FLOATS (6u << 10)
#define MOST_TILES 56

/* Where a vector is a line, sums of fewer taps want more tiles, for the sake of y: 16 to 64 taps up to 14 %. */
#define SHORT_SUM 128
#define SHORT_SUM_FLOATS (24u << 10)

/* Sums of so many taps are packed straight from x, if they can be, in groups of a third of a 48 KiB first cache. */
#define MOST_THREE_TAPS 288
#define THREES_FLOATS (4u << 10)

/* As many pixels of a row at once as a row of zeros is long for: whole vectors. */
#define THREES_PIXELS (CORR2D_ZEROS / 2 - CORR2D_MAX_LANES)

/* A strip's pixels, and what its packed block may take: little more than a 512 KiB second cache. */
#define STRIP_PIXELS 1344
#define STRIP_FLOATS (144u << 10)

/* The weights that all pixels of a strip pass before the next, each packed anew: most of a 1 MiB second cache. */
#define CHUNK_FLOATS (192u << 10)

/* Of the pixels that make no whole vector so many are cheaper a few at a time. */
#define MOST_FEW 8

/* A single one is part of a whole tile where there are no more than this: otherwise it does not show. */
#define MORE_TILES 8

/*
 * So few output channels read the pixels where they lie, one panel after the other: packing them takes longer. Where a
 * vector is a line each tap brings a later one's pixels nearer, and a panel more does, or three where a tile reads few
 * lines. Else only where x need not be packed in any case, or the first cache holds what a tile reads, in so many; and
 * of pointwise sums of LEAST_PACKED taps, where those are four panels, of which three would stream, a panel less.
 */
#define FEW_CHANNELS 16
#define MORE_CHANNELS 24
#define NEAR_CHANNELS 40
#define NEAR_LINES 256
#define FEW_LINES 576
#define LEAST_PACKED 64
#define LINE_FLOATS 16

/* They do so in groups of a few tiles, of which the first cache holds about so many lines. */
#define READ_LINES 640
#define READ_TILES 6

/* A share of the few pixels' panels is so many, or a multiple. */
#define REST_PANELS 24

/*
 * Where x, y and the weights are more than this, most of a 2 MiB second cache, panels that do not wait for pixels fetch
 * the next group's; where packed straight from x, of x alone.
 */
#define FAR_FLOATS (320u << 10)

#define TILE_CHANNELS CORR2D_MAX_ROWS
#define TILE_PIXELS (CORR2D_MAX_VECTORS * CORR2D_MAX_LANES)

static size_t tile_width(const corr2d_plan *plan) { return plan->kernels->pixel_vectors * plan->kernels->lanes; }

/* Where a tile's vectors begin, row ends fall between them: then the columns of a strip need no copies. */
static bool rows_are_whole(const corr2d_plan *plan) {
    return plan->strip_height == 1 || plan->strip_width % plan->kernels->lanes == 0;
}

/* The micro-kernels of tiles of so many pixels, by number of panels. */
static corr2d_tile_fn *const *tile_kernels(const corr2d_plan *plan, size_t pixels) {
    return plan->kernels->pixel[corr2d_div_up(pixels, plan->kernels->lanes)];
}

/* Whether the variant's widest tile may have one pixel more. */
static bool has_more(const corr2d_plan *plan) { return plan->kernels->pixel[plan->kernels->pixel_vectors + 1][1]; }

/* The most that a tile takes. */
static size_t packed_tile(const corr2d_plan *plan, bool *overflow) {
    const size_t more = has_more(plan) ? corr2d_round_up(plan->offset_count, plan->kernels->lanes) : 0;
    return corr2d_sum(corr2d_mul(plan->offset_count, tile_width(plan), overflow), more, overflow);
}

/* No group has more whole tiles than a strip. */
static size_t strip_tiles(const corr2d_plan *plan) {
    return corr2d_div_up(plan->strip_height * plan->strip_width, tile_width(plan));
}

/*
 * Whole tiles in a group that is packed: what fits, but where a vector is no line both of a strip that has two, if weights
 * come from far, which they then do once. A tile's floats may have wrapped to none.
 */
static size_t packed_tiles(const corr2d_plan *plan, size_t tile_floats) {
    const size_t whole = plan->strip_height * plan->strip_width / tile_width(plan);
    const bool is_line = plan->kernels->lanes >= LINE_FLOATS, is_short = is_line && plan->offset_count < SHORT_SUM;
    if (!is_line && whole == 2 && plan->weight_count > CORR2D_FAR_WEIGHTS) return whole;
    const size_t group = plan->threes ? THREES_FLOATS : is_short ? SHORT_SUM_FLOATS : GROUP_FLOATS;
    const size_t fit = corr2d_max(1, corr2d_min(MOST_TILES, group / corr2d_max(1, tile_floats)));
    return corr2d_min(fit, strip_tiles(plan));
}

/* The lines that a tile reads where its pixels lie. */
static size_t read_lines(const corr2d_plan *plan) {
    const bool shifted = plan->in_place && plan->layer.x.channel % LINE_FLOATS;
    return plan->offset_count * corr2d_div_up(tile_width(plan) + (shifted ? LINE_FLOATS - 1 : 0), LINE_FLOATS);
}

/* Whole tiles in a group that is not. */
static size_t read_tiles(const corr2d_plan *plan) {
    const size_t fit = corr2d_max(1, corr2d_min(READ_TILES, READ_LINES / read_lines(plan)));
    return corr2d_min(fit, strip_tiles(plan));
}

/* The group that is packed, in floats. */
static size_t packed_size(const corr2d_plan *plan, bool *overflow) {
    const size_t tile = packed_tile(plan, overflow);
    return corr2d_mul(packed_tiles(plan, tile), tile, overflow);
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

/*
 * Whether tiles are packed straight from x, and no strip is: short sums of kernels three columns wide with stride 2,
 * where rows of outputs are whole vectors that see no padding but a column before x.
 */
static bool fits_threes(const corr2d_layer *layer, const corr2d_kernels *kernels) {
    const corr2d_axis *rows = &layer->rows, *columns = &layer->columns;
    if (!kernels->threes || corr2d_layer_taps(layer) > MOST_THREE_TAPS || layer->x.column != 1) return false;
    if (rows->dilation != 1 || columns->dilation != 1) return false;
    if (columns->taps != 3 || columns->stride != 2 || columns->pad > 1) return false;
    return columns->out % kernels->lanes == 0 && columns->out * 2 - columns->pad < columns->in;
}

/* A single pixel is not packed, so that its sums need no blocks: a layer that only streams its weights. */
static bool one_pixel(const corr2d_layer *layer) {
    return layer->rows.out == 1 && layer->columns.out == 1 && !layer->rows.padded && !layer->columns.padded;
}

/* About equal blocks, of which the last is no single tap. */
CORR2D_COLD static size_t block_channels(const corr2d_layer *layer, size_t lanes) {
    const bool pointwise = corr2d_layer_taps(layer) == layer->group_in;
    const bool ragged = layer->columns.taps > 1 && layer->columns.out % lanes;
    size_t block = corr2d_plan_block(layer, ragged ? RAGGED_TAPS : BLOCK_TAPS);
    while (pointwise && layer->group_in % block == 1) block++;
    return block;
}

CORR2D_COLD static void cut(corr2d_plan *plan, bool *overflow) {
    const bool one = one_pixel(&plan->layer);
    plan->unit_groups = plan->layer.groups;
    plan->block = one ? plan->layer.group_in : block_channels(&plan->layer, plan->kernels->lanes);
    plan->offset_count = plan->block * plan->layer.rows.taps * plan->layer.columns.taps;
    corr2d_plan_set_panels(plan, plan->kernels->panel_rows, plan->kernels->panel_rows, overflow);
    plan->threes = !one && fits_threes(&plan->layer, plan->kernels);
    plan->in_place = one || plan->threes || readable_in_place(plan);
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

/* Where tiles are packed straight from x, the offsets only serve to fetch it: a row's three taps, three lines of it. */
static void fill(corr2d_plan *plan) {
    corr2d_plan_fill_offsets(plan);
    for (size_t t = 0; plan->threes && t < plan->offset_count; t++)
        plan->offsets[t] += (ptrdiff_t)(t % 3 * (LINE_FLOATS - 1));
}

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
        if (tile->packed) tile->offsets = NULL;
    }
}

/* The tiles from pixel `first` on, all panels, as many at a time as the variant has tiles for. */
static void run_each(const pass *p, corr2d_tile *tile, size_t first) {
    const corr2d_job *job = p->job;
    size_t from = job->first;
    corr2d_tile_fn *const *kernels = tile_kernels(job->plan, tile->pixels);
    for (size_t together = CORR2D_MAX_PANELS; together > 0; together--) {
        if (!kernels[together]) continue;
        const size_t to = from + (job->last - from) / together * together;
        run_panels(p, tile, kernels[together], first, from, to, together);
        from = to;
    }
}

/* Where the vectors of `tiles` tiles lie, from pixel `first` on; those of corr2d_threes_fn in x, where they begin. */
static void list_vectors(const pass *p, const corr2d_tile *tile, ptrdiff_t *x_pixel, size_t first, size_t tiles) {
    const size_t lanes = p->job->plan->kernels->lanes, width = p->job->out.width;
    const size_t step = p->job->plan->threes ? 2 : 1;
    size_t row = first / width * p->row, column = first % width;
    for (size_t i = 0; i < tiles; i++) {
        for (size_t at = 0; at < tile->pixels; at += lanes) {
            const size_t left = tile->pixels - at;
            *x_pixel++ = (ptrdiff_t)(row + step * column - (left > lanes ? 0 : tile->back));
            for (column += corr2d_min(lanes, left); column >= width; column -= width) row += p->row;
        }
    }
}

/*
 * Where the second column of the kernel's rows lies, for the output at a row and a column; padding is zeros. Returns
 * the list's end.
 */
static const float **list_rows(const corr2d_layer *layer, const float *plane, const float **x, size_t row,
                               size_t column) {
    const size_t pad = layer->rows.pad, first = row * layer->rows.stride;
    plane += 2 * column + 1 - layer->columns.pad;
    for (size_t c = 0; c < layer->group_in; c++, plane += layer->x.channel) {
        for (size_t u = first; u < first + layer->rows.taps; u++) {
            *x++ = u >= pad && u - pad < layer->rows.in ? plane + (u - pad) * layer->x.row : corr2d_zeros + 1;
        }
    }
    return x;
}

/* Packs tiles straight from x, row by row of y. */
static void pack_threes(const corr2d_job *job, const corr2d_tile *tile, size_t first) {
    const corr2d_layer *layer = &job->plan->layer;
    const size_t width = job->out.width, pixels = tile->tiles * tile->pixels;
    const float *x[MOST_THREE_TAPS / 3];
    corr2d_threes piece = {.x = x, .tap = tile->pixels, .tile = tile->taps * tile->pixels};
    for (size_t done = 0; done < pixels; done += piece.pixels) {
        const size_t row = job->out.row + (first + done) / width, column = (first + done) % width;
        piece.x_end = list_rows(layer, job->x, x, row, job->out.column + column);
        piece.before = job->out.column + column < layer->columns.pad;
        piece.packed = tile->packed + done / tile->pixels * piece.tile;
        piece.at = done % tile->pixels;
        piece.pixels = corr2d_min(corr2d_min(pixels - done, width - column), THREES_PIXELS);
        job->plan->kernels->threes(&piece);
    }
}

/* With vectors of less than a line it pays only where x may be in no near cache, and costs 1 % elsewhere. */
static bool fetches_threes(const corr2d_plan *plan) {
    const corr2d_layer *layer = &plan->layer;
    return plan->kernels->lanes >= LINE_FLOATS || layer->group_in * layer->rows.in * layer->columns.in > FAR_FLOATS;
}

/* What as many tiles from pixel `first` on will be packed from is brought nearer, a line with each tap. */
static void fetch_threes(const pass *p, corr2d_tile *tile, ptrdiff_t *x_pixel, size_t first) {
    const corr2d_plan *plan = p->job->plan;
    list_vectors(p, tile, x_pixel, first, tile->tiles);
    tile->x = p->x + p->job->out.column; /* once more, for the stride */
    tile->fetched = plan->offsets;
    tile->ahead = -(ptrdiff_t)(plan->layer.rows.pad * plan->layer.x.row);
}

/* `tiles` tiles of `pixels` pixels each, from pixel `first` on, which are side by side in y or one. */
static void run_tiles(const pass *p, size_t first, size_t tiles, size_t pixels) {
    const corr2d_plan *plan = p->job->plan;
    ptrdiff_t x_pixel[MOST_TILES * (CORR2D_MAX_VECTORS + 1)];
    corr2d_tile tile = p->tile;
    tile.tiles = tiles;
    tile.pixels = pixels;
    tile.x_pixel = x_pixel;
    if (plan->in_place && pixels < tile_width(plan)) tile.back = corr2d_round_up(pixels, plan->kernels->lanes) - pixels;
    if (plan->threes) {
        pack_threes(p->job, &tile, first);
        tile.offsets = NULL;
        if (fetches_threes(plan)) fetch_threes(p, &tile, x_pixel, first + tiles * pixels);
    } else {
        list_vectors(p, &tile, x_pixel, first, tiles);
        tile.x = p->x;
    }
    if (tile.packed && tile.offsets && tile.ahead) {
        tile.fetched = plan->offsets;
        tile.ahead = (ptrdiff_t)(tiles * pixels);
    }
    run_each(p, &tile, first);
}

/* The same, wherever they lie in y. */
static void run_group(const pass *p, size_t first, size_t tiles, size_t pixels) {
    const size_t together = side_by_side(p, first, tiles * pixels) ? tiles : 1;
    for (size_t i = 0; i < tiles; i += together) run_tiles(p, first + i * pixels, together, pixels);
}

/* `pixels` pixels of all panels, from the first-th on, no more than the variant takes. */
static void run_few(const pass *p, size_t first, size_t pixels) {
    const corr2d_job *job = p->job;
    const corr2d_plan *plan = job->plan;
    const corr2d_strides *y = &plan->layer.y;
    ptrdiff_t x_pixel[CORR2D_FEW_PIXELS], y_pixel[CORR2D_FEW_PIXELS];
    for (size_t i = 0; i < pixels; i++) {
        const size_t row = (first + i) / job->out.width, column = (first + i) % job->out.width;
        x_pixel[i] = (ptrdiff_t)(row * p->row + column);
        y_pixel[i] = (ptrdiff_t)(row * y->row + column * y->column);
    }
    corr2d_tile tile = p->tile;
    tile.x = p->x;
    tile.x_pixel = x_pixel;
    tile.y_pixel = y_pixel;
    tile.y = job->y + job->first * plan->panel_channels * y->channel;
    tile.channels = (job->last - job->first - 1) * plan->panel_channels + corr2d_panel_channels(plan, job->last - 1);
    tile.weights = corr2d_panel_weights(plan, job->group, job->first, p->tap);
    tile.bias = p->tap ? corr2d_zeros : corr2d_panel_bias(plan, job->group, job->first);
    plan->kernels->pixel_few[pixels](&tile);
}

/* How many of a strip's last pixels are no vector, or so little of one that a tile of its own would be dear. */
static size_t few_pixels(const corr2d_plan *plan, size_t pixels) {
    if (one_pixel(&plan->layer)) return 1;
    const size_t rest = pixels % plan->kernels->lanes;
    return rest <= MOST_FEW || (plan->in_place && pixels < plan->kernels->lanes) ? rest : 0;
}

/* The few pixels that are left, and their next panel. */
typedef struct rest {
    size_t first, pixels, panel;
} rest;

/*
 * Their share of panels, if there are to be so many shares more: to do all panels at a time keeps a Granite Rapids core
 * busy enough to lower its clock for all that follows.
 */
static void run_rest(const pass *all, rest *r, size_t shares) {
    const size_t left = all->job->last - r->panel;
    if (left == 0 || r->pixels == 0) return;
    corr2d_job job = *all->job;
    pass p = *all;
    p.job = &job;
    job.first = r->panel;
    job.last = r->panel + corr2d_min(left, corr2d_round_up(corr2d_div_up(left, shares), REST_PANELS));
    r->panel = job.last;
    for (size_t done = 0, few = CORR2D_FEW_PIXELS; done < r->pixels; done += few) {
        if (few > r->pixels - done) few = 1;
        run_few(&p, r->first + done, few);
    }
}

/*
 * So many whole tiles side by side from pixel `first` on, group by group, and after each a share of the rest. Returns
 * where they end.
 */
static size_t run_whole(const pass *p, size_t first, size_t tiles, size_t pixels, rest *r) {
    bool overflow = false;
    const corr2d_plan *plan = p->job->plan;
    const size_t most = p->tile.packed ? packed_tiles(plan, packed_tile(plan, &overflow)) : read_tiles(plan);
    for (size_t i = 0; i < tiles; i += most) {
        run_group(p, first + i * pixels, corr2d_min(most, tiles - i), pixels);
        run_rest(p, r, corr2d_div_up(tiles - i, most));
    }
    return first + tiles * pixels;
}

/* The pixels after all whole tiles, in one tile or in two about equal. */
static void run_last(const pass *p, size_t first, size_t pixels) {
    const size_t lanes = p->job->plan->kernels->lanes, vectors = corr2d_div_up(pixels, lanes);
    const size_t tiles = corr2d_div_up(pixels, tile_width(p->job->plan));
    for (size_t i = 0, next; i < tiles; i++, first += next, pixels -= next) {
        next = i + 1 < tiles ? corr2d_div_up(vectors, tiles) * lanes : pixels;
        run_group(p, first, 1, next);
    }
}

/*
 * A tile of one vector is slow: the last whole tile shares what would be one. A single pixel that is left goes with the
 * last whole tile, if it can.
 */
static void run_pass(const pass *p) {
    const corr2d_plan *plan = p->job->plan;
    const size_t width = tile_width(plan), pixels = p->job->out.height * p->job->out.width;
    const size_t few = few_pixels(plan, pixels), last = (pixels - few) % width;
    const size_t share = pixels - few > width && last && last <= plan->kernels->lanes;
    const size_t whole = (pixels - few) / width - share;
    const size_t more = few == 1 && whole && whole <= MORE_TILES && has_more(plan);
    rest r = {pixels - few, few - more, p->job->first};
    size_t first = run_whole(p, 0, whole - more, width, &r);
    first = run_whole(p, first, more, width + 1, &r);
    run_last(p, first, last + share * width);
    run_rest(p, &r, 1);
}

/* So many panels at a time that the second cache holds their weights while all pixels pass. */
static size_t chunk_panels(const corr2d_plan *plan, size_t taps) {
    return corr2d_max(1, CHUNK_FLOATS / (plan->panel_channels * taps + 1));
}

/* All panels. */
static void run_chunks(const pass *all) {
    const size_t last = all->job->last, panels = last - all->job->first;
    const size_t chunk = corr2d_div_up(panels, corr2d_div_up(panels, chunk_panels(all->job->plan, all->tile.taps)));
    corr2d_job job = *all->job;
    pass p = *all;
    p.job = &job;
    for (; job.first < last; job.first = job.last) {
        job.last = corr2d_min(last, job.first + chunk);
        run_pass(&p);
    }
}

/* How far ahead x is fetched. */
static ptrdiff_t fetched_ahead(const corr2d_plan *plan) {
    const corr2d_layer *layer = &plan->layer;
    const double pixels = (double)layer->rows.out * (double)layer->columns.out;
    const double all = pixels * (double)(layer->group_in + layer->group_out) + (double)plan->weight_count;
    const bool far = plan->in_place && all > FAR_FLOATS;
    return far ? (ptrdiff_t)(read_tiles(plan) * tile_width(plan)) : 0;
}

/* The most panels that read the pixels where they lie. */
static size_t reading_panels(const corr2d_plan *plan) {
    const size_t lines = read_lines(plan), few = FEW_CHANNELS / plan->panel_channels;
    if (plan->kernels->lanes >= LINE_FLOATS) {
        return (lines <= NEAR_LINES ? NEAR_CHANNELS : MORE_CHANNELS) / plan->panel_channels;
    }
    if (!plan->in_place && lines > FEW_LINES) return 0;
    const bool pointwise = plan->layer.rows.taps * plan->layer.columns.taps == 1;
    return pointwise && plan->offset_count >= LEAST_PACKED && few >= 4 ? few - 1 : few;
}

/* Whether all panels of a job do. */
static bool all_read(const corr2d_job *job) {
    const size_t together = chunk_panels(job->plan, job->plan->offset_count);
    return corr2d_min(together, job->last - job->first) <= reading_panels(job->plan);
}

static void run(const corr2d_job *job) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    const size_t kernel = layer->rows.taps * layer->columns.taps;
    const size_t row = job->out.row * layer->rows.stride * layer->x.row;
    bool overflow = false;
    float *packed = job->workspace;
    float *strip = plan->in_place ? NULL : packed + packed_size(plan, &overflow);
    for (size_t c = 0; c < layer->group_in; c += plan->block) {
        const size_t channels = corr2d_min(plan->block, layer->group_in - c);
        const bool last = c + channels == layer->group_in;
        const float *x = job->x + c * layer->x.channel;
        pass p = {
            .job = job, .x = x + row + job->out.column, .row = layer->rows.stride * layer->x.row, .tap = c * kernel};
        p.tile = (corr2d_tile){.taps = channels * kernel,
                               .offsets = plan->offsets,
                               .packed = all_read(job) && !plan->threes ? NULL : packed,
                               .ahead = fetched_ahead(plan),
                               .x_step = kernel == 1 ? plan->offsets[1] : 0,
                               .far_weights = plan->weight_count > CORR2D_FAR_WEIGHTS,
                               .tiles = 1,
                               .panel = plan->panel_channels * corr2d_layer_taps(layer),
                               .y_channel = layer->y.channel,
                               .bias_step = c ? 0 : plan->panel_channels,
                               .load = c > 0 || layer->accumulate,
                               .lo = last ? layer->lo : -INFINITY,
                               .hi = last ? layer->hi : INFINITY};
        if (!plan->in_place) {
            corr2d_strip_pack(strip, &plan->strip, layer, x, channels, job->out);
            p.x = strip;
            p.row = plan->strip.row;
        }
        run_chunks(&p);
    }
}

const corr2d_path corr2d_path_pixel = {cut, fill, run};
