/* SPDX-License-Identifier: Apache-2.0 */
/* The pixel tiles of kernels/variant.h, written once over the words of simd/. */
#include "kernels/tiles/common.h"

/* The most rows, which are output channels, of a tile. */
#define PIXEL_ROWS (CORR2D_MAX_PANELS * PANEL_ROWS)

/* The widest tile. */
#define PIXEL_VECTORS 3

/* A cache line. */
#define LINE_LANES 16

/*
 * Of a tile's pixels so many lines are fetched a tap: that of its last pixel, and those before it that the tile before
 * does not fetch.
 */
#define FETCH_LINES ((PIXEL_VECTORS * LANES + LINE_LANES - 1) / LINE_LANES)
#define LINE_VECTORS ((LINE_LANES + LANES - 1) / LANES)

/*
 * A panel that fetches the next tiles' pixels does so many of a tap's lines: both where there are two, since of 24 output
 * channels five panels stream, and the third cache gives as much in one panel as in two.
 */
#define FAR_LINES (FETCH_LINES == 2 ? 2 : 1)

/*
 * So many taps ahead the lines are fetched that pixels are packed to, where a vector is one: else the stores wait for
 * them, and the loads that follow for the stores.
 */
#define PACKED_AHEAD 4

/* How far ahead weights are fetched, which may come from far away, and which a map of one tile uses up fast. */
#define WEIGHTS_AHEAD 512

/* Whether what most tiles are has a function of its own: where a vector is a line it gains 0.3 %, for 2.9 kB. */
#define PIXEL_PLAIN (LANES == LINE_LANES / 2)

/* A tile's constants. With `more` it has one pixel more, whose vector holds the channels of its one panel. */
typedef struct pixel_shape {
    size_t panels, vectors;
    bool more;
} pixel_shape;

/* acc.v[r][v]: output channel r, pixels v * LANES ... v * LANES + LANES - 1. */
typedef struct pixel_acc {
    f32xn v[PIXEL_ROWS][CORR2D_MAX_VECTORS];
    f32xn more;
} pixel_acc;

/* One pixel's channels in memory. */
#define MORE_FLOATS (LANES < PANEL_ROWS ? PANEL_ROWS : LANES)

/* What is fetched on the way, where pixels are packed: the next ones' vectors, or weights. */
typedef enum pixel_ahead { AHEAD_NOTHING, AHEAD_PIXELS, AHEAD_WEIGHTS } pixel_ahead;

/*
 * One step of a tile: where it begins, and how many channels are left. What is the same for all tiles, or all of a
 * panel, is not computed for each: short sums would wait for it, and more instructions lower the clock.
 */
typedef struct pixel_step {
    bool reads;    /* the pixels where they lie */
    float *packed; /* to be packed: the first tap; packed: behind those of the first step */
    const ptrdiff_t *x_pixel;
    const float *weights, *bias;
    float *y;
    size_t channels;
    bool whole, clamped;
    /* Packed: the first step's taps, if they are fewer than others', and where they and those before the late ones end. */
    size_t first;
    const float *first_weights, *weights_end;
    size_t from; /* packed: how many channels were left at the first panel */
    pixel_ahead ahead;
} pixel_step;

/*
 * Where a panel finds its y: in place, or, where part of the tile is not real, in a buffer. The last vector begins
 * `back` before its place, and `tail` lanes from there on are real.
 */
typedef struct pixel_y {
    float *p;
    size_t channel, back, tail;
} pixel_y;

/*
 * In: the `channels` rows of a tile of which part is not real, from y into a buffer with rows of `width`, zeros beside
 * them. There the last vector's pixels lie `back` further on.
 */
COLD void edge_in(const corr2d_tile *tile, const float *y, size_t channels, float *buffer, size_t width, bool masks) {
    const size_t head = width - LANES, pixels = tile->pixels < width ? tile->pixels : width;
    const size_t back = masks ? 0 : tile->back;
    memset(buffer, 0, PIXEL_ROWS * width * sizeof(float));
    for (size_t r = 0; r < channels; r++, y += tile->y_channel, buffer += width) {
        memcpy(buffer, y, head * sizeof(float));
        memcpy(buffer + head + back, y + head, (pixels - head) * sizeof(float));
    }
}

/* And out again, the real part alone. */
COLD void edge_out(const corr2d_tile *tile, float *y, size_t channels, const float *buffer, size_t width, bool masks) {
    const size_t head = width - LANES, pixels = tile->pixels < width ? tile->pixels : width;
    const size_t back = masks ? 0 : tile->back;
    for (size_t r = 0; r < channels; r++, y += tile->y_channel, buffer += width) {
        memcpy(y, buffer, head * sizeof(float));
        memcpy(y + head, buffer + head + back, (pixels - head) * sizeof(float));
    }
}

/* Whether the last vector is loaded and stored by a mask, and needs no buffer. Wider tiles are mostly whole. */
ALWAYS_INLINE bool pixel_masks(pixel_shape is) { return LANES >= LINE_LANES && is.vectors < PIXEL_VECTORS; }

#if LANES == LINE_LANES
ALWAYS_INLINE f32xn_mask pixel_mask(pixel_y y) { return (f32xn_mask)(f32xn_mask_of(y.tail) << y.back); }

ALWAYS_INLINE f32xn pixel_y_load(const float *p, pixel_y y, bool masked) {
    return masked ? f32xn_load_mask(p - y.back, pixel_mask(y)) : f32xn_load(p);
}

ALWAYS_INLINE void pixel_y_store(float *p, f32xn a, pixel_y y, bool masked) {
    if (masked) {
        f32xn_store_mask(p - y.back, a, pixel_mask(y));
    } else {
        f32xn_store(p, a);
    }
}
#else
ALWAYS_INLINE f32xn pixel_y_load(const float *p, pixel_y y, bool masked) {
    (void)y, (void)masked;
    return f32xn_load(p);
}

ALWAYS_INLINE void pixel_y_store(float *p, f32xn a, pixel_y y, bool masked) {
    (void)y, (void)masked;
    f32xn_store(p, a);
}
#endif

ALWAYS_INLINE void pixel_bias(pixel_acc *acc, const float *bias, size_t rows, size_t vectors) {
    EACH(r, rows, PIXEL_ROWS) {
        const f32xn b = f32xn_splat(bias[r]);
        EACH(v, vectors, CORR2D_MAX_VECTORS) acc->v[r][v] = b;
    }
}

ALWAYS_INLINE void pixel_load(pixel_acc *acc, pixel_y y, pixel_shape is) {
    const size_t rows = is.panels * PANEL_ROWS, vectors = is.vectors;
    const float *p = y.p;
    EACH(r, rows, PIXEL_ROWS) {
        EACH(v, vectors, CORR2D_MAX_VECTORS) {
            const bool masked = pixel_masks(is) && v == vectors - 1;
            acc->v[r][v] = f32xn_add(pixel_y_load(p + v * LANES, y, masked), acc->v[r][v]);
        }
        p += y.channel;
        FORGET(p);
    }
}

/*
 * Where a vector is a cache line, more stores wait for the last taps' sums than the core has room for, and hold up what
 * follows: so each row's last two taps go before its own stores.
 */
#define LATE_TAPS 2

/* Where they are. */
typedef struct pixel_late {
    const float *x[LATE_TAPS], *weights;
    ptrdiff_t pixel[PIXEL_VECTORS]; /* where each vector lies, seen from x */
} pixel_late;

ALWAYS_INLINE bool pixel_has_late(pixel_shape is) {
    return LANES >= LINE_LANES && is.vectors == PIXEL_VECTORS && !is.more;
}

/* One tap of a row. */
ALWAYS_INLINE void pixel_row(f32xn *acc, const f32xn *x_f32xn, const float *weights, size_t r, size_t vectors) {
    const f32x4 w = f32x4_load(weights + r / 4 * 4);
    EACH(v, vectors, CORR2D_MAX_VECTORS) acc[v] = f32xn_fma_lane(x_f32xn[v], w, r % 4, acc[v]);
}

/* One tap: each vector of pixels is loaded once and used by every row, and the weights once more by one more pixel. */
ALWAYS_INLINE void pixel_tap(pixel_acc *acc, const f32xn *x_f32xn, const float *more, const float *weights,
                             size_t panel, pixel_shape is) {
    EACH(p, is.panels, CORR2D_MAX_PANELS) {
        UNROLL for (size_t r = 0; r < PANEL_ROWS; r++) {
            pixel_row(acc->v[p * PANEL_ROWS + r], x_f32xn, weights + p * panel, r, is.vectors);
        }
    }
    if (PIXEL_PLAIN) {
        EACH(v, is.vectors, CORR2D_MAX_VECTORS) UNTIL_HERE(x_f32xn[v]);
    }
    if (is.more) {
        IN_ORDER; /* there is no register to load these early */
        const f32xn w_f32xn = f32xn_load_panel(weights);
        acc->more = f32xn_fma(f32xn_splat(*more), w_f32xn, acc->more);
    }
}

/* The next pixels: the last of a line, seen from each tap, and the first tap for which it is fetched. */
typedef struct pixel_far {
    const float *x;
    const ptrdiff_t *offset;
} pixel_far;

/* One line of weights ahead, or FAR_LINES of pixels, on the way to so many taps. */
ALWAYS_INLINE void pixel_reach(pixel_far *far, const float *weights, size_t taps, pixel_ahead ahead) {
    if (ahead == AHEAD_WEIGHTS) __builtin_prefetch(weights + WEIGHTS_AHEAD, 0, 3);
    if (ahead != AHEAD_PIXELS) return;
    EACH(i, FAR_LINES, FETCH_LINES) __builtin_prefetch(far->x + *far->offset - i * LINE_LANES, 0, 2);
    far->offset += taps;
}

/* Two streams: the packed pixels with `more` behind them, and the weights. */
typedef struct pixel_streams {
    const float *packed, *more, *weights;
} pixel_streams;

ALWAYS_INLINE void pixel_advance(pixel_streams *at, size_t taps, pixel_shape is) {
    at->packed += taps * is.vectors * LANES;
    at->weights += taps * PANEL_ROWS;
    if (is.more) at->more += taps;
}

/* The tap that is `back` taps before there. */
ALWAYS_INLINE void pixel_tap_packed(pixel_acc *acc, const pixel_streams *at, size_t back, size_t panel,
                                    pixel_shape is) {
    const float *packed = at->packed - back * is.vectors * LANES;
    f32xn x_f32xn[CORR2D_MAX_VECTORS];
    EACH(v, is.vectors, CORR2D_MAX_VECTORS) x_f32xn[v] = f32xn_load(packed + v * LANES);
    pixel_tap(acc, x_f32xn, at->more - back, at->weights - back * PANEL_ROWS, panel, is);
}

/*
 * How many packed taps a step takes: the more, the fewer instructions for each, but where a vector is a line it shows
 * only with one pixel more.
 */
ALWAYS_INLINE size_t pixel_step_taps(pixel_shape is) {
    if (is.vectors < PIXEL_VECTORS || LANES < LINE_LANES / 2) return 1;
    return LANES == LINE_LANES && !is.more ? 2 : 4;
}

/* All taps but the late ones, which pixel_store takes. */
ALWAYS_INLINE size_t pixel_early(const corr2d_tile *tile, pixel_shape is) {
    return tile->taps - (pixel_has_late(is) ? LATE_TAPS : 0);
}

/*
 * From the end of the first step to that of the last. The first one takes only the taps that whole steps leave, and
 * begins in the midst of the loop, which so has one branch: the fewer instructions beside the multiply-adds, the
 * higher a Granite Rapids core's clock.
 */
ALWAYS_INLINE void pixel_steps(pixel_acc *acc, pixel_streams *at, const float *end, size_t left, size_t panel,
                               pixel_shape is, pixel_far far, pixel_ahead ahead) {
    const size_t step = pixel_step_taps(is);
    if (ahead == AHEAD_PIXELS && left) pixel_reach(&far, at->weights, step, ahead);
    switch (left) {
        do {
            pixel_advance(at, step, is);
            FALL_THROUGH;
        default:
            pixel_reach(&far, at->weights, step, ahead);
            if (step == 4) pixel_tap_packed(acc, at, 4, panel, is);
            FALL_THROUGH;
        case 3:
            if (step == 4) pixel_tap_packed(acc, at, 3, panel, is);
            FALL_THROUGH;
        case 2: pixel_tap_packed(acc, at, 2, panel, is); FALL_THROUGH;
        case 1: pixel_tap_packed(acc, at, 1, panel, is);
        } while (at->weights != end);
    }
}

/* All taps of the packed pixels but the late ones. The widest tile takes some at a step, and fetches what is `far`. */
ALWAYS_INLINE void pixel_taps(pixel_acc *acc, pixel_late *late, const corr2d_tile *tile, const pixel_step *s,
                              pixel_shape is, pixel_far far, pixel_ahead ahead) {
    const float *end = s->weights_end;
    if (!is.more) FORGET(end); /* in a register: there is one left, but not beside `more` */
    pixel_streams at = {s->packed, s->packed, s->first_weights};
    if (is.more) {
        const size_t taps = (size_t)(at.weights - s->weights) / PANEL_ROWS;
        at.more = at.packed + (tile->taps - taps) * is.vectors * LANES + taps;
    }
    if (pixel_step_taps(is) == 1) {
        for (; at.weights != end; pixel_advance(&at, 1, is)) {
            pixel_reach(&far, at.weights, 1, ahead);
            pixel_tap_packed(acc, &at, 0, tile->panel, is);
        }
    } else if (!pixel_has_late(is) || at.weights != s->weights) {
        pixel_steps(acc, &at, end, s->first, tile->panel, is, far, ahead);
    }
    if (pixel_has_late(is)) {
        *late = (pixel_late){{at.packed, at.packed + is.vectors * LANES}, at.weights, {0, LANES, 2 * LANES}};
    }
}

/*
 * What is done on the way, where pixels are read where they lie: nothing; or they are packed, and by most tiles those
 * of a tap that follows brought nearer; or that alone; or those of other tiles are fetched, which spaced taps alone do.
 */
typedef enum pixel_use { PIXEL_READ, PIXEL_PACK, PIXEL_NEAR, PIXEL_FETCH } pixel_use;

/* The one pixel more is packed by itself: stored between the others it would hold up all of them. */
ALWAYS_INLINE void more_pack(const corr2d_tile *tile, float *more, ptrdiff_t pixel) {
    const float *const x = tile->x + pixel;
    for (size_t t = 0; t < tile->taps; t++) more[t] = x[tile->offsets[t]];
}

/* They are packed with the others, and then read again. */
ALWAYS_INLINE void pixel_late_pack(const pixel_late *late, float *packed) {
    EACH(v, PIXEL_VECTORS, PIXEL_VECTORS) f32xn_store(packed + v * LANES, f32xn_load(late->x[0] + late->pixel[v]));
    packed += PIXEL_VECTORS * LANES;
    EACH(v, PIXEL_VECTORS, PIXEL_VECTORS) f32xn_store(packed + v * LANES, f32xn_load(late->x[1] + late->pixel[v]));
}

/* Packs a tap's pixels. */
ALWAYS_INLINE void pixel_put(float *packed, const f32xn *x_f32xn, pixel_shape is) {
    EACH(v, is.vectors, CORR2D_MAX_VECTORS) {
        f32xn_store(packed + v * LANES, x_f32xn[v]);
        if (LANES == LINE_LANES) __builtin_prefetch(packed + (PACKED_AHEAD * is.vectors + v) * LANES, 1, 3);
    }
}

/* Where a tile reads the pixels where they lie, or packs them. */
typedef struct pixel_reading {
    const float *weights;
    const ptrdiff_t *offset;
    float *packed, *more;
    ptrdiff_t pixel[CORR2D_MAX_VECTORS + 1]; /* where each vector lies, seen from a tap's x */
} pixel_reading;

ALWAYS_INLINE void pixel_read_on(pixel_reading *at, pixel_shape is, pixel_use use) {
    at->offset++;
    at->weights += PANEL_ROWS;
    if (use != PIXEL_PACK) return;
    at->packed += is.vectors * LANES;
    if (is.more) at->more++;
}

/* Whether a tile that packs also brings nearer what it will: the widest, but for one pixel more. */
ALWAYS_INLINE bool pixel_brings_nearer(pixel_shape is) {
    return LANES >= LINE_LANES / 2 && is.vectors == PIXEL_VECTORS && !is.more;
}

/*
 * On the way it packs the pixels, or brings the same ones of a tap nearer that follows soon. Where a vector is a line,
 * it is the line of its last pixel that counts, since the first pixel's is the last one's of the vector before.
 */
ALWAYS_INLINE void pixel_tap_reading(pixel_acc *acc, const corr2d_tile *tile, const pixel_reading *at, pixel_shape is,
                                     pixel_use use) {
    const bool packs = use == PIXEL_PACK;
    const float *x = tile->x + *at->offset;
    f32xn x_f32xn[CORR2D_MAX_VECTORS];
    FORGET(x);
    EACH(v, is.vectors, CORR2D_MAX_VECTORS) x_f32xn[v] = f32xn_load(x + at->pixel[v]);
    if (packs) pixel_put(at->packed, x_f32xn, is);
    pixel_tap(acc, x_f32xn, packs ? at->more : x + at->pixel[is.vectors], at->weights, tile->panel, is);
    if (use == PIXEL_NEAR || (packs && pixel_brings_nearer(is))) {
        const float *soon = tile->x + at->offset[CORR2D_TAPS_AHEAD];
        FORGET(soon);
        EACH(v, is.vectors, CORR2D_MAX_VECTORS) {
            const bool line = LANES == LINE_LANES || v == is.vectors - 1;
            if (line) __builtin_prefetch(soon + at->pixel[v] + LANES - 1, 0, 3);
        }
    }
}

/* The same from where the pixels lie, which is looked up for each tap. */
ALWAYS_INLINE void pixel_taps_listed(pixel_acc *acc, pixel_late *late, const corr2d_tile *tile, const pixel_step *s,
                                     pixel_shape is, pixel_use use) {
    const bool packs = use == PIXEL_PACK;
    pixel_reading at = {s->weights, tile->offsets, s->packed, NULL, {0}};
    if (packs) at.more = s->packed + tile->taps * is.vectors * LANES;
    if (packs && is.more) more_pack(tile, at.more, s->x_pixel[is.vectors]);
    EACH(v, is.vectors + is.more, CORR2D_MAX_VECTORS + 1) at.pixel[v] = s->x_pixel[v];
    const ptrdiff_t *const end = tile->offsets + pixel_early(tile, is);
    for (; at.offset != end; pixel_read_on(&at, is, use)) pixel_tap_reading(acc, tile, &at, is, use);
    if (!pixel_has_late(is)) return;
    *late = (pixel_late){{tile->x + end[0], tile->x + end[1]}, at.weights, {at.pixel[0], at.pixel[1], at.pixel[2]}};
    if (packs) pixel_late_pack(late, at.packed);
}

/*
 * Where taps are evenly spaced and the tile's pixels neighbours nothing is. Distances are in bytes, and x is a number,
 * since steps lead beyond its ends.
 */
typedef struct pixel_spaced {
    uintptr_t x, step, ahead[2]; /* `ahead`: to the last pixel's line of what is brought nearer on the way */
    const float *weights;
    float *packed;
} pixel_spaced;

/*
 * So many taps a step: where a vector is half a line the fewer instructions show. Four are up to 5 % slower on planes
 * of more than 8 KiB: each load then goes more than 32 KiB at a time, and a Granite Rapids core seems to fetch ahead by
 * itself up to there.
 */
#define SPACED_TAPS (LANES == LINE_LANES ? 1 : 2)

/* The lines that end with that of a tile's last pixel: all, or that one alone. */
ALWAYS_INLINE void spaced_bring(uintptr_t last, pixel_use use) {
    EACH(i, FETCH_LINES, PIXEL_VECTORS) {
        const void *const line = (const void *)(last - i * LINE_LANES * sizeof(float));
        if (use == PIXEL_FETCH) {
            __builtin_prefetch(line, 0, 2);
        } else if (LANES == LINE_LANES || (use == PIXEL_PACK && i == 0)) {
            __builtin_prefetch(line, 0, 3);
        }
    }
}

/* A step's first or second tap, whose weights and place among what is packed are `back` taps before there. */
ALWAYS_INLINE void pixel_tap_spaced(pixel_acc *acc, const corr2d_tile *tile, const pixel_spaced *at, size_t tap,
                                    size_t back, pixel_shape is, pixel_use use) {
    const float *const x = (const float *)(tap ? at->x + at->step : at->x);
    f32xn x_f32xn[PIXEL_VECTORS];
    EACH(v, PIXEL_VECTORS, PIXEL_VECTORS) x_f32xn[v] = f32xn_load(x + v * LANES);
    if (use == PIXEL_PACK) pixel_put(at->packed - back * is.vectors * LANES, x_f32xn, is);
    pixel_tap(acc, x_f32xn, NULL, at->weights - back * PANEL_ROWS, tile->panel, is);
    if (use != PIXEL_READ) spaced_bring(at->x + at->ahead[tap], use);
}

/* Only the widest tile is worth it, and where lines are brought nearer no short sum: many of them lie beyond its end. */
#define SPACED_LEAST 64
ALWAYS_INLINE bool pixel_is_spaced(const corr2d_tile *tile, const pixel_step *s, pixel_shape is, pixel_use use) {
    if (LANES < LINE_LANES / 2 || is.vectors < PIXEL_VECTORS || is.more || !tile->x_step) return false;
    if ((LANES == LINE_LANES || use == PIXEL_PACK) && tile->taps < SPACED_LEAST) return false;
    return s->x_pixel[PIXEL_VECTORS - 1] - s->x_pixel[0] == (PIXEL_VECTORS - 1) * LANES;
}

ALWAYS_INLINE void spaced_on(pixel_spaced *at, uintptr_t x, size_t taps, pixel_shape is) {
    at->x += x;
    at->weights += taps * PANEL_ROWS;
    at->packed += taps * is.vectors * LANES;
}

/* Of two taps a step the first step may have one. */
ALWAYS_INLINE void pixel_taps_spaced(pixel_acc *acc, pixel_late *late, const corr2d_tile *tile, const pixel_step *s,
                                     pixel_shape is, pixel_use use) {
    const size_t taps = pixel_early(tile, is);
    const float *end = s->weights + taps * PANEL_ROWS;
    const ptrdiff_t ahead = use == PIXEL_FETCH ? tile->ahead : CORR2D_TAPS_AHEAD * tile->x_step;
    pixel_spaced at = {.x = (uintptr_t)(tile->x + s->x_pixel[0]),
                       .step = (uintptr_t)tile->x_step * sizeof(float),
                       .ahead = {((uintptr_t)ahead + PIXEL_VECTORS * LANES - 1) * sizeof(float)},
                       .weights = s->weights,
                       .packed = s->packed};
    FORGET(at.x);
    FORGET(at.step);
    if (use != PIXEL_READ) FORGET(at.ahead[0]);
    if (SPACED_TAPS == 1) {
        for (; at.weights != end; spaced_on(&at, at.step, 1, is)) pixel_tap_spaced(acc, tile, &at, 0, 0, is, use);
    } else {
        uintptr_t two = 2 * at.step;
        const size_t odd = taps % 2;
        at.ahead[1] = at.ahead[0] + at.step;
        if (use != PIXEL_READ) FORGET(at.ahead[1]);
        FORGET(two);
        FORGET(end);
        spaced_on(&at, odd ? -at.step : 0, odd ? 1 : 2, is);
        switch (__builtin_expect((long)odd, 1)) { /* the way into the loop's midst goes before it */
            do {
                spaced_on(&at, two, 2, is);
                FALL_THROUGH;
            case 0: pixel_tap_spaced(acc, tile, &at, 0, 2, is, use); FALL_THROUGH;
            default: pixel_tap_spaced(acc, tile, &at, 1, 1, is, use);
            } while (at.weights != end);
        }
    }
    if (!pixel_has_late(is)) return;
    const float *const x = (const float *)at.x;
    *late = (pixel_late){{x, x + tile->x_step}, at.weights, {0, LANES, 2 * LANES}};
    if (use == PIXEL_PACK) pixel_late_pack(late, at.packed);
}

ALWAYS_INLINE void pixel_taps_reading(pixel_acc *acc, pixel_late *late, const corr2d_tile *tile, const pixel_step *s,
                                      pixel_shape is, pixel_use use) {
    if (pixel_is_spaced(tile, s, is, use)) {
        pixel_taps_spaced(acc, late, tile, s, is, use);
    } else {
        pixel_taps_listed(acc, late, tile, s, is, use);
    }
}

/* How many panels of packed pixels are done. */
ALWAYS_INLINE size_t pixel_panel(const pixel_step *s) { return (s->from - s->channels) / PANEL_ROWS; }

/*
 * What a panel fetches where pixels are packed. Where a vector is a line only one pixel more fetches weights, which its
 * map of few tiles uses up fast: other tiles are up to 5 % slower for it, wherever the weights are.
 */
ALWAYS_INLINE pixel_ahead pixel_fetched(const corr2d_tile *tile, const pixel_step *s, pixel_shape is) {
    const bool widest = is.vectors == PIXEL_VECTORS,
               few = pixel_panel(s) / pixel_step_taps(is) < FETCH_LINES / FAR_LINES;
    if (widest && !is.more && tile->fetched && few) return AHEAD_PIXELS;
    const bool far = LANES >= LINE_LANES ? is.more : widest && tile->far_weights;
    return far ? AHEAD_WEIGHTS : AHEAD_NOTHING;
}

/* Whether pixel_plain does it: of such tiles those that are not whole share the loop that fetches weights. */
ALWAYS_INLINE bool pixel_has_plain(pixel_shape is) { return PIXEL_PLAIN && is.vectors == PIXEL_VECTORS && !is.more; }

/* All taps but the late ones, which are left to pixel_store. */
ALWAYS_INLINE void pixel_sum(pixel_acc *acc, pixel_late *late, const corr2d_tile *tile, const pixel_step *s,
                             pixel_shape is) {
    const bool last = s->channels <= is.panels * PANEL_ROWS;
    if (!s->reads && s->ahead == AHEAD_NOTHING && !pixel_has_plain(is)) {
        pixel_taps(acc, late, tile, s, is, (pixel_far){0}, AHEAD_NOTHING);
    } else if (!s->reads && s->ahead == AHEAD_PIXELS) {
        const size_t panel = pixel_panel(s), line = panel / pixel_step_taps(is);
        const float *const vector = tile->x + s->x_pixel[PIXEL_VECTORS - 1 - line * LINE_VECTORS] + tile->ahead;
        const pixel_far far = {vector + LANES - 1, tile->fetched + panel % pixel_step_taps(is)};
        pixel_taps(acc, late, tile, s, is, far, AHEAD_PIXELS);
    } else if (!s->reads) {
        pixel_taps(acc, late, tile, s, is, (pixel_far){0}, AHEAD_WEIGHTS);
    } else if (tile->packed) {
        pixel_taps_reading(acc, late, tile, s, is, PIXEL_PACK);
    } else if (tile->ahead && last && pixel_is_spaced(tile, s, is, PIXEL_FETCH)) {
        pixel_taps_spaced(acc, late, tile, s, is, PIXEL_FETCH);
    } else {
        pixel_taps_reading(acc, late, tile, s, is, pixel_has_late(is) ? PIXEL_NEAR : PIXEL_READ);
    }
}

ALWAYS_INLINE void pixel_clamp(f32xn *acc, const corr2d_tile *tile, size_t vectors) {
    const f32xn lo = f32xn_splat(tile->lo), hi = f32xn_splat(tile->hi);
    EACH(v, vectors, CORR2D_MAX_VECTORS) acc[v] = f32xn_clamp(acc[v], lo, hi);
}

ALWAYS_INLINE void pixel_late_load(f32xn *x_f32xn, const pixel_late *late, size_t tap) {
    EACH(v, PIXEL_VECTORS, PIXEL_VECTORS) x_f32xn[v] = f32xn_load(late->x[tap] + late->pixel[v]);
}

/*
 * A row's late taps, which are computed here and not before: the barrier holds the rows apart. There are registers for
 * the pixels of the first of them.
 */
ALWAYS_INLINE void pixel_late_row(f32xn *acc, const f32xn *first_f32xn, const pixel_late *late, size_t r) {
    f32xn last_f32xn[PIXEL_VECTORS];
    IN_ORDER;
    EACH(v, PIXEL_VECTORS, PIXEL_VECTORS) LATER(acc[v]);
    pixel_row(acc, first_f32xn, late->weights, r, PIXEL_VECTORS);
    pixel_late_load(last_f32xn, late, 1);
    pixel_row(acc, last_f32xn, late->weights + PANEL_ROWS, r, PIXEL_VECTORS);
}

/* A tile's y: with shorter vectors the lines of a row's two ends. */
ALWAYS_INLINE void pixel_fetch(const float *y, size_t channel, size_t rows) {
    for (size_t r = 0; r < rows; r++) {
        __builtin_prefetch(y, 1, 3);
        if (LANES == LINE_LANES) __builtin_prefetch(y + LANES, 1, 3);
        __builtin_prefetch(y + PIXEL_VECTORS * LANES - 1, 1, 3);
        y += channel;
        FORGET(y);
    }
}

/* Whether the next tile's y is fetched: where vectors are lines what it loads, else what so few taps write fast. */
#define FEW_TAPS 16
ALWAYS_INLINE bool pixel_fetches(const corr2d_tile *tile) {
    return LANES == LINE_LANES ? tile->load : LANES == LINE_LANES / 2 && tile->taps < FEW_TAPS;
}

ALWAYS_INLINE void pixel_store(pixel_acc *acc, const pixel_late *late, const corr2d_tile *tile, pixel_y y,
                               pixel_shape is, bool clamped) {
    const size_t rows = is.panels * PANEL_ROWS, vectors = is.vectors;
    const f32xn zero = f32xn_splat(0.0f);
    const bool has_late = pixel_has_late(is), fetches = vectors == PIXEL_VECTORS && !is.more && pixel_fetches(tile);
    float *p = y.p;
    f32xn first_f32xn[PIXEL_VECTORS];
    if (has_late) {
        if (fetches) pixel_fetch(p + vectors * LANES, y.channel, rows);
        pixel_late_load(first_f32xn, late, 0);
    } else if (fetches || clamped) {
        if (fetches) pixel_fetch(p + vectors * LANES, y.channel, rows);
        if (clamped) {
            EACH(r, rows, PIXEL_ROWS) pixel_clamp(acc->v[r], tile, vectors);
        }
    }
    EACH(r, rows, PIXEL_ROWS) {
        if (has_late) pixel_late_row(acc->v[r], first_f32xn, late, r);
        if (has_late && clamped) pixel_clamp(acc->v[r], tile, vectors);
        EACH(v, vectors, CORR2D_MAX_VECTORS) {
            const bool masked = pixel_masks(is) && v == vectors - 1;
            pixel_y_store(p + v * LANES, f32xn_add(acc->v[r][v], zero), y, masked);
        }
        p += y.channel;
        FORGET(p);
    }
}

/* One pixel more, of `channels` channels from y on. Its vector waits in memory while the others need the registers. */
ALWAYS_INLINE void more_begin(float *column, const corr2d_tile *tile, const float *bias, const float *y,
                              size_t channels) {
    for (size_t r = 0; r < MORE_FLOATS; r++) column[r] = bias[r % PANEL_ROWS];
    if (!tile->load) return;
    for (size_t r = 0; r < channels; r++) column[r] += y[r * tile->y_channel];
}

ALWAYS_INLINE void more_end(float *column, const corr2d_tile *tile, float *y, size_t channels) {
    f32xn_store(column, finish(f32xn_load(column), f32xn_splat(tile->lo), f32xn_splat(tile->hi)));
    for (size_t r = 0; r < channels; r++) y[r * tile->y_channel] = column[r];
}

ALWAYS_INLINE void pixel_panels(const corr2d_tile *tile, pixel_step s, pixel_shape is) {
    const size_t rows = is.panels * PANEL_ROWS, vectors = is.vectors, width = vectors * LANES, head = width - LANES;
    const size_t channels = s.channels < rows ? s.channels : rows;
    float edge[PIXEL_ROWS * CORR2D_MAX_VECTORS * LANES], columns[MORE_FLOATS], *column = columns;
    const pixel_y y = {s.whole ? s.y : edge, s.whole ? tile->y_channel : width, tile->back, tile->pixels - head};
    pixel_acc acc;
    pixel_late late;
    pixel_bias(&acc, s.bias, rows, vectors);
    if (is.more) more_begin(column, tile, s.bias, s.y + width, channels);
    if (tile->load) {
        if (!s.whole) edge_in(tile, s.y, channels, edge, width, pixel_masks(is));
        pixel_load(&acc, y, is);
    }
    if (is.more) acc.more = f32xn_load(column);
    pixel_sum(&acc, &late, tile, &s, is);
    if (is.more) f32xn_store(column, acc.more);
    FORGET(column);
    pixel_store(&acc, &late, tile, y, is, s.clamped);
    if (is.more) more_end(column, tile, s.y + width, channels);
    if (!s.whole) edge_out(tile, s.y, channels, edge, width, pixel_masks(is));
}

/* Taps of a tile's one pixel more, so that the next tile's vectors are aligned. */
ALWAYS_INLINE size_t more_floats(size_t taps) { return (taps + LANES - 1) / LANES * LANES; }

/*
 * One panel of whole tiles that are packed, where nothing is fetched: what most tiles are. In a function of its own it
 * takes 62 instructions a tile outside its loop, not 75. The sums are there before the loop: GCC would have those of a
 * row begin in one register.
 */
#if PIXEL_PLAIN
NOT_INLINE LINE_ALIGNED void pixel_plain(const corr2d_tile *tile, const pixel_step *step) {
    const pixel_shape is = {1, PIXEL_VECTORS, false};
    const size_t width = PIXEL_VECTORS * LANES;
    pixel_step s = *step;
    pixel_y y = {s.y, tile->y_channel, 0, LANES};
    for (size_t left = tile->tiles; left; left--) {
        pixel_acc acc;
        pixel_late late;
        pixel_bias(&acc, s.bias, PANEL_ROWS, PIXEL_VECTORS);
        if (tile->load) pixel_load(&acc, y, is);
        EACH(r, PANEL_ROWS, PIXEL_ROWS) { EACH(v, PIXEL_VECTORS, PIXEL_VECTORS) LATER(acc.v[r][v]); }
        pixel_taps(&acc, &late, tile, &s, is, (pixel_far){0}, AHEAD_NOTHING);
        pixel_store(&acc, &late, tile, y, is, s.clamped);
        s.packed += tile->taps * width;
        y.p += width;
    }
}
#else
ALWAYS_INLINE void pixel_plain(const corr2d_tile *tile, const pixel_step *step) { (void)tile, (void)step; }
#endif

/* One step of each of the tiles side by side. */
ALWAYS_INLINE void pixel_tiles(const corr2d_tile *tile, pixel_step s, pixel_shape is) {
    const size_t width = is.vectors * LANES;
    const size_t floats = tile->packed ? tile->taps * width + (is.more ? more_floats(tile->taps) : 0) : 0;
    for (size_t left = tile->tiles; left; left--) {
        pixel_panels(tile, s, is);
        s.packed += floats;
        s.x_pixel += is.vectors + is.more;
        s.y += width + is.more;
    }
}

ALWAYS_INLINE void pixel_tile(const corr2d_tile *tile, pixel_shape is) {
    const size_t rows = is.panels * PANEL_ROWS, step = pixel_step_taps(is), taps = pixel_early(tile, is);
    const size_t rest = taps % step, first = rest || step == 1 || !taps ? rest : step;
    const bool real = pixel_masks(is) || is.more || tile->pixels == is.vectors * LANES;
    float *const packed = tile->packed ? tile->packed : tile->y; /* which then moves by nothing */
    pixel_step s = {.reads = tile->offsets,
                    .packed = tile->offsets ? packed : packed + first * is.vectors * LANES,
                    .x_pixel = tile->x_pixel,
                    .weights = tile->weights,
                    .bias = tile->bias,
                    .y = tile->y,
                    .channels = tile->channels,
                    .from = tile->channels,
                    .clamped = clamps(tile->lo, tile->hi),
                    .first = rest};
    for (;;) {
        s.whole = real && s.channels >= rows;
        s.first_weights = s.weights + first * PANEL_ROWS;
        s.weights_end = s.weights + taps * PANEL_ROWS;
        s.ahead = pixel_fetched(tile, &s, is);
        if (pixel_has_plain(is) && s.whole && !s.reads && s.ahead == AHEAD_NOTHING) {
            pixel_plain(tile, &s);
        } else {
            pixel_tiles(tile, s, is);
        }
        if (s.channels <= rows) return;
        s.channels -= rows;
        s.weights += is.panels * tile->panel;
        s.bias += is.panels * tile->bias_step;
        s.y += rows * tile->y_channel;
        if (s.reads && tile->packed) {
            s.reads = false;
            s.packed += first * is.vectors * LANES;
            s.from = s.channels;
        }
    }
}

/*
 * Where in a line the loops of packed pixels begin is worth up to 4 % where a vector is one, for no reason that was
 * found: 51 bytes on is good, and 20 with one pixel more, which with GCC 12 takes so many bytes before them.
 */
#if LANES == LINE_LANES && !defined __clang__
#define STREAM_LATER __asm__ volatile(".nops 52")
#define MORE_LATER __asm__ volatile(".nops 33")
#else
#define STREAM_LATER (void)0
#define MORE_LATER (void)0
#endif

/* Defines the tile of p panels by v vectors, and that of one panel by v vectors and one pixel more. */
#define PIXEL_TILE(p, v)                                                                                               \
    LINE_ALIGNED static void pixel_##p##x##v(const corr2d_tile *tile) {                                                \
        if ((v) == PIXEL_VECTORS) STREAM_LATER;                                                                        \
        pixel_tile(tile, (pixel_shape){p, v, false});                                                                  \
    }
#define PIXEL_TILE_MORE(v)                                                                                             \
    LINE_ALIGNED static void pixel_1x##v##_more(const corr2d_tile *tile) {                                             \
        MORE_LATER;                                                                                                    \
        pixel_tile(tile, (pixel_shape){1, v, true});                                                                   \
    }

/*
 * A few pixels: here the vectors hold channels, as in the channel tiles, but the weights are the pixel tiles' panels,
 * which a vector may have to be put together from.
 */
#define FEW_VECTORS 8
#define FEW_PITCH (FEW_VECTORS * LANES)

/* Whether the last channels go by half as many vectors, and a quarter, before the least. The variant may say no. */
#ifndef FEW_HALVES
#define FEW_HALVES true
#endif

/* The least to step by: a panel or, where that is more, a vector. */
#define FEW_LEAST (LANES < PANEL_ROWS ? PANEL_ROWS / LANES : 1)

typedef struct few_acc {
    f32xn v[CORR2D_FEW_PIXELS][FEW_VECTORS];
} few_acc;

/* The v-th vector of channels, a panel's weights being `panel` on from the last one's. */
ALWAYS_INLINE f32xn few_load(const float *weights, size_t panel, size_t v) {
    const size_t channel = v * LANES;
    return f32xn_load_panels(weights + channel / PANEL_ROWS * panel + channel % PANEL_ROWS, panel);
}

ALWAYS_INLINE void few_begin(few_acc *acc, const corr2d_tile *tile, const channel_step *s, size_t bias_step,
                             float *buffer, size_t pixels, size_t vectors) {
    EACH(v, vectors, FEW_VECTORS) {
        const f32xn bias = few_load(s->bias, bias_step, v);
        EACH(i, pixels, CORR2D_FEW_PIXELS) acc->v[i][v] = bias;
    }
    if (!tile->load) return;
    EACH(i, pixels, CORR2D_FEW_PIXELS) {
        turn(buffer + i * FEW_PITCH, FEW_PITCH, s->y + s->y_pixel[i], tile->y_channel, 1, s->channels);
    }
    EACH(i, pixels, CORR2D_FEW_PIXELS) {
        EACH(v, vectors, FEW_VECTORS) {
            acc->v[i][v] = f32xn_add(f32xn_load(buffer + i * FEW_PITCH + v * LANES), acc->v[i][v]);
        }
    }
}

ALWAYS_INLINE void few_taps(few_acc *acc, const corr2d_tile *tile, const float *const *x, const float *weights,
                            size_t panel, size_t pixels, size_t vectors) {
    const ptrdiff_t *offset = tile->offsets, *const end = offset + tile->taps;
    for (; offset != end; offset++, weights += PANEL_ROWS) {
        f32xn x_f32xn[CORR2D_FEW_PIXELS];
        EACH(i, pixels, CORR2D_FEW_PIXELS) x_f32xn[i] = f32xn_splat(x[i][*offset]);
        EACH(v, vectors, FEW_VECTORS) {
            const f32xn w_f32xn = few_load(weights, panel, v);
            EACH(i, pixels, CORR2D_FEW_PIXELS) acc->v[i][v] = f32xn_fma(x_f32xn[i], w_f32xn, acc->v[i][v]);
        }
    }
}

/* The outputs of a step, together where they are neighbours, in their order: 2 x 2 with rows side by side are not. */
NOT_INLINE void few_end(const channel_step *s, size_t y_channel, const float *buffer, size_t pixels) {
    size_t each = pixels;
    for (size_t i = 1; i < pixels; i++) {
        if (s->y_pixel[i] - s->y_pixel[i - 1] != 1) each = 1;
    }
    for (size_t i = 0; i < pixels; i += each) {
        unturn(s->y + s->y_pixel[i], y_channel, buffer + i * FEW_PITCH, FEW_PITCH, each, s->channels);
    }
}

/* `vectors` vectors of channels; the last may lack its second panel, and then takes the first one twice. */
ALWAYS_INLINE void few_step(const corr2d_tile *tile, const channel_step *s, size_t pixels, size_t vectors) {
    const bool twice = LANES > PANEL_ROWS && s->channels <= PANEL_ROWS;
    const f32xn lo = f32xn_splat(tile->lo), hi = f32xn_splat(tile->hi);
    float buffer[(CORR2D_FEW_PIXELS + LANES) * FEW_PITCH];
    few_acc acc;
    few_begin(&acc, tile, s, twice ? 0 : tile->bias_step, buffer, pixels, vectors);
    few_taps(&acc, tile, s->x, s->weights, twice ? 0 : tile->panel, pixels, vectors);
    EACH(i, pixels, CORR2D_FEW_PIXELS) {
        EACH(v, vectors, FEW_VECTORS) { f32xn_store(buffer + i * FEW_PITCH + v * LANES, finish(acc.v[i][v], lo, hi)); }
    }
    few_end(s, tile->y_channel, buffer, pixels);
}

/* Steps of `vectors` vectors as long as there are so many whole ones; of the least, all that is left. */
ALWAYS_INLINE void few_steps(const corr2d_tile *tile, channel_step *s, size_t *left, size_t pixels, size_t vectors) {
    const size_t width = vectors * LANES, whole = vectors == FEW_LEAST ? 1 : width, panels = width / PANEL_ROWS;
    while (*left >= whole) {
        s->channels = *left < width ? *left : width;
        few_step(tile, s, pixels, vectors);
        *left -= s->channels;
        s->weights += panels * tile->panel;
        s->bias += panels * tile->bias_step;
        s->y += width * tile->y_channel;
    }
}

ALWAYS_INLINE void few_tile(const corr2d_tile *tile, size_t pixels, size_t vectors) {
    channel_step s = {.weights = tile->weights, .bias = tile->bias, .y = tile->y, .y_pixel = tile->y_pixel};
    size_t left = tile->channels;
    for (size_t i = 0; i < pixels; i++) s.x[i] = tile->x + tile->x_pixel[i];
    if (vectors > FEW_LEAST) few_steps(tile, &s, &left, pixels, vectors);
    if (FEW_HALVES && vectors / 2 > FEW_LEAST) few_steps(tile, &s, &left, pixels, vectors / 2);
    if (FEW_HALVES && vectors / 4 > FEW_LEAST) few_steps(tile, &s, &left, pixels, vectors / 4);
    few_steps(tile, &s, &left, pixels, FEW_LEAST);
}

static void pixel_few_1(const corr2d_tile *tile) { few_tile(tile, 1, CHAINS ? FEW_VECTORS : FEW_LEAST); }

/* Where a pixel is a vector only a map of one pixel is few. */
#if LANES == 1
#define PIXEL_FEW                                                                                                      \
    { [1] = pixel_few_1 }
#else
/* By as many vectors as there are registers for: eight chains are too few. */
static void pixel_few_4(const corr2d_tile *tile) { few_tile(tile, 4, LANES < LINE_LANES ? 2 : 4); }

#define PIXEL_FEW                                                                                                      \
    { [1] = pixel_few_1, [4] = pixel_few_4 }
#endif
