/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise 3x3 and 5x5 tiles on whole maps of seven rows and columns, stride 1. Part of tiles/depthwise.h.
 *
 * Eight lanes hold a row of one channel, sixteen those of two. A row is loaded once, and permuted for each column of
 * taps, with zeros for what is beside x: what else is loaded are weights, for two multiply-adds take as long as two
 * loads. All rows are written out, so that taps in rows of padding are left out and no branch is mispredicted; and sums
 * leave through a buffer, so that pointers stay in registers.
 */
#define NARROW 7
#define NARROW_LANES 8
#define NARROW_EACH (LANES / NARROW_LANES)
#define NARROW_TAPS 5

/* Vectors of rows that go together, for the sake of their chains, where weights come from memory. */
#define NARROW_TOGETHER 2

typedef struct narrow_call {
    const corr2d_planes *all;
    f32xn_mask inside;
    f32xn_lanes moved[NARROW_TAPS]; /* the inputs of each column of taps; lane NARROW of each channel is zero */
    const float *x[NARROW_TOGETHER], *weights[NARROW_TOGETHER];
    _Alignas(sizeof(f32xn)) float bias[NARROW_TOGETHER][LANES];
    float *out; /* [vector of rows][row][lanes] */
} narrow_call;

#if NARROW_EACH == 1
/* So many weights stay in registers. */
#define NARROW_REGISTERS 9

/* For the rows that are stored: a loop is no slower with sixteen lanes. */
#define UNROLL_NARROW UNROLL

ALWAYS_INLINE f32xn narrow_load(const narrow_call *c, const float *x) { return f32xn_load_mask(x, c->inside); }

ALWAYS_INLINE f32xn narrow_splat(const float *p, size_t second) {
    (void)second;
    return f32xn_splat(*p);
}

/* Of a row but the last one what is stored behind it is the next one's. */
ALWAYS_INLINE void narrow_store(float *y, f32xn y_f32xn, size_t y_channel, bool last) {
    (void)y_channel;
    if (last) {
        f32xn_store_part(y, y_f32xn, NARROW);
    } else {
        f32xn_store(y, y_f32xn);
    }
}
#else
#define NARROW_REGISTERS 25
#define UNROLL_NARROW

ALWAYS_INLINE f32xn narrow_load(const narrow_call *c, const float *x) {
    const float *second = x + c->all->x_channel - NARROW_LANES;
    return f32xn_load_more(f32xn_load_mask(x, c->inside), second, (f32xn_mask)(c->inside << NARROW_LANES));
}

ALWAYS_INLINE f32xn narrow_splat(const float *p, size_t second) { return f32xn_splat_halves(p, p + second); }

ALWAYS_INLINE void narrow_store(float *y, f32xn y_f32xn, size_t y_channel, bool last) {
    const f32xn_mask mask = f32xn_mask_of(NARROW);
    (void)last;
    f32xn_store_low(y, y_f32xn, mask);
    f32xn_store_high(y + y_channel - NARROW_LANES, y_f32xn, (f32xn_mask)(mask << NARROW_LANES));
}
#endif

/* A column of taps of a row of inputs, to all rows of outputs that it reaches; weights from registers or memory. */
ALWAYS_INLINE void narrow_add(f32xn *acc, f32xn x_f32xn, const f32xn *w, const float *memory, size_t row, size_t taps) {
    UNROLL for (size_t u = 0; u < taps; u++) {
        const size_t o = row + taps / 2 - u, t = u * taps;
        if (o < NARROW) acc[o] = f32xn_fma(x_f32xn, w ? w[t] : f32xn_splat(memory[t]), acc[o]);
    }
}

/* A row of inputs. */
ALWAYS_INLINE void narrow_row(f32xn (*acc)[NARROW], const narrow_call *c, const f32xn *x_f32xn, const f32xn *w,
                              size_t row, size_t taps, size_t together) {
    if (together == 1) {
        UNROLL for (size_t v = 0; v < taps; v++) {
            narrow_add(acc[0], v == taps / 2 ? x_f32xn[0] : f32xn_pick(x_f32xn[0], c->moved[v]), w + v, NULL, row,
                       taps);
        }
        return;
    }
    for (size_t v = 0; v < taps; v++) {
        UNROLL for (size_t p = 0; p < together; p++) {
            narrow_add(acc[p], f32xn_pick(x_f32xn[p], c->moved[v]), NULL, c->weights[p] + v, row, taps);
        }
    }
}

ALWAYS_INLINE void narrow_tile(const narrow_call *c, const f32xn *w, size_t taps, size_t together) {
    const size_t half = taps / 2, x_row = c->all->x_row;
    const float *x[NARROW_TOGETHER] = {c->x[0], c->x[1]};
    float *const out = c->out;
    f32xn acc[NARROW_TOGETHER][NARROW];
    UNROLL for (size_t row = 0; row < NARROW; row++) {
        UNROLL for (size_t p = 0; p < together; p++) {
            UNROLL for (size_t o = 0; o < NARROW; o++) {
                if (o == row + half || (row == 0 && o < half)) acc[p][o] = f32xn_load(c->bias[p]);
            }
        }
        f32xn x_f32xn[NARROW_TOGETHER];
        UNROLL for (size_t p = 0; p < together; p++) {
            x_f32xn[p] = narrow_load(c, x[p]);
            x[p] += x_row;
        }
        narrow_row(acc, c, x_f32xn, w, row, taps, together);
        UNROLL for (size_t p = 0; p < together; p++) {
            UNROLL for (size_t o = 0; o < NARROW; o++) {
                if (o + half == row || (row + 1 == NARROW && o + half > row)) {
                    f32xn_store(out + (p * NARROW + o) * LANES, acc[p][o]);
                }
            }
        }
    }
}

#define NARROW_TILE_REGISTERS(taps)                                                                                    \
    NOT_INLINE void planes_narrow_##taps(const narrow_call *c) {                                                       \
        f32xn w[(taps) * (taps)];                                                                                      \
        UNROLL_ALL for (size_t t = 0; t < (taps) * (taps); t++) {                                                      \
            w[t] = narrow_splat(c->weights[0] + t, (taps) * (taps));                                                   \
        }                                                                                                              \
        narrow_tile(c, w, taps, 1);                                                                                    \
    }
NARROW_TILE_REGISTERS(3)
#if NARROW_EACH == 1
NOT_INLINE void planes_narrow_5(const narrow_call *c) { narrow_tile(c, NULL, 5, NARROW_TOGETHER); }
#else
NARROW_TILE_REGISTERS(5)
#endif

/* A vector of rows' sums are finished and stored. */
ALWAYS_INLINE void narrow_out(const corr2d_planes *all, const float *out, float *y, bool clamped) {
    const f32xn lo = f32xn_splat(all->lo), hi = f32xn_splat(all->hi), zero = f32xn_splat(0.0f);
    const size_t y_row = all->y_row, y_channel = all->y_channel;
    UNROLL_NARROW for (size_t o = 0; o < NARROW; o++, out += LANES) {
        f32xn y_f32xn = f32xn_load(out);
        if (clamped) y_f32xn = f32xn_clamp(y_f32xn, lo, hi);
        narrow_store(y, f32xn_add(y_f32xn, zero), y_channel, o + 1 == NARROW);
        y += y_row;
        FORGET(y);
    }
}

/* Whether planes are what the tiles are for. */
static inline bool narrow_fits(const corr2d_planes *all) {
    const size_t half = all->taps_down / 2;
    return all->stride == 1 && all->rows == NARROW && all->x_rows == NARROW && all->above == half &&
           all->columns == NARROW && all->x_columns == NARROW && all->before == half && all->channels >= NARROW_EACH;
}

#if NARROW_EACH > 1
#include "kernels/tiles/planes_dense.h"
#endif

/* Where few channels are left, some are done more than once. */
static inline bool narrow_planes(const corr2d_planes *all) {
    static const int32_t columns[] = {7, 7, 0, 1, 2, 3, 4, 5, 6, 7, 7, 7};
    const size_t taps = all->taps_across, last = all->channels - NARROW_EACH;
    const size_t together = taps * taps > NARROW_REGISTERS ? NARROW_TOGETHER : 1;
    const bool clamped = clamps(all->lo, all->hi);
    _Alignas(sizeof(f32xn)) float out[NARROW_TOGETHER * NARROW * LANES];
    narrow_call c;
    int32_t lanes[LANES];
    if (!narrow_fits(all)) return false;
#if NARROW_EACH > 1
    if (dense_fits(all)) {
        planes_dense(all);
        return true;
    }
#endif
    c.all = all;
    c.inside = f32xn_mask_of(NARROW);
    c.out = out;
    for (size_t v = 0; v < taps; v++) {
        for (size_t i = 0; i < LANES; i++) {
            lanes[i] = columns[2 - taps / 2 + v + i % NARROW_LANES] + (int32_t)(i & NARROW_LANES);
        }
        c.moved[v] = f32xn_lanes_load(lanes);
    }
    for (size_t i = 0; i < all->channels; i += together * NARROW_EACH) {
        float *y[NARROW_TOGETHER];
        for (size_t p = 0; p < together; p++) {
            const size_t channel = i + p * NARROW_EACH < last ? i + p * NARROW_EACH : last;
            c.x[p] = all->x + channel * all->x_channel;
            c.weights[p] = all->weights + channel * taps * taps;
            f32xn_store(c.bias[p], narrow_splat(all->bias + channel, 1));
            y[p] = all->y + channel * all->y_channel;
        }
        (taps == 3 ? planes_narrow_3 : planes_narrow_5)(&c);
        for (size_t p = 0; p < together; p++) narrow_out(all, out + p * NARROW * LANES, y[p], clamped);
    }
    return true;
}
