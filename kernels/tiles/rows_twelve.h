/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise 5x5 tiles with stride 1 on the last twelve columns of maps, or all of ten to twelve. Part of
 * tiles/rows_ring.h.
 *
 * Two rows of outputs are three vectors that share each weight: eight columns of either row, and the last four of both.
 * They read two rows of inputs for each row of taps: those from an even one on have the first, third and fifth row of
 * taps of three pairs of outputs, those from an odd one on the second and fourth of two. So pairs of rows are a ring,
 * as single ones are in tiles/rows_pairs.h; rows beside x are zeros.
 */
#if LANES == 8
#define TWELVE_TAPS 5
#define TWELVE_COLUMNS 12

/* What a tile keeps in registers: two rows of outputs and their last columns, finished next and after that. */
typedef struct twelve_state {
    f32xn acc[3][3];
    f32xn_mask inside[2];
    const float *w, *bias;
    size_t last;
} twelve_state;

/*
 * Two rows of inputs, from an even or an odd one on, for the first three or two pairs of outputs; of which the first
 * may be before the map, and the last behind it. Both are mostly not: so that gcc does not jump for the common case, it
 * is told.
 */
ALWAYS_INLINE void twelve_add(twelve_state *r, const float *x, const float *below, size_t odd, bool first, bool last) {
    const size_t pairs = 3 - odd;
    f32xn in[3];
    UNROLL for (size_t v = 0; v < TWELVE_TAPS; v++) {
        const ptrdiff_t at = (ptrdiff_t)v - 2;
        IN_ORDER;
        in[0] = v < 2 ? f32xn_load_mask(x + at, r->inside[v]) : f32xn_load(x + at);
        in[1] = v < 2 ? f32xn_load_mask(below + at, r->inside[v]) : f32xn_load(below + at);
        in[2] = v > 2 ? f32xn_pull_quads(in[2]) : f32xn_join_quads(x + r->last + at, below + r->last + at);
        UNROLL for (size_t s = 0; s < 3; s++) in[s] = f32xn_once(in[s]);
        EACH(a, pairs, 3) {
            if ((a == 0 && !first) || (a == pairs - 1 && !__builtin_expect(last, 1))) continue;
            const f32xn w_f32xn = f32xn_splat(r->w[(odd + 2 * (pairs - 1 - a)) * TWELVE_TAPS + v]);
            UNROLL for (size_t s = 0; s < 3; s++) {
                r->acc[a][s] = f32xn_fma(in[s], w_f32xn, r->acc[a][s]);
                HOLD(r->acc[a][s]);
            }
        }
    }
}

/*
 * From an odd one on: the common case has no branches, since what such short loops take is instructions. For three
 * pairs of outputs gcc has no registers to do so.
 */
ALWAYS_INLINE void twelve_add_odd(twelve_state *r, const float *x, const float *below, bool first, bool last) {
    if (__builtin_expect(first && last, 1)) {
        FORGET(x); /* or gcc prepares for either case before */
        FORGET(below);
        twelve_add(r, x, below, 1, true, true);
    } else {
        FORGET(x);
        FORGET(below);
        twelve_add(r, x, below, 1, first, last);
    }
}

/* A pair of rows is finished, of which the second may be none, and the others move up. */
ALWAYS_INLINE void twelve_store(twelve_state *r, const corr2d_planes *all, float *y, size_t rows, bool clamped) {
    UNROLL for (size_t s = 0; s < 3; s++) {
        f32xn y_f32xn = r->acc[0][s];
        if (clamped) y_f32xn = f32xn_clamp(y_f32xn, f32xn_splat(all->lo), f32xn_splat(all->hi));
        r->acc[0][s] = f32xn_add(y_f32xn, f32xn_load(all->zeros));
    }
    f32xn_store(y, r->acc[0][0]);
    if (rows > 1) {
        f32xn_store(y + all->y_row, r->acc[0][1]);
        f32xn_store_quads(y + r->last, all->y_row, r->acc[0][2]);
    } else {
        f32xn_store_part(y + r->last, r->acc[0][2], 4);
    }
}

/* Where a row of x begins, `at` from its first, or zeros. */
ALWAYS_INLINE const float *twelve_row(const corr2d_planes *all, const float *x, size_t row, size_t at) {
    return row < all->x_rows ? x + at : all->zeros + 2;
}

/*
 * A channel's columns: the ring begins anew, with two pairs before the map. What such short loops take is instructions,
 * so addresses are counted on.
 */
ALWAYS_INLINE void twelve_channel(twelve_state *r, const corr2d_planes *all, const float *x, float *y, bool clamped) {
    const bool none = all->above == 2; /* of the first pair of rows is in x */
    const size_t rows = all->rows;
    size_t row = none ? 0 : 0 - all->above, left = rows + (none ? 2 : 4), at = row * all->x_row;
    const float *even = twelve_row(all, x, row, at), *odd = none ? all->zeros + 2 : even;
    UNROLL for (size_t s = 0; s < 3; s++) r->acc[0][s] = r->acc[1][s] = f32xn_splat(r->bias[0]);
    for (;;) {
        if (even != odd) twelve_add_odd(r, odd, even, left <= rows, left > 2);
        at += all->x_row;
        odd = twelve_row(all, x, row + 1, at);
        UNROLL for (size_t s = 0; s < 3; s++) r->acc[2][s] = f32xn_splat(r->bias[0]);
        if (even != odd) twelve_add(r, even, odd, 0, left <= rows, left > 4);
        if (left <= rows) {
            twelve_store(r, all, y, left, clamped);
            if (left <= 2) return;
            y += 2 * all->y_row;
        }
        left -= 2;
        UNROLL for (size_t s = 0; s < 3; s++) {
            r->acc[0][s] = r->acc[1][s];
            r->acc[1][s] = r->acc[2][s];
        }
        row += 2;
        at += all->x_row;
        even = twelve_row(all, x, row, at);
    }
}

/* So many channels from a pair's on, whose vectors are the first of the twelve columns and one from the last four. */
NOT_INLINE void planes_twelve(const pairs_call *c, size_t channels) {
    const corr2d_planes *all = c->all;
    const bool clamped = clamps(all->lo, all->hi);
    const float *x = c->x[0];
    float *y = c->y[0];
    twelve_state r = {.w = c->weights[0], .bias = c->bias[0], .last = (size_t)(c->x[1] - x)};
    UNROLL for (size_t v = 0; v < 2; v++) r.inside[v] = c->inside[0][v];
    for (; channels; channels--, x += all->x_channel, y += all->y_channel) {
        twelve_channel(&r, all, x, y, clamped);
        r.w += TWELVE_TAPS * TWELVE_TAPS;
        r.bias++;
    }
}

/* The columns that other tiles do: of rows that end nine to twelve columns behind two vectors not those. */
static inline size_t twelve_first(const corr2d_planes *all) {
    const size_t width = all->columns, behind = (width - 1) % 16;
    return all->x_columns == width && all->before == 2 && behind / 4 == 2 ? width - behind - 1 : width;
}

/* The others of so many channels. */
static inline void twelve_columns(pairs_call *c, size_t channel, size_t channels) {
    const size_t width = c->all->columns, column = width < TWELVE_COLUMNS ? 0 : width - TWELVE_COLUMNS;
    if (channel == 0) pairs_cut(c, 0, column);
    pairs_place(c, 0, channel, column);
    pairs_place(c, 1, channel, width - 4);
    planes_twelve(c, channels);
}
#else
/* No rows have those tiles. */
static inline size_t twelve_first(const corr2d_planes *all) { return all->columns; }

static inline void twelve_columns(pairs_call *c, size_t channel, size_t channels) {
    (void)c;
    (void)channel;
    (void)channels;
}
#endif
