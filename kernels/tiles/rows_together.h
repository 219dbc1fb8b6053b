/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles of ROWS_TOGETHER rows of outputs by ROWS_VECTORS vectors of columns, one or two, or by one, weights in
 * registers. Part of tiles/rows.h.
 */
/* Whether planes of fewer rows are done too. */
#ifdef IN_PLACE
#define ROWS_FEW false
#else
#define ROWS_FEW true
#endif

/* Rows, whole tiles of them, that are done from left to right before those below: so y is written line after line. */
#define ROWS_BAND (2 * ROWS_TOGETHER)

/* Whether outputs are clamped: as the channel says, or tiles of their own for either. */
typedef enum rows_end { ROWS_ASK, ROWS_PLAIN, ROWS_CLAMPED } rows_end;

/* A channel's weights, unless NULL in registers, and its bias LANES times, for chain_begin. */
typedef struct rows_kernel {
    const f32xn *w;
    const float *begin;
} rows_kernel;

/* A row of outputs, as soon as it has all taps: so not all stores wait at the end of a tile. */
ALWAYS_INLINE void rows_finish(const corr2d_planes *all, float *y, const f32xn *acc, size_t vectors, rows_end ends) {
    const f32xn lo = f32xn_splat(all->lo), hi = f32xn_splat(all->hi);
    UNROLL for (size_t i = 0; i < vectors; i++) {
        const f32xn y_f32xn = ends == ROWS_CLAMPED ? f32xn_clamp(acc[i], lo, hi) : acc[i];
        const f32xn end_f32xn = f32xn_add(y_f32xn, f32xn_splat(0.0f));
        if (vectors > 1) {
            f32xn_store(y + i * LANES, end_f32xn);
        } else {
            store_alone(y, end_f32xn);
        }
    }
}

/* `rows` rows of outputs from a row and column on, by `vectors` vectors of columns. */
ALWAYS_INLINE void rows_tile(const rows_channel *c, rows_kernel k, size_t row, size_t column, size_t rows,
                             size_t vectors, size_t stride, rows_sides sides, rows_end ends) {
    const corr2d_planes *all = c->all;
    const float *const *x = all->table + row * stride;
    const size_t behind = BEHIND(vectors * stride * LANES - (stride == 2 && sides == ROWS_RIGHT));
    const size_t middle = column * stride + 1 - all->before + behind, y_row = all->y_row;
    float *y = c->y + row * y_row + column;
    f32xn acc[ROWS_TOGETHER][ROWS_VECTORS];
    const f32xn bias = f32xn_splat(c->bias[0]);
    ONE_BASE(x);
    ONE_BASE(y);
    UNROLL for (size_t r = 0; r < (rows - 1) * stride + 3; r++) {
        const float *from = x[r] + middle;
        f32xn in[3];
        ONE_BASE(from);
        UNROLL for (size_t i = 0; i < vectors; i++) {
            if (r % stride == 0 && r / stride < rows) acc[r / stride][i] = chain_begin(&k.begin, bias);
            rows_load(in, from - behind + i * stride * LANES, c, stride, sides, i > 0);
            UNROLL for (size_t v = 0; v < 3; v++) {
                UNROLL for (size_t o = 0; o < rows; o++) {
                    const size_t u = r - o * stride;
                    if (u >= 3) continue;
                    const f32xn w_f32xn = k.w ? k.w[u * 3 + v] : f32xn_splat(c->weights[u * 3 + v]);
                    acc[o][i] = f32xn_fma(in[v], w_f32xn, acc[o][i]);
                }
            }
            UNROLL for (size_t o = 0; o < rows; o++) if (r >= o * stride) HOLD(acc[o][i]);
        }
        if (ends == ROWS_ASK || r < 2 || (r - 2) % stride) continue;
        rows_finish(all, y, acc[(r - 2) / stride], vectors, ends);
        y += y_row;
        ONE_BASE(y);
    }
    if (ends != ROWS_ASK) return;
    if (c->clamped) {
        const f32xn lo = f32xn_splat(all->lo), hi = f32xn_splat(all->hi);
        UNROLL for (size_t o = 0; o < rows; o++) {
            UNROLL for (size_t i = 0; i < vectors; i++) acc[o][i] = f32xn_clamp(acc[o][i], lo, hi);
        }
    }
    UNROLL for (size_t o = 0; o < rows; o++, y += y_row) {
        UNROLL for (size_t i = 0; i < vectors; i++) f32xn_store(y + i * LANES, f32xn_add(acc[o][i], f32xn_splat(0.0f)));
    }
}

/* The tiles of a row, of these sides: one, or those in the middle, of which the last may overlap the one before. */
ALWAYS_INLINE void rows_across(const rows_channel *c, rows_kernel k, size_t row, size_t rows, size_t stride,
                               rows_sides sides, rows_end ends) {
    if (sides != ROWS_MIDDLE) {
        rows_tile(c, k, row, sides == ROWS_RIGHT ? c->last : 0, rows, 1, stride, sides, ends);
        return;
    }
    size_t column = c->first;
    for (; ROWS_VECTORS > 1 && column + LANES < c->end && c->last >= LANES; column += 2 * LANES) {
        const size_t last = c->last - LANES;
        rows_tile(c, k, row, column < last ? column : last, rows, ROWS_VECTORS, stride, sides, ends);
    }
    for (; column < c->end; column += LANES) {
        rows_tile(c, k, row, column < c->last ? column : c->last, rows, 1, stride, sides, ends);
    }
}

/* The band's rows, of which the last few may be done twice, here or in two bands. */
ALWAYS_INLINE void rows_all(const rows_channel *c, size_t stride, rows_sides sides, rows_end ends) {
    const size_t rows = c->all->rows, together = ROWS_TOGETHER;
    _Alignas(sizeof(f32xn)) float begin[LANES];
    f32xn w[9];
    f32xn_store(begin, f32xn_splat(c->bias[0]));
    if (ROWS_FEW && rows < together) {
        const rows_kernel k = {NULL, begin + BEHIND(LANES)};
        for (size_t row = c->row; row < c->row_end; row++) rows_across(c, k, row, 1, stride, sides, ends);
        return;
    }
    UNROLL for (size_t t = 0; t < 9; t++) w[t] = f32xn_splat(c->weights[t]);
    const rows_kernel k = {w, begin + BEHIND(LANES)};
    const size_t last = rows - together;
    for (size_t row = c->row; row < c->row_end; row += together) {
        rows_across(c, k, row < last ? row : last, together, stride, sides, ends);
    }
}

/* A function for each, since together they would want more registers than there are. */
#define ROWS(name, stride, sides)                                                                                      \
    NOT_INLINE void planes_##name##_##stride(const rows_channel *c) { rows_all(c, stride, sides, ROWS_ASK); }

/* What such a function reads is its own, so that stores to y change nothing of it. */
#define ROWS_END(name, stride, sides, ends)                                                                            \
    NOT_INLINE void planes_##name##_##stride(const rows_channel *c) {                                                  \
        const corr2d_planes all = *c->all;                                                                             \
        rows_channel mine = *c;                                                                                        \
        mine.all = &all;                                                                                               \
        rows_all(&mine, stride, sides, ends);                                                                          \
    }

/* Where the rows inside a plane of x lie; those beside it stay what they are. */
NOT_INLINE void rows_find(const corr2d_planes *all, const float *x) {
    const float **row = all->table + all->above, **const end = row + all->x_rows;
    for (; row < end; row++, x += all->x_row) *row = x;
}

/* The tiles in the middle of rows and at their ends, of one stride. */
typedef struct rows_fns {
    void (*middle)(const rows_channel *c), (*left)(const rows_channel *c), (*right)(const rows_channel *c);
} rows_fns;

/* What is read of x in its middle then is near for its sides. */
static inline void rows_band(const rows_channel *c, const rows_fns *fns) {
    if (c->first < c->end) fns->middle(c);
    if (c->all->before) fns->left(c);
    if (c->right) fns->right(c);
}

static inline void rows_planes(const corr2d_planes *all, const rows_fns *fns) {
    rows_channel c = rows_cut(all);
    for (size_t r = 0; r < (all->rows - 1) * all->stride + 3; r++) all->table[r] = all->zeros;
    for (size_t i = 0; i < all->channels; i++) {
        c.weights = all->weights + i * 9;
        c.bias = all->bias + i;
        c.y = all->y + i * all->y_channel;
        rows_find(all, all->x + i * all->x_channel);
        for (c.row = 0; c.row < all->rows; c.row = c.row_end) {
            c.row_end = all->rows - c.row > ROWS_BAND ? c.row + ROWS_BAND : all->rows;
            rows_band(&c, fns);
        }
    }
}
