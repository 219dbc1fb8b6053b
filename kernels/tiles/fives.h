/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 5x5 kernels without dilation on packed planes, for as many rows of outputs as a tile has and a vector of columns or
 * more: each vector of inputs goes to every row that it reaches. Part of tiles/depthwise.h.
 */
#define FIVES_ROWS 7
/*
 * Vectors of columns to a tile. With RELOADS tiles of three, of stride 2, whose rows have few chains; of stride 1 they
 * would want more registers than there are.
 */
#define FIVES_VECTORS 2
#define FIVES_MOST 3
#ifdef RELOADS
#define FIVES_WIDE(stride) ((stride) == 2)
#else
#define FIVES_WIDE(stride) false
#endif

/* From the first float that a vector of columns reads of a row of inputs to behind the last. */
ALWAYS_INLINE size_t fives_reach(size_t stride) { return LANES + (stride == 1 ? 4 : CORR2D_PLANE_PITCH + 1); }

/* Where a tile lies, and the last of its vectors of columns, which overlaps those before at the end of a row. */
typedef struct fives_place {
    const float *x;
    float *y;
    size_t last;
} fives_place;

/* A row of inputs, the r-th of the tile: of the first vector and those beside it, and of the last. */
ALWAYS_INLINE void fives_add(f32xn (*acc)[FIVES_MOST], columns_kernel *w, const float *const *x, size_t vectors,
                             size_t r, size_t stride) {
    UNROLL for (size_t t = 0; t < COLUMNS_TAPS; t += 4) AS_IT_IS(w->quad[t / 4]);
    UNROLL for (size_t v = 0; v < 5; v++) {
        IN_ORDER;
        UNROLL for (size_t i = 0; i < vectors; i++) {
            const float *from = i + 1 < vectors ? x[0] + i * LANES : x[1];
            const f32xn x_f32xn = f32xn_load(from + v % stride * CORR2D_PLANE_PITCH + v / stride);
            UNROLL for (size_t u = r % stride; u < 5; u += stride) {
                const size_t o = (r - u) / stride;
                if (r >= u && o < FIVES_ROWS) acc[o][i] = columns_fma(x_f32xn, w, u * 5 + v, acc[o][i]);
            }
        }
    }
}

ALWAYS_INLINE void fives_tile(const corr2d_planes *all, columns_kernel *w, const float *begin, fives_place at,
                              size_t vectors, size_t stride, rows_end ends) {
    const size_t behind = BEHIND((vectors - 2) * LANES + fives_reach(stride));
    f32xn acc[FIVES_ROWS][FIVES_MOST];
    at.x += behind;
    UNROLL_ALL for (size_t r = 0; r < (FIVES_ROWS - 1) * stride + 5; r++, at.x += stride * CORR2D_PLANE_PITCH) {
        const float *last = at.x + at.last;
        ONE_BASE(at.x);
        ONE_BASE(last);
        if (r % stride == 0 && r / stride < FIVES_ROWS) {
            UNROLL for (size_t i = 0; i < vectors; i++) acc[r / stride][i] =
                chain_begin(&begin, f32xn_load(begin - BEHIND(LANES)));
        }
        fives_add(acc, w, (const float *const[]){at.x - behind, last - behind}, vectors, r, stride);
        if (r < 4 || (r - 4) % stride) continue;
        UNROLL for (size_t i = 0; i < vectors; i++) {
            const size_t column = i + 1 < vectors ? i * LANES : at.last;
            rows_finish(all, at.y + column, acc[(r - 4) / stride] + i, 1, ends);
        }
        at.y += all->y_row;
        ONE_BASE(at.y);
    }
}

/* Whether a tile of three vectors is what comes first of so many columns. */
ALWAYS_INLINE bool fives_three(size_t columns, size_t stride) {
    return FIVES_WIDE(stride) && columns > 2 * LANES && (columns <= 3 * LANES || columns > 4 * LANES);
}

/* All tiles of a plane. The last rows and columns may be done twice. */
ALWAYS_INLINE void fives_plane(const corr2d_planes *all, const columns_stream *s, size_t stride, rows_end ends) {
    const size_t last_row = all->rows - FIVES_ROWS, columns = all->columns, last = columns - LANES;
    _Alignas(sizeof(f32xn)) float bias[LANES];
    const float *const begin = bias + BEHIND(LANES);
    columns_kernel w;
    f32xn_store(bias, f32xn_splat(s->bias[0]));
    columns_weights(&w, s->weights);
    for (size_t i = 0; i < all->rows; i += FIVES_ROWS) {
        const size_t row = i < last_row ? i : last_row;
        const float *x = s->x + row * stride * stride * CORR2D_PLANE_PITCH;
        float *y = s->y + row * all->y_row;
        size_t j = 0;
        for (; j < columns && fives_three(columns - j, stride); j += 3 * LANES) {
            const fives_place at = {x + j, y + j, last - j < 2 * LANES ? last - j : 2 * LANES};
            fives_tile(all, &w, begin, at, 3, stride, ends);
        }
        for (; j < columns; j += FIVES_VECTORS * LANES) {
            const size_t column = j < last ? j : last, left = last - column;
            const fives_place at = {x + column, y + column, left < LANES ? left : LANES};
            fives_tile(all, &w, begin, at, FIVES_VECTORS, stride, ends);
        }
    }
}

typedef void fives_fn(const corr2d_planes *all, const columns_stream *s);

#define FIVES(name, stride, ends)                                                                                      \
    NOT_INLINE void planes_##name##_##stride(const corr2d_planes *all, const columns_stream *s) {                      \
        const corr2d_planes mine = *all;                                                                               \
        const columns_stream stream = *s;                                                                              \
        fives_plane(&mine, &stream, stride, ends);                                                                     \
    }

FIVES(fives, 1, ROWS_PLAIN)
FIVES(fives, 2, ROWS_PLAIN)
FIVES(clamped_fives, 1, ROWS_CLAMPED)
FIVES(clamped_fives, 2, ROWS_CLAMPED)

static void fives_planes(const corr2d_planes *all) {
    static fives_fn *const fns[2][2] = {{planes_fives_1, planes_clamped_fives_1},
                                        {planes_fives_2, planes_clamped_fives_2}};
    fives_fn *const fn = fns[all->stride == 2][clamps(all->lo, all->hi)];
    for (size_t o = 0; o < all->channels; o++) {
        const columns_stream s = {columns_plane(all, o), all->weights + o * COLUMNS_TAPS, all->bias + o,
                                  all->y + o * all->y_channel};
        fn(all, &s);
    }
}
