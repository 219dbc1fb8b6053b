/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/strip.h"

#include "kernels/checked.h"

#include <string.h>

#define LINE_FLOATS 16

/* Half of a 32 KiB first cache. */
#define CHANNELS_FLOATS (4u << 10)

corr2d_runs corr2d_runs_split(const corr2d_axis *axis, size_t out, bool share, bool *overflow) {
    const size_t common = corr2d_gcd(axis->stride, axis->dilation);
    const size_t period = axis->stride / common, shift = axis->dilation / common;
    corr2d_runs runs = {.count = axis->taps, .pitch = out, .period = axis->taps, .step = 1, .skip = axis->stride};
    if (share && period < axis->taps && shift < out) {
        runs.count = runs.period = period;
        runs.shift = shift;
        runs.pitch = corr2d_sum(out, corr2d_mul((axis->taps - 1) / period, shift, overflow), overflow);
    }
    return runs;
}

corr2d_runs corr2d_runs_plain(const corr2d_axis *axis, size_t out, bool *overflow) {
    const size_t last = corr2d_mul(out - 1, axis->stride, overflow);
    const size_t reach = corr2d_mul(axis->taps - 1, axis->dilation, overflow);
    return (corr2d_runs){.count = 1,
                         .pitch = corr2d_sum(corr2d_sum(last, reach, overflow), 1, overflow),
                         .period = 1,
                         .shift = axis->dilation,
                         .step = axis->stride,
                         .skip = 1};
}

/* The entries of a run that any tap needs, for `out` outputs. */
static size_t run_length(const corr2d_runs *runs, size_t run, size_t taps, size_t out) {
    return (out - 1) * runs->step + 1 + (taps - 1 - run) / runs->period * runs->shift;
}

/* An odd number of cache lines, so that many channels' planes do not share a few sets of the first cache. */
static size_t apart(size_t floats, bool *overflow) {
    const size_t lines = corr2d_div_up(floats, LINE_FLOATS) | 1;
    return corr2d_mul(lines, LINE_FLOATS, overflow);
}

corr2d_strip corr2d_strip_planes(corr2d_runs rows, corr2d_runs columns, size_t channels, bool *overflow) {
    corr2d_strip s = {.rows = rows, .columns = columns, .channels = channels, .column = 1, .row = columns.pitch};
    s.run = corr2d_mul(corr2d_mul(rows.count, rows.pitch, overflow), s.row, overflow);
    s.channel = corr2d_mul(columns.count, s.run, overflow);
    if (channels > 1) s.channel = apart(s.channel, overflow);
    s.size = corr2d_mul(channels, s.channel, overflow);
    return s;
}

corr2d_strip corr2d_strip_pixels(corr2d_runs rows, corr2d_runs columns, size_t channels, bool *overflow) {
    corr2d_strip s = {.rows = rows, .columns = columns, .channels = channels, .channels_last = true};
    s.channel = 1;
    s.column = channels;
    s.run = corr2d_mul(columns.pitch, channels, overflow);
    s.row = corr2d_mul(columns.count, s.run, overflow);
    s.size = corr2d_mul(corr2d_mul(rows.count, rows.pitch, overflow), s.row, overflow);
    return s;
}

ptrdiff_t corr2d_strip_offset(const corr2d_strip *strip, corr2d_place at) {
    const corr2d_runs *rows = &strip->rows, *columns = &strip->columns;
    const size_t row = at.u % rows->period * rows->pitch + at.u / rows->period * rows->shift;
    const size_t run = at.v % columns->period, column = at.v / columns->period * columns->shift;
    return (ptrdiff_t)(at.c * strip->channel + run * strip->run + row * strip->row + column * strip->column);
}

ptrdiff_t corr2d_plain_offset(const corr2d_layer *layer, corr2d_place at) {
    const size_t row = at.u * layer->rows.dilation, column = at.v * layer->columns.dilation;
    return (ptrdiff_t)(at.c * layer->x.channel + row * layer->x.row + column * layer->x.column);
}

/* A run of entries along an axis, cut where it leaves x: `before` entries of padding, `inside`, and padding again. */
typedef struct span {
    size_t length, before, inside;
    size_t first; /* the input of the first entry inside */
} span;

/* A run for the outputs from the `from`-th on. Positions count from the padding's beginning. */
static span span_of(const corr2d_axis *axis, const corr2d_runs *runs, size_t run, size_t from, size_t out) {
    const size_t start = from * axis->stride + run * axis->dilation, length = run_length(runs, run, axis->taps, out);
    span s = {.length = length};
    if (start < axis->pad) s.before = corr2d_min(length, corr2d_div_up(axis->pad - start, runs->skip));
    if (s.before == length) return s;
    const size_t first = start + s.before * runs->skip - axis->pad;
    if (first >= axis->in) return s;
    s.first = first;
    s.inside = corr2d_min(length - s.before, (axis->in - first - 1) / runs->skip + 1);
    return s;
}

static inline void zeros(float *to, size_t count) {
    if (count == 1) {
        *to = 0.0f;
    } else if (count) {
        memset(to, 0, count * sizeof *to);
    }
}

/* Rows of small maps, four floats at a time, of which the last few may be copied twice: a call would take longer. */
static inline void copy(float *restrict to, const float *restrict from, size_t count) {
    if (count == LINE_FLOATS) {
        memcpy(to, from, LINE_FLOATS * sizeof *to);
        return;
    }
    if (count < 4 || count > 16) {
        memcpy(to, from, count * sizeof *to);
        return;
    }
    for (size_t i = 0; i < count - 4; i += 4) memcpy(to + i, from + i, 4 * sizeof *to);
    memcpy(to + count - 4, from + count - 4, 4 * sizeof *to);
}

/* Gathers `count` floats, `step` apart. */
static inline void gather(float *restrict to, const float *restrict from, size_t count, size_t step) {
    if (step == 1) {
        copy(to, from, count);
    } else {
        for (size_t i = 0; i < count; i++) to[i] = from[i * step];
    }
}

/* One run of rows by one run of columns, of all channels. */
typedef struct block {
    span rows, columns;
    const float *x;     /* where both are inside first */
    size_t row, column; /* from entry to entry in x */
    bool joined;        /* what lies between the entries of two rows is x, and as much as in the strip */
} block;

static block block_of(const corr2d_strip *strip, const corr2d_layer *layer, const float *x, corr2d_rectangle out,
                      size_t row_run, size_t column_run) {
    block b = {.column = strip->columns.skip * layer->x.column};
    b.rows = span_of(&layer->rows, &strip->rows, row_run, out.row, out.height);
    b.columns = span_of(&layer->columns, &strip->columns, column_run, out.column, out.width);
    b.row = b.rows.inside > 1 ? strip->rows.skip * layer->x.row : 0; /* not beyond x, where nothing is read */
    b.joined = b.column == 1 && b.row == strip->row && layer->x.row == layer->columns.in;
    b.x = x + b.rows.first * layer->x.row + b.columns.first * layer->x.column;
    return b;
}

static bool row_inside(const block *b, size_t row) {
    return row >= b->rows.before && row - b->rows.before < b->rows.inside && b->columns.inside;
}

/*
 * A block of one channel, a strip's rows `row` apart. Every second of x's columns is `halve`d, if that is not NULL.
 * Joined rows are one copy, and what lies between them becomes padding afterwards.
 */
static void pack_plane(float *to, const block *b, const float *x, size_t row, corr2d_halve_fn *halve) {
    const size_t length = b->columns.length, before = b->columns.before, inside = b->columns.inside;
    for (size_t i = 0; i < b->rows.length; i++, to += row) {
        if (!row_inside(b, i)) {
            zeros(to, length);
            continue;
        }
        if (halve) {
            halve(to + before, x, inside);
        } else if (!b->joined) {
            gather(to + before, x, inside, b->column);
        } else if (i == b->rows.before) {
            memcpy(to + before, x, ((b->rows.inside - 1) * row + inside) * sizeof *to);
        }
        zeros(to, before);
        zeros(to + before + inside, length - before - inside);
        x += b->row;
    }
}

/* `count` pixels of `channels` channels, each filled up to `wanted`. */
static void gather_pixels(float *to, const float *x, size_t count, size_t step, size_t channels, size_t channel,
                          size_t wanted) {
    if (channel == 1 && step == wanted && channels == wanted) {
        memcpy(to, x, count * wanted * sizeof *to);
        return;
    }
    for (size_t i = 0; i < count; i++, to += wanted, x += step) {
        gather(to, x, channels, channel);
        zeros(to + channels, wanted - channels);
    }
}

/* Of so many planes all rows are turned before the next planes: so many streams are fetched ahead of their loads. */
#define TURNED 16

/* A block of all channels, which are last in the strip. Where they are not in x, its rows are turned. */
static void pack_pixels(float *to, const block *b, const corr2d_strip *strip, size_t channels, size_t channel) {
    const size_t pixel = strip->column, before = b->columns.before, inside = b->columns.inside;
    const bool turns = channel != 1 && b->column == 1;
    float *const first = to + b->rows.before * strip->row + before * pixel;
    const float *x = b->x;
    for (size_t i = 0; i < b->rows.length; i++, to += strip->row) {
        if (!row_inside(b, i)) {
            zeros(to, b->columns.length * pixel);
            continue;
        }
        zeros(to, before * pixel);
        if (!turns) {
            gather_pixels(to + before * pixel, x, inside, b->column, channels, channel, pixel);
        } else if (channels < pixel) {
            zeros(to + before * pixel, inside * pixel);
        }
        zeros(to + (before + inside) * pixel, (b->columns.length - before - inside) * pixel);
        x += b->row;
    }
    for (size_t c = 0, next; turns && inside && c < channels; c = next) {
        next = channels - c < 2 * TURNED ? channels : c + TURNED;
        for (size_t i = 0; i < b->rows.inside; i++) {
            const float *const from = b->x + c * channel + i * b->row;
            strip->kernels->turn(first + c + i * strip->row, pixel, from, channel, inside, next - c);
        }
    }
}

/* `channels` of them, the first of them at x. */
static void pack_channels(float *strip_data, const corr2d_strip *strip, const corr2d_layer *layer, const float *x,
                          size_t channels, corr2d_rectangle out) {
    for (size_t r = 0; r < strip->rows.count; r++) {
        for (size_t s = 0; s < strip->columns.count; s++) {
            const block b = block_of(strip, layer, x, out, r, s);
            corr2d_halve_fn *const halve = layer->x.column == 1 && b.column == 2 ? strip->kernels->halve : NULL;
            float *to = strip_data + r * strip->rows.pitch * strip->row + s * strip->run;
            if (strip->channels_last) {
                pack_pixels(to, &b, strip, channels, layer->x.channel);
                continue;
            }
            for (size_t c = 0; c < channels; c++) {
                pack_plane(to + c * strip->channel, &b, b.x + c * layer->x.channel, strip->row, halve);
            }
        }
    }
}

/* So many channels at a time that the first cache holds them while their runs are read one after the other. */
void corr2d_strip_pack(float *strip_data, const corr2d_strip *strip, const corr2d_layer *layer, const float *x,
                       size_t channels, corr2d_rectangle out) {
    const size_t most = strip->channels_last ? channels : corr2d_max(1, CHANNELS_FLOATS / strip->channel);
    for (size_t c = 0; c < channels; c += most) {
        pack_channels(strip_data + c * strip->channel, strip, layer, x + c * layer->x.channel,
                      corr2d_min(most, channels - c), out);
    }
}
