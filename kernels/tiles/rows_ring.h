/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise tiles on planes read where they lie, for few registers: 3x3 here, 5x5 in tiles/rows_pairs.h. Part of
 * tiles/rows.h.
 *
 * A tile is a vector of columns down a band of rows, with nine weights in registers. Each row of inputs is added to all
 * rows of outputs that it reaches, which wait in a ring of accumulators: the oldest is finished and stored, and the
 * others move up. Rows of padding are left out. The loop over rows has nothing in it that could be decided before, or
 * that alone would take as long as the multiply-adds: what rows of a band have in common is found once for all tiles.
 */

/* The most rows of a band, of which each reads two rows again. */
#define RING_BAND 28

/*
 * Steps of a tile that are alike. With stride 1 a step is a row of inputs, with stride 2 those of an output's second
 * and third row of taps; then an output is stored.
 */
typedef struct ring_part {
    size_t x, steps, y_step;  /* where the first row begins in x; y_step is 0 where what is stored is no output yet */
    bool inside, next_inside; /* whether a step's first row and, with stride 2, its second one are in x */
    bool rest;                /* from here on rows are shorter than what may be stored */
} ring_part;

/* They change where x begins and ends, with stride 2 a row early, at the first output, and at the rest. */
#define RING_PARTS 9

/* A vector of columns: the middle tap's first input, as if row 0 were the band's first, and the first output. */
typedef struct ring_call {
    const rows_channel *c;
    const float *x_channel, *x, *weights, *bias;
    float *y_band, *y;
    f32xn_mask before[2]; /* with stride 2, at x's left end: what is in x of two vectors from two columns earlier on */
    ring_part parts[RING_PARTS]; /* up to one without steps */
    size_t row, rows;            /* a band of rows of outputs */
    size_t whole;                /* so many of them may be stored as whole vectors, the others are shorter */
} ring_call;

/* What a tile keeps in registers. */
typedef struct ring_state {
    const float *x, *x_next;
    float *y;
    size_t x_step, y_step, steps;
    const float *bias, *zeros, *clamp; /* the last two floats of an activation, or NULL */
    f32xn acc[3], w[9];
} ring_state;

/* The inputs of the three taps across; with stride 2 in an order that f32xn_order_parts mends. */
ALWAYS_INLINE void ring_load(f32xn *in, const float *x, const ring_call *call, size_t stride, rows_sides sides) {
    const rows_channel *c = call->c;
    const bool whole = sides == ROWS_WHOLE, narrow = sides >= ROWS_BOTH;
    const bool left = narrow || sides == ROWS_LEFT, right = narrow || sides == ROWS_RIGHT;
    if (stride == 1) {
        rows_load(in, x, c, 1, sides, false);
        return;
    }
    const f32xn low = whole ? f32xn_load_mask(x, c->inside[0]) : f32xn_load(x);
    const f32xn high = right ? f32xn_load_mask(x + LANES, c->inside[1]) : f32xn_load(x + LANES);
    const f32xn low_before = left ? f32xn_load_mask(x - 2, call->before[0]) : f32xn_load(x - 2);
    const f32xn high_before = whole ? f32xn_load_mask(x + LANES - 2, call->before[1]) : f32xn_load(x + LANES - 2);
    f32xn even;
    f32xn_split_parts(low_before, high_before, &even, in);
    f32xn_split_parts(low, high, in + 1, in + 2);
}

/* The rows that are shorter than a vector and may not be stored as one, from a buffer. */
NOT_INLINE void ring_rest(const ring_call *call, const float *rest, size_t row) {
    const corr2d_planes *all = call->c->all;
    for (; row < all->rows; row++, rest += LANES) {
        f32xn_store_part(call->y + row * all->y_row, f32xn_load(rest), all->columns);
    }
}

/* An output is finished and stored, and the others move up. */
ALWAYS_INLINE void ring_step(ring_state *r, size_t stride) {
    f32xn y_f32xn = r->acc[0];
    if (r->clamp) y_f32xn = f32xn_clamp(y_f32xn, f32xn_splat(r->clamp[0]), f32xn_splat(r->clamp[1]));
    if (stride == 2) y_f32xn = f32xn_order_parts(y_f32xn);
    f32xn_store(r->y, f32xn_add(y_f32xn, f32xn_load(r->zeros)));
    r->y += r->y_step;
    r->acc[0] = r->acc[1];
    if (stride == 1) r->acc[1] = r->acc[2];
    r->acc[3 - stride] = f32xn_splat(r->bias[0]);
}

/* A row of inputs. With stride 2 it reaches two outputs, if it is the `next` one of a step. */
ALWAYS_INLINE void ring_add(ring_state *r, const float *x, const ring_call *call, size_t stride, rows_sides sides,
                            bool next) {
    f32xn in[3];
    IN_ORDER;
    ring_load(in, x, call, stride, sides);
    UNROLL for (size_t v = 0; v < 3; v++) {
        if (stride == 1) {
            UNROLL for (size_t a = 0; a < 3; a++) r->acc[a] = f32xn_fma(in[v], r->w[(2 - a) * 3 + v], r->acc[a]);
        } else {
            r->acc[0] = f32xn_fma(in[v], r->w[(next ? 6 : 3) + v], r->acc[0]);
            if (next) r->acc[1] = f32xn_fma(in[v], r->w[v], r->acc[1]);
        }
    }
}

/* Steps with inputs, at least one. Other tiles than narrow ones fetch what the next band or channel reads. */
ALWAYS_INLINE void ring_run(ring_state *r, const ring_call *call, size_t stride, rows_sides sides) {
    const corr2d_planes *all = call->c->all;
    const size_t x_far = call->rows * stride * all->x_row, y_far = call->rows * all->y_row;
    do {
        if (sides < ROWS_BOTH) __builtin_prefetch(r->x + x_far, 0, 3);
        if (sides < ROWS_BOTH && stride == 1) __builtin_prefetch(r->y + y_far, 1, 3);
        ring_add(r, r->x, call, stride, sides, false);
        r->x += r->x_step;
        if (stride == 2) {
            ring_add(r, r->x_next, call, stride, sides, true);
            r->x_next += r->x_step;
        }
        ring_step(r, stride);
    } while (--r->steps);
}

/* What is stored to the first row before that is finished is written over. */
ALWAYS_INLINE void ring_tile(const ring_call *call, size_t stride, rows_sides sides) {
    const corr2d_planes *all = call->c->all;
    float rest[LANES * LANES];
    ring_state r = {.y = sides >= ROWS_BOTH && call->whole == 0 ? rest : call->y,
                    .x_step = stride * all->x_row,
                    .bias = call->bias,
                    .zeros = all->zeros};
    r.clamp = call->c->clamped ? &all->lo : NULL;
    UNROLL for (size_t t = 0; t < 9; t++) r.w[t] = f32xn_splat(call->weights[t]);
    UNROLL for (size_t a = 0; a < 3; a++) r.acc[a] = f32xn_splat(call->bias[0]);
    for (const ring_part *part = call->parts; part->steps; part++) {
        r.steps = part->steps;
        r.y_step = part->y_step;
        if (sides >= ROWS_BOTH && part->rest) r.y = rest;
        r.x = part->inside ? call->x + part->x : all->zeros + 2;
        r.x_next = part->next_inside ? call->x + (part->x + all->x_row) : all->zeros + 2;
        if (part->inside || part->next_inside) {
            ring_run(&r, call, stride, sides);
        } else {
            do ring_step(&r, stride);
            while (--r.steps);
        }
    }
    if (sides >= ROWS_BOTH && call->whole < all->rows) ring_rest(call, rest, call->whole);
}

typedef void ring_fn(const ring_call *call);

#define RING(name, stride, sides)                                                                                      \
    NOT_INLINE void planes_##name##_##stride(const ring_call *call) { ring_tile(call, stride, sides); }

RING(middle, 1, ROWS_MIDDLE)
RING(left, 1, ROWS_LEFT)
RING(right, 1, ROWS_RIGHT)
RING(whole, 1, ROWS_WHOLE)
RING(middle, 2, ROWS_MIDDLE)
RING(left, 2, ROWS_LEFT)
RING(right, 2, ROWS_RIGHT)
RING(both, 2, ROWS_BOTH)
RING(whole, 2, ROWS_WHOLE)

/* How many steps from a row on see no input, at least one, if that row and the next one see none. */
static inline size_t ring_outside(const corr2d_planes *all, size_t row, size_t left) {
    const size_t before = row + 1 > PTRDIFF_MAX ? (0 - row) / all->stride : row > PTRDIFF_MAX ? 1 : left;
    return before < left ? before : left;
}

/* The part that begins with a step; the first `early` ones store no output. Rows of x count from its first one. */
static inline ring_part ring_next(const ring_call *call, size_t step, size_t early) {
    const corr2d_planes *all = call->c->all;
    const size_t stride = all->stride, end = call->rows + early, whole = call->whole + early;
    const size_t until = step < early ? early : step < whole ? whole : end, left = until - step;
    const size_t row = (call->row + step) * stride - all->above - (stride - 1), inside = (all->x_rows - row) / stride;
    ring_part part = {.x = row * all->x_row, .steps = 1, .rest = step == whole};
    part.y_step = step < early ? 0 : step < whole ? all->y_row : LANES;
    part.inside = row < all->x_rows;
    part.next_inside = stride == 2 && row + 1 < all->x_rows;
    if (part.inside && inside > 0) {
        part.steps = inside < left ? inside : left;
    } else if (!part.inside && !part.next_inside) {
        part.steps = ring_outside(all, row, left);
    }
    return part;
}

/* Cuts a band. Nothing is done before x begins. */
static inline void ring_cut(ring_call *call) {
    const size_t early = 2 / call->c->all->stride, end = call->rows + early;
    ring_part *part = call->parts;
    for (size_t step = 0; step < end;) {
        *part = ring_next(call, step, early);
        step += part->steps;
        if (part->inside || part->next_inside || part->y_step || part > call->parts) part++;
    }
    part->steps = 0;
}

static inline void ring_go(ring_call *call, size_t column, ring_fn *fn) {
    call->x = call->x_channel + column * call->c->all->stride;
    call->y = call->y_band + column;
    fn(call);
}

/* A band's vectors, of which the last may overlap the one before. */
static inline void ring_across(ring_call *call) {
    static ring_fn *const fns[2][3] = {{planes_middle_1, planes_left_1, planes_right_1},
                                       {planes_middle_2, planes_left_2, planes_right_2}};
    const rows_channel *c = call->c;
    ring_fn *const *fn = fns[c->all->stride - 1];
    if (c->first) ring_go(call, 0, fn[1]);
    for (size_t column = c->first; column < c->end; column += LANES) {
        ring_go(call, column < c->last ? column : c->last, fn[0]);
    }
    if (c->right) ring_go(call, c->last, fn[2]);
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
        ring_across(call);
        call->y_band += call->rows * all->y_row;
    }
}

#include "kernels/tiles/rows_quads.h"

static inline void ring_planes(const corr2d_planes *all) {
    const size_t spill = (LANES - 1) / all->columns, from = 1 + all->before, inside = all->x_columns + from;
    rows_channel c = rows_cut(all);
    ring_call call = {.c = &c, .rows = all->rows, .whole = all->rows > spill ? all->rows - spill : 0};
    const bool full = inside >= 2 * LANES, quads = quads_cut(&c);
    if (all->stride == 2) c.first = LANES;
    call.before[0] = f32xn_mask_between(from, inside < LANES ? inside : LANES);
    call.before[1] = f32xn_mask_of(inside < LANES ? 0 : inside < 2 * LANES ? inside - LANES : LANES);
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
            ring_go(&call, 0, all->stride == 1 ? planes_whole_1 : full ? planes_both_2 : planes_whole_2);
        }
    }
}

#include "kernels/tiles/rows_pairs.h"

static void depthwise_rows(const corr2d_planes *all) {
    if (narrow_planes(all)) return;
    if (all->taps_across == 3) {
        ring_planes(all);
    } else {
        pairs_planes(all);
    }
}
