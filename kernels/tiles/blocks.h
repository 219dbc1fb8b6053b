/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise tiles over channels for kernels three or five wide: a few outputs of a row by BLOCK_VECTORS vectors of
 * channels, or by one. Of each row of x, each pixel that they need is loaded once, and goes to every output that has a
 * tap there; those in the padding beside x are left out. Part of tiles/depthwise.h.
 */

/*
 * Outputs of a tile: seven, and a row of weights, fit by a vector of each into sixteen registers, by two into thirty.
 * With RELOADS twelve of kernels three wide take all of thirty-two.
 */
#define BLOCK_MOST 12
#define BLOCK_TAPS 5

/* Where a tile lies: its first input inside x, those before it in the padding, and where x ends, in inputs. */
typedef struct block_place {
    const float *x;
    float *y;
    size_t before, end;
} block_place;

/* From vector to vector of channels of a square kernel's weights: no others go by more than one vector. */
ALWAYS_INLINE size_t block_panel(size_t width) { return width * width * LANES; }

/*
 * From where a row's weights are loaded: amid those of two vectors, so that one address reaches all, and 2 floats off,
 * so that offsets which are not negative are no multiple of a vector.
 */
#define BLOCK_AROUND(vectors, width)                                                                                   \
    BEHIND((vectors) > 1 ? (block_panel(width) + (width)*LANES) / 2 + 2 : (width)*LANES)

/* The q-th input of a row, to every output that has a tap there. */
ALWAYS_INLINE void block_add(f32xn (*acc)[BLOCK_VECTORS], const f32xn *x_f32xn, f32xn (*w)[BLOCK_TAPS], size_t q,
                             size_t vectors, size_t outputs, size_t width, size_t stride) {
    UNROLL for (size_t o = 0; o < outputs; o++) {
        const size_t v = q - o * stride;
        if (v >= width) continue;
        UNROLL for (size_t i = 0; i < vectors; i++) acc[o][i] = f32xn_fma(x_f32xn[i], w[i][v], acc[o][i]);
    }
}

#ifdef RELOADS
/* In registers: what stores may change, each tile reads anew, which takes 4 to 10 % of its time. */
#define BLOCK_ALL(all) ((const corr2d_blocks[]){*(all)})

ALWAYS_INLINE void block_begin(f32xn (*acc)[BLOCK_VECTORS], const float *bias, size_t vectors, size_t outputs) {
    bias += BEHIND(vectors * LANES);
    ONE_BASE(bias);
    UNROLL for (size_t o = 0; o < outputs; o++) load_one_by_one(acc[o], bias, vectors);
}

/* The same place, how many of its inputs are outside x, whether there is an activation, and where to look for it. */
typedef struct block_sides {
    const float *x;
    float *y;
    size_t before, after;
    bool clamped;
    const corr2d_blocks *limits;
} block_sides;

ALWAYS_INLINE block_sides block_sides_of(const corr2d_blocks *all, const block_place *at, size_t inputs) {
    block_sides s = {at->x, at->y, at->before, at->end < inputs ? inputs - at->end : 0, clamps(all->lo, all->hi), all};
    FORGET(s.before);
    FORGET(s.after);
    return s;
}

ALWAYS_INLINE bool block_clamps(const block_sides *at, const corr2d_blocks **limits) {
    *limits = at->limits;
    return at->clamped;
}

/* Not before it is asked for: what waits for a tile's end takes a register from its rows. */
ALWAYS_INLINE f32xn block_zero(void) {
    f32xn zero = f32xn_splat(0.0f);
    AS_IT_IS(zero);
    return zero;
}

/*
 * The inputs of one end of a row, of which some may be outside x: zeros for those, the others from BEHIND x on. Where
 * none is, that is one question, not one for each. Returns where the next one is.
 */
ALWAYS_INLINE const float *block_ends(f32xn (*x_f32xn)[BLOCK_VECTORS], const float *x, size_t step, size_t vectors,
                                      size_t most, size_t outside, size_t first_inside) {
    if (__builtin_expect(outside > 0, 0)) {
        UNROLL for (size_t q = 0; q < most; q++) {
            UNROLL for (size_t i = 0; i < vectors; i++) x_f32xn[q][i] = block_zero();
        }
        if (most == 1 || outside > 1) return x;
        load_one_by_one(x_f32xn[first_inside], x, vectors);
        return x + step;
    }
    UNROLL for (size_t q = 0; q < most; q++, x += step) {
        if (q) FORGET(x);
        load_one_by_one(x_f32xn[q], x, vectors);
    }
    return x;
}

/*
 * A row of taps, whose first one inside x is BEHIND x and whose weights are BLOCK_AROUND weights, for so many outputs.
 * gcc 12 copies accumulators of which it forgot where they are, unless it is told at each row.
 */
ALWAYS_INLINE void block_row(f32xn (*acc)[BLOCK_VECTORS], const float *x, size_t step, const float *weights,
                             const block_sides *at, size_t vectors, size_t outputs, size_t width, size_t stride) {
    const size_t inputs = (outputs - 1) * stride + width, most = width / 2;
    f32xn w[BLOCK_VECTORS][BLOCK_TAPS], x_f32xn[BLOCK_TAPS / 2][BLOCK_VECTORS];
    UNROLL for (size_t o = 0; o < outputs; o++) UNROLL for (size_t i = 0; i < vectors; i++) AS_IT_IS(acc[o][i]);
    UNROLL for (size_t i = 0; i < vectors; i++) {
        load_one_by_one(w[i], weights - BLOCK_AROUND(vectors, width) + i * block_panel(width) + width * LANES, width);
    }
    x = block_ends(x_f32xn, x, step, vectors, most, at->before, 1);
    UNROLL for (size_t q = 0; q < most; q++) block_add(acc, x_f32xn[q], w, q, vectors, outputs, width, stride);
    UNROLL_ALL for (size_t q = most; q < inputs - most; q++, x += step) {
        FORGET(x);
        load_one_by_one(x_f32xn[0], x, vectors);
        block_add(acc, x_f32xn[0], w, q, vectors, outputs, width, stride);
        UNROLL for (size_t o = 0; o < outputs; o++) UNROLL for (size_t i = 0; i < vectors; i++) HOLD(acc[o][i]);
    }
    FORGET(x);
    block_ends(x_f32xn, x, step, vectors, most, at->after, 0);
    UNROLL for (size_t q = 0; q < most; q++) {
        block_add(acc, x_f32xn[q], w, inputs - most + q, vectors, outputs, width, stride);
    }
}
#else
#define BLOCK_ALL(all) (all)

ALWAYS_INLINE void block_begin(f32xn (*acc)[BLOCK_VECTORS], const float *bias, size_t vectors, size_t outputs) {
    UNROLL for (size_t i = 0; i < vectors; i++) {
        const f32xn bias_f32xn = f32xn_load(bias + i * LANES);
        UNROLL for (size_t o = 0; o < outputs; o++) acc[o][i] = bias_f32xn;
    }
}

typedef block_place block_sides;

ALWAYS_INLINE block_sides block_sides_of(const corr2d_blocks *all, const block_place *at, size_t inputs) {
    (void)all, (void)inputs;
    return *at;
}

ALWAYS_INLINE bool block_clamps(const block_sides *at, const corr2d_blocks **limits) {
    (void)at;
    return clamps((*limits)->lo, (*limits)->hi);
}

ALWAYS_INLINE f32xn block_zero(void) { return f32xn_splat(0.0f); }

/* A row of taps, whose first one inside x is at x and whose weights are at w, for so many outputs. */
ALWAYS_INLINE void block_row(f32xn (*acc)[BLOCK_VECTORS], const float *x, size_t step, const float *weights,
                             const block_sides *at, size_t vectors, size_t outputs, size_t width, size_t stride) {
    const size_t inputs = (outputs - 1) * stride + width, most = width / 2;
    size_t before = at->before;
    f32xn w[BLOCK_VECTORS][BLOCK_TAPS], x_f32xn[BLOCK_VECTORS];
    IN_ORDER;
    UNROLL for (size_t i = 0; i < vectors; i++, weights += block_panel(width)) {
        UNROLL for (size_t v = 0; v < width; v++) w[i][v] = f32xn_load(weights + v * LANES);
    }
    UNROLL for (size_t q = 0; q < inputs; q++) {
        if (q >= inputs - most) {
            UNROLL for (size_t o = 0; o < outputs; o++) UNROLL for (size_t i = 0; i < vectors; i++) HOLD(acc[o][i]);
        }
        if (q && q < most) FORGET(before); /* or to skip both of two inputs would be a way of its own */
        if (q < most ? q < before : q >= inputs - most && q >= at->end) continue;
        UNROLL for (size_t i = 0; i < vectors; i++) x_f32xn[i] = f32xn_load(x + i * LANES);
        x += step;
        FORGET(x);
        block_add(acc, x_f32xn, w, q, vectors, outputs, width, stride);
    }
}
#endif

/* `outputs` outputs from y on by `vectors` vectors of channels, `c` channels on; `width` taps. */
ALWAYS_INLINE void block_tile(const corr2d_blocks *all, const block_sides *at, const float *weights, size_t c,
                              size_t vectors, size_t outputs, size_t width, size_t stride) {
    const size_t x_row = all->x_row, x_column = all->x_column, y_column = all->y_column;
    weights += BLOCK_AROUND(vectors, width);
    const float *x = at->x + c + BEHIND(vectors * LANES), *const end = weights + all->taps_down * width * LANES;
    float *y = at->y + c;
    f32xn acc[BLOCK_MOST][BLOCK_VECTORS];
    block_begin(acc, all->bias + c, vectors, outputs);
    for (; weights != end; weights += width * LANES, x += x_row) {
        ONE_BASE(weights);
        block_row(acc, x, x_column, weights, at, vectors, outputs, width, stride);
    }
    if (block_clamps(at, &all)) {
        const f32xn lo = f32xn_splat(all->lo), hi = f32xn_splat(all->hi);
        UNROLL for (size_t o = 0; o < outputs; o++) {
            UNROLL for (size_t i = 0; i < vectors; i++) acc[o][i] = f32xn_clamp(acc[o][i], lo, hi);
        }
    }
    const f32xn zero = block_zero();
    UNROLL for (size_t o = 0; o < outputs; o++, y += y_column) {
        ONE_BASE(y);
        UNROLL for (size_t i = 0; i < vectors; i++) acc[o][i] = f32xn_add(acc[o][i], zero);
        if (vectors == 1) {
            store_alone(y, acc[o][0]);
        } else {
            UNROLL for (size_t i = 0; i < vectors; i++) f32xn_store(y + i * LANES, acc[o][i]);
        }
    }
}

/* All channels. */
ALWAYS_INLINE void block_channels(const corr2d_blocks *all, const block_place *at, size_t outputs, size_t width,
                                  size_t stride) {
    const size_t most = BLOCK_VECTORS == 1 || all->panel == block_panel(width) ? BLOCK_VECTORS * LANES : SIZE_MAX;
    const block_sides place = block_sides_of(all, at, (outputs - 1) * stride + width);
    all = BLOCK_ALL(all);
    const float *weights = all->weights;
    size_t c = 0;
    for (; all->channels - c >= most; c += BLOCK_VECTORS * LANES, weights += BLOCK_VECTORS * all->panel) {
        block_tile(all, &place, weights, c, BLOCK_VECTORS, outputs, width, stride);
    }
    if (BLOCK_VECTORS == 1) return;
    for (; c < all->channels; c += LANES, weights += all->panel) {
        block_tile(all, &place, weights, c, 1, outputs, width, stride);
    }
}

#define BLOCK(outputs, width, stride)                                                                                  \
    NOT_INLINE void block_##outputs##_##width##_##stride(const corr2d_blocks *all, const block_place *at) {            \
        block_channels(all, at, outputs, width, stride);                                                               \
    }

BLOCK(7, 3, 1)
BLOCK(7, 3, 2)
BLOCK(7, 5, 1)
BLOCK(7, 5, 2)
BLOCK(4, 3, 1)
BLOCK(4, 3, 2)
BLOCK(4, 5, 1)
BLOCK(4, 5, 2)
BLOCK(1, 3, 1)
BLOCK(1, 5, 1)

typedef void block_fn(const corr2d_blocks *all, const block_place *at);

/* For seven, four or one outputs, of which one alone knows no stride; three or five taps; stride one or two. */
static block_fn *const block_fns[3][2][2] = {
    {{block_7_3_1, block_7_3_2}, {block_7_5_1, block_7_5_2}},
    {{block_4_3_1, block_4_3_2}, {block_4_5_1, block_4_5_2}},
    {{block_1_3_1, block_1_3_1}, {block_1_5_1, block_1_5_1}},
};

ALWAYS_INLINE block_fn *block_fn_of(const corr2d_blocks *all, size_t outputs) {
    const size_t shape = outputs == 7 ? 0 : outputs == 4 ? 1 : 2;
    return block_fns[shape][all->taps_across == 5][all->stride == 2];
}

#ifdef RELOADS
BLOCK(12, 3, 2)

/*
 * Kernels three wide with stride 2 load 36 times for 42 multiply-adds of seven outputs, but 56 times for 72 of twelve.
 * So twelve come first, unless what is left of a row is two tiles of seven or of four.
 */
ALWAYS_INLINE size_t block_outputs(const corr2d_blocks *all, size_t left) {
    const bool wide = all->taps_across == 3 && all->stride == 2 && all->columns >= 12;
    if (wide && left > 8 && left != 13 && left != 14) return 12;
    return left > 4 && left != 8 && all->columns >= 7 ? 7 : left > 1 && all->columns >= 4 ? 4 : 1;
}

ALWAYS_INLINE void block_run(const corr2d_blocks *all, const block_place *at, size_t outputs) {
    (outputs == 12 ? block_12_3_2 : block_fn_of(all, outputs))(all, at);
}
#else
ALWAYS_INLINE size_t block_outputs(const corr2d_blocks *all, size_t left) {
    return left > 4 && all->columns >= 7 ? 7 : left > 1 && all->columns >= 4 ? 4 : 1;
}

ALWAYS_INLINE void block_run(const corr2d_blocks *all, const block_place *at, size_t outputs) {
    block_fn_of(all, outputs)(all, at);
}
#endif

/* The row is cut into tiles, of which the last may overlap the one before. */
static void depthwise_blocks(const corr2d_blocks *all) {
    const size_t columns = all->columns, x_end = all->before + all->x_columns;
    for (size_t column = 0, outputs; column < columns; column += outputs) {
        const size_t left = columns - column;
        outputs = block_outputs(all, left);
        if (left < outputs) column = columns - outputs;
        const size_t first = column * all->stride;
        const size_t before = first < all->before ? all->before - first : 0;
        const block_place at = {.x = all->x + (first + before - all->before) * all->x_column,
                                .y = all->y + column * all->y_column,
                                .before = before,
                                .end = x_end - first};
        block_run(all, &at, outputs);
    }
}
