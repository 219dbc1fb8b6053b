/* SPDX-License-Identifier: Apache-2.0 */
/* The tiles of tiles/columns.h on packed planes: their padding is there, and each tap's inputs are loaded. */

typedef enum columns_form { COLUMNS_PACKED } columns_form;

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

ALWAYS_INLINE columns_lanes columns_inside(const columns_lanes *lanes, const corr2d_planes *all, size_t row,
                                           size_t stride) {
    (void)all, (void)row, (void)stride;
    return *lanes;
}

ALWAYS_INLINE columns_inputs columns_load(const columns_call *c, const columns_lanes *lanes, const float *x,
                                          ptrdiff_t at, size_t taps, size_t stride, columns_form form) {
    (void)c, (void)lanes, (void)taps, (void)stride, (void)form;
    return (columns_inputs){x + at};
}

/* In order, or compilers would load it for each multiply-add again. */
ALWAYS_INLINE f32xn columns_tap(const columns_inputs *in, size_t v, size_t taps, size_t stride) {
    const f32xn x_f32xn = f32xn_load(in->x + v % stride * CORR2D_PLANE_PITCH + v / stride);
    IN_ORDER;
    (void)taps;
    return x_f32xn;
}

ALWAYS_INLINE const float *columns_weights(const columns_call *c, size_t s, size_t taps, columns_form form) {
    (void)taps, (void)form;
    return c->stream[s].weights;
}

ALWAYS_INLINE f32xn columns_weight(const float *w, size_t tap, columns_form form) {
    (void)form;
    return f32xn_splat(w[tap]);
}

ALWAYS_INLINE f32xn columns_bias(const columns_stream *s, columns_form form) {
    (void)form;
    return f32xn_splat(s->bias[0]);
}

/* From memory, since sixteen registers have no room for it. */
ALWAYS_INLINE f32xn columns_bias_again(const columns_stream *s, f32xn bias) {
    (void)bias;
    return f32xn_splat(s->bias[0]);
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
