/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/deal.h"

#include "kernels/checked.h"

/* About the pixels of a line where they may lie anywhere; elsewhere it is a vector of them. */
#define LINE_PIXELS 4

/*
 * Measured, in multiply-adds: what reading a float of x costs each band beside them, and copying one from a plane; and
 * what reading a weight costs each part.
 */
#define READ_COST 12
#define COPY_COST 24
#define WEIGHT_COST 6

/* The bands that are tried, if parts are fewer; how near to equal is enough, as a divisor; sizes that need no bands. */
#define MOST_BANDS 64
#define NEAR 32
#define LARGE (1u << 30)

/* Where the index-th of `count` shares of a length begins. */
static size_t share_of(size_t length, size_t index, size_t count) {
    return length / count * index + length % count * index / count;
}

size_t corr2d_deal_panel(const corr2d_plan *plan, const corr2d_deal *deal, size_t band) {
    return share_of(plan->panels, band, deal->bands);
}

/* Output channels before a panel, and half a vector for each panel of several: the last, narrower one is slower. */
static uint64_t panels_cost(const corr2d_plan *plan, size_t panel) {
    const size_t packed = corr2d_round_up(plan->unit_channels, plan->panel_granule), lanes = plan->kernels->lanes;
    const size_t channels = corr2d_min(panel * plan->panel_channels, packed);
    return (uint64_t)channels + (plan->panel_channels > lanes ? (uint64_t)panel * (lanes / 2) : 0);
}

static bool is_depthwise(const corr2d_layer *layer) { return layer->group_in == 1 && layer->groups > 1; }

/* Depthwise bands each read an x of their own. */
static size_t band_cost(const corr2d_plan *plan) {
    const corr2d_layer *layer = &plan->layer;
    const corr2d_axis *rows = &layer->rows, *columns = &layer->columns;
    if (is_depthwise(layer)) return layer->x.channel == 1;
    const size_t across = plan->in_place ? corr2d_min(columns->taps, columns->stride) : columns->stride;
    const size_t read = corr2d_min(rows->taps, rows->stride) * across;
    const size_t each = plan->in_place || layer->x.channel == 1 ? READ_COST : COPY_COST;
    return corr2d_div_up(each * corr2d_min(read, READ_COST), rows->taps * columns->taps);
}

/* Whether lines are rows that see different numbers of taps. */
static bool is_weighed(const corr2d_plan *plan, const corr2d_deal *d) {
    return plan->rows_seen.count > 1 && !d->across && d->step == 1;
}

/* What a row costs beside others of the layer. */
static size_t row_cost(const corr2d_sight *sight) { return 8 * (sight->last - sight->first) + 1; }

/* The rows of a sight. */
static size_t rows_of(const corr2d_plan *plan, size_t sight) {
    return corr2d_sight_end(&plan->rows_seen, sight, &plan->layer.rows) - plan->rows_seen.sights[sight].out;
}

/* The cost of a plane's lines. */
static uint64_t plane_cost(const corr2d_plan *plan, const corr2d_deal *d) {
    uint64_t cost = 0;
    if (!is_weighed(plan, d)) return d->plane_lines;
    for (size_t i = 0; i < plan->rows_seen.count; i++) {
        cost += (uint64_t)rows_of(plan, i) * d->pieces * row_cost(plan->rows_seen.sights + i);
    }
    return cost;
}

/* The line of a plane before which lines cost about so much. */
static size_t line_at(const corr2d_plan *plan, const corr2d_deal *d, uint64_t cost) {
    const corr2d_sights *seen = &plan->rows_seen;
    if (!is_weighed(plan, d)) return (size_t)cost;
    for (size_t i = 0;; i++) {
        const size_t each = row_cost(seen->sights + i);
        const uint64_t all = (uint64_t)rows_of(plan, i) * d->pieces * each;
        const size_t first = seen->sights[i].out * d->pieces;
        if (cost < all || i + 1 == seen->count) return first + (size_t)((cost + each / 2) / each);
        cost -= all;
    }
}

/* So much of lines that cost `each`, to whole ones. */
static uint64_t whole_lines(uint64_t share, uint64_t each) { return (share + each - 1) / each * each; }

/* Whether bands end where parts do, or hold as many of them each. */
static bool is_even(const corr2d_plan *plan, const corr2d_deal *d, size_t parts) {
    const size_t packed = corr2d_round_up(plan->unit_channels, plan->panel_granule);
    return packed == plan->panels * plan->panel_channels && plan->panels % d->bands == 0 &&
           (parts % d->bands == 0 || d->bands % parts == 0);
}

/* The pixels of a line, about. */
static size_t line_pixels(const corr2d_plan *plan, const corr2d_deal *d) {
    return d->across ? d->step : d->step * plan->strip_width / d->pieces;
}

/*
 * About what the largest part takes, in output channels of a pixel: whole lines of the widest band or of the last; and
 * for each strip, a band's weights and, if that is cut, the rows of x that another part reads, too, or columns that are
 * not quite equal. Depthwise planes are little more than reading.
 */
static uint64_t largest_part(const corr2d_plan *plan, const corr2d_deal *d, size_t parts) {
    const corr2d_axis *rows = &plan->layer.rows;
    const size_t band = d->band_cost, pixels = line_pixels(plan, d);
    const size_t again = d->across ? 0 : (rows->taps - 1) * rows->dilation / rows->stride * d->pieces + d->pieces - 1;
    const size_t halo = corr2d_min(again, d->band_lines);
    const uint64_t all = panels_cost(plan, plan->panels), share = (all + d->bands * band) * d->band_lines / parts;
    const uint64_t wide = panels_cost(plan, corr2d_div_up(plan->panels, d->bands)) + band;
    const uint64_t last = all - panels_cost(plan, corr2d_deal_panel(plan, d, d->bands - 1)) + band;
    const bool equal = is_even(plan, d, parts);
    const size_t strips = d->bands / parts + (equal ? d->bands < parts : 2);
    const uint64_t widest = whole_lines(share, wide), narrowest = whole_lines(share, last);
    const uint64_t row = is_depthwise(&plan->layer) && plan->layer.x.channel != 1 ? wide : band;
    const uint64_t uneven = d->across && !plan->pixel_count ? wide / 2 : 0;
    const uint64_t shared = equal && d->bands % parts == 0 ? 0 : halo * row + uneven;
    const uint64_t lines = (widest > narrowest ? widest : narrowest) + strips * shared;
    return lines * pixels + strips * WEIGHT_COST * wide;
}

size_t corr2d_deal_start(const corr2d_plan *plan, const corr2d_deal *d, const corr2d_rectangle *strip, size_t line,
                         size_t lines) {
    const size_t unit = d->across && !plan->pixel_count ? d->step : 1, rows = lines / d->pieces;
    const size_t length = d->across ? strip->width : strip->height;
    const size_t start = share_of(length, line / d->pieces, rows);
    if (d->across) return line == lines ? length : start / unit * unit;
    return start * strip->width + share_of(strip->width, line % d->pieces, d->pieces);
}

size_t corr2d_deal_lines(const corr2d_plan *plan, const corr2d_deal *d, size_t row) {
    const size_t length = d->across ? plan->strip_width : corr2d_min(plan->strip_height, plan->layer.rows.out - row);
    return corr2d_max(1, length / d->step) * d->pieces;
}

/* One band of whole rows or, where channel tiles allow it, of pieces of them. */
static corr2d_deal one_band(const corr2d_plan *plan, bool whole) {
    const size_t pixels = plan->pixel_count ? LINE_PIXELS : plan->kernels->lanes;
    const size_t more_down = plan->strips_down - 1;
    corr2d_deal d = {.bands = 1, .across = plan->strip_height == 1, .pieces = 1};
    d.step = d.across ? pixels : corr2d_max(1, pixels / plan->strip_width);
    if (!whole && !d.across && plan->pixel_count) d.pieces = corr2d_div_up(plan->strip_width, pixels);
    if (d.pieces > 1) d.step = 1;
    d.strip_lines = corr2d_deal_lines(plan, &d, 0);
    d.plane_lines = more_down * d.strip_lines + corr2d_deal_lines(plan, &d, more_down * plan->strip_height);
    d.plane_lines *= plan->strips_across;
    d.band_lines = plan->layer.batch * plan->unit_groups * d.plane_lines;
    d.band_cost = band_cost(plan);
    return d;
}

/* Gives a deal of one band as many as are best; returns what its largest part then takes. */
static uint64_t choose_bands(const corr2d_plan *plan, corr2d_deal *best, size_t parts) {
    corr2d_deal d = *best;
    const size_t most = corr2d_min(plan->panels, corr2d_max(parts, MOST_BANDS));
    const uint64_t pixels = line_pixels(plan, &d);
    const uint64_t equal = panels_cost(plan, plan->panels) * d.band_lines / parts * pixels,
                   more = d.band_lines * d.band_cost / parts * pixels;
    uint64_t least = largest_part(plan, best, parts);
    while (d.bands++ < most && least > equal + equal / NEAR && least > equal + d.bands * more) {
        const uint64_t largest = largest_part(plan, &d, parts);
        if (largest >= least) continue;
        least = largest;
        *best = d;
    }
    return least;
}

corr2d_deal corr2d_deal_for(const corr2d_plan *plan, size_t parts) {
    corr2d_deal whole = one_band(plan, true), pieces = one_band(plan, false);
    if (pieces.band_lines > LARGE || plan->unit_channels > LARGE) return whole;
    const uint64_t rows = choose_bands(plan, &whole, parts);
    return pieces.pieces > 1 && choose_bands(plan, &pieces, parts) < rows ? pieces : whole;
}

/* What a band that a part begins or ends in costs it beside the first one: its weights, read for a few lines more. */
static uint64_t border_cost(const corr2d_plan *plan, const corr2d_deal *d, uint64_t plane, size_t parts) {
    return is_even(plan, d, parts) ? 0 : plane * WEIGHT_COST / (d->plane_lines * line_pixels(plan, d));
}

size_t corr2d_deal_first(const corr2d_plan *plan, const corr2d_deal *d, size_t part, size_t parts) {
    const uint64_t plane = plane_cost(plan, d), line = plane * (d->band_lines / d->plane_lines);
    const uint64_t each = line + border_cost(plan, d, plane, parts);
    const uint64_t all = each * (panels_cost(plan, plan->panels) + d->bands * d->band_cost);
    const uint64_t cost = part * (all / parts) + (part < all % parts ? part : all % parts);
    if (cost >= all) return d->bands * d->band_lines;
    size_t band = 0;
    uint64_t before = 0, wide = 0;
    for (;; band++, before += wide) {
        const size_t first = corr2d_deal_panel(plan, d, band), last = corr2d_deal_panel(plan, d, band + 1);
        wide = panels_cost(plan, last) - panels_cost(plan, first) + d->band_cost;
        if (cost / each < before + wide) break;
    }
    const uint64_t inside = (cost - before * each + wide / 2) / wide;
    if (inside >= line) return (band + 1) * d->band_lines;
    return band * d->band_lines + (size_t)(inside / plane) * d->plane_lines + line_at(plan, d, inside % plane);
}
