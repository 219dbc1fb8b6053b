/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise layers: one input channel to a group, so that a unit is a strip of all channels, and no sum runs over
 * channels. Three ways:
 *
 * - Channels side by side, one output channel to a group: vectors over channels, and x is read where it lies. Kernels
 *   three and five wide go row by row, without their taps in the padding; else, or where these may not be left out, a
 *   table says where each tap of a pixel at x's edge is, in x or among zeros.
 * - Columns side by side, stride 1 or 2: vectors over columns. 3x3 kernels read x where it lies, but for some narrow
 *   rows, and 5x5 too where masked loads are fast. For others planes are packed with their padding, a few channels at
 *   once, into rows of a fixed pitch. The plan says in_place of both, since they need no corr2d_strip.
 * - Anything else: vectors over pixels, and each input channel is packed into a strip.
 */
#include "kernels/checked.h"
#include "kernels/plan.h"
#include "kernels/scattered.h"
#include "kernels/weights.h"

#include <string.h>

/* A strip's pixels: one packed channel stays in the first cache. */
#define STRIP_PIXELS 960
#define STRIP_FLOATS (4u << 10)

/*
 * The same for the tiles for planes: what several take, so many with either stride where they are small, as tiles take
 * two or three at a time. Their rows are cut to a multiple of PLANE_UNIT.
 */
#define PLANES_FLOATS (8u << 10)
#define PLANES_TOGETHER_1 4
#define PLANES_TOGETHER_2 6
#define PLANE_UNIT 7

/* x's own columns begin at a multiple of this in a packed plane. */
#define PLANE_ALIGNMENT 16

/* Outputs of a plane that are a unit of work, where it is not packed: the tiles cut it into bands themselves. */
#define ROWS_PIXELS 16384

/* With channels in vectors: the pixels that are a unit of work. */
#define CHANNEL_PIXELS 4096

/*
 * The same for tiles three and five wide: floats that stay in the first cache, and of an image that does in the second;
 * the fewest channels that go together, and the fewest columns.
 */
#define CHUNK_FLOATS (8u << 10)
#define CHUNK_IMAGE (200u << 10)
#define CHUNK_CHANNELS 64
#define CHUNK_COLUMNS (2 * PLANE_UNIT)

/* Kernels no larger have short lists of what outputs see of x. */
#define MOST_SEEN 7

/* What a pointer takes of the workspace. */
#define POINTER_FLOATS 2

static void cut_pixel_strips(corr2d_plan *plan, size_t pixels, bool *overflow) {
    const corr2d_layer *layer = &plan->layer;
    corr2d_plan_set_strips(plan, pixels, plan->kernels->lanes);
    const corr2d_runs rows = corr2d_runs_split(&layer->rows, plan->strip_height, true, overflow);
    const corr2d_runs columns = corr2d_runs_split(&layer->columns, plan->strip_width, false, overflow);
    plan->strip = corr2d_strip_planes(rows, columns, 1, overflow);
    plan->workspace = corr2d_sum(plan->strip.size, CORR2D_STRIP_SLACK, overflow);
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

/* The inputs from the first tap's of the first of `out` outputs to the last one's of the last. */
static size_t inputs_of(const corr2d_axis *axis, size_t out) {
    return (out - 1) * axis->stride + (axis->taps - 1) * axis->dilation + 1;
}

/* Cuts an axis of `out` outputs into equal parts of at most `most`, and those to a multiple of `unit` where it can. */
static size_t cut_evenly(size_t out, size_t most, size_t unit) {
    return corr2d_min(out, corr2d_round_up(corr2d_div_up(out, corr2d_div_up(out, most)), unit));
}

/* Cuts strips whose planes, padded, have rows of the pitch of the tiles for planes; false where those cannot do it. */
static bool cut_planes(corr2d_plan *plan) {
    const corr2d_layer *layer = &plan->layer;
    const corr2d_axis *rows = &layer->rows, *columns = &layer->columns;
    const size_t stride = columns->stride, lanes = plan->kernels->lanes;
    if (layer->x.column != 1 || layer->y.column != 1 || stride > 2 || rows->stride != stride) return false;
    if (layer->accumulate) return false;
    const size_t more = (columns->taps - 1) * columns->dilation / stride + 1;
    if (more + lanes > CORR2D_PLANE_PITCH) return false;
    const size_t width = (CORR2D_PLANE_PITCH - more) / lanes * lanes;
    plan->strip_width = cut_evenly(columns->out, width, lanes);
    const size_t floats = stride * (plan->strip_width + PLANE_ALIGNMENT), least = inputs_of(rows, PLANE_UNIT);
    size_t together = corr2d_min(stride == 1 ? PLANES_TOGETHER_1 : PLANES_TOGETHER_2, layer->groups);
    while (together > 1 && least > PLANES_FLOATS / (together * floats)) together /= 2;
    const size_t most = PLANES_FLOATS / (together * floats);
    if (least > most) return false;
    const size_t height = ((most - least) / stride + PLANE_UNIT) / PLANE_UNIT * PLANE_UNIT;
    plan->strip_height = cut_evenly(rows->out, height, PLANE_UNIT);
    plan->strips_down = corr2d_div_up(rows->out, plan->strip_height);
    plan->strips_across = corr2d_div_up(columns->out, plan->strip_width);
    const size_t used_rows = inputs_of(rows, plan->strip_height) + stride - 1;
    plan->strip.channel = used_rows * stride * CORR2D_PLANE_PITCH;
    plan->strip.channels = together;
    plan->workspace = plan->strip.channels * plan->strip.channel + CORR2D_STRIP_SLACK + PLANE_ALIGNMENT;
    return true;
}

/* Whether the middle tap of every output is in x. */
static bool middles_inside(const corr2d_axis *axis) {
    const size_t half = axis->taps / 2;
    return axis->pad <= half && (axis->out - 1) * axis->stride + half + 1 <= axis->in + axis->pad;
}

/* Whether the tiles that read planes where they lie can do a layer's columns. */
static bool columns_fit_rows(const corr2d_layer *layer, const corr2d_kernels *kernels) {
    const corr2d_axis *columns = &layer->columns;
    const size_t pad = columns->pad, out = columns->out, lanes = kernels->lanes, half = columns->taps / 2;
    if (half == 2 && out == lanes + 1) return false;
    if (out <= lanes && (pad == 0 || columns->in > lanes * columns->stride)) return false;
    if (out < lanes && layer->y.row != out) return false;
    return out <= ROWS_PIXELS && columns->in <= CORR2D_ZEROS && out >= kernels->rows_columns && middles_inside(columns);
}

/* A single row may be cut across, and these tiles take whole rows. */
bool corr2d_rows_fit(const corr2d_layer *layer, const corr2d_kernels *kernels, bool finite) {
    const corr2d_axis *rows = &layer->rows, *columns = &layer->columns;
    if (!kernels->depthwise_rows || rows->out == 1 || layer->x.column != 1 || layer->y.column != 1) return false;
    if (layer->accumulate || columns->stride > 2 || rows->stride != columns->stride) return false;
    if (rows->taps != columns->taps || rows->dilation != 1 || columns->dilation != 1) return false;
    if (kernels->rows_any) {
        return finite && (rows->taps == 5 || (rows->taps == 3 && (rows->stride == 1 || middles_inside(rows))));
    }
    if (kernels->rows_five && !finite) return false;
    return (rows->taps == 3 || (rows->taps == 5 && kernels->rows_five)) && columns_fit_rows(layer, kernels);
}

static void cut_rows(corr2d_plan *plan) {
    corr2d_plan_set_strips(plan, ROWS_PIXELS, plan->kernels->lanes);
    if (plan->layer.rows.taps == 3) plan->workspace = inputs_of(&plan->layer.rows, plan->strip_height) * POINTER_FLOATS;
}

CORR2D_COLD static void cut_pixel(corr2d_plan *plan, bool *overflow) {
    plan->unit_groups = 1;
    plan->block = 1;
    plan->offset_count = corr2d_layer_taps(&plan->layer);
    corr2d_plan_set_panels(plan, 1, 1, overflow);
    plan->rows_in_place = corr2d_rows_fit(&plan->layer, plan->kernels, plan->finite);
    if (plan->rows_in_place) cut_rows(plan);
    plan->in_place = plan->rows_in_place || cut_planes(plan);
    if (plan->in_place) return;
    cut_to_size(plan, cut_pixel_strips, STRIP_FLOATS, overflow);
}

/* Taps along an axis, of all its sights. */
static size_t taps_seen(const corr2d_sights *seen) {
    size_t taps = 0;
    for (size_t i = 0; i < seen->count; i++) taps += seen->sights[i].last - seen->sights[i].first;
    return taps;
}

/* Whether whole vectors of channels go through the tiles for kernels three and five wide. */
static bool fits_blocks(const corr2d_layer *layer, const corr2d_kernels *kernels) {
    const corr2d_axis *columns = &layer->columns;
    return kernels->depthwise_blocks && !layer->accumulate && (columns->taps == 3 || columns->taps == 5) &&
           columns->dilation == 1 && columns->stride <= 2 && columns->pad <= columns->taps / 2 &&
           inputs_of(columns, columns->out) <= columns->in + columns->pad + columns->taps / 2;
}

/* Where taps in the padding may not be left out, the workspace holds where a pixel's lie, and zeros for those. */
CORR2D_COLD static void cut_channel(corr2d_plan *plan, bool *overflow) {
    const corr2d_layer *layer = &plan->layer;
    const corr2d_axis *rows = &layer->rows, *columns = &layer->columns;
    plan->unit_groups = 1;
    plan->block = 1;
    plan->in_place = true;
    corr2d_plan_set_panels(plan, plan->kernels->lanes, plan->kernels->lanes, overflow);
    corr2d_plan_set_strips(plan, CHANNEL_PIXELS, 1);
    const bool few = rows->taps <= MOST_SEEN && columns->taps <= MOST_SEEN;
    const bool listed =
        few && corr2d_sights_list(&plan->rows_seen, rows) && corr2d_sights_list(&plan->columns_seen, columns);
    if (!listed) plan->rows_seen.count = 0;
    plan->table_count = corr2d_layer_taps(layer) + taps_seen(&plan->rows_seen) * taps_seen(&plan->columns_seen);
    plan->rows_in_place = plan->finite && fits_blocks(layer, plan->kernels);
    if (!rows->padded && !columns->padded) return;
    const size_t pointers = corr2d_mul(corr2d_layer_taps(layer), POINTER_FLOATS, overflow);
    plan->workspace = corr2d_sum(pointers, layer->groups, overflow);
}

/* The taps that a pair of sights sees, counted from the first of them, so that no pointer leaves x. */
static corr2d_tap *list_taps(corr2d_tap *tap, const corr2d_plan *plan, const corr2d_sight *row,
                             const corr2d_sight *column) {
    for (size_t u = row->first; u < row->last; u++) {
        for (size_t v = column->first; v < column->last; v++) {
            const size_t number = u * plan->layer.columns.taps + v;
            const corr2d_place from_first = {0, u - row->first, v - column->first};
            *tap++ =
                (corr2d_tap){(int32_t)corr2d_plan_offset(plan, from_first), (uint32_t)(number * plan->kernels->lanes)};
        }
    }
    return tap;
}

/* Where taps lie in packed planes, as corr2d_kernels has it. */
static void fill_planes(corr2d_plan *plan) {
    const corr2d_axis *rows = &plan->layer.rows, *columns = &plan->layer.columns;
    const size_t stride = columns->stride;
    ptrdiff_t *offset = plan->offsets;
    for (size_t u = 0; u < rows->taps; u++) {
        for (size_t v = 0; v < columns->taps; v++) {
            const size_t row = u * rows->dilation * stride, column = v * columns->dilation;
            *offset++ = (ptrdiff_t)((row + column % stride) * CORR2D_PLANE_PITCH + column / stride);
        }
    }
}

static void fill_pixel(corr2d_plan *plan) {
    if (plan->in_place) {
        fill_planes(plan);
    } else {
        corr2d_plan_fill_offsets(plan);
    }
}

CORR2D_COLD static void fill_channel(corr2d_plan *plan) {
    const corr2d_sight all_rows = {.last = plan->layer.rows.taps}, all_columns = {.last = plan->layer.columns.taps};
    corr2d_tap *tap = list_taps(plan->table, plan, &all_rows, &all_columns);
    if (!plan->finite) plan->rows_seen.count = 0;
    for (size_t i = 0; i < plan->rows_seen.count; i++) {
        for (size_t j = 0; j < plan->columns_seen.count; j++) {
            tap = list_taps(tap, plan, plan->rows_seen.sights + i, plan->columns_seen.sights + j);
        }
    }
    if (plan->rows_seen.count) plan->workspace = 0;
}

static corr2d_tile tile_of(const corr2d_plan *plan, size_t panel) {
    const corr2d_layer *layer = &plan->layer;
    return (corr2d_tile){.taps = layer->rows.taps * layer->columns.taps,
                         .offsets = plan->offsets,
                         .weights = corr2d_panel_weights(plan, 0, panel, 0),
                         .bias = corr2d_panel_bias(plan, 0, panel),
                         .channels = corr2d_panel_channels(plan, panel),
                         .load = layer->accumulate,
                         .lo = layer->lo,
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
        const corr2d_scattered place = {.y = y,
                                        .y_row = layer->y.row,
                                        .y_column = layer->y.column,
                                        .width = job->out.width,
                                        .first = first,
                                        .pixels = tile.pixels,
                                        .channels = 1,
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

/* What an axis of x shares with the inputs of outputs first ... first + out - 1. */
typedef struct part {
    size_t before, first, inside; /* inputs in the padding before x; the first one in x; how many */
} part;

static part part_of(const corr2d_axis *axis, size_t first, size_t out) {
    const size_t start = first * axis->stride, end = start + inputs_of(axis, out), pad = axis->pad;
    part p = {.before = start < pad ? corr2d_min(pad, end) - start : 0};
    p.first = start < pad ? 0 : start - pad;
    p.inside = end > pad + p.first && p.first < axis->in ? corr2d_min(end - pad, axis->in) - p.first : 0;
    return p;
}

static corr2d_planes planes_of(const corr2d_job *job) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    const part rows = part_of(&layer->rows, job->out.row, job->out.height);
    const part columns = part_of(&layer->columns, job->out.column, job->out.width);
    const size_t left = columns.before / layer->columns.stride, begin = corr2d_round_up(left, PLANE_ALIGNMENT) - left;
    return (corr2d_planes){.x = job->x + rows.first * layer->x.row + columns.first,
                           .x_channel = layer->group_out == 1 ? layer->x.channel : 0,
                           .x_row = layer->x.row,
                           .x_rows = columns.inside ? rows.inside : 0,
                           .x_columns = columns.inside,
                           .packed = plan->rows_in_place ? NULL : job->workspace + begin,
                           .offsets = plan->offsets,
                           .zeros = corr2d_zeros,
                           .table = (const float **)(void *)job->workspace,
                           .packed_channel = layer->group_out == 1 ? plan->strip.channel : 0,
                           .above = rows.before,
                           .before = columns.before,
                           .first_row = plan->finite ? rows.before : 0,
                           .end_row =
                               plan->finite ? rows.before + rows.inside : inputs_of(&layer->rows, job->out.height),
                           .taps_down = layer->rows.taps,
                           .taps_across = layer->columns.taps,
                           .dilation_down = layer->rows.dilation,
                           .dilation_across = layer->columns.dilation,
                           .stride = layer->columns.stride,
                           .y_channel = layer->y.channel,
                           .y_row = layer->y.row,
                           .rows = job->out.height,
                           .columns = job->out.width,
                           .lo = layer->lo,
                           .hi = layer->hi};
}

/* Output channels first ... last - 1, of which all those that read one plane of x come one after another. */
static void run_planes(const corr2d_job *job) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    const size_t each = layer->group_out, most = plan->rows_in_place ? plan->panels : plan->strip.channels;
    corr2d_planes_fn *const tiles =
        plan->rows_in_place ? plan->kernels->depthwise_rows : plan->kernels->depthwise_planes;
    corr2d_planes planes = planes_of(job);
    const float *x = planes.x;
    if (!plan->rows_in_place) memset(job->workspace, 0, plan->workspace * sizeof *job->workspace);
    for (size_t first = job->first, last; first < job->last; first = last) {
        const size_t plane = first / each;
        last = corr2d_min(each == 1 ? first + most : (plane + 1) * each, job->last);
        planes.channels = each == 1 ? last - first : 1;
        planes.x = x + plane * layer->x.channel;
        if (!plan->rows_in_place) plan->kernels->depthwise_pack(&planes);
        planes.channels = last - first;
        planes.y = job->y + first * layer->y.channel;
        planes.weights = corr2d_panel_weights(plan, 0, first, 0);
        planes.bias = corr2d_panel_bias(plan, 0, first);
        tiles(&planes);
    }
}

static void run_pixel(const corr2d_job *job) {
    const corr2d_layer *layer = &job->plan->layer;
    if (job->plan->in_place) {
        run_planes(job);
        return;
    }
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

/* The first output whose taps are all inside x, and behind the last such; of an axis, at most `out`. */
static size_t first_inside(const corr2d_axis *axis) {
    return corr2d_min(axis->out, corr2d_div_up(axis->pad, axis->stride));
}

static size_t end_inside(const corr2d_axis *axis) {
    const size_t reach = (axis->taps - 1) * axis->dilation + 1, room = axis->in + axis->pad;
    return room < reach ? 0 : corr2d_min(axis->out, (room - reach) / axis->stride + 1);
}

/* From one of `count` such places to the next; 0 where there is none, since x's distance may then be anything. */
static size_t step_of(const corr2d_axis *axis, const corr2d_sight *sight, size_t count, size_t distance) {
    return sight->first == sight->last || count == 1 ? 0 : axis->stride * distance;
}

/* Outputs that see the same of x, and what of x that is. */
typedef struct scene {
    corr2d_sight row, column;
    corr2d_rectangle out;
} scene;

/* Runs a scene's outputs a few at a time, row after row. Their places are counted on, since to divide takes longer. */
static void run_scene(const corr2d_job *job, const corr2d_tile *whole, const scene *s) {
    const corr2d_layer *layer = &job->plan->layer;
    const size_t row_step = step_of(&layer->rows, &s->row, s->out.height, layer->x.row);
    const size_t step = step_of(&layer->columns, &s->column, s->out.width, layer->x.column);
    const size_t y_step = s->out.width == 1 ? 0 : layer->y.column, y_row_step = s->out.height == 1 ? 0 : layer->y.row;
    ptrdiff_t x_pixel[CORR2D_DEPTHWISE_PIXELS], y_pixel[CORR2D_DEPTHWISE_PIXELS];
    corr2d_tile tile = *whole;
    tile.x_pixel = x_pixel;
    tile.y_pixel = y_pixel;
    tile.pixels = 0;
    if (s->out.height == 0 || s->out.width == 0) return;
    size_t x_row = corr2d_sight_place(&layer->rows, &s->row, s->out.row) * layer->x.row +
                   corr2d_sight_place(&layer->columns, &s->column, s->out.column) * layer->x.column;
    size_t y_row = (s->out.row - job->out.row) * layer->y.row + (s->out.column - job->out.column) * layer->y.column;
    for (size_t i = 0; i < s->out.height; i++, x_row += row_step, y_row += y_row_step) {
        for (size_t j = 0, x = x_row, y = y_row; j < s->out.width; j++, x += step, y += y_step) {
            x_pixel[tile.pixels] = tile.taps ? (ptrdiff_t)x : 0;
            y_pixel[tile.pixels++] = (ptrdiff_t)y;
            if (tile.pixels < CORR2D_DEPTHWISE_PIXELS) continue;
            job->plan->kernels->depthwise_channel(&tile);
            tile.pixels = 0;
        }
    }
    if (tile.pixels) job->plan->kernels->depthwise_channel(&tile);
}

/* What the strip shares with the outputs of a pair of sights. */
static corr2d_rectangle seen_part(const corr2d_job *job, size_t i, size_t j) {
    const corr2d_plan *plan = job->plan;
    const size_t top = corr2d_max(job->out.row, plan->rows_seen.sights[i].out);
    const size_t left = corr2d_max(job->out.column, plan->columns_seen.sights[j].out);
    const size_t bottom =
        corr2d_min(job->out.row + job->out.height, corr2d_sight_end(&plan->rows_seen, i, &plan->layer.rows));
    const size_t right =
        corr2d_min(job->out.column + job->out.width, corr2d_sight_end(&plan->columns_seen, j, &plan->layer.columns));
    if (top >= bottom || left >= right) return (corr2d_rectangle){0};
    return (corr2d_rectangle){top, left, bottom - top, right - left};
}

/* All the strip, taps in the padding left out. */
static void run_scenes(const corr2d_job *job, const corr2d_tile *whole) {
    const corr2d_plan *plan = job->plan;
    const corr2d_sights *rows = &plan->rows_seen, *columns = &plan->columns_seen;
    const corr2d_tap *table = plan->table + corr2d_layer_taps(&plan->layer);
    corr2d_tile tile = *whole;
    for (size_t i = 0; i < rows->count; i++) {
        for (size_t j = 0; j < columns->count; j++, table += tile.taps) {
            const scene s = {rows->sights[i], columns->sights[j], seen_part(job, i, j)};
            tile.table = table;
            tile.taps = (s.row.last - s.row.first) * (s.column.last - s.column.first);
            run_scene(job, &tile, &s);
        }
    }
}

/* Whether a place that counts from the padding's beginning is inside x. */
static bool is_inside(const corr2d_axis *axis, size_t place) {
    return place >= axis->pad && place - axis->pad < axis->in;
}

/* One pixel at x's edge: its taps are looked up one by one, those in the padding in zeros. */
static void run_edge(const corr2d_job *job, const corr2d_tile *whole, const float **x_tap, size_t row, size_t column) {
    const corr2d_layer *layer = &job->plan->layer;
    const corr2d_axis *rows = &layer->rows, *columns = &layer->columns;
    const float *zeros = (const float *)(x_tap + whole->taps);
    corr2d_tile tile = *whole;
    tile.x_tap = x_tap;
    tile.y += (row - job->out.row) * layer->y.row + (column - job->out.column) * layer->y.column;
    for (size_t u = 0; u < rows->taps; u++) {
        const size_t i = row * rows->stride + u * rows->dilation;
        for (size_t v = 0; v < columns->taps; v++) {
            const size_t j = column * columns->stride + v * columns->dilation;
            *x_tap++ = is_inside(rows, i) && is_inside(columns, j)
                           ? whole->x + (i - rows->pad) * layer->x.row + (j - columns->pad) * layer->x.column
                           : zeros;
        }
    }
    job->plan->kernels->depthwise_edge(&tile);
}

/* All the strip, with every tap: the pixels that see all of them are a scene, the others are run one by one. */
static void run_every_tap(const corr2d_job *job, const corr2d_tile *whole) {
    const corr2d_layer *layer = &job->plan->layer;
    const corr2d_rectangle *out = &job->out;
    const size_t bottom = out->row + out->height, right = out->column + out->width;
    const size_t first_row = first_inside(&layer->rows), end_row = end_inside(&layer->rows);
    const size_t first_column = first_inside(&layer->columns), end_column = end_inside(&layer->columns);
    const float **x_tap = (const float **)(void *)job->workspace;
    const corr2d_sight rows = {.last = layer->rows.taps}, columns = {.last = layer->columns.taps};
    if (job->plan->workspace) memset(x_tap + whole->taps, 0, whole->channels * sizeof(float));
    for (size_t i = out->row; i < bottom; i++) {
        const bool inside = i >= first_row && i < end_row;
        const size_t end = corr2d_max(out->column, inside ? corr2d_min(right, end_column) : out->column);
        const size_t first = corr2d_min(end, corr2d_max(out->column, first_column));
        const scene s = {rows, columns, {i, first, 1, end - first}};
        run_scene(job, whole, &s);
        for (size_t j = out->column; j < first; j++) run_edge(job, whole, x_tap, i, j);
        for (size_t j = end; j < right; j++) run_edge(job, whole, x_tap, i, j);
    }
}

/* The job's outputs, by `channels` channels from `channel` on. */
static void run_block(const corr2d_job *job, const corr2d_tile *whole, size_t channel, size_t channels) {
    const corr2d_plan *plan = job->plan;
    const corr2d_layer *layer = &plan->layer;
    const size_t lanes = plan->kernels->lanes;
    const part columns = part_of(&layer->columns, job->out.column, job->out.width);
    const float *const x = whole->x + columns.first * layer->x.column + channel;
    const float *const weights = whole->weights + channel / lanes * whole->panel;
    corr2d_blocks blocks = {.x_row = layer->rows.dilation * layer->x.row,
                            .x_column = layer->x.column,
                            .x_columns = columns.inside,
                            .before = columns.before,
                            .taps_across = layer->columns.taps,
                            .stride = layer->columns.stride,
                            .y = job->y + channel,
                            .y_column = layer->y.column,
                            .columns = job->out.width,
                            .channels = channels,
                            .panel = whole->panel,
                            .bias = whole->bias + channel,
                            .lo = layer->lo,
                            .hi = layer->hi};
    for (size_t i = 0; i < job->out.height; i++, blocks.y += layer->y.row) {
        const corr2d_sight seen = corr2d_sight_at(&layer->rows, job->out.row + i);
        blocks.x = x + corr2d_sight_place(&layer->rows, &seen, seen.out) * layer->x.row;
        blocks.taps_down = seen.last - seen.first;
        blocks.weights = weights + seen.first * layer->columns.taps * lanes;
        plan->kernels->depthwise_blocks(&blocks);
    }
}

/*
 * How many of `all` channels go over the strip before the next: so many that their weights, and the rows of x that an
 * output sees, stay in the first cache. All where the second one does not hold the image, which then comes in order.
 */
static size_t chunk_of(const corr2d_plan *plan, size_t all) {
    const corr2d_layer *layer = &plan->layer;
    const corr2d_axis *rows = &layer->rows, *columns = &layer->columns;
    const size_t each = rows->taps * (columns->in + columns->taps);
    const size_t most = corr2d_max(CHUNK_CHANNELS, CHUNK_FLOATS / each);
    if (rows->in > CHUNK_IMAGE / columns->in / layer->groups || all <= most) return all;
    return corr2d_round_up(corr2d_div_up(all, corr2d_div_up(all, most)), plan->kernels->lanes);
}

/* Likewise the columns of a band that goes down the strip before the next: with stride 1, whose rows are read again. */
static size_t band_of(const corr2d_job *job, size_t channels) {
    const corr2d_axis *rows = &job->plan->layer.rows, *columns = &job->plan->layer.columns;
    const size_t inputs = CHUNK_FLOATS / channels / rows->taps, most = inputs - corr2d_min(inputs, columns->taps);
    if (columns->stride > 1) return job->out.width;
    return cut_evenly(job->out.width, corr2d_max(CHUNK_COLUMNS, most), PLANE_UNIT);
}

/* The whole vectors of channels; the tile keeps those behind. */
static void run_blocks(const corr2d_job *job, corr2d_tile *tile) {
    const corr2d_plan *plan = job->plan;
    const size_t lanes = plan->kernels->lanes, all = tile->channels / lanes * lanes, most = chunk_of(plan, all);
    const size_t end = job->out.column + job->out.width;
    for (size_t channel = 0, channels; channel < all; channel += channels) {
        corr2d_job band = *job;
        channels = corr2d_min(all - channel, most);
        band.y = tile->y;
        band.out.width = band_of(job, channels);
        for (; band.out.column < end; band.out.column += band.out.width) {
            band.out.width = corr2d_min(band.out.width, end - band.out.column);
            run_block(&band, tile, channel, channels);
            band.y += band.out.width * plan->layer.y.column;
        }
    }
    tile->x += all;
    tile->y += all;
    tile->weights += all / lanes * tile->panel;
    tile->bias += all;
    tile->channels -= all;
}

static void run_channel(const corr2d_job *job) {
    const corr2d_plan *plan = job->plan;
    const size_t channel = job->first * plan->panel_channels;
    corr2d_tile tile = tile_of(plan, job->first);
    tile.panel = tile.taps * plan->panel_channels;
    tile.channels = corr2d_min(job->last * plan->panel_channels, plan->layer.groups) - channel;
    tile.table = plan->table;
    tile.x = job->x + channel;
    tile.y = job->y + channel;
    if (plan->rows_in_place) run_blocks(job, &tile);
    if (tile.channels) (plan->rows_seen.count ? run_scenes : run_every_tap)(job, &tile);
}

const corr2d_path corr2d_path_depthwise_pixel = {cut_pixel, fill_pixel, run_pixel};
const corr2d_path corr2d_path_depthwise_channel = {cut_channel, fill_channel, run_channel};
