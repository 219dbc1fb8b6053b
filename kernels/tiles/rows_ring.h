/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise tiles on planes read where they lie, for few registers: 3x3 with stride 1 here, with stride 2 in
 * tiles/rows_strided.h, 5x5 in tiles/rows_pairs.h. Part of tiles/rows.h.
 *
 * A tile is a vector of columns down a band of rows, with nine weights in registers. Each row of inputs is added to all
 * rows of outputs that it reaches, which wait in a ring of accumulators: the oldest is finished and stored, and the
 * others move up. Rows of padding are left out. The loop over rows has nothing in it that could be decided before, or
 * that alone would take as long as the multiply-adds: what rows of a band have in common is found once for all tiles.
 */

/* The most rows of a band, of which each reads two rows again. */
#define RING_BAND 28

/* Steps of a tile that are alike: a row of inputs, after which an output is stored. */
typedef struct ring_part {
    size_t x, steps, y_step; /* where the first row begins in x; y_step is 0 where what is stored is no output yet */
    bool inside;             /* whether the rows are in x */
    bool rest;               /* from here on rows are shorter than what may be stored */
} ring_part;

/* They change where x begins and ends, at the first output, and at the rest. */
#define RING_PARTS 6

/* A vector of columns: the middle tap's first input, as if row 0 were the band's first, and the first output. */
typedef struct ring_call {
    const rows_channel *c;
    const float *x_channel, *x, *weights, *bias;
    float *y_band, *y;
    ring_part parts[RING_PARTS]; /* up to one without steps */
    size_t row, rows;            /* a band of rows of outputs */
    size_t band;                 /* from a band's inputs to the next one's */
    size_t ahead;                /* from a tile's first input or output to what is fetched first */
    size_t whole;                /* so many of them may be stored as whole vectors, the others are shorter */
} ring_call;

/* What a tile keeps in registers. */
typedef struct ring_state {
    const float *x;
    float *y;
    size_t x_step, y_step, steps;
    const float *bias, *zeros, *clamp; /* the last two floats of an activation, or NULL */
    f32xn acc[3], w[9];
} ring_state;

/* The rows that are shorter than a vector and may not be stored as one, from a buffer. */
NOT_INLINE void ring_rest(const ring_call *call, const float *rest, size_t row) {
    const corr2d_planes *all = call->c->all;
    for (; row < all->rows; row++, rest += LANES) {
        f32xn_store_part(call->y + row * all->y_row, f32xn_load(rest), all->columns);
    }
}

/* An output is finished and stored, and the others move up. */
ALWAYS_INLINE void ring_step(ring_state *r) {
    f32xn y_f32xn = r->acc[0];
    if (r->clamp) y_f32xn = f32xn_clamp(y_f32xn, f32xn_splat(r->clamp[0]), f32xn_splat(r->clamp[1]));
    f32xn_store(r->y, f32xn_add(y_f32xn, f32xn_load(r->zeros)));
    r->y += r->y_step;
    r->acc[0] = r->acc[1];
    r->acc[1] = r->acc[2];
    r->acc[2] = f32xn_splat(r->bias[0]);
}

/*
 * Steps with inputs, at least one. Other tiles than narrow ones fetch what the next band or channel reads, in the order
 * in which it lies in memory: so the caches' own prefetchers help where it comes from beyond the second one.
 */
ALWAYS_INLINE void ring_run(ring_state *r, const ring_call *call, rows_sides sides) {
    const ptrdiff_t step = sizeof(f32xn), all = (ptrdiff_t)r->steps * step;
    const char *x_ahead = (const char *)(r->x + call->ahead) + all, *y_ahead = (const char *)(r->y + call->ahead) + all;
    ptrdiff_t i = -all;
    FORGET(x_ahead);
    FORGET(y_ahead);
    do {
        f32xn in[3];
        if (sides != ROWS_WHOLE) __builtin_prefetch(x_ahead + i, 0, 3);
        if (sides != ROWS_WHOLE) __builtin_prefetch(y_ahead + i, 1, 3);
        IN_ORDER;
        rows_load(in, r->x, call->c, 1, sides, false);
        UNROLL for (size_t v = 0; v < 3; v++) {
            UNROLL for (size_t a = 0; a < 3; a++) r->acc[a] = f32xn_fma(in[v], r->w[(2 - a) * 3 + v], r->acc[a]);
        }
        r->x += r->x_step;
        ring_step(r);
        i += step;
    } while (i);
}

/* What is stored to the first row before that is finished is written over. */
ALWAYS_INLINE void ring_tile(const ring_call *call, rows_sides sides) {
    const corr2d_planes *all = call->c->all;
    float rest[LANES * LANES];
    ring_state r = {.y = sides == ROWS_WHOLE && call->whole == 0 ? rest : call->y,
                    .x_step = all->x_row,
                    .bias = call->bias,
                    .zeros = all->zeros};
    r.clamp = call->c->clamped ? &all->lo : NULL;
    UNROLL for (size_t t = 0; t < 9; t++) r.w[t] = f32xn_splat(call->weights[t]);
    UNROLL for (size_t a = 0; a < 3; a++) r.acc[a] = f32xn_splat(call->bias[0]);
    for (const ring_part *part = call->parts; part->steps; part++) {
        r.steps = part->steps;
        r.y_step = part->y_step;
        if (sides == ROWS_WHOLE && part->rest) r.y = rest;
        if (part->inside) {
            r.x = call->x + part->x;
            ring_run(&r, call, sides);
        } else {
            do ring_step(&r);
            while (--r.steps);
        }
    }
    if (sides == ROWS_WHOLE && call->whole < all->rows) ring_rest(call, rest, call->whole);
}

typedef void ring_fn(const ring_call *call);

#define RING(name, sides)                                                                                              \
    NOT_INLINE void planes_##name##_1(const ring_call *call) { ring_tile(call, sides); }

RING(middle, ROWS_MIDDLE)
RING(left, ROWS_LEFT)
RING(right, ROWS_RIGHT)
RING(whole, ROWS_WHOLE)

/* The part that begins with a step; the first two ones store no output. Rows of x count from its first one. */
static inline ring_part ring_next(const ring_call *call, size_t step) {
    const corr2d_planes *all = call->c->all;
    const size_t early = 2, end = call->rows + early, whole = call->whole + early;
    const size_t until = step < early ? early : step < whole ? whole : end, left = until - step;
    const size_t row = call->row + step - all->above, inside = all->x_rows - row;
    const size_t before = row > PTRDIFF_MAX ? 0 - row : left;
    ring_part part = {.x = row * all->x_row, .rest = step == whole, .inside = row < all->x_rows};
    part.y_step = step < early ? 0 : step < whole ? all->y_row : LANES;
    part.steps = part.inside ? inside : before;
    if (part.steps > left) part.steps = left;
    return part;
}

/* Cuts a band. Nothing is done before x begins. */
NOT_INLINE void ring_cut(ring_call *call) {
    const size_t end = call->rows + 2;
    ring_part *part = call->parts;
    for (size_t step = 0; step < end;) {
        *part = ring_next(call, step);
        step += part->steps;
        if (part->inside || part->y_step || part > call->parts) part++;
    }
    part->steps = 0;
}

static inline void ring_go(ring_call *call, size_t column, ring_fn *fn) {
    call->x = call->x_channel + column;
    call->y = call->y_band + column;
    call->ahead = call->band + column * (call->rows - 1);
    fn(call);
}

/* A band's vectors, of which the last may overlap the one before. */
static inline void ring_across(ring_call *call) {
    const rows_channel *c = call->c;
    if (c->first) ring_go(call, 0, planes_left_1);
    for (size_t column = c->first; column < c->end; column += LANES) {
        ring_go(call, column < c->last ? column : c->last, planes_middle_1);
    }
    if (c->right) ring_go(call, c->last, planes_right_1);
}

/* All rows, band after band: so y is written line after line. Several bands are cut for each channel again. */
static inline void ring_down(ring_call *call) {
    const corr2d_planes *all = call->c->all;
    const size_t rows = all->rows;
    for (call->row = 0; call->row < rows; call->row += call->rows) {
        const size_t left = rows - call->row;
        if (rows > RING_BAND) {
            call->rows = call->whole = left > RING_BAND ? RING_BAND : left;
            ring_cut(call);
        }
        call->band = call->rows * all->x_row;
        ring_across(call);
        call->y_band += call->rows * all->y_row;
    }
}

#include "kernels/tiles/rows_quads.h"

/* A vector of a map's columns, from its first row of inputs and of outputs on. */
ALWAYS_INLINE void ring_map(ring_state *r, const ring_call *call, const float *x, float *y, rows_sides sides) {
    const corr2d_planes *all = call->c->all;
    size_t left = all->rows;
    r->x = x;
    r->y = y;
    r->y_step = 0;
    UNROLL for (size_t a = 0; a < 3; a++) r->acc[a] = f32xn_splat(r->bias[0]);
    r->steps = 1;
    do {
        ring_run(r, call, sides);
        left -= r->steps;
        r->steps = left;
        r->y_step = all->y_row;
    } while (left);
    ring_step(r);
}

/* All channels of maps of two vectors with a row and a column of padding around them: one loop, since each is short. */
NOT_INLINE void planes_maps(const rows_channel *c, bool quads) {
    const corr2d_planes *all = c->all;
    const float *x = all->x, *weights = all->weights;
    float *y = all->y;
    ring_call call = {.c = c};
    ring_state r = {.x_step = all->x_row, .bias = all->bias, .zeros = all->zeros};
    r.clamp = c->clamped ? &all->lo : NULL;
    for (size_t i = 0; i < all->channels; i++) {
        UNROLL for (size_t t = 0; t < 9; t++) r.w[t] = f32xn_splat(weights[t]);
        call.ahead = all->x_channel;
        ring_map(&r, &call, x, y, ROWS_LEFT);
        call.ahead += c->last * (all->rows - 1);
        if (c->right) ring_map(&r, &call, x + c->last, y + c->last, ROWS_RIGHT);
        if (quads) quads_planes(all, i);
        x += all->x_channel;
        y += all->y_channel;
        weights += 9;
        r.bias++;
    }
}

/* Whether maps have a row and a column of padding around them. */
static inline bool ring_padded(const corr2d_planes *all) {
    return all->x_columns == all->columns && all->before == 1 && all->x_rows == all->rows && all->above == 1;
}

static inline void ring_planes(const corr2d_planes *all) {
    const size_t spill = (LANES - 1) / all->columns;
    rows_channel c = rows_cut(all);
    ring_call call = {.c = &c, .rows = all->rows, .whole = all->rows > spill ? all->rows - spill : 0};
    const bool padded = ring_padded(all), quads = padded && quads_cut(&c);
    if (padded && all->rows > 1 && all->columns > LANES && all->columns <= 2 * LANES) {
        planes_maps(&c, quads);
        return;
    }
    ring_cut(&call);
    for (size_t i = 0; i < all->channels; i++) {
        call.x_channel = all->x + i * all->x_channel + 1 - all->before;
        call.y_band = all->y + i * all->y_channel;
        call.weights = all->weights + i * 9;
        call.bias = all->bias + i;
        if (all->columns > LANES) {
            ring_down(&call);
            if (quads) quads_planes(all, i);
        } else {
            ring_go(&call, 0, planes_whole_1);
        }
    }
}

#include "kernels/tiles/rows_pairs.h"
#include "kernels/tiles/rows_strided.h"
#ifdef PICKS
#include "kernels/tiles/rows_fourteen.h"
#endif

static void depthwise_rows(const corr2d_planes *all) {
    if (narrow_planes(all)) return;
#ifdef PICKS
    if (all->taps_across == 5 && all->stride == 2 && strided_even(all) && all->x_columns == STRIDED_COLUMNS) {
        planes_fourteen(all);
        return;
    }
#endif
    if (all->taps_across == 3 && all->stride == 2) {
        strided_planes(all);
    } else if (all->taps_across == 3) {
        ring_planes(all);
    } else {
        pairs_planes(all);
    }
}
