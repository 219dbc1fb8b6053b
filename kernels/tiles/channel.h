/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel tiles of kernels/variant.h, written once over the words of simd/. The variant defines CHANNEL_LANES:
 * whether to multiply by lanes where taps lie side by side; CHANNEL_ASKS: whether to ask if there is an activation,
 * which short sums gain by with AVX2 and lose by with AVX-512; CHANNEL_VECTORS, those of its widest tiles;
 * CHANNEL_PARTS, those of tiles that store a part of their last vector themselves; and where it is faster
 * CHANNEL_FOURS, from how many chains on tiles take four taps a step, CHANNEL_WHOLE: whether the widest have steps of
 * their own for whole kernels, 3x3, 5x5 and eight taps of others, and CHANNEL_PANELS: whether they do panel after panel
 * of taps side by side in a function of its own.
 */
#include "kernels/tiles/turn.h"

#ifndef CHANNEL_FOURS
#define CHANNEL_FOURS SIZE_MAX
#endif
#ifndef CHANNEL_WHOLE
#define CHANNEL_WHOLE false
#endif
#ifndef CHANNEL_PANELS
#define CHANNEL_PANELS false
#endif

/* acc[i][v]: pixel i, output channels v * LANES ... v * LANES + LANES - 1. */
typedef struct channel_acc {
    f32xn v[CORR2D_MAX_PIXELS][CORR2D_MAX_VECTORS];
} channel_acc;

ALWAYS_INLINE void channel_bias(channel_acc *acc, const float *bias, size_t pixels, size_t vectors) {
    EACH(v, vectors, CORR2D_MAX_VECTORS) {
        const f32xn b = f32xn_load(bias + v * LANES);
        EACH(i, pixels, CORR2D_MAX_PIXELS) acc->v[i][v] = b;
    }
}

/* Floats from pixel to pixel in the buffer through which a panel goes that y does not take as whole vectors. */
#define CHANNEL_PITCH (CORR2D_MAX_VECTORS * LANES)

static const ptrdiff_t channel_places[CORR2D_MAX_PIXELS] = {
    0 * CHANNEL_PITCH, 1 * CHANNEL_PITCH, 2 * CHANNEL_PITCH, 3 * CHANNEL_PITCH, 4 * CHANNEL_PITCH,  5 * CHANNEL_PITCH,
    6 * CHANNEL_PITCH, 7 * CHANNEL_PITCH, 8 * CHANNEL_PITCH, 9 * CHANNEL_PITCH, 10 * CHANNEL_PITCH, 11 * CHANNEL_PITCH,
};

/* Where one step of a tile finds its data: each of its pixels, and a panel. */
typedef struct channel_step {
    const float *x[CORR2D_FEW_PIXELS]; /* tiles of few pixels: each of them */
    const ptrdiff_t *x_pixel;          /* others: each of them, seen from the tile's x */
    const float *weights, *bias;
    const float *ahead; /* what to bring nearer */
    float *y;
    const ptrdiff_t *y_pixel;
    size_t channels; /* of the panel */
    float *whole;    /* where the outputs are loaded and stored as whole vectors: y itself, or a buffer */
    const ptrdiff_t *whole_pixel;
} channel_step;

ALWAYS_INLINE void channel_load(channel_acc *acc, const channel_step *s, size_t pixels, size_t vectors) {
    EACH(i, pixels, CORR2D_MAX_PIXELS) {
        const float *p = s->whole + s->whole_pixel[i];
        EACH(v, vectors, CORR2D_MAX_VECTORS) acc->v[i][v] = f32xn_add(f32xn_load(p + v * LANES), acc->v[i][v]);
    }
}

/* More pixels than this, each with a pointer, would not leave registers for the pointers. */
#define CHANNEL_POINTERS 8

/*
 * One tap: each vector of weights is loaded once and used by every pixel. clang would load all pixels before, also of
 * one tap after another.
 */
ALWAYS_INLINE void channel_tap(channel_acc *acc, const float *const *x, ptrdiff_t offset, const float *weights,
                               size_t pixels, size_t vectors) {
    f32xn w_f32xn[CORR2D_MAX_VECTORS];
    EACH(v, vectors, CORR2D_MAX_VECTORS) w_f32xn[v] = f32xn_load(weights + v * LANES);
    EACH(i, pixels, CORR2D_MAX_PIXELS) {
        const f32xn x_f32xn = f32xn_splat(x[i][offset]);
        if (vectors == 1 && pixels == CHANNEL_POINTERS) IN_ORDER;
        EACH(v, vectors, CORR2D_MAX_VECTORS) {
            acc->v[i][v] = f32xn_fma(x_f32xn, w_f32xn[v], acc->v[i][v]);
            if (vectors > 1) HOLD(acc->v[i][v]);
        }
        UNTIL_HERE(x_f32xn);
    }
    EACH(v, vectors, CORR2D_MAX_VECTORS) UNTIL_HERE(w_f32xn[v]);
}

/* Brings what is ahead nearer, a little with every tap. */
ALWAYS_INLINE void channel_ahead(const float **ahead, size_t step) {
    __builtin_prefetch(*ahead, 0, 3);
    *ahead += step;
}

/* Whether a tile does so at all: short sums of others lose 4 to 6 % by it. */
ALWAYS_INLINE bool channel_looks_ahead(size_t pixels, size_t vectors) {
    return (vectors == 1 || vectors == CHANNEL_VECTORS) && pixels <= CHANNEL_POINTERS;
}

/* Whether a tile takes four taps a step: where it has chains enough to lose by whatever is no multiply-add. */
ALWAYS_INLINE bool channel_by_fours(size_t pixels, size_t vectors) {
    return pixels * vectors >= CHANNEL_FOURS && pixels <= CHANNEL_POINTERS;
}

/* Whether it has steps of its own for whole kernels, whose weights need no table: 3x3, 5x5, eight taps of others. */
ALWAYS_INLINE bool channel_by_whole(size_t pixels, size_t vectors) {
    return CHANNEL_WHOLE && pixels == 6 && vectors == CHANNEL_VECTORS;
}

/* Four taps, whose weights follow one another or lie where the table says. */
ALWAYS_INLINE void channel_four(channel_acc *acc, const float *const *x, const corr2d_tap *tap, const float *weights,
                                bool dense, const float **ahead, size_t step, size_t pixels, size_t vectors) {
    const bool looks_ahead = channel_looks_ahead(pixels, vectors);
    const size_t width = vectors * LANES;
    const size_t each = width > 32 ? 2 : 4; /* on a map of 7 x 7 the next taps' weights are so many lines */
    UNROLL for (size_t i = 0; i < 4; i++) {
        if (looks_ahead && i % each == 0) channel_ahead(ahead, each * step);
        channel_tap(acc, x, tap[i].x, dense ? weights + i * width : weights + tap[i].w * vectors, pixels, vectors);
    }
}

/*
 * All taps, wherever they and their weights lie. A tile of one vector would wait for a table's weights: it
 * goes by fours where they follow one another.
 */
ALWAYS_INLINE void channel_taps(channel_acc *acc, const corr2d_tile *tile, const float *const *x, const channel_step *s,
                                size_t pixels, size_t vectors) {
    const bool looks_ahead = channel_looks_ahead(pixels, vectors);
    const bool dense = vectors == 1;
    const corr2d_tap *tap = tile->table, *const end = tap + tile->taps;
    const corr2d_tap *const fours = dense && !tile->dense ? tap : tap + tile->taps / 4 * 4;
    const float *const weights = s->weights, *ahead = s->ahead, *next = weights;
    const size_t step = tile->ahead_tap, width = vectors * LANES;
    if (channel_by_whole(pixels, vectors) && tile->dense) {
        const corr2d_tap *const eights = tap + tile->taps / 8 * 8;
        for (; tap != eights; tap += 8, next += 8 * width) {
            channel_four(acc, x, tap, next, true, &ahead, step, pixels, vectors);
            channel_four(acc, x, tap + 4, next + 4 * width, true, &ahead, step, pixels, vectors);
        }
    } else {
        for (; channel_by_fours(pixels, vectors) && tap != fours; tap += 4, next += 4 * width) {
            channel_four(acc, x, tap, dense ? next : weights, dense, &ahead, step, pixels, vectors);
        }
    }
    for (; tap != end; tap++) {
        if (looks_ahead) channel_ahead(&ahead, step);
        channel_tap(acc, x, tap->x, weights + tap->w * vectors, pixels, vectors);
    }
}

/* Whether a tile takes four taps that lie side by side: the widest ones, and those of short sums. */
ALWAYS_INLINE bool channel_goes_beside(size_t pixels, size_t vectors) {
    if (pixels == 5) return LANES >= 8 && vectors == CHANNEL_VECTORS;
    return LANES >= 8 && pixels == 6 && vectors >= CHANNEL_VECTORS - CHANNEL_VECTORS / 4;
}

/* Whether it does so panel after panel by itself: one that is not whole is left, and may take its taps by a table. */
ALWAYS_INLINE bool channel_by_panels(size_t pixels, size_t vectors) {
    return CHANNEL_PANELS && pixels == 6 && channel_goes_beside(pixels, vectors);
}

/* All taps side by side in x, whose places need no table: four a step. */
ALWAYS_INLINE void channel_taps_beside(channel_acc *acc, const corr2d_tile *tile, const float *const *x,
                                       const channel_step *s, size_t pixels, size_t vectors) {
    const bool looks_ahead = channel_looks_ahead(pixels, vectors);
    const size_t width = vectors * LANES, step = 4 * tile->ahead_tap;
    const ptrdiff_t fours = (ptrdiff_t)(tile->taps / 4 * 4);
    const float *weights = s->weights, *ahead = s->ahead;
    for (ptrdiff_t t = 0; t != fours; t += 4, weights += 4 * width) {
        if (looks_ahead) channel_ahead(&ahead, step);
        channel_tap(acc, x, t, weights, pixels, vectors);
        channel_tap(acc, x, t + 1, weights + width, pixels, vectors);
        channel_tap(acc, x, t + 2, weights + 2 * width, pixels, vectors);
        channel_tap(acc, x, t + 3, weights + 3 * width, pixels, vectors);
    }
    for (size_t t = tile->taps / 4 * 4; t != tile->taps; t++, weights += width) {
        channel_tap(acc, x, (ptrdiff_t)t, weights, pixels, vectors);
    }
}

/* A row of a whole kernel, from each tap `right` to the next, and `on` from the last to the next row's first. */
ALWAYS_INLINE ptrdiff_t channel_row(channel_acc *acc, const float *const *x, ptrdiff_t at, ptrdiff_t right,
                                    ptrdiff_t on, const float *weights, size_t side, size_t pixels, size_t vectors) {
    UNROLL for (size_t v = 0; v < side; v++) {
        channel_tap(acc, x, at, weights + v * vectors * LANES, pixels, vectors);
        at += v + 1 < side ? right : on;
        FORGET(at);
        IN_ORDER; /* or GCC would load the next tap's weights before this one is done with its own */
    }
    return at;
}

/*
 * Of whole kernels where in x the first tap lies, and how far it is from each to the next: in a row, to the next row and
 * to the last one, which may be further away, and to the next kernel.
 */
typedef struct channel_whole {
    ptrdiff_t first, right, middle, lower, next;
} channel_whole;

ALWAYS_INLINE channel_whole channel_whole_of(const corr2d_tile *tile, size_t side) {
    const corr2d_tap *const tap = tile->table;
    const size_t taps = side * side;
    channel_whole k = {.first = tap[0].x, .right = tap[1].x - tap[0].x, .middle = tap[side].x - tap[side - 1].x};
    k.lower = side == 3 ? tap[6].x - tap[5].x : k.middle;
    k.next = tile->taps > taps ? tap[taps].x - tap[taps - 1].x : 0;
    return k;
}

/* All taps of whole kernels, a kernel a step: no table, and few instructions beside the multiply-adds. */
ALWAYS_INLINE void channel_taps_whole(channel_acc *acc, const corr2d_tile *tile, const float *const *x,
                                      const channel_step *s, const channel_whole *k, size_t side, size_t pixels,
                                      size_t vectors) {
    const size_t taps = side * side, width = vectors * LANES, step = taps * tile->ahead_tap;
    const float *weights = s->weights, *end = weights + tile->taps * width, *ahead = s->ahead;
    ptrdiff_t at = k->first;
    IN_MEMORY(end); /* or a distance would be, to be loaded before it is added */
    for (; weights != end; weights += taps * width) {
        channel_ahead(&ahead, step);
        at = channel_row(acc, x, at, k->right, k->middle, weights, side, pixels, vectors);
        if (side == 5) at = channel_row(acc, x, at, k->right, k->middle, weights + 5 * width, side, pixels, vectors);
        if (side == 5) at = channel_row(acc, x, at, k->right, k->middle, weights + 10 * width, side, pixels, vectors);
        at = channel_row(acc, x, at, k->right, k->lower, weights + (taps - 2 * side) * width, side, pixels, vectors);
        at = channel_row(acc, x, at, k->right, k->next, weights + (taps - side) * width, side, pixels, vectors);
    }
}

/* Whether pixels lie two by two at the same distance. */
ALWAYS_INLINE bool channel_paired(const ptrdiff_t *x_pixel, size_t pixels) {
    const ptrdiff_t space = x_pixel[1] - x_pixel[0];
    bool paired = true;
    for (size_t i = 2; i < pixels; i += 2) paired &= x_pixel[i + 1] - x_pixel[i] == space;
    return paired;
}

/* One tap of such pixels, which need a pointer only for every other. */
ALWAYS_INLINE void channel_tap_paired(channel_acc *acc, const float *const *x, ptrdiff_t offset, ptrdiff_t space,
                                      const float *weights, size_t pixels, size_t vectors) {
    f32xn w_f32xn[CORR2D_MAX_VECTORS];
    EACH(v, vectors, CORR2D_MAX_VECTORS) w_f32xn[v] = f32xn_load(weights + v * LANES);
    EACH(i, pixels, CORR2D_MAX_PIXELS) {
        const float *const pair = x[i / 2] + offset;
        const f32xn x_f32xn = f32xn_splat(pair[i % 2 ? space : 0]);
        EACH(v, vectors, CORR2D_MAX_VECTORS) {
            acc->v[i][v] = f32xn_fma(x_f32xn, w_f32xn[v], acc->v[i][v]);
            if (vectors > 1) HOLD(acc->v[i][v]);
        }
    }
}

/* All taps of such pixels: where weights follow one another two by two, and what is left as their table says. */
ALWAYS_INLINE void channel_taps_paired(channel_acc *acc, const corr2d_tile *tile, const channel_step *s, size_t pixels,
                                       size_t vectors) {
    const corr2d_tap *tap = tile->table, *const end = tap + tile->taps;
    const corr2d_tap *const twos = tile->dense ? tap + tile->taps / 2 * 2 : tap;
    const float *weights = s->weights, *ahead = s->ahead, *x[CORR2D_MAX_PIXELS / 2];
    const ptrdiff_t space = s->x_pixel[1] - s->x_pixel[0];
    EACH(i, pixels / 2, CORR2D_MAX_PIXELS / 2) x[i] = tile->x + s->x_pixel[2 * i];
    for (; tap != twos; tap += 2, weights += 2 * vectors * LANES) {
        channel_ahead(&ahead, 2 * tile->ahead_tap);
        channel_tap_paired(acc, x, tap[0].x, space, weights, pixels, vectors);
        channel_tap_paired(acc, x, tap[1].x, space, weights + vectors * LANES, pixels, vectors);
    }
    for (; tap != end; tap++) {
        channel_tap_paired(acc, x, tap->x, space, s->weights + tap->w * vectors, pixels, vectors);
    }
}

/* All taps at equal distances of one vector by evenly spaced pixels, which need a pointer only for every third. */
ALWAYS_INLINE void channel_taps_spaced(channel_acc *acc, const corr2d_tile *tile, const channel_step *s,
                                       size_t pixels) {
    const float *weights = s->weights, *const end = weights + tile->taps * LANES, *ahead = s->ahead;
    const float *x[CORR2D_MAX_PIXELS / 3];
    const ptrdiff_t step = tile->x_step, space = tile->x_space;
    EACH(i, (pixels + 2) / 3, CORR2D_MAX_PIXELS / 3) x[i] = tile->x + s->x_pixel[3 * i];
    for (; weights != end; weights += LANES) {
        const f32xn w_f32xn = f32xn_load(weights);
        channel_ahead(&ahead, tile->ahead_tap);
        EACH(i, pixels, CORR2D_MAX_PIXELS) {
            const f32xn x_f32xn = f32xn_splat(x[i / 3][(ptrdiff_t)(i % 3) * space]);
            acc->v[i][0] = f32xn_fma(x_f32xn, w_f32xn, acc->v[i][0]);
        }
        EACH(i, (pixels + 2) / 3, CORR2D_MAX_PIXELS / 3) x[i] += step;
    }
}

/* Four taps side by side for CPUs that multiply by a lane of a register: one load brings all four of a pixel. */
ALWAYS_INLINE void channel_four_lanes(channel_acc *acc, const f32x4 *x_f32x4, const float *weights, size_t pixels,
                                      size_t vectors) {
    UNROLL for (size_t lane = 0; lane < 4; lane++) {
        EACH(v, vectors, CORR2D_MAX_VECTORS) {
            const f32xn w_f32xn = f32xn_load(weights + (lane * vectors + v) * LANES);
            EACH(i, pixels, CORR2D_MAX_PIXELS) {
                acc->v[i][v] = f32xn_fma_lane(w_f32xn, x_f32x4[i], lane, acc->v[i][v]);
            }
        }
    }
}

ALWAYS_INLINE void channel_taps_lanes(channel_acc *acc, size_t taps, const float *const *x, const float *weights,
                                      size_t pixels, size_t vectors) {
    const size_t width = vectors * LANES;
    size_t t = 0;
    for (; t + 4 <= taps; t += 4, weights += 4 * width) {
        f32x4 x_f32x4[CORR2D_MAX_PIXELS];
        EACH(i, pixels, CORR2D_MAX_PIXELS) x_f32x4[i] = f32x4_load(x[i] + t);
        channel_four_lanes(acc, x_f32x4, weights, pixels, vectors);
    }
    for (; t != taps; t++, weights += width) channel_tap(acc, x, (ptrdiff_t)t, weights, pixels, vectors);
}

/* The activation before the stores, where CHANNEL_ASKS: not at all where there is none. */
ALWAYS_INLINE void channel_clamp(channel_acc *acc, const corr2d_tile *tile, bool clamped, size_t pixels,
                                 size_t vectors) {
    if (!CHANNEL_ASKS || !clamped) return;
    const f32xn lo = f32xn_splat(tile->lo), hi = f32xn_splat(tile->hi);
    EACH(i, pixels, CORR2D_MAX_PIXELS) {
        EACH(v, vectors, CORR2D_MAX_VECTORS) acc->v[i][v] = f32xn_clamp(acc->v[i][v], lo, hi);
    }
}

ALWAYS_INLINE void channel_store(channel_acc *acc, const corr2d_tile *tile, const channel_step *s, bool clamped,
                                 size_t pixels, size_t vectors) {
    const f32xn lo = f32xn_splat(tile->lo), hi = f32xn_splat(tile->hi), zero = f32xn_splat(0.0f);
    float *const whole = s->whole;
    const ptrdiff_t *const pixel = s->whole_pixel;
    const size_t last = s->channels - (vectors - 1) * LANES;
    channel_clamp(acc, tile, clamped, pixels, vectors);
    EACH(i, pixels, CORR2D_MAX_PIXELS) {
        float *p = whole + pixel[i];
        EACH(v, vectors, CORR2D_MAX_VECTORS) {
            const f32xn y_f32xn = CHANNEL_ASKS ? f32xn_add(acc->v[i][v], zero) : finish(acc->v[i][v], lo, hi);
            if (vectors == CHANNEL_PARTS && v + 1 == vectors && last != LANES) {
                f32xn_store_part(p + v * LANES, y_f32xn, last);
            } else {
                f32xn_store(p + v * LANES, y_f32xn);
            }
        }
    }
}

/* One panel by the pixels at x, which are read here, so that they stay in registers in the loops over taps. */
ALWAYS_INLINE void channel_panel(const corr2d_tile *tile, const channel_step *s, size_t pixels, size_t vectors) {
    const float *x[CORR2D_MAX_PIXELS];
    channel_acc acc;
    channel_bias(&acc, s->bias, pixels, vectors);
    if (tile->load) channel_load(&acc, s, pixels, vectors);
    EACH(i, pixels, CORR2D_MAX_PIXELS) x[i] = tile->x + s->x_pixel[i];
    if (CHANNEL_LANES && tile->x_step == 1) {
        channel_taps_lanes(&acc, tile->taps, x, s->weights, pixels, vectors);
    } else if (pixels > CHANNEL_POINTERS && vectors == 1 && tile->x_space) {
        channel_taps_spaced(&acc, tile, s, pixels);
    } else if (pixels > CHANNEL_POINTERS && channel_paired(s->x_pixel, pixels)) {
        channel_taps_paired(&acc, tile, s, pixels, vectors);
    } else {
        const bool beside = channel_goes_beside(pixels, vectors) && !channel_by_panels(pixels, vectors);
        if (beside && tile->x_step == 1) {
            channel_taps_beside(&acc, tile, x, s, pixels, vectors);
        } else {
            channel_taps(&acc, tile, x, s, pixels, vectors);
        }
    }
    channel_store(&acc, tile, s, clamps(tile->lo, tile->hi), pixels, vectors);
}

typedef void channel_panel_fn(const corr2d_tile *tile, const channel_step *s);

/* On to the next panel, of channels that are `width` on. */
ALWAYS_INLINE void channel_next(channel_step *s, const corr2d_tile *tile, size_t width) {
    s->weights += tile->panel;
    s->bias += tile->bias_step;
    s->y += width;
    s->whole = s->y;
    if (!tile->ahead_x) s->ahead += tile->panel;
}

/*
 * All whole panels, of whole kernels with so many rows or of taps side by side: to call one after another takes short
 * sums up to 8 % longer, and to compute for each what is the same for all 3 % of 27 taps.
 */
ALWAYS_INLINE void channel_panels(const corr2d_tile *tile, channel_step *s, size_t pixels, size_t vectors,
                                  size_t side) {
    const size_t width = vectors * LANES;
    const bool clamped = clamps(tile->lo, tile->hi);
    const channel_whole k = side ? channel_whole_of(tile, side) : (channel_whole){0};
    const float *x[CORR2D_MAX_PIXELS];
    EACH(i, pixels, CORR2D_MAX_PIXELS) x[i] = tile->x + s->x_pixel[i];
    for (; s->channels >= width; s->channels -= width) {
        channel_acc acc;
        channel_bias(&acc, s->bias, pixels, vectors);
        if (tile->load) channel_load(&acc, s, pixels, vectors);
        if (side) {
            channel_taps_whole(&acc, tile, x, s, &k, side, pixels, vectors);
        } else {
            channel_taps_beside(&acc, tile, x, s, pixels, vectors);
        }
        IN_ORDER; /* or GCC would keep the activation's bounds in registers, for want of which sums would wander */
        channel_store(&acc, tile, s, clamped, pixels, vectors);
        channel_next(s, tile, width);
    }
}

typedef void channel_panels_fn(const corr2d_tile *tile, channel_step *s);

/* The same for a panel that y does not take as whole vectors, through a buffer. */
NOT_INLINE void channel_indirect(const corr2d_tile *tile, const channel_step *s, size_t pixels,
                                 channel_panel_fn *panel) {
    _Alignas(64) float buffer[CORR2D_MAX_PIXELS * CHANNEL_PITCH];
    const size_t bytes = s->channels * sizeof *buffer;
    channel_step buffered = *s;
    buffered.whole = buffer;
    buffered.whole_pixel = channel_places;
    for (size_t i = 0; tile->load && i < pixels; i++) memcpy(buffer + i * CHANNEL_PITCH, s->y + s->y_pixel[i], bytes);
    panel(tile, &buffered);
    for (size_t i = 0; i < pixels; i++) memcpy(s->y + s->y_pixel[i], buffer + i * CHANNEL_PITCH, bytes);
}

/* For each tile of `pixels` pixels in turn panel after panel of `width` channels, the whole ones by `panels`, if any. */
NOT_INLINE void channel_walk(const corr2d_tile *tile, size_t pixels, size_t width, channel_panel_fn *panel,
                             channel_panels_fn *panels) {
    for (size_t first = 0; first < tile->pixels; first += pixels) {
        const float *const last = tile->x + tile->x_pixel[first + pixels - 1];
        channel_step s;
        s.x_pixel = tile->x_pixel + first;
        s.weights = tile->weights;
        s.bias = tile->bias;
        s.y = s.whole = tile->y;
        s.y_pixel = s.whole_pixel = tile->y_pixel + first;
        s.ahead = (tile->ahead_x ? last : s.weights + first * tile->ahead_pixel) + tile->ahead;
        s.channels = tile->channels;
        if (panels) panels(tile, &s);
        for (size_t left = s.channels; left; left -= s.channels) {
            s.channels = left < width ? left : width;
            if (s.channels == width || (width == CHANNEL_PARTS * LANES && !tile->load)) {
                panel(tile, &s);
            } else {
                channel_indirect(tile, &s, pixels, panel);
            }
            channel_next(&s, tile, width);
        }
    }
}

#ifdef PICKS
/*
 * A tile of as many groups as fill a vector: lane o * count + g is output o of the g-th of `count` groups. Likewise the
 * groups' c-th inputs of a packed pixel lie side by side, so that to load them to every `count` lanes takes no
 * permutation.
 */
typedef struct channel_group_step {
    const float *x[CORR2D_GROUP_PIXELS];
    float *y[CORR2D_GROUP_PIXELS];
} channel_group_step;

/* Where in a vector of group after group of `each` the vector's lanes are, whose groups' c-th lie side by side. */
static f32xn_lanes channel_group_lanes(size_t first, size_t each, size_t count) {
    int32_t lanes[LANES] = {0};
    for (size_t c = 0; c < each; c++) {
        for (size_t g = 0; g < count; g++) lanes[c * count + g] = (int32_t)(first + g * each + c);
    }
    return f32xn_lanes_load(lanes);
}

static void channel_groups_pack(const corr2d_tile *tile) {
    const size_t count = LANES / tile->group_out;
    const f32xn_lanes lanes = channel_group_lanes(tile->group_first, tile->group_in, count);
    float *const end = tile->packed + tile->pixels * LANES;
    for (float *pixel = tile->packed; pixel != end; pixel += LANES) {
        f32xn_store(pixel, f32xn_pick(f32xn_load(pixel), lanes));
    }
}

/* The pixels from `first` on; behind the last it is the last again, which gives the same once more. */
static inline void channel_group_pixels(channel_group_step *s, const corr2d_tile *tile, size_t first) {
    for (size_t i = 0; i < CORR2D_GROUP_PIXELS; i++) {
        s->x[i] = tile->x + tile->x_pixel[first];
        s->y[i] = tile->y + tile->y_pixel[first];
        first += first + 1 < tile->pixels;
    }
}

/* A tap of all groups at once. */
ALWAYS_INLINE void channel_group_taps(f32xn *acc, const corr2d_tile *tile, const channel_group_step *s,
                                      f32xn_lanes lanes, size_t count) {
    const float *const weights = tile->weights, *x[CORR2D_GROUP_PIXELS];
    const corr2d_tap *const end = tile->table + tile->taps;
    EACH(i, CORR2D_GROUP_PIXELS, CORR2D_GROUP_PIXELS) x[i] = s->x[i];
    for (const corr2d_tap *tap = tile->table; tap != end; tap++) {
        const f32xn w_f32xn = f32xn_pick(f32xn_load(weights + tap->w), lanes);
        EACH(i, CORR2D_GROUP_PIXELS, CORR2D_GROUP_PIXELS) {
            acc[i] = f32xn_fma(f32xn_splat_few(x[i] + tap->x, count), w_f32xn, acc[i]);
        }
    }
}

static void channel_groups(const corr2d_tile *tile) {
    const f32xn lo = f32xn_splat(tile->lo), hi = f32xn_splat(tile->hi), bias = f32xn_load(tile->bias);
    const size_t each = tile->group_out, count = LANES / each;
    const f32xn_lanes in = channel_group_lanes(0, each, count), out = channel_group_lanes(0, count, each);
    channel_group_step s;
    for (size_t first = 0; first < tile->pixels; first += CORR2D_GROUP_PIXELS) {
        f32xn acc[CORR2D_GROUP_PIXELS];
        channel_group_pixels(&s, tile, first);
        EACH(i, CORR2D_GROUP_PIXELS, CORR2D_GROUP_PIXELS) {
            acc[i] = f32xn_pick(tile->load ? f32xn_add(f32xn_load(s.y[i]), bias) : bias, in);
        }
        if (count == 2) {
            channel_group_taps(acc, tile, &s, in, 2);
        } else if (count == 4 || LANES < 16) {
            channel_group_taps(acc, tile, &s, in, 4);
        } else {
            channel_group_taps(acc, tile, &s, in, 8);
        }
        EACH(i, CORR2D_GROUP_PIXELS, CORR2D_GROUP_PIXELS) {
            f32xn_store(s.y[i], finish(f32xn_pick(acc[i], out), lo, hi));
        }
    }
}
#define CHANNEL_GROUPS_PACK channel_groups_pack
#define CHANNEL_GROUPS channel_groups
#else
#define CHANNEL_GROUPS_PACK NULL
#define CHANNEL_GROUPS NULL
#endif

/* Defines the tile of n pixels by v vectors. */
#define CHANNEL_TILE(v, n)                                                                                             \
    static void channel_panel_##v##x##n(const corr2d_tile *tile, const channel_step *s) {                              \
        channel_panel(tile, s, n, v);                                                                                  \
    }                                                                                                                  \
    static void channel_besides_##v##x##n(const corr2d_tile *tile, channel_step *s) {                                  \
        channel_panels(tile, s, n, v, 0);                                                                              \
    }                                                                                                                  \
    static void channel_nines_##v##x##n(const corr2d_tile *tile, channel_step *s) {                                    \
        channel_panels(tile, s, n, v, 3);                                                                              \
    }                                                                                                                  \
    static void channel_fives_##v##x##n(const corr2d_tile *tile, channel_step *s) {                                    \
        channel_panels(tile, s, n, v, 5);                                                                              \
    }                                                                                                                  \
    static void channel_##v##x##n(const corr2d_tile *tile) {                                                           \
        channel_panels_fn *panels = NULL;                                                                              \
        if (channel_by_panels(n, v) && tile->x_step == 1) panels = channel_besides_##v##x##n;                          \
        if (channel_by_whole(n, v) && tile->side == 3) panels = channel_nines_##v##x##n;                               \
        if (channel_by_whole(n, v) && tile->side == 5) panels = channel_fives_##v##x##n;                               \
        channel_walk(tile, n, (v)*LANES, channel_panel_##v##x##n, panels);                                             \
    }

/* The tiles of v vectors by up to four, five, six, eight or twelve pixels, and their row of a table. */
#define CHANNEL_TILES_4(v) CHANNEL_TILE(v, 1) CHANNEL_TILE(v, 2) CHANNEL_TILE(v, 3) CHANNEL_TILE(v, 4)
#define CHANNEL_TILES_5(v) CHANNEL_TILES_4(v) CHANNEL_TILE(v, 5)
#define CHANNEL_TILES_6(v) CHANNEL_TILES_5(v) CHANNEL_TILE(v, 6)
#define CHANNEL_TILES_8(v) CHANNEL_TILES_6(v) CHANNEL_TILE(v, 7) CHANNEL_TILE(v, 8)
#define CHANNEL_TILES_12(v) CHANNEL_TILES_8(v) CHANNEL_TILE(v, 12)

#define CHANNEL_ROW(v) [1] = channel_##v##x1, [2] = channel_##v##x2, [3] = channel_##v##x3, [4] = channel_##v##x4
#define CHANNEL_ROW_4(v)                                                                                               \
    { CHANNEL_ROW(v) }
#define CHANNEL_ROW_5(v)                                                                                               \
    { CHANNEL_ROW(v), [5] = channel_##v##x5 }
#define CHANNEL_ROW_6(v)                                                                                               \
    { CHANNEL_ROW(v), [5] = channel_##v##x5, [6] = channel_##v##x6 }
#define CHANNEL_ROW_8(v)                                                                                               \
    { CHANNEL_ROW(v), [5] = channel_##v##x5, [6] = channel_##v##x6, [7] = channel_##v##x7, [8] = channel_##v##x8, }
#define CHANNEL_ROW_12(v)                                                                                              \
    {                                                                                                                  \
        CHANNEL_ROW(v), [5] = channel_##v##x5, [6] = channel_##v##x6, [7] = channel_##v##x7, [8] = channel_##v##x8,    \
                        [12] = channel_##v##x12,                                                                       \
    }
