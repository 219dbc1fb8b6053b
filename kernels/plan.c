/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/plan.h"

#include "kernels/checked.h"
#include "kernels/weights.h"

#include <stdlib.h>

const float corr2d_zeros[CORR2D_ZEROS] = {0.0f};

void corr2d_plan_set_strips(corr2d_plan *plan, size_t pixels, size_t unit) {
    const size_t height = plan->layer.rows.out, width = plan->layer.columns.out;
    const size_t most = width <= pixels ? corr2d_min(height, pixels / width) : 1;
    plan->strip_width =
        width <= pixels ? width : corr2d_round_up(corr2d_div_up(width, corr2d_div_up(width, pixels)), unit);
    plan->strip_height = corr2d_div_up(height, corr2d_div_up(height, most));
    const size_t whole = corr2d_round_up(plan->strip_height, unit / corr2d_gcd(width, unit));
    if (plan->strip_height < height && whole <= most) plan->strip_height = whole;
    plan->strips_down = corr2d_div_up(height, plan->strip_height);
    plan->strips_across = corr2d_div_up(width, plan->strip_width);
}

void corr2d_plan_set_panels(corr2d_plan *plan, size_t channels, size_t granule, bool *overflow) {
    const corr2d_layer *layer = &plan->layer;
    plan->unit_in = layer->groups / plan->unit_groups * layer->group_in;
    plan->unit_channels = layer->groups / plan->unit_groups * layer->group_out;
    plan->panel_channels = channels;
    plan->panel_granule = granule;
    plan->panels = corr2d_div_up(plan->unit_channels, channels);
    const size_t packed = corr2d_mul(corr2d_div_up(plan->unit_channels, granule), granule, overflow);
    plan->bias_count = corr2d_mul(plan->unit_groups, packed, overflow);
    plan->weight_count = corr2d_mul(plan->bias_count, corr2d_layer_taps(layer), overflow);
}

size_t corr2d_plan_block(const corr2d_layer *layer, size_t taps) {
    const size_t most = corr2d_max(1, taps / (layer->rows.taps * layer->columns.taps));
    return corr2d_div_up(layer->group_in, corr2d_div_up(layer->group_in, most));
}

/* Sums so long that it does not show how vectors over channels are stored, on wide maps and on narrow ones. */
#define LONG_SUM 250
#define SHORT_SUM 64

/* Of shorter ones it shows on wide maps yet, where rows are whole vectors. */
#define WIDE_SUM 350

/* Of longer sums than this rows of whole vectors are like others: what pixel tiles pack of them is too much. */
#define LONGEST_SUM 800

/* With no more outputs of so few channels to pack x takes longer than all the sums, however short. */
#define FEW_OUTPUTS 16
#define FEW_OUT 32

/* Long enough for rows that are no whole vectors, and for groups whose outputs are. */
#define MIDDLE_SUM 128

/* Planes that lie a multiple of so many floats apart share a few sets of the first cache. */
#define CROWDED_FLOATS 1024

/* Depthwise layers with fewer channels go to narrower vectors where those leave no rest. */
#define FEW_CHANNELS 96

/* Lanes that output channels may leave idle: one of so many channels. */
#define IDLE_LANES 10

/* For more outputs than this it pays to pack the pixels of a map of three vectors or more. */
#define MANY_OUT 144

/*
 * Whether the outputs of a pointwise layer are better in vectors over channels, if they leave few lanes idle: two
 * vectors, where pixels are no whole vectors, since they would be packed for four panels; three vectors and more where
 * pixels fill theirs badly; on small maps, whose pixels leave more lanes idle, whatever is more than a vector and a
 * half; on the smallest in any case.
 */
static bool fills_channels(const corr2d_layer *layer, size_t pixels, size_t lanes) {
    const size_t out = layer->group_out, idle = corr2d_round_up(out, lanes) - out, rest = pixels % lanes;
    const bool badly = rest == 1 || rest > CORR2D_FEW_PIXELS;
    if (pixels <= lanes) return badly || out > lanes;
    if (pixels < 3 * lanes) return badly && out > lanes + lanes / 2;
    if (idle > out / IDLE_LANES) return false;
    if (corr2d_div_up(out, lanes) == 2) return rest != 0;
    return badly && out >= 3 * lanes && out <= MANY_OUT;
}

/* Rows of so many outputs are long enough for vectors over pixels where channels fill less than half of one. */
#define HALF_COLUMNS 9

/* And where they fill no more than one, or leave a lane idle for every IDLE_WIDE channels. */
#define WIDE_COLUMNS 28
#define IDLE_WIDE 4

/*
 * Whether the outputs of a larger kernel leave so many lanes of vectors over channels idle, or one vector so much
 * waiting for its loads, that to pack their inputs for vectors over pixels takes less.
 */
static bool wastes_channels(const corr2d_layer *layer, size_t lanes) {
    const corr2d_axis *columns = &layer->columns;
    const size_t out = layer->group_out, idle = corr2d_round_up(out, lanes) - out;
    if (out <= lanes / 2) return layer->groups == 1 && columns->out >= HALF_COLUMNS;
    return (out <= lanes || idle >= out / IDLE_WIDE) && columns->stride == 1 && columns->out >= WIDE_COLUMNS;
}

/* Larger kernels take more instructions a tap over channels. */
static bool is_small(const corr2d_layer *layer) { return layer->rows.taps * layer->columns.taps <= 9; }

static bool is_crowded(const corr2d_layer *layer) { return layer->x.channel % CROWDED_FLOATS == 0; }

/*
 * The longest rows of whole vectors that are better over channels, or 0 where it is no matter that they are whole: an
 * odd number of vectors of channels leaves panels in want of one where they have two.
 */
static size_t whole_columns(const corr2d_layer *layer, const corr2d_kernels *kernels, size_t taps) {
    const bool odd = kernels->odd_columns && corr2d_div_up(layer->group_out, kernels->lanes) % 2;
    if (odd && taps < WIDE_SUM) return kernels->odd_columns;
    const bool small = kernels->small_columns && is_small(layer) && !odd;
    const size_t most = small ? kernels->small_columns : kernels->whole_columns;
    return taps < WIDE_SUM && is_crowded(layer) ? most / 2 : most;
}

/* The longest rows of outputs that are better in vectors over channels, as measured. */
static size_t channel_columns(const corr2d_layer *layer, const corr2d_kernels *kernels, bool ragged, size_t taps) {
    if ((ragged || taps > LONGEST_SUM) && kernels->long_columns) return kernels->long_columns;
    if (ragged || layer->groups > 1) return kernels->channel_columns;
    const size_t whole = taps <= LONGEST_SUM && layer->columns.stride == 1 ? whole_columns(layer, kernels, taps) : 0;
    return whole ? whole : taps < WIDE_SUM ? kernels->channel_columns / 2 : kernels->channel_columns;
}

/*
 * Whether so few outputs, which fill panels of two vectors, are better over channels on wider rows and of shorter sums:
 * packed pixels would be used too little.
 */
static bool few_are_better(const corr2d_layer *layer, const corr2d_kernels *kernels, size_t taps) {
    const size_t out = layer->group_out;
    if (layer->groups > 1 || out > FEW_OUT || out % (2 * kernels->lanes) || is_crowded(layer)) return false;
    return is_small(layer) && taps >= MIDDLE_SUM && layer->columns.stride == 1 &&
           layer->columns.out <= kernels->few_columns;
}

/*
 * Whether vectors go over output channels, with pixels anywhere: where both tensors have their channels side by side,
 * and else where sums are long or outputs few, rows short enough for the variant, and kernels large enough to make
 * packing them dear; pointwise layers where maps are small, and of a size that fills vectors of pixels badly.
 */
static bool across_channels(const corr2d_layer *layer, const corr2d_kernels *kernels) {
    const corr2d_axis *rows = &layer->rows, *columns = &layer->columns;
    const size_t taps = corr2d_layer_taps(layer);
    if (rows->out == 1 && columns->out == 1) return false;
    if (layer->x.channel == 1 && layer->y.channel == 1) return true;
    if (rows->taps * columns->taps == 1) {
        const bool small = rows->out <= kernels->channel_map / columns->out;
        return small && taps >= LONG_SUM && fills_channels(layer, rows->out * columns->out, kernels->lanes) &&
               rows->stride == 1 && columns->stride == 1;
    }
    if (wastes_channels(layer, kernels->lanes)) return false;
    if (few_are_better(layer, kernels, taps)) return true;
    const bool whole = layer->groups > 1 && layer->group_out % kernels->lanes == 0;
    const bool ragged = layer->groups == 1 && columns->out % kernels->lanes != 0;
    const size_t wide = whole || ragged ? MIDDLE_SUM : LONG_SUM;
    const bool narrow = columns->out < 2 * kernels->lanes && (layer->groups == 1 || whole || columns->stride > 1);
    const bool few = layer->groups == 1 && layer->group_out <= FEW_OUT && rows->out <= FEW_OUTPUTS / columns->out;
    return (few || taps >= (narrow ? SHORT_SUM : wide)) &&
           columns->out <= channel_columns(layer, kernels, ragged, taps);
}

/*
 * Whether a corr2d_tap can say where each tap lies, in x or in a strip of at most so many taps by a few hundred pixels:
 * it keeps 32 bits, since there are many of them.
 */
#define MOST_TAPS (1u << 16)

static bool taps_fit(const corr2d_layer *layer) {
    const corr2d_axis *rows = &layer->rows, *columns = &layer->columns;
    const double down = (double)(rows->taps - 1) * (double)rows->dilation * (double)layer->x.row;
    const double across = (double)(columns->taps - 1) * (double)columns->dilation * (double)layer->x.column;
    const double through = (double)(layer->group_in - 1) * (double)layer->x.channel;
    return down + across + through < INT32_MAX && (double)rows->taps * (double)columns->taps <= MOST_TAPS;
}

static const corr2d_path *choose_path(const corr2d_layer *layer, const corr2d_kernels *kernels) {
    const bool channels_last = layer->x.channel == 1 && layer->y.channel == 1, fit = taps_fit(layer);
    if (fit && corr2d_groups_together(layer, kernels) > 1) return &corr2d_path_channel;
    if (layer->group_in == 1 && layer->groups > 1) {
        return channels_last && layer->group_out == 1 && fit ? &corr2d_path_depthwise_channel
                                                             : &corr2d_path_depthwise_pixel;
    }
    return across_channels(layer, kernels) && fit ? &corr2d_path_channel : &corr2d_path_pixel;
}

/*
 * So do 3x3 kernels with stride 2 on planes with rows of more outputs than the first cache is good for, or where two of
 * theirs, of all lanes, make fewer tiles than vectors of two lanes less.
 */
#define NARROWER_COLUMNS 42

static bool more_tiles(size_t columns, size_t lanes) { return (columns - 1) / (lanes - 2) > (columns - 1) / lanes; }

/*
 * Whether tiles of narrower vectors are better, as measured: for groups that fill theirs and not the wider ones; for
 * few channels of depthwise layers, of which half a vector is left; and over pixels, where their planes are packed,
 * for rows that fill half a vector at most, and where they are not, for some with a stride. Sums of one tap are not for
 * the wider tiles.
 */
static bool wants_narrower(const corr2d_path *path, const corr2d_layer *layer, const corr2d_kernels *kernels) {
    const corr2d_axis *columns = &layer->columns;
    const size_t half = kernels->lanes / 2;
    if (corr2d_groups_together(layer, kernels) == 1 && corr2d_groups_together(layer, kernels->narrower) > 1)
        return true;
    if (path == &corr2d_path_depthwise_channel) {
        return layer->groups < FEW_CHANNELS && layer->groups % half == 0 && layer->groups / half % 2 == 1;
    }
    if (path == &corr2d_path_pixel) {
        return corr2d_layer_taps(layer) == 1 ||
               (layer->groups > 1 && layer->group_out == kernels->narrower->panel_rows);
    }
    if (path != &corr2d_path_depthwise_pixel) return false;
    if (!corr2d_rows_fit(layer, kernels, true)) return columns->out <= half;
    return columns->taps == 3 && columns->stride == 2 && corr2d_rows_fit(layer, kernels->narrower, true) &&
           (columns->out > NARROWER_COLUMNS || more_tiles(columns->out, kernels->lanes));
}

/* Sets aside `count` elements of `size` bytes at the end of a block of *bytes, aligned; returns where. */
static size_t set_aside(size_t *bytes, size_t count, size_t size, bool *overflow) {
    const size_t at = *bytes, step = CORR2D_ALIGNMENT;
    const size_t steps = corr2d_div_up(corr2d_mul(count, size, overflow), step);
    *bytes = corr2d_sum(at, corr2d_mul(steps, step, overflow), overflow);
    return at;
}

/* The plan and its arrays are one allocation. */
static corr2d_status allocate(corr2d_plan **plan, const corr2d_plan *draft, bool overflow) {
    size_t bytes = 0;
    set_aside(&bytes, 1, sizeof *draft, &overflow);
    const size_t listed = corr2d_sum(draft->offset_count, CORR2D_TAPS_AHEAD, &overflow);
    const size_t offsets = set_aside(&bytes, listed, sizeof *draft->offsets, &overflow);
    const size_t table = set_aside(&bytes, draft->table_count, sizeof *draft->table, &overflow);
    const size_t x_pixel = set_aside(&bytes, draft->pixel_count, sizeof *draft->x_pixel, &overflow);
    const size_t y_pixel = set_aside(&bytes, draft->pixel_count, sizeof *draft->y_pixel, &overflow);
    const size_t weights = set_aside(&bytes, draft->weight_count, sizeof *draft->weights, &overflow);
    const size_t bias = set_aside(&bytes, draft->bias_count, sizeof *draft->bias, &overflow);
    if (overflow || bytes > PTRDIFF_MAX || corr2d_too_large(draft->workspace)) return CORR2D_SIZE_OVERFLOW;
    char *memory = aligned_alloc(CORR2D_ALIGNMENT, bytes);
    if (!memory) return CORR2D_OUT_OF_MEMORY;
    *plan = (corr2d_plan *)(void *)memory;
    **plan = *draft;
    (*plan)->offsets = (ptrdiff_t *)(void *)(memory + offsets);
    (*plan)->table = (corr2d_tap *)(void *)(memory + table);
    (*plan)->x_pixel = (ptrdiff_t *)(void *)(memory + x_pixel);
    (*plan)->y_pixel = (ptrdiff_t *)(void *)(memory + y_pixel);
    (*plan)->weights = (float *)(void *)(memory + weights);
    (*plan)->bias = (float *)(void *)(memory + bias);
    return CORR2D_OK;
}

ptrdiff_t corr2d_plan_offset(const corr2d_plan *plan, corr2d_place at) {
    return plan->in_place ? corr2d_plain_offset(&plan->layer, at) : corr2d_strip_offset(&plan->strip, at);
}

ptrdiff_t corr2d_plan_channel(const corr2d_plan *plan) {
    return (ptrdiff_t)(plan->in_place ? plan->layer.x.channel : plan->strip.channel);
}

void corr2d_plan_fill_offsets(const corr2d_plan *plan) {
    const size_t rows = plan->layer.rows.taps, columns = plan->layer.columns.taps, kernel = rows * columns;
    const ptrdiff_t channel = corr2d_plan_channel(plan);
    for (size_t t = 0; t < kernel; t++) {
        plan->offsets[t] = corr2d_plan_offset(plan, (corr2d_place){0, t / columns, t % columns});
    }
    const size_t taps = plan->block * kernel;
    for (size_t t = kernel; t < taps; t++) plan->offsets[t] = plan->offsets[t - kernel] + channel;
    for (size_t t = taps; t < taps + CORR2D_TAPS_AHEAD; t++) plan->offsets[t] = plan->offsets[t - taps];
}

/* Cuts the layer, and makes the plan that follows, its arrays yet to be filled. */
static corr2d_status draw(corr2d_plan **plan, corr2d_plan draft, bool finite) {
    bool overflow = false;
    draft.finite = finite;
    draft.path->cut(&draft, &overflow);
    draft.strip.kernels = draft.kernels;
    return allocate(plan, &draft, overflow);
}

corr2d_status corr2d_plan_make(corr2d_plan **plan, const corr2d_spec *spec, const corr2d_kernels *kernels,
                               const float *weights, const float *bias) {
    corr2d_plan draft = {.variant = kernels->name}, *made;
    corr2d_status status = corr2d_layer_resolve(&draft.layer, spec);
    if (status) return status;
    draft.path = choose_path(&draft.layer, kernels);
    draft.kernels = kernels;
    if (kernels->narrower && wants_narrower(draft.path, &draft.layer, kernels)) draft.kernels = kernels->narrower;
    status = draw(&made, draft, true);
    if (!status && !corr2d_weights_finite(&draft.layer, weights)) {
        corr2d_plan_destroy(made);
        status = draw(&made, draft, false);
    }
    if (status) return status;
    made->path->fill(made);
    corr2d_weights_pack(made, weights);
    corr2d_bias_pack(made, bias);
    *plan = made;
    return CORR2D_OK;
}

void corr2d_plan_destroy(corr2d_plan *plan) { free(plan); }

size_t corr2d_plan_workspace_size(const corr2d_plan *plan) {
    return plan && plan->workspace ? plan->workspace * sizeof(float) + CORR2D_ALIGNMENT : 0;
}

const char *corr2d_plan_variant(const corr2d_plan *plan) { return plan ? plan->variant : NULL; }
