/* SPDX-License-Identifier: Apache-2.0 */
/* The tiles of tiles/columns.h on packed planes: their padding is there, and each tap's inputs are loaded. */

typedef enum columns_form { COLUMNS_PACKED } columns_form;

/* Of a 5x5 kernel. */
#define COLUMNS_TAPS 25

/* What a load or store may touch: whole vectors, but for the last rows of narrow ones. */
typedef size_t columns_lanes;

typedef struct columns_call {
    const corr2d_planes *all;
    columns_stream stream[COLUMNS_MOST];
    size_t first, end, column; /* rows of outputs, and where the vector begins */
    ptrdiff_t start;           /* its first input */
    columns_lanes lanes; /* columns to store, where not whole vectors: as far as row `whole`, counted with inputs */
    size_t whole;
} columns_call;

typedef struct columns_inputs {
    const float *x;
} columns_inputs;

ALWAYS_INLINE ptrdiff_t columns_x_row(const corr2d_planes *all, size_t stride) {
    (void)all;
    return (ptrdiff_t)stride * CORR2D_PLANE_PITCH;
}

ALWAYS_INLINE const float *columns_plane(const corr2d_planes *all, size_t channel) {
    return all->packed + channel * all->packed_channel;
}

ALWAYS_INLINE columns_inputs columns_load(const columns_lanes *lanes, const float *x, ptrdiff_t at, columns_form form) {
    (void)lanes, (void)form;
    return (columns_inputs){x + at};
}

ALWAYS_INLINE f32xn columns_tap(const columns_inputs *in, size_t v, size_t taps, size_t stride) {
    (void)taps;
    return f32xn_load(in->x + v % stride * CORR2D_PLANE_PITCH + v / stride);
}

/* The weights of a stream, four by four, of which the last overlap those before. */
typedef struct columns_kernel {
    f32x4 quad[(COLUMNS_TAPS + 3) / 4];
} columns_kernel;

/* Where the four begin that have a tap. */
ALWAYS_INLINE size_t columns_quad(size_t tap) {
    return tap / 4 * 4 > COLUMNS_TAPS - 4 ? COLUMNS_TAPS - 4 : tap / 4 * 4;
}

ALWAYS_INLINE void columns_weights(columns_kernel *w, const float *weights) {
    UNROLL for (size_t t = 0; t < COLUMNS_TAPS; t += 4) w->quad[t / 4] = f32x4_load(weights + columns_quad(t));
}

/* Or clang would splat them before the loop, for which there are no registers. */
ALWAYS_INLINE void columns_hold(columns_kernel *w) {
    UNROLL for (size_t t = 0; t < COLUMNS_TAPS; t += 4) HOLD(w->quad[t / 4]);
}

ALWAYS_INLINE f32xn columns_fma(f32xn x, const columns_kernel *w, size_t tap, f32xn acc) {
    return f32xn_fma_lane(x, w->quad[tap / 4], tap - columns_quad(tap), acc);
}

ALWAYS_INLINE void columns_store(float *y, f32xn a, const columns_call *c, const columns_lanes *lanes, size_t row,
                                 columns_form form) {
    (void)form;
    if (row < c->whole) {
        f32xn_store(y, a);
    } else {
        f32xn_store_part(y, a, *lanes);
    }
}

/* The outputs of a vector. */
ALWAYS_INLINE size_t columns_reach(const corr2d_planes *all) {
    (void)all;
    return LANES;
}

ALWAYS_INLINE void columns_move(columns_call *c) { c->start = (ptrdiff_t)c->column; }
