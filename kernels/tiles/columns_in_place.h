/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tiles of tiles/columns.h on planes where they lie: of each row a vector is loaded, as far as it is in x, and what
 * is beside it is shifted in. Those for stride 2 are in tiles/columns_picked.h and the two files behind it.
 */

typedef enum columns_form {
    COLUMNS_SIDES, /* neighbours come from x, as far as they are in it */
    COLUMNS_WHOLE, /* all columns, whose neighbours are zeros */
    COLUMNS_PAIR   /* stride 2: two channels, in the halves of a vector */
} columns_form;

/* Pairs: so many columns at most, and where the second channel's begin. */
#define PAIR_COLUMNS 7
#define PAIR_SECOND (LANES / 2)

/*
 * What is in x of the vector from the middle tap's first input on, of the one behind, ... and what is stored in y. With
 * stride 2 `mid` is from the first tap's first input on, and `next` behind it.
 */
typedef struct columns_lanes {
    f32xn_mask mid, next, before, behind, stored, stored_second;
} columns_lanes;

typedef struct columns_call {
    const corr2d_planes *all;
    columns_stream stream[COLUMNS_MOST];
    size_t first, end, column; /* rows of outputs, and where the vector begins */
    ptrdiff_t start;           /* `mid`, with stride 1 as if rows of padding lay in x */
    columns_lanes lanes;
    ptrdiff_t x_second, y_second; /* pairs: to the second channel, of y less the lanes before it */
    float *vectors;               /* pairs of 5x5: room for a bias and a kernel of each stream */
    /* 3x3 with stride 2: channels, and of a band ... */
    size_t channel, channel_end;
    size_t middle, steps; /* ... the first output's middle row, and how many have that and the row below in x, ... */
    bool more;            /* ... if not all; the last one's middle row is; ... */
    f32xn_mask below;     /* ... of a single one without it, no lane, ... */
    ptrdiff_t far;        /* from an input to one that is fetched */
    bool clamped;
} columns_call;

typedef struct columns_inputs {
    f32xn mid, before, behind;
} columns_inputs;

/* A place that may be beside the tensor, of which then nothing is read. */
ALWAYS_INLINE const float *columns_place(const float *x, ptrdiff_t at) {
    return (const float *)((uintptr_t)x + (uintptr_t)at * sizeof *x);
}

ALWAYS_INLINE ptrdiff_t columns_x_row(const corr2d_planes *all, size_t stride) {
    (void)stride;
    return (ptrdiff_t)all->x_row;
}

ALWAYS_INLINE const float *columns_plane(const corr2d_planes *all, size_t channel) {
    return all->x + channel * all->x_channel;
}

ALWAYS_INLINE columns_inputs columns_load(const columns_lanes *lanes, const float *x, ptrdiff_t at, columns_form form) {
    const f32xn zero = f32xn_splat(0.0f);
    const float *p = columns_place(x, at);
    columns_inputs in = {.mid = f32xn_load_mask(p, lanes->mid), .before = zero, .behind = zero};
    if (form != COLUMNS_SIDES) return in;
    in.before = f32xn_load_mask(columns_place(p, -LANES), lanes->before);
    in.behind = f32xn_load_mask(columns_place(p, LANES), lanes->behind);
    return in;
}

ALWAYS_INLINE f32xn columns_tap(const columns_inputs *in, size_t v, size_t taps, size_t stride) {
    const size_t half = taps / 2;
    (void)stride;
    if (v == half) return in->mid;
    return v < half ? f32xn_join(in->before, in->mid, LANES - half + v) : f32xn_join(in->mid, in->behind, v - half);
}

/* The weights of a stream, from memory, since they are more than the registers left. */
typedef const float *columns_kernel;

ALWAYS_INLINE void columns_weights(columns_kernel *w, const float *weights) { *w = weights; }

ALWAYS_INLINE void columns_hold(columns_kernel *w) { (void)w; }

ALWAYS_INLINE f32xn columns_fma(f32xn x, const columns_kernel *w, size_t tap, f32xn acc) {
    return f32xn_fma(x, f32xn_splat((*w)[tap]), acc);
}

ALWAYS_INLINE void columns_store(float *y, f32xn a, const columns_call *c, const columns_lanes *lanes, size_t row,
                                 columns_form form) {
    (void)row;
    if (form == COLUMNS_PAIR) {
        f32xn_store_low(y, a, lanes->stored);
        f32xn_store_high(y + c->y_second, a, lanes->stored_second);
    } else {
        f32xn_store_mask(y, a, lanes->stored);
    }
}

/* Of the lanes from column `from` of x on those that are in x. */
NOT_INLINE f32xn_mask columns_mask(const corr2d_planes *all, ptrdiff_t from) {
    const ptrdiff_t end = (ptrdiff_t)all->x_columns - from;
    const size_t out = from >= 0 ? 0 : from <= -LANES ? LANES : (size_t)-from;
    const size_t in = end <= 0 ? 0 : end >= LANES ? LANES : (size_t)end;
    return (f32xn_mask)(f32xn_mask_of(in) & ~f32xn_mask_of(out));
}

/* The outputs of a vector, at most. */
ALWAYS_INLINE size_t columns_reach(const corr2d_planes *all) { return all->stride == 1 ? LANES : LANES - 2; }

/* To the vector of outputs at c->column. */
NOT_INLINE void columns_move(columns_call *c) {
    const corr2d_planes *all = c->all;
    const bool two = all->stride == 2;
    const ptrdiff_t half = two ? 0 : (ptrdiff_t)(all->taps_across / 2);
    const ptrdiff_t mid = (ptrdiff_t)(c->column * all->stride) + half - (ptrdiff_t)all->before;
    c->start = mid - (two ? 0 : (ptrdiff_t)(all->above * all->x_row));
    c->lanes.mid = columns_mask(all, mid);
    c->lanes.next = columns_mask(all, mid + LANES);
    c->lanes.before = columns_mask(all, mid - LANES);
    c->lanes.behind = columns_mask(all, mid + LANES);
    if (c->lanes.stored_second) c->lanes.next = c->lanes.mid;
}
