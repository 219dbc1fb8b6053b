/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense layers with vectors over output channels: the natural form where channels lie side by side, and that of long
 * sums also where they do not. Pixels may lie anywhere, so that no width wastes anything, and that those go together
 * which see the same of x: they leave out the taps that they see of the padding. x is read where it is, if nothing is
 * padded or all of the padding left out, and that costs less than to pack it; packed, planes become pixels. Outputs for
 * planes are pixels first as well, and wait on a stage in the workspace.
 *
 *   for each block of input channels: pack it, if need be
 *     for each group of panels whose weights for the block stay in the first cache, or one panel:
 *       for each scene, whose pixels see the same of x:
 *         for each tile of pixels: for each panel of the group: the tile's outputs
 *       the stage's outputs to their planes
 */
#include "kernels/checked.h"
#include "kernels/plan.h"
#include "kernels/weights.h"

#include <math.h>

/* Longer than this, in floats, an image read in place is brought nearer before it is needed. */
#define FAR_X (128u << 10)
#define FAR_COLUMNS 4 /* and no image whose columns are further apart than so many times their channels */

/* Long enough that storing and loading the sums between two blocks does not show. */
#define BLOCK_TAPS 1800

/* The weights that all pixels of a strip pass before the next, if several panels: what the first cache holds. */
#define GROUP_FLOATS (10u << 10)

/* And no more channels, so that a strip's outputs stay there too until they are turned. */
#define GROUP_CHANNELS 256

/* Taps in the padding are left out of kernels of at most so many, whose lists are short. */
#define LEAVE_OUT_TAPS 64

/* The first cache: floats from a line to the next one of its set, and lines of a set. */
#define LINE_FLOATS 16
#define CACHE_FLOATS 1024
#define CACHE_WAYS 8

/*
 * What it costs, in multiply-adds of a vector. A tap of a tile with few chains is waited for, and so are its weights; a
 * tile begins and ends; a float is packed, beside that it is read, and dearer where planes become pixels; a line of
 * planes is read by a tile that finds them where they lie, and one of one or two vectors has little to do meanwhile.
 * Planes in place that begin in the same set of the first cache cost so much more.
 */
#define FEW_CHAINS 20
#define WEIGHTS_COST 4
#define TILE_COST 150.0
#define PACK_COST 0.6
#define TURN_COST 1.3
#define LINE_COST 1.2
#define NARROW_LINE_COST 4.0
#define CROWDED 1.06

/* A strip's pixels, and what its packed block may take: a 512 KiB second cache's size. */
#define STRIP_PIXELS 512
#define STRIP_FLOATS (128u << 10)

/* Of fewer taps tiles of more than one vector have at most so many pixels: more would store too much at once. */
#define SHORT_SUM 64
#define SHORT_PIXELS 6

/* The pixels of a tile of pairs; and of a strip that is worth doubling the weights for. */
#define PAIRED_PIXELS (2 * CORR2D_PAIRS)
#define PAIRED_STRIP 256

static bool planes(const corr2d_layer *layer) { return layer->x.channel != 1; }

/* Whether a strip's rows are x's, padded: no column between is useless. */
static bool rows_as_they_are(const corr2d_layer *layer) {
    const corr2d_axis *columns = &layer->columns;
    return columns->dilation == 1 && columns->stride <= columns->taps;
}

/* The groups of a unit: one, or those of a vector of channels, whose inputs are packed side by side. */
static size_t groups_of_unit(const corr2d_plan *plan) { return plan->layer.groups / plan->unit_groups; }

static bool is_joined(const corr2d_plan *plan) { return plan->unit_groups < plan->layer.groups; }

/* Panels that one call does: those whose weights the first cache holds, or one. */
static size_t group_panels(const corr2d_plan *plan) {
    const size_t taps = plan->block * plan->layer.rows.taps * plan->layer.columns.taps;
    const size_t fit = corr2d_max(1, GROUP_FLOATS / (plan->panel_channels * taps));
    const size_t most = plan->layer.y.channel == 1 ? plan->panels : GROUP_CHANNELS / plan->panel_channels;
    return corr2d_min(corr2d_min(fit, most), plan->panels);
}

/* Whether taps lie at equal distances. */
static bool is_pointwise(const corr2d_plan *plan) {
    return plan->layer.rows.taps * plan->layer.columns.taps == 1 && !is_joined(plan);
}

/* Cuts strips of at most so many pixels. */
static void cut_strips(corr2d_plan *plan, size_t pixels, bool *overflow) {
    const corr2d_layer *layer = &plan->layer;
    const bool plain = rows_as_they_are(layer);
    corr2d_plan_set_strips(plan, pixels, 1);
    const corr2d_runs rows = corr2d_runs_split(&layer->rows, plan->strip_height, true, overflow);
    const size_t channels = is_joined(plan) ? plan->kernels->lanes : plan->block;
    const corr2d_runs columns = plain ? corr2d_runs_plain(&layer->columns, plan->strip_width, overflow)
                                      : corr2d_runs_split(&layer->columns, plan->strip_width, true, overflow);
    plan->strip = planes(layer) && !plain ? corr2d_strip_planes(rows, columns, plan->block, overflow)
                                          : corr2d_strip_pixels(rows, columns, channels, overflow);
    plan->workspace = plan->in_place ? 0 : plan->strip.size;
    if (planes(layer) && plain && !plan->in_place) {
        const size_t behind = corr2d_mul(CORR2D_MAX_LANES, plan->strip.column, overflow);
        plan->workspace = corr2d_sum(plan->workspace, behind, overflow);
    }
}

/* From one output's inputs to the next one's, in x or in the packed strip. */
typedef struct places {
    size_t row, column;
} places;

static places x_places(const corr2d_plan *plan) {
    const corr2d_layer *layer = &plan->layer;
    const corr2d_strip *s = &plan->strip;
    if (plan->in_place) return (places){layer->rows.stride * layer->x.row, layer->columns.stride * layer->x.column};
    return (places){s->rows.step * s->row, s->columns.step * s->column};
}

/* From one output to the next one in its row, and to the next row's, in y or on the stage. */
static places y_places(const corr2d_plan *plan) {
    const size_t pitch = plan->stage_pitch;
    if (pitch) return (places){plan->strip_width * pitch, pitch};
    return (places){plan->layer.y.row, plan->layer.y.column};
}

/* Cuts strips that are packed, or such as are read in place. */
static void cut_to_size(corr2d_plan *plan, bool *overflow) {
    for (size_t pixels = STRIP_PIXELS;; pixels /= 2) {
        bool too_much = false;
        cut_strips(plan, pixels, &too_much);
        if (pixels / 2 < CORR2D_MAX_PIXELS || plan->in_place || (!too_much && plan->workspace <= STRIP_FLOATS)) {
            *overflow |= too_much && !plan->in_place;
            return;
        }
    }
}

/* The columns that a row's outputs are told apart by. */
static const corr2d_sights *columns_of(const corr2d_plan *plan, const corr2d_sight *row) {
    return row->apart ? &plan->columns_seen : &plan->columns_all;
}

/* The most pixels of a tile of so many vectors. */
static size_t tile_pixels(const corr2d_plan *plan, size_t vectors) {
    const size_t most = plan->kernels->channel_pixels[vectors];
    return vectors > 1 && corr2d_layer_taps(&plan->layer) < SHORT_SUM ? corr2d_min(most, SHORT_PIXELS) : most;
}

/* Columns of x that a whole tile of pixels in a row sees. */
static size_t tile_columns(const corr2d_plan *plan) {
    const corr2d_axis *columns = &plan->layer.columns;
    const size_t pixels = tile_pixels(plan, plan->panel_channels / plan->kernels->lanes);
    return (pixels - 1) * columns->stride + (columns->taps - 1) * columns->dilation + 1;
}

/* Lines of planes that a tile reads in place. */
static double lines_read(const corr2d_plan *plan, size_t taps) {
    const corr2d_layer *layer = &plan->layer;
    if (!plan->in_place || !planes(layer)) return 0;
    const double rows = (double)layer->group_in * (double)taps / (double)layer->columns.taps;
    return rows * (1.0 + (double)tile_columns(plan) / LINE_FLOATS);
}

/*
 * As measured, 4, 8, 12, 16 chains last as long as 9, 12, 14, 17 where there are many; and a vector of weights, which
 * comes from the second cache, as long as 4.
 */
static double panel_cost(const corr2d_plan *plan, size_t vectors, size_t pixels, size_t taps) {
    const size_t tiles = corr2d_div_up(pixels, tile_pixels(plan, vectors)), chains = pixels * vectors;
    const size_t waits = corr2d_max((2 * chains + tiles * FEW_CHAINS) / 3, tiles * vectors * WEIGHTS_COST);
    const double lasts = (double)corr2d_max(chains, waits) * (double)taps * (double)plan->layer.group_in;
    const double line = vectors > 2 ? LINE_COST : NARROW_LINE_COST;
    return lasts + (double)tiles * (TILE_COST + lines_read(plan, taps) * line);
}

static double tiles_cost(const corr2d_plan *plan, size_t pixels, size_t taps) {
    const size_t lanes = plan->kernels->lanes, last = corr2d_panel_channels(plan, plan->panels - 1);
    const double each = panel_cost(plan, plan->panel_channels / lanes, pixels, taps);
    return (double)(plan->panels - 1) * each + panel_cost(plan, corr2d_div_up(last, lanes), pixels, taps);
}

/* All the outputs that a row sight has, strip by strip. Where these do not span the columns, those are one sight. */
static double row_cost(const corr2d_plan *plan, size_t i, const corr2d_sights *columns) {
    const corr2d_sight *row = plan->rows_seen.sights + i;
    const size_t rows = corr2d_sight_end(&plan->rows_seen, i, &plan->layer.rows) - row->out;
    const size_t height = corr2d_min(rows, plan->strip_height);
    double cost = 0;
    for (size_t j = 0; j < columns->count; j++) {
        const corr2d_sight *column = columns->sights + j;
        const size_t all = corr2d_sight_end(columns, j, &plan->layer.columns) - column->out;
        const size_t width = corr2d_min(all, plan->strip_width);
        cost += tiles_cost(plan, height * width, (row->last - row->first) * (column->last - column->first));
    }
    return cost * (double)plan->strips_across * (double)rows / (double)height;
}

/* All outputs of an image. */
static double seen_cost(const corr2d_plan *plan) {
    double cost = 0;
    for (size_t i = 0; i < plan->rows_seen.count; i++) {
        cost += row_cost(plan, i, columns_of(plan, plan->rows_seen.sights + i));
    }
    return cost;
}

static double pack_cost(const corr2d_plan *plan) {
    const double floats = (double)plan->strip.size / (double)plan->strip.channels * (double)plan->unit_in;
    const double cost = planes(&plan->layer) ? TURN_COST : PACK_COST;
    return floats * (double)plan->strips_down * (double)plan->strips_across * cost;
}

/* Strips that tell columns apart have all of them, and several rows, so that no part cuts them there. */
static bool may_tell_columns(const corr2d_plan *plan) { return plan->strips_across == 1 && plan->strip_height > 1; }

/* Rows tell their columns apart where that is worth it. Returns what all then cost. */
static double tell_columns(corr2d_plan *plan) {
    for (size_t i = 0; may_tell_columns(plan) && i < plan->rows_seen.count; i++) {
        const bool apart = row_cost(plan, i, &plan->columns_seen) < row_cost(plan, i, &plan->columns_all);
        plan->rows_seen.sights[i].apart = apart;
    }
    return seen_cost(plan);
}

/*
 * Where the padding is packed, rows that see less of x leave out what they do not see, if that is worth it, and in the
 * others so do columns, one by one or together with their neighbours. Corners stay with their row: one pixel is slow.
 */
static void see_packed(corr2d_plan *plan) {
    const double whole = seen_cost(plan);
    corr2d_plan best = *plan;
    if (!corr2d_sights_list(&best.columns_seen, &plan->layer.columns)) best.columns_seen = plan->columns_all;
    if (!corr2d_sights_list(&best.rows_seen, &plan->layer.rows)) best.rows_seen = plan->rows_seen;
    double least = tell_columns(&best);
    for (size_t j = 0; j + 1 < best.columns_seen.count;) {
        corr2d_plan joined = best;
        corr2d_sights_join(&joined.columns_seen, j);
        const double cost = tell_columns(&joined);
        if (cost < least) {
            best = joined;
            least = cost;
        } else {
            j++;
        }
    }
    if (least < whole) *plan = best;
}

/*
 * The lines of x that a tile reads at a time must fit the first cache's sets, 64 sets of 8 lines of 64 bytes. Those of
 * planes are read one after the other.
 */
static bool sets_suffice(const corr2d_plan *plan) {
    const corr2d_layer *layer = &plan->layer;
    const size_t apart = CACHE_FLOATS / corr2d_gcd(layer->x.column % CACHE_FLOATS, CACHE_FLOATS);
    return planes(layer) || layer->rows.taps * tile_columns(plan) <= apart * CACHE_WAYS;
}

/* Where x is read in place there are no zeros to read, and every output leaves out what it does not see. */
static bool see_in_place(corr2d_plan *plan) {
    const corr2d_layer *layer = &plan->layer;
    bool overflow = false;
    plan->in_place = true;
    cut_to_size(plan, &overflow);
    const size_t rows = corr2d_mul(plan->strip_height, layer->rows.stride, &overflow);
    const size_t columns = corr2d_mul(plan->strip_width, layer->columns.stride, &overflow);
    const size_t reach = corr2d_sum(corr2d_mul(rows, layer->x.row, &overflow),
                                    corr2d_mul(columns, layer->x.column, &overflow), &overflow);
    if (overflow || corr2d_too_large(reach) || !may_tell_columns(plan) || !sets_suffice(plan)) return false;
    if (!corr2d_sights_list(&plan->columns_seen, &layer->columns)) return false;
    if (!corr2d_sights_list(&plan->rows_seen, &layer->rows)) return false;
    for (size_t i = 0; i < plan->rows_seen.count; i++) plan->rows_seen.sights[i].apart = true;
    return true;
}

/* Taps in the padding are left out, and x read where it lies, as far as it pays. */
static void leave_out(corr2d_plan *plan) {
    corr2d_plan in_place = *plan;
    if (plan->layer.rows.padded || plan->layer.columns.padded) see_packed(plan);
    if (is_joined(plan) || !see_in_place(&in_place)) return;
    const double crowded = planes(&plan->layer) && plan->layer.x.channel % CACHE_FLOATS == 0 ? CROWDED : 1.0;
    if (seen_cost(&in_place) * crowded < seen_cost(plan) + pack_cost(plan)) *plan = in_place;
}

/* Says where the taps of each pair of sights are listed, and the pixels. */
static void place_lists(corr2d_plan *plan, bool *overflow) {
    size_t taps = 0;
    bool apart = false;
    for (size_t j = 0, before = 0; j < plan->columns_seen.count; j++) {
        corr2d_sight *column = plan->columns_seen.sights + j;
        column->table = before;
        before += column->last - column->first;
    }
    for (size_t i = 0; i < plan->rows_seen.count; i++) {
        corr2d_sight *row = plan->rows_seen.sights + i;
        const corr2d_sights *columns = columns_of(plan, row);
        row->table = taps;
        apart |= row->apart;
        for (size_t j = 0; j < columns->count; j++) {
            const corr2d_sight *column = columns->sights + j;
            const size_t kernel = (row->last - row->first) * (column->last - column->first);
            taps = corr2d_sum(taps, corr2d_mul(plan->block, kernel, overflow), overflow);
        }
    }
    plan->table_count = taps;
    plan->pixel_count = plan->strip_height * plan->strip_width * (apart ? 2 : 1);
}

/* Whether tiles are rows of seven outputs by two vectors of channels. */
static bool suits_sevens(const corr2d_plan *plan) {
    const corr2d_layer *layer = &plan->layer;
    const corr2d_axis *columns = &layer->columns;
    const bool same = columns->in == CORR2D_SEVENS && columns->out == CORR2D_SEVENS && columns->pad == 2;
    return plan->kernels->channel_sevens && plan->finite && same && columns->taps == CORR2D_SEVENS_TAPS &&
           columns->stride == 1 && columns->dilation == 1 && !is_joined(plan) &&
           layer->group_out % (2 * plan->kernels->lanes) == 0;
}

/* Such tiles leave out columns by themselves, and rows as others do. */
static void see_rows(corr2d_plan *plan) {
    const corr2d_axis *rows = &plan->layer.rows;
    if (!corr2d_sights_list(&plan->rows_seen, rows)) plan->rows_seen = corr2d_sights_all(rows);
}

/* Panels about equal: 64 channels are 2 panels of two vectors of 16, not one of three and one of one. */
static size_t panel_vectors(const corr2d_plan *plan) {
    if (plan->sevens) return 2;
    const size_t vectors = corr2d_div_up(plan->layer.group_out, plan->kernels->lanes);
    return corr2d_div_up(vectors, corr2d_div_up(vectors, plan->kernels->channel_vectors));
}

size_t corr2d_groups_together(const corr2d_layer *layer, const corr2d_kernels *k) {
    const size_t in = layer->group_in, out = layer->group_out, together = k->lanes / out;
    const bool side_by_side = layer->x.channel == 1 && layer->y.channel == 1 && layer->groups * in >= k->lanes;
    const bool fill = k->lanes % out == 0 && layer->groups % corr2d_max(1, together) == 0;
    const bool few = in <= out && out > 1 && corr2d_plan_block(layer, BLOCK_TAPS) == in;
    return k->channel_groups && side_by_side && fill && few ? together : 1;
}

/* Pointwise layers of which the last half of the second vector would be empty; all outputs see x. */
static bool suits_pairs(const corr2d_plan *plan) {
    const corr2d_layer *layer = &plan->layer;
    const size_t lanes = plan->kernels->lanes, pixels = plan->strip_height * plan->strip_width;
    const bool side_by_side = layer->x.channel == 1 && layer->y.channel == 1 && layer->groups == 1;
    const bool padded = layer->rows.padded || layer->columns.padded;
    return plan->kernels->channel_pairs && plan->in_place && !padded && is_pointwise(plan) && side_by_side &&
           2 * layer->group_out == 3 * lanes && layer->group_in % lanes == 0 && plan->block == layer->group_in &&
           !layer->accumulate && pixels >= PAIRED_STRIP;
}

/* In place only tiles of pairs have a workspace. */
static bool is_paired(const corr2d_plan *plan) { return plan->in_place && plan->workspace && !plan->stage_pitch; }

/* Behind what is packed a stage, and behind that what turning it may read and write. */
static void set_stage(corr2d_plan *plan, bool *overflow) {
    const size_t lines = corr2d_div_up(plan->workspace, LINE_FLOATS), pixels = plan->strip_height * plan->strip_width;
    plan->stage = corr2d_mul(lines, LINE_FLOATS, overflow);
    plan->stage_pitch = group_panels(plan) * plan->panel_channels;
    plan->workspace = corr2d_sum(plan->stage, (pixels + CORR2D_MAX_LANES) * plan->stage_pitch, overflow);
}

CORR2D_COLD static void cut(corr2d_plan *plan, bool *overflow) {
    const corr2d_layer *layer = &plan->layer;
    const corr2d_kernels *k = plan->kernels;
    const bool padded = layer->rows.padded || layer->columns.padded;
    const size_t kernel = layer->rows.taps * layer->columns.taps;
    plan->block = corr2d_plan_block(layer, BLOCK_TAPS);
    plan->unit_groups = layer->groups / corr2d_groups_together(layer, k);
    plan->sevens = suits_sevens(plan);
    corr2d_plan_set_panels(plan, panel_vectors(plan) * k->lanes, k->lanes, overflow);
    plan->in_place = !padded && (!planes(layer) || kernel == 1) && !is_joined(plan);
    plan->rows_seen = corr2d_sights_all(&layer->rows);
    plan->columns_seen = plan->columns_all = corr2d_sights_all(&layer->columns);
    cut_to_size(plan, overflow);
    if (plan->sevens) {
        see_rows(plan);
    } else if (padded ? plan->finite && kernel <= LEAVE_OUT_TAPS : !plan->in_place) {
        leave_out(plan);
    }
    if (suits_pairs(plan)) plan->workspace = (plan->block + k->lanes) * (PAIRED_PIXELS + 3 * k->lanes);
    if (layer->y.channel != 1) set_stage(plan, overflow);
    place_lists(plan, overflow);
}

/*
 * The taps that a pair of sights sees: the first input channel's, and the others as far behind as channels are. In
 * place they count from the first, so that none leaves x.
 */
static corr2d_tap *list_taps(corr2d_tap *tap, const corr2d_plan *plan, const corr2d_sight *row,
                             const corr2d_sight *column) {
    const size_t columns = plan->layer.columns.taps, kernel = plan->layer.rows.taps * columns;
    const size_t lanes = plan->kernels->lanes, each = (row->last - row->first) * (column->last - column->first);
    const size_t above = plan->in_place ? row->first : 0, before = plan->in_place ? column->first : 0;
    const ptrdiff_t channel = corr2d_plan_channel(plan) * (ptrdiff_t)groups_of_unit(plan);
    corr2d_tap *const end = tap + plan->block * each;
    for (size_t u = row->first; u < row->last; u++) {
        for (size_t v = column->first; v < column->last; v++) {
            const ptrdiff_t x = corr2d_plan_offset(plan, (corr2d_place){0, u - above, v - before});
            *tap++ = (corr2d_tap){(int32_t)x, (uint32_t)((u * columns + v) * lanes)};
        }
    }
    for (; tap < end; tap++)
        *tap = (corr2d_tap){(int32_t)(tap[-(ptrdiff_t)each].x + channel),
                            (uint32_t)(tap[-(ptrdiff_t)each].w + kernel * lanes)};
    return end;
}

/* A strip's rows of `width` pixels, counted from the first of them. */
static void list_pixels(const corr2d_plan *plan, size_t first, size_t width) {
    const places x = x_places(plan), y = y_places(plan);
    ptrdiff_t *x_pixel = plan->x_pixel + first, *y_pixel = plan->y_pixel + first;
    for (size_t i = 0; i < plan->strip_height; i++) {
        for (size_t j = 0; j < width; j++) {
            *x_pixel++ = (ptrdiff_t)(i * x.row + j * x.column);
            *y_pixel++ = (ptrdiff_t)(i * y.row + j * y.column);
        }
    }
}

CORR2D_COLD static void fill(corr2d_plan *plan) {
    corr2d_tap *tap = plan->table;
    for (size_t i = 0; i < plan->rows_seen.count; i++) {
        const corr2d_sight *row = plan->rows_seen.sights + i;
        const corr2d_sights *columns = columns_of(plan, row);
        for (size_t j = 0; j < columns->count; j++) {
            tap = list_taps(tap, plan, row, columns->sights + j);
        }
    }
    const size_t pixels = plan->strip_height * plan->strip_width;
    list_pixels(plan, 0, plan->strip_width);
    for (size_t j = 0; plan->pixel_count > pixels && j < plan->columns_seen.count; j++) {
        const size_t out = plan->columns_seen.sights[j].out;
        const size_t width = corr2d_sight_end(&plan->columns_seen, j, &plan->layer.columns) - out;
        list_pixels(plan, pixels + plan->strip_height * out, width);
    }
}

/* Some panels of one job, of one block of input channels. */
typedef struct pass {
    const corr2d_job *job;
    corr2d_tile tile;               /* what all tiles of the pass share; its y is the strip's first pixel */
    corr2d_tile_fn *const *kernels; /* by number of pixels ... */
    size_t most;                    /* ... up to this */
} pass;

/* The tile's next `count` pixels, in tiles of so many. */
static void run_tiles(corr2d_tile_fn *kernel, corr2d_tile *tile, size_t count, size_t pixels) {
    tile->pixels = count;
    tile->ahead_tap = corr2d_div_up(pixels * tile->ahead_pixel, corr2d_max(1, tile->taps));
    kernel(tile);
    tile->x_pixel += count;
    tile->y_pixel += count;
    if (!tile->ahead_x) tile->ahead += (ptrdiff_t)(count * tile->ahead_pixel);
}

/* Of so many pixels those that the widest tiles leave to others, none of which is to be very narrow: 13 of 49, not 1. */
static size_t narrow_pixels(size_t pixels, size_t wide) {
    const size_t rest = pixels % wide;
    const bool fit = rest == 0 || (rest > CORR2D_NARROW_PIXELS / 2 && rest <= CORR2D_NARROW_PIXELS);
    return fit ? rest : corr2d_min(pixels, rest + wide);
}

/* `pixels` pixels: pairs and the widest tiles, and the rest in tiles about equal: 49 are 4 tiles of 6 and 5 of 5. */
static void run_pixels(const pass *p, corr2d_tile *tile, size_t pixels) {
    const size_t pairs = is_paired(p->job->plan) ? pixels / PAIRED_PIXELS * PAIRED_PIXELS : 0;
    if (pairs) run_tiles(p->job->plan->kernels->channel_pairs, tile, pairs, PAIRED_PIXELS);
    pixels -= pairs;
    const size_t narrow = corr2d_min(p->most, CORR2D_NARROW_PIXELS);
    const size_t wide = p->most > narrow ? pixels - narrow_pixels(pixels, p->most) : 0;
    if (wide) run_tiles(p->kernels[p->most], tile, wide, p->most);
    pixels -= wide;
    if (pixels == 0) return;
    const size_t tiles = corr2d_div_up(pixels, narrow), least = pixels / tiles;
    const size_t larger = pixels % tiles * (least + 1);
    if (larger) run_tiles(p->kernels[least + 1], tile, larger, least + 1);
    run_tiles(p->kernels[least], tile, pixels - larger, least);
}

/*
 * How far back a unit of several groups begins to read a pixel's channels, so that a whole vector does not reach behind
 * the last.
 */
static size_t read_back(const corr2d_job *job) {
    const corr2d_plan *plan = job->plan;
    const size_t channels = plan->layer.groups * plan->layer.group_in;
    const size_t end = job->group * plan->unit_in + plan->kernels->lanes;
    return is_joined(plan) && end > channels ? end - channels : 0;
}

/* Where a scene's first pixel lies in x, from where in_place counts, or in the packed strip. */
static size_t scene_place(const corr2d_job *job, const corr2d_sight *row, const corr2d_sight *column, size_t first) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    const places x = x_places(plan);
    if (!plan->in_place) return first * x.row + column->out * x.column;
    if (!row->apart) return (job->out.row + first) * x.row + job->out.column * x.column;
    return corr2d_sight_place(&layer->rows, row, job->out.row + first) * layer->x.row +
           corr2d_sight_place(&layer->columns, column, column->out) * layer->x.column;
}

/* Of the pixels 0 ... width - 1 of which the first lies at `begin`, how many are before `end`. */
static size_t pixels_before(size_t end, size_t begin, size_t width) {
    return end < begin ? 0 : corr2d_min(end - begin, width);
}

/* Whether `count` taps, each `step` behind the one before, are as far apart: not where a strip has phases. */
static bool evenly_spaced(const corr2d_tap *tap, size_t step, size_t count) {
    for (size_t i = step; i + step < count * step; i += step) {
        if (tap[i + step].x - tap[i].x != tap[step].x - tap[0].x) return false;
    }
    return true;
}

/* The rows of a whole square kernel that tiles take at a step, or 0. Of three rows the last may be further away. */
static unsigned char whole_side(const corr2d_tap *tap, size_t down, size_t across) {
    if (down != across || (down != 3 && down != 5) || !evenly_spaced(tap, 1, across)) return 0;
    return down == 3 ? 3 : evenly_spaced(tap, down, down) ? 5 : 0;
}

/* Rows first ... first + rows - 1 of the strip by the j-th columns: they see the same of x. */
static void run_scene(pass *p, const corr2d_sight *row, size_t j, size_t first, size_t rows, size_t channels) {
    const corr2d_plan *plan = p->job->plan;
    const corr2d_layer *layer = &plan->layer;
    const corr2d_sights *columns = columns_of(plan, row);
    const corr2d_sight *column = columns->sights + j;
    const size_t down = row->last - row->first, across = column->last - column->first;
    const places y = y_places(plan);
    const size_t pixel = row->apart ? plan->strip_height * (plan->strip_width + column->out) : 0;
    const size_t width = row->apart ? corr2d_sight_end(columns, j, &layer->columns) - column->out : p->job->out.width;
    const size_t begin = row->apart ? column->out : 0;
    const size_t skip = first ? 0 : pixels_before(p->job->skip, begin, width);
    const size_t end = p->job->out.width - (first + rows == p->job->out.height ? p->job->left : 0);
    const size_t pixels = rows * width - width + pixels_before(end, begin, width) - skip;
    corr2d_tile tile = p->tile;
    tile.taps = channels * down * across;
    tile.table = plan->table + row->table + plan->block * down * column->table;
    tile.dense = down == layer->rows.taps && across == layer->columns.taps;
    tile.side = tile.dense ? whole_side(tile.table, down, across) : 0;
    tile.x += scene_place(p->job, row, column, first);
    tile.y += first * y.row + column->out * y.column;
    tile.x_pixel = plan->x_pixel + pixel + skip;
    tile.y_pixel = plan->y_pixel + pixel + skip;
    if (tile.ahead_x) {
        tile.ahead = (ptrdiff_t)(x_places(plan).column + (down ? down - 1 : 0) * layer->rows.dilation * layer->x.row);
    }
    if (is_joined(plan)) {
        tile.group_out = layer->group_out;
        tile.pixels = pixels;
        plan->kernels->channel_groups(&tile);
        return;
    }
    if (plan->sevens && skip == 0 && pixels % CORR2D_SEVENS == 0) {
        tile.x_space = (ptrdiff_t)x_places(plan).column;
        run_tiles(plan->kernels->channel_sevens, &tile, pixels, CORR2D_SEVENS);
    } else {
        run_pixels(p, &tile, pixels);
    }
    p->tile.ahead = tile.ahead;
}

/* All the strip's pixels, those that see the same of x together. */
static void run_strip(pass *p, size_t channels) {
    const corr2d_plan *plan = p->job->plan;
    const corr2d_rectangle *out = &p->job->out;
    for (size_t i = 0; i < plan->rows_seen.count; i++) {
        const corr2d_sight *row = plan->rows_seen.sights + i;
        const size_t first = corr2d_max(out->row, row->out);
        const size_t end = corr2d_min(out->row + out->height, corr2d_sight_end(&plan->rows_seen, i, &plan->layer.rows));
        for (size_t j = 0; first < end && j < columns_of(plan, row)->count; j++) {
            run_scene(p, row, j, first - out->row, end - first, channels);
        }
    }
}

/* The next panels that one call does, all of one width. */
static size_t panels_together(const corr2d_job *job, size_t panel) {
    const size_t full = job->plan->unit_channels / job->plan->panel_channels;
    return panel >= full ? 1 : corr2d_min(group_panels(job->plan), corr2d_min(job->last, full) - panel);
}

/* Pixels that lie side by side, or a single one, on the stage and in y. */
typedef struct piece {
    float *stage, *y;
    size_t pixels;
} piece;

/* A piece's channels: to the stage, or to y. As many at a time as are a line of the stage, for all pixels. */
static void move_piece(const corr2d_plan *plan, const piece *p, size_t channels, bool load) {
    const size_t pitch = plan->stage_pitch, channel = plan->layer.y.channel;
    for (size_t c = 0; c < channels; c += LINE_FLOATS) {
        const size_t count = corr2d_min(LINE_FLOATS, channels - c);
        if (load) {
            plan->kernels->turn(p->stage + c, pitch, p->y + c * channel, channel, p->pixels, count);
        } else {
            plan->kernels->unturn(p->y + c * channel, channel, p->stage + c, pitch, p->pixels, count);
        }
    }
}

/* All of a job's outputs of `channels` channels from y on. */
static void move_stage(const corr2d_job *job, float *y, size_t channels, bool load) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    const size_t width = job->out.width, end = job->out.height * width - job->left;
    const bool joined = layer->y.column == 1 && layer->y.row == width && width == plan->strip_width;
    for (size_t first = job->skip, next; first < end; first = next) {
        const size_t row = first / width, column = first % width;
        next = joined ? end : layer->y.column == 1 ? corr2d_min(end, (row + 1) * width) : first + 1;
        const size_t place = row * plan->strip_width + column;
        const piece p = {job->workspace + plan->stage + place * plan->stage_pitch,
                         y + row * layer->y.row + column * layer->y.column, next - first};
        move_piece(plan, &p, channels, load);
    }
}

/* Where the weights begin that follow a group's, in the same block or in the next one; NULL at the end. */
static const float *next_weights(const corr2d_job *job, size_t panel, size_t tap, size_t taps) {
    if (panel < job->last) return corr2d_panel_weights(job->plan, job->group, panel, tap);
    if (tap + taps == corr2d_layer_taps(&job->plan->layer)) return NULL;
    return corr2d_panel_weights(job->plan, job->group, job->first, tap + taps);
}

static bool x_is_far(const corr2d_layer *layer) {
    const double floats = (double)layer->rows.in * (double)layer->columns.in * (double)layer->group_in;
    return !planes(layer) && floats > FAR_X && layer->x.column <= FAR_COLUMNS * layer->group_in;
}

/*
 * What the tiles of a group of panels bring nearer from far caches: the next group's weights, of which all pixels bring
 * the same share, or else the next tile's x.
 */
static void look_ahead(pass *p, const float *next, size_t taps) {
    const corr2d_plan *plan = p->job->plan;
    p->tile.ahead = 0;
    p->tile.ahead_pixel = 0;
    if (next && plan->weight_count > CORR2D_FAR_WEIGHTS) {
        p->tile.ahead = next - p->tile.weights;
        p->tile.ahead_pixel = corr2d_div_up(plan->panel_channels * taps, p->job->out.height * p->job->out.width);
    } else if (plan->in_place && x_is_far(&plan->layer)) {
        p->tile.ahead_x = true;
        p->tile.ahead_pixel = x_places(plan).column;
    }
}

/* From each of a strip's pixels to the next one, all of a pointwise layer's in a line; 0 where they are not. */
static size_t x_space(const corr2d_plan *plan) {
    const places x = x_places(plan);
    const bool line = plan->strip_height == 1 || x.row == plan->strip_width * x.column;
    return line && is_pointwise(plan) && plan->columns_seen.count == 1 ? x.column : 0;
}

/* The strip's outputs of a few panels, straight to y or over the stage, where tiles have whole vectors of them. */
static void run_panels(pass *p, size_t panel, size_t panels, size_t channels) {
    const corr2d_plan *plan = p->job->plan;
    const size_t before = (panels - 1) * plan->panel_channels, last = corr2d_panel_channels(plan, panel);
    const size_t vectors = corr2d_div_up(last, plan->kernels->lanes);
    float *const y = p->job->y + panel * plan->panel_channels * plan->layer.y.channel;
    p->kernels = plan->kernels->channel[vectors];
    p->most = tile_pixels(plan, vectors);
    if (!plan->stage_pitch) {
        p->tile.y = y;
        p->tile.channels = before + last;
        run_strip(p, channels);
        return;
    }
    p->tile.y = p->job->workspace + plan->stage;
    p->tile.channels = before + vectors * plan->kernels->lanes;
    if (p->tile.load) move_stage(p->job, y, before + last, true);
    run_strip(p, channels);
    move_stage(p->job, y, before + last, false);
}

/* One block of `channels` input channels from the c-th on: `x` is what the tables count from. */
static void run_block(const corr2d_job *job, const float *x, size_t c, size_t channels) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    const size_t kernel = layer->rows.taps * layer->columns.taps;
    const bool last = c + channels == layer->group_in;
    pass p = {.job = job};
    p.tile = (corr2d_tile){.x = x,
                           .packed = job->workspace,
                           .x_step = is_pointwise(plan) ? corr2d_plan_channel(plan) : 0,
                           .x_space = (ptrdiff_t)x_space(plan),
                           .panel = plan->panel_channels * corr2d_layer_taps(layer),
                           .bias_step = c ? 0 : plan->panel_channels,
                           .load = c > 0 || layer->accumulate,
                           .lo = last ? layer->lo : -INFINITY,
                           .hi = last ? layer->hi : INFINITY};
    for (size_t panel = job->first, panels; panel < job->last; panel += panels) {
        panels = panels_together(job, panel);
        p.tile.weights = corr2d_panel_weights(plan, job->group, panel, c * kernel);
        p.tile.bias = c ? corr2d_zeros : corr2d_panel_bias(plan, job->group, panel);
        p.tile.ahead_x = false;
        look_ahead(&p, next_weights(job, panel + panels, c * kernel, channels * kernel), channels * kernel);
        run_panels(&p, panel, panels, channels);
    }
}

/*
 * clang's MemorySanitizer takes a vector that is permuted for used, and not for moved: also packed pixels that the job
 * has none of, which nothing looks at afterwards.
 */
#ifdef __has_feature
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define MOVED_WHOLE(p, bytes) __msan_unpoison(p, bytes)
#endif
#endif
#ifndef MOVED_WHOLE
#define MOVED_WHOLE(p, bytes) ((void)(bytes))
#endif

/* Packs what `channels` channels of x from x on hold for the job; those of a unit of several groups side by side. */
static void pack(const corr2d_job *job, const float *x, size_t channels) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    const corr2d_strip *strip = &plan->strip;
    const bool joined = is_joined(plan);
    corr2d_strip_pack(job->workspace, strip, layer, x, joined ? strip->channels : channels, job->out);
    if (!joined) return;
    const corr2d_tile tile = {.packed = job->workspace,
                              .pixels = strip->size / strip->column,
                              .group_first = read_back(job),
                              .group_in = layer->group_in,
                              .group_out = layer->group_out};
    MOVED_WHOLE(tile.packed, strip->size * sizeof *tile.packed);
    plan->kernels->channel_groups_pack(&tile);
}

static void run(const corr2d_job *job) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    for (size_t c = 0; c < layer->group_in; c += plan->block) {
        const size_t channels = corr2d_min(plan->block, layer->group_in - c);
        const float *x = job->x + c * layer->x.channel - read_back(job);
        if (!plan->in_place) {
            pack(job, x, channels);
            x = job->workspace;
        }
        run_block(job, x, c, channels);
    }
}

const corr2d_path corr2d_path_channel = {cut, fill, run};
