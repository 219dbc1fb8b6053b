/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise 3x3 and 5x5 tiles on whole maps of seven rows and columns, stride 1. Part of tiles/rows_ring.h.
 *
 * A row is loaded once, and permuted for each column of taps, zeros for what is beside x: all else that it takes are
 * weights, since two loads go with two multiply-adds. All rows are written out: taps in rows of padding are left out,
 * and there is no branch to mispredict.
 */
#define NARROW 7

typedef struct narrow_call {
    const corr2d_planes *all;
    f32xn_mask inside;
    f32xn_lanes moved[5]; /* the inputs of each column of taps; lane NARROW is zero */
    const float *x[2], *weights[2], *bias[2];
    float *y[2];
} narrow_call;

/* What is stored behind a row is the next one's, but for the last row. */
ALWAYS_INLINE void narrow_store(float *y, f32xn y_f32xn, const corr2d_planes *all, size_t row, bool clamped) {
    if (clamped) y_f32xn = f32xn_clamp(y_f32xn, f32xn_splat(all->lo), f32xn_splat(all->hi));
    y_f32xn = f32xn_add(y_f32xn, f32xn_load(all->zeros));
    if (row + 1 < NARROW) {
        f32xn_store(y, y_f32xn);
    } else {
        f32xn_store_part(y, y_f32xn, NARROW);
    }
}

/* A column of taps of a row of inputs, to all rows of outputs that it reaches. */
ALWAYS_INLINE void narrow_add(f32xn *acc, f32xn x_f32xn, const f32xn *w, const float *weights, size_t row, size_t v, size_t taps) {
    UNROLL for (size_t u = 0; u < taps; u++) {
        const size_t o = row + taps / 2 - u;
        if (o < NARROW) acc[o] = f32xn_fma(x_f32xn, w ? w[u * taps + v] : f32xn_splat(weights[u * taps + v]), acc[o]);
    }
}

/* w: the weights in registers, or NULL. */
ALWAYS_INLINE void narrow_tile(const narrow_call *c, const f32xn *w, size_t taps, size_t together) {
    const corr2d_planes *all = c->all;
    const bool clamped = clamps(all->lo, all->hi);
    const size_t x_row = all->x_row, y_row = all->y_row, half = taps / 2;
    const float *x[2] = {c->x[0], c->x[1]};
    float *y[2] = {c->y[0], c->y[1]};
    f32xn acc[2][NARROW];
    UNROLL for (size_t row = 0; row < NARROW; row++) {
        f32xn row_f32xn[2];
        UNROLL for (size_t p = 0; p < together; p++) {
            row_f32xn[p] = f32xn_load_mask(x[p], c->inside);
            x[p] += x_row;
            UNROLL for (size_t o = 0; o < NARROW; o++) {
                if (o == row + half || (row == 0 && o < half)) acc[p][o] = f32xn_splat(c->bias[p][0]);
            }
        }
        if (w) {
            UNROLL for (size_t v = 0; v < taps; v++) {
                UNROLL for (size_t p = 0; p < together; p++) {
                    const f32xn in = v == half ? row_f32xn[p] : f32xn_pick(row_f32xn[p], c->moved[v]);
                    narrow_add(acc[p], in, w, NULL, row, v, taps);
                }
            }
        } else {
            for (size_t v = 0; v < taps; v++) {
                UNROLL for (size_t p = 0; p < together; p++) {
                    narrow_add(acc[p], f32xn_pick(row_f32xn[p], c->moved[v]), w, c->weights[p] + v, row, 0, taps);
                }
            }
        }
        UNROLL for (size_t o = 0; o < NARROW; o++) {
            if (o + half == row || (row + 1 == NARROW && o + half > row)) {
                UNROLL for (size_t p = 0; p < together; p++) {
                    narrow_store(y[p], acc[p][o], all, o, clamped);
                    y[p] += y_row;
                }
            }
        }
    }
}

NOT_INLINE void planes_narrow_3(const narrow_call *c) {
    f32xn w[9];
    UNROLL for (size_t t = 0; t < 9; t++) w[t] = f32xn_splat(c->weights[0][t]);
    narrow_tile(c, w, 3, 1);
}
NOT_INLINE void planes_narrow_5(const narrow_call *c) { narrow_tile(c, NULL, 5, 2); }

/* Whether planes are what the tiles are for, and their padding as many rows as a kernel has beside its middle one. */
static inline bool narrow_fits(const corr2d_planes *all) {
    return all->stride == 1 && all->rows == NARROW && all->x_rows == NARROW && all->above == all->taps_down / 2 &&
           all->columns == NARROW && all->x_columns <= NARROW;
}

/* Where few channels are left, the last one is done more than once. */
static inline void narrow_planes(const corr2d_planes *all) {
    const size_t taps = all->taps_across, together = taps == 3 ? 1 : 2;
    narrow_call c = {.all = all, .inside = f32xn_mask_of(all->x_columns)};
    for (size_t v = 0; v < taps; v++) {
        int32_t lanes[LANES];
        for (size_t i = 0; i < LANES; i++) {
            const size_t column = i + v - all->before;
            lanes[i] = column < all->x_columns ? (int32_t)column : NARROW;
        }
        c.moved[v] = f32xn_lanes_load(lanes);
    }
    for (size_t i = 0; i < all->channels; i += together) {
        for (size_t p = 0; p < together; p++) {
            const size_t channel = i + p < all->channels ? i + p : i;
            c.x[p] = all->x + channel * all->x_channel;
            c.weights[p] = all->weights + channel * taps * taps;
            c.bias[p] = all->bias + channel;
            c.y[p] = all->y + channel * all->y_channel;
        }
        (taps == 3 ? planes_narrow_3 : planes_narrow_5)(&c);
    }
}
