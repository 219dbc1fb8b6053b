/* SPDX-License-Identifier: Apache-2.0 */
/* The depthwise tiles of kernels/variant.h, written once over the words of simd/. */
#include "kernels/tiles/common.h"

/* Enough chains to hide a fused multiply-add's latency of four cycles at two a cycle. */
#define DEPTHWISE_CHAINS 8

/* `vectors` whole vectors of pixels of one channel, from pixel `first` on; the last may be partly real. */
ALWAYS_INLINE void depthwise_pixels(const corr2d_tile *tile, size_t first, size_t vectors) {
    const f32xn lo = f32xn_splat(tile->lo), hi = f32xn_splat(tile->hi), bias = f32xn_splat(tile->bias[0]);
    const size_t taps = tile->taps, end = vectors - 1, left = tile->pixels - first - end * LANES;
    const bool whole = left >= LANES;
    const float *x = tile->x + first, *weights = tile->weights;
    const ptrdiff_t *offsets = tile->offsets;
    float *y = tile->y + first;
    f32xn acc[DEPTHWISE_CHAINS];
    UNROLL for (size_t v = 0; v < vectors; v++) acc[v] = bias;
    if (tile->load) {
        UNROLL for (size_t v = 0; v < end; v++) acc[v] = f32xn_add(f32xn_load(y + v * LANES), bias);
        acc[end] = f32xn_add(
            whole ? f32xn_load(y + end * LANES) : f32xn_load_mask(y + end * LANES, f32xn_mask_of(left)), bias);
    }
    for (size_t t = 0; t < taps; t++) {
        const f32xn w_f32xn = f32xn_splat(weights[t]);
        const float *x_tap = x + offsets[t];
        UNROLL for (size_t v = 0; v < vectors; v++) acc[v] = f32xn_fma(f32xn_load(x_tap + v * LANES), w_f32xn, acc[v]);
    }
    UNROLL for (size_t v = 0; v < vectors; v++) acc[v] = finish(acc[v], lo, hi);
    UNROLL for (size_t v = 0; v < end; v++) f32xn_store(y + v * LANES, acc[v]);
    if (whole) {
        f32xn_store(y + end * LANES, acc[end]);
    } else {
        f32xn_store_part(y + end * LANES, acc[end], left);
    }
}

static void depthwise_pixel(const corr2d_tile *tile) {
    size_t first = 0, vectors = (tile->pixels + LANES - 1) / LANES;
    for (; vectors >= 4; vectors -= 4, first += 4 * LANES) depthwise_pixels(tile, first, 4);
    for (; vectors; vectors--, first += LANES) depthwise_pixels(tile, first, 1);
}

/* Rows of outputs in a tile: enough chains, and most maps have a multiple of them. */
#define PLANE_ROWS (CHAINS ? 7 : 1)

/* Copies `rows` rows of `vectors` vectors, of the last the masked part and zeros. */
ALWAYS_INLINE void plane_copy(float *to, const float *x, size_t x_row, size_t rows, size_t vectors, f32xn_mask last) {
    for (; rows; rows--, to += CORR2D_PLANE_PITCH, x += x_row) {
        const size_t end = (vectors - 1) * LANES;
        for (size_t i = 0; i < end; i += LANES) f32xn_store(to + i, f32xn_load(x + i));
        f32xn_store(to + end, f32xn_load_mask(x + end, last));
    }
}

/*
 * The floats at even and those at odd places, likewise, from pairs of vectors. From the end on, since zeros behind the
 * row of one phase may lie where that of the other begins.
 */
ALWAYS_INLINE void plane_split(float *even, float *odd, const float *x, size_t x_row, size_t rows, size_t pairs,
                               const f32xn_mask *last) {
    const size_t whole = (pairs - 1) * LANES;
    for (; rows; rows--, even += 2 * CORR2D_PLANE_PITCH, odd += 2 * CORR2D_PLANE_PITCH, x += x_row) {
        const float *end = x + 2 * whole;
        f32xn a, b;
        f32xn_split(f32xn_load_mask(end, last[0]), f32xn_load_mask(end + LANES, last[1]), &a, &b);
        f32xn_store(even + whole, a);
        f32xn_store(odd + whole, b);
        for (size_t i = whole; i;) {
            i -= LANES;
            f32xn_split(f32xn_load(x + 2 * i), f32xn_load(x + 2 * i + LANES), &a, &b);
            f32xn_store(even + i, a);
            f32xn_store(odd + i, b);
        }
    }
}

static inline f32xn_mask plane_mask(size_t count) { return f32xn_mask_of(count < LANES ? count : LANES); }

/* One plane, of so many vectors, or pairs of vectors, to a row. */
ALWAYS_INLINE void plane_pack(const corr2d_planes *all, float *to, const float *x, size_t vectors,
                              const f32xn_mask *last) {
    const size_t before = all->before;
    if (all->stride == 1) {
        plane_copy(to + before, x, all->x_row, all->x_rows, vectors, last[0]);
    } else {
        float *even = to + before / 2 + before % 2 * CORR2D_PLANE_PITCH;
        float *odd = to + (before + 1) / 2 + (before + 1) % 2 * CORR2D_PLANE_PITCH;
        plane_split(even, odd, x, all->x_row, all->x_rows, vectors, last);
    }
}

static void depthwise_pack(const corr2d_planes *all) {
    const size_t width = all->stride * LANES, vectors = (all->x_columns + width - 1) / width;
    if (vectors == 0) return;
    const size_t last = all->x_columns - (vectors - 1) * width;
    const f32xn_mask masks[2] = {plane_mask(last), plane_mask(last > LANES ? last - LANES : 0)};
    const float *x = all->x;
    float *to = all->packed + all->above * all->stride * CORR2D_PLANE_PITCH;
    for (size_t channel = 0; channel < all->channels; channel++, x += all->x_channel, to += all->packed_channel) {
        plane_pack(all, to, x, vectors, masks);
    }
}

/* One channel, and what its tiles share. */
typedef struct plane {
    const corr2d_planes *all;
    const float *x, *weights;
    float *y;
    f32xn bias;
    size_t step;  /* from a row of outputs to the next, in inputs */
    size_t whole; /* narrow rows: so many of the first may be stored as whole vectors */
} plane;

/* The first `whole` rows are stored as whole vectors, of the others `count` floats, through a buffer. */
ALWAYS_INLINE void plane_end(f32xn *acc, const plane *c, float *y, size_t rows, size_t count, size_t whole) {
    const size_t row = c->all->y_row;
    float rest[PLANE_ROWS * LANES];
    if (clamps(c->all->lo, c->all->hi)) {
        const f32xn lo = f32xn_splat(c->all->lo), hi = f32xn_splat(c->all->hi);
        UNROLL for (size_t o = 0; o < rows; o++) acc[o] = f32xn_clamp(acc[o], lo, hi);
    }
    UNROLL for (size_t o = 0; o < rows; o++) {
        f32xn_store(o < whole ? y + o * row : rest + o * LANES, f32xn_add(acc[o], f32xn_splat(0.0f)));
    }
    for (size_t o = whole; o < rows; o++) f32xn_store_part(y + o * row, f32xn_load(rest + o * LANES), count);
}

/* `rows` rows of outputs by one vector of columns, whose inputs begin at x: each weight is loaded once. */
ALWAYS_INLINE void plane_tile(const plane *c, const float *x, float *y, size_t count, size_t whole, size_t rows) {
    const float *weights = c->weights;
    const ptrdiff_t *offset = c->all->offsets, *const end = offset + c->all->taps_down * c->all->taps_across;
    const size_t step = c->step;
    f32xn acc[PLANE_ROWS];
    UNROLL for (size_t o = 0; o < rows; o++) acc[o] = c->bias;
    for (; offset != end; offset++, weights++) {
        const f32xn w_f32xn = f32xn_splat(*weights);
        const float *tap = x + *offset;
        UNROLL for (size_t o = 0; o < rows; o++) acc[o] = f32xn_fma(f32xn_load(tap + o * step), w_f32xn, acc[o]);
    }
    plane_end(acc, c, y, rows, count, whole);
}

/* Narrow rows one after another: a whole vector may be stored over those that follow, as long as enough do. */
static inline size_t plane_whole_rows(const corr2d_planes *all) {
    const size_t spill = (LANES - 1) / all->columns;
    return all->y_row == all->columns && all->rows > spill ? all->rows - spill : 0;
}

/*
 * `rows` rows of outputs from the row-th on. They are cut into whole vectors, of which the last overlaps the one
 * before, or a single one of fewer columns.
 */
ALWAYS_INLINE void plane_rows(const plane *c, size_t row, size_t rows) {
    const float *x = c->x + row * c->step;
    float *y = c->y + row * c->all->y_row;
    const size_t narrow = c->whole > row ? c->whole - row : 0;
    for (size_t left = c->all->columns, step; left; left -= step, x += step, y += step) {
        const size_t count = left < LANES ? left : LANES;
        plane_tile(c, x, y, count, count == LANES ? rows : narrow, rows);
        step = left < 2 * LANES && left > LANES ? left - LANES : count;
    }
}

NOT_INLINE void planes_rows(const plane *c, size_t row) { plane_rows(c, row, PLANE_ROWS); }
NOT_INLINE void planes_row(const plane *c, size_t row) { plane_rows(c, row, 1); }

/* All rows; where they may, the last few overlap those before. */
static void planes_any(const corr2d_planes *all) {
    const size_t rows = all->rows, last = rows < PLANE_ROWS ? 0 : rows - PLANE_ROWS;
    plane c = {.all = all, .x = all->packed, .y = all->y, .weights = all->weights};
    c.step = all->stride * all->stride * CORR2D_PLANE_PITCH;
    c.whole = plane_whole_rows(all);
    for (size_t o = 0; o < all->channels; o++) {
        c.bias = f32xn_splat(all->bias[o]);
        for (size_t row = 0; row < rows; row += rows < PLANE_ROWS ? 1 : PLANE_ROWS) {
            if (rows < PLANE_ROWS) {
                planes_row(&c, row);
            } else {
                planes_rows(&c, row < last ? row : last);
            }
        }
        c.x += all->packed_channel;
        c.y += all->y_channel;
        c.weights += all->taps_down * all->taps_across;
    }
}

#ifdef ROWS_TOGETHER
#include "kernels/tiles/blocks.h"
#if defined PICKS && (LANES == 8 || defined IN_PLACE)
#include "kernels/tiles/planes_narrow.h"
#else
/* No planes have those tiles. */
static inline bool narrow_planes(const corr2d_planes *all) {
    (void)all;
    return false;
}
#endif
#include "kernels/tiles/rows.h"
#if ROWS_TOGETHER
#include "kernels/tiles/columns.h"
#ifdef IN_PLACE
#include "kernels/tiles/planes_in_place.h"
#else
#include "kernels/tiles/planes_packed.h"
#endif
#endif
#endif

#if !defined ROWS_TOGETHER || !ROWS_TOGETHER || defined IN_PLACE
static void depthwise_planes(const corr2d_planes *all) { planes_any(all); }
#endif

/* Where one step of depthwise_channel finds its data: the first of its pixels, and a vector of channels. */
typedef struct channels_step {
    const float *x[DEPTHWISE_CHAINS], *weights, *bias;
    float *y[DEPTHWISE_CHAINS];
    size_t count; /* channels */
} channels_step;

ALWAYS_INLINE f32xn channels_load(const float *p, size_t count, bool whole) {
    return whole ? f32xn_load(p) : f32xn_load_mask(p, f32xn_mask_of(count));
}

/* `pixels` pixels from the first-th on by one vector of channels; `whole`: all of it, and nothing to load. */
ALWAYS_INLINE void channels_tile(const corr2d_tile *tile, const channels_step *s, size_t first, size_t channel,
                                 size_t pixels, bool whole) {
    const f32xn lo = f32xn_splat(tile->lo), hi = f32xn_splat(tile->hi), bias = f32xn_load(s->bias);
    const corr2d_tap *tap = tile->table, *const end = tap + tile->taps;
    const float *x[DEPTHWISE_CHAINS];
    float *const *y = s->y + first;
    f32xn acc[DEPTHWISE_CHAINS];
    UNROLL for (size_t i = 0; i < pixels; i++) acc[i] = bias;
    if (!whole && tile->load) {
        UNROLL for (size_t i = 0; i < pixels; i++) {
            acc[i] = f32xn_add(channels_load(y[i] + channel, s->count, false), bias);
        }
    }
    UNROLL for (size_t i = 0; i < pixels; i++) x[i] = s->x[first + i] + channel;
    for (; tap != end; tap++) {
        const f32xn w_f32xn = f32xn_load(s->weights + tap->w);
        UNROLL for (size_t i = 0; i < pixels; i++) {
            acc[i] = f32xn_fma(channels_load(x[i] + tap->x, s->count, whole), w_f32xn, acc[i]);
        }
    }
    UNROLL for (size_t i = 0; i < pixels; i++) {
        const f32xn y_f32xn = finish(acc[i], lo, hi);
        if (whole) {
            f32xn_store(y[i] + channel, y_f32xn);
        } else {
            f32xn_store_part(y[i] + channel, y_f32xn, s->count);
        }
    }
}

/* All pixels of a step by the channels that are no whole vector, or that are loaded first. */
NOT_INLINE void channels_rest(const corr2d_tile *tile, channels_step *s, size_t channel, size_t pixels) {
    for (; channel < tile->channels; channel += LANES, s->weights += tile->panel, s->bias += LANES) {
        const size_t left = tile->channels - channel;
        size_t first = 0;
        s->count = left < LANES ? left : LANES;
        for (; CHAINS && first + 4 <= pixels; first += 4) channels_tile(tile, s, first, channel, 4, false);
        for (; first < pixels; first++) channels_tile(tile, s, first, channel, 1, false);
    }
}

/* All channels of so many pixels: whole vectors as far as they go. */
ALWAYS_INLINE void channels_pixels(const corr2d_tile *tile, size_t first, size_t pixels) {
    channels_step s = {.weights = tile->weights, .bias = tile->bias};
    const size_t whole = tile->load ? 0 : tile->channels;
    size_t channel = 0;
    UNROLL for (size_t i = 0; i < pixels; i++) {
        s.x[i] = tile->x + tile->x_pixel[first + i];
        s.y[i] = tile->y + tile->y_pixel[first + i];
    }
    for (; channel + LANES <= whole; channel += LANES, s.weights += tile->panel, s.bias += LANES) {
        channels_tile(tile, &s, 0, channel, pixels, true);
    }
    if (channel < tile->channels) channels_rest(tile, &s, channel, pixels);
}

NOT_INLINE void channels_8(const corr2d_tile *tile, size_t first) { channels_pixels(tile, first, 8); }
NOT_INLINE void channels_4(const corr2d_tile *tile, size_t first) { channels_pixels(tile, first, 4); }
NOT_INLINE void channels_1(const corr2d_tile *tile, size_t first) { channels_pixels(tile, first, 1); }

static void depthwise_channel(const corr2d_tile *tile) {
    size_t first = 0;
    for (; CHAINS && first + 8 <= tile->pixels; first += 8) channels_8(tile, first);
    for (; CHAINS && first + 4 <= tile->pixels; first += 4) channels_4(tile, first);
    for (; first < tile->pixels; first++) channels_1(tile, first);
}

/* One pixel by `vectors` vectors of channels, of which the last may be partly real. */
ALWAYS_INLINE void edge_tile(const corr2d_tile *tile, size_t channel, size_t vectors, bool whole) {
    const f32xn lo = f32xn_splat(tile->lo), hi = f32xn_splat(tile->hi);
    const size_t panel = tile->panel, left = tile->channels - channel, count = left < LANES ? left : LANES;
    const float *const *x = tile->x_tap, *const *const end = x + tile->taps;
    const float *weights = tile->weights + channel / LANES * panel;
    float *y = tile->y + channel;
    f32xn acc[4];
    UNROLL for (size_t v = 0; v < vectors; v++) {
        acc[v] = f32xn_load(tile->bias + channel + v * LANES);
        if (tile->load) acc[v] = f32xn_add(channels_load(y + v * LANES, count, whole), acc[v]);
    }
    for (; x != end; x++, weights += LANES) {
        const float *p = *x + channel;
        UNROLL for (size_t v = 0; v < vectors; v++) {
            acc[v] = f32xn_fma(channels_load(p + v * LANES, count, whole), f32xn_load(weights + v * panel), acc[v]);
        }
    }
    UNROLL for (size_t v = 0; v < vectors; v++) {
        const f32xn y_f32xn = finish(acc[v], lo, hi);
        if (whole) {
            f32xn_store(y + v * LANES, y_f32xn);
        } else {
            f32xn_store_part(y + v * LANES, y_f32xn, count);
        }
    }
}

static void depthwise_edge(const corr2d_tile *tile) {
    size_t channel = 0;
    for (; CHAINS && tile->channels - channel >= 4 * LANES; channel += 4 * LANES) edge_tile(tile, channel, 4, true);
    for (; channel < tile->channels; channel += LANES) edge_tile(tile, channel, 1, false);
}
