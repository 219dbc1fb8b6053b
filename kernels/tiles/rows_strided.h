/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise 3x3 tiles with stride 2 on planes read where they lie, for few registers. Part of tiles/rows_ring.h.
 *
 * A tile is one or two vectors of a channel's columns down a band of rows, with nine weights in registers. Two vectors
 * of a row of inputs are split into even and odd columns, in an order that is mended where outputs are stored; the
 * first tap's inputs are split off two more, or are those of the third one output earlier. Each row of inputs is added
 * to the one or two rows of outputs that it reaches; rows beside x are zeros. What such a loop takes is instructions,
 * of any kind: so there is nothing in it that could be decided before.
 */

/* Rows of more outputs fetch so many rows below ahead, others the next channel or band. */
#define STRIDED_WIDE 32
#define STRIDED_AHEAD 8

typedef enum strided_form {
    STRIDED_FOURTEEN, /* a row of 14 columns, the first input before it */
    STRIDED_MASKED,   /* a row of up to a vector */
    STRIDED_LEFT,     /* two vectors, whose first input is before x, and the others in it */
    STRIDED_MIDDLE,   /* two vectors, all of whose inputs are in x */
    STRIDED_ANYWHERE, /* one vector */
} strided_form;

typedef struct strided_call {
    const rows_channel *c;
    const float *x_channel, *x, *weights, *bias; /* of x the middle tap's first input in its first row */
    float *y_band, *y;
    f32xn_mask before, inside[2];
    size_t row, rows; /* a band */
    size_t second;    /* from the first vector of outputs to the second */
    size_t far;
} strided_call;

/* What a tile keeps in registers. */
typedef struct strided_state {
    const float *x[2], *x_next[2]; /* an output's second row of inputs, and its third */
    float *y;
    size_t second, x_step, y_step, steps, far; /* `far`: from an input to one that is fetched */
    const float *bias, *clamp;                 /* the last two floats of an activation, or NULL */
    f32xn acc[2], w[9];
} strided_state;

#ifdef PICKS
/* Where the output before is, when two vectors are split that follow one another or of which the second lies 2 back. */
static const int32_t strided_lanes_before[2][LANES] = {{0, 0, 5, 2, 1, 4, 3, 6}, {0, 0, 4, 2, 1, 4, 3, 6}};

/* In the latter case, the first four outputs and the last four of seven. */
static const int32_t strided_lanes[LANES] = {0, 1, 4, 2, 2, 3, 6, 7};
#define STRIDED_COLUMNS 14
#endif

/* Of a row's beginning the first tap's inputs: the third's, one output on. */
ALWAYS_INLINE f32xn strided_before(f32xn third, strided_form form) {
#ifdef PICKS
    const f32xn_lanes lanes = f32xn_lanes_load(strided_lanes_before[form == STRIDED_FOURTEEN]);
    return f32xn_clear_first(f32xn_pick(third, lanes));
#else
    (void)form;
    return f32xn_push_zero(third);
#endif
}

/* The inputs of the three taps across. */
ALWAYS_INLINE void strided_load(f32xn *in, const strided_call *call, const float *x, size_t vector, strided_form form) {
    const bool any = form == STRIDED_ANYWHERE, masked = form == STRIDED_MASKED;
    const float *const x_high = x + (form == STRIDED_FOURTEEN ? LANES - 2 : LANES);
    const f32xn low = masked ? f32xn_load_mask(x, call->inside[0]) : f32xn_load(x);
    const f32xn high = masked || any ? f32xn_load_mask(x_high, call->inside[1]) : f32xn_load(x_high);
    f32xn_split_parts(low, high, in + 1, in + 2);
    if (vector == 0 && form <= STRIDED_LEFT) {
        in[0] = strided_before(in[2], form);
        return;
    }
    const f32xn low_before = any ? f32xn_load_mask(x - 2, call->before) : f32xn_load(x - 2);
    in[0] = f32xn_odd_parts(low_before, f32xn_load(x + LANES - 2));
}

/* A row of outputs is finished. */
ALWAYS_INLINE void strided_store(strided_state *r, const strided_call *call, size_t vectors, strided_form form) {
    if (r->clamp) {
        EACH(s, vectors, 2) { r->acc[s] = f32xn_clamp(r->acc[s], f32xn_splat(r->clamp[0]), f32xn_splat(r->clamp[1])); }
    }
    EACH(s, vectors, 2) {
        f32xn y_f32xn = r->acc[s];
#ifdef PICKS
        if (form == STRIDED_FOURTEEN) {
            y_f32xn = f32xn_pick(y_f32xn, f32xn_lanes_load(strided_lanes));
            f32xn_store_quads(r->y, 3, f32xn_add(y_f32xn, f32xn_splat(0.0f)));
            continue;
        }
#endif
        y_f32xn = f32xn_add(f32xn_order_parts(y_f32xn), f32xn_splat(0.0f));
        if (form == STRIDED_MASKED) {
            f32xn_store_part(r->y, y_f32xn, call->c->all->columns);
        } else {
            f32xn_store(r->y + s * r->second, y_f32xn);
        }
    }
    r->y += r->y_step;
}

/* Rows of outputs, at least one: of each the second and third rows of inputs, which is the next one's first. */
ALWAYS_INLINE void strided_run(strided_state *r, const strided_call *call, size_t vectors, strided_form form) {
    do {
        f32xn next[2], in[3];
        EACH(s, vectors, 2) {
            IN_ORDER;
            strided_load(in, call, r->x[s], s, form);
            r->x[s] += r->x_step;
            UNROLL for (size_t v = 0; v < 3; v++) r->acc[s] = f32xn_fma(in[v], r->w[3 + v], r->acc[s]);
            HOLD(r->acc[s]);
        }
        EACH(s, vectors, 2) {
            IN_ORDER;
            if (s == 0) next[0] = next[1] = f32xn_splat(r->bias[0]);
            strided_load(in, call, r->x_next[s], s, form);
            r->x_next[s] += r->x_step;
            UNROLL for (size_t v = 0; v < 3; v++) {
                r->acc[s] = f32xn_fma(in[v], r->w[6 + v], r->acc[s]);
                next[s] = f32xn_fma(in[v], r->w[v], next[s]);
            }
            HOLD(r->acc[s]);
            HOLD(next[s]);
        }
        EACH(s, vectors, 2) {
            __builtin_prefetch(r->x[s] + r->far, 0, 3);
            __builtin_prefetch(r->x_next[s] + r->far, 0, 3);
        }
        strided_store(r, call, vectors, form);
        r->acc[0] = next[0];
        r->acc[1] = next[1];
    } while (--r->steps);
}

ALWAYS_INLINE void strided_begin(strided_state *r, const corr2d_planes *all, bool clamped) {
    r->x_step = 2 * all->x_row;
    r->y_step = all->y_row;
    r->clamp = clamped ? &all->lo : NULL;
}

/* Down a band. Where x has the first output's first row, a step before gives it; what that stores is written over. */
ALWAYS_INLINE void strided_tile(const strided_call *call, size_t vectors, strided_form form) {
    const corr2d_planes *all = call->c->all;
    const size_t end = call->row + call->rows, x_rows = all->x_rows;
    size_t second = 2 * call->row - all->above + 1;
    size_t early = second - 1 < x_rows ? 1 : 0;
    strided_state r;
    strided_begin(&r, all, call->c->clamped);
    r.y = call->y;
    r.second = call->second;
    r.bias = call->bias;
    r.far = call->far;
    UNROLL for (size_t t = 0; t < 9; t++) r.w[t] = f32xn_splat(call->weights[t]);
    r.acc[0] = r.acc[1] = f32xn_splat(r.bias[0]);
    second -= 2 * early;
    for (size_t row = call->row - early, steps; row != end; row += steps, second += 2 * steps) {
        const size_t inside = (x_rows - second) / 2, left = end - row;
        const bool in_x = second < x_rows, next_in_x = second + 1 < x_rows;
        r.steps = steps = early || !in_x || !next_in_x ? 1 : inside < left ? inside : left;
        r.y_step = early ? 0 : all->y_row;
        early = 0;
        r.x[0] = in_x ? call->x + second * all->x_row : all->zeros + 2;
        r.x_next[0] = next_in_x ? call->x + (second + 1) * all->x_row : all->zeros + 2;
        r.x[1] = r.x[0] + 2 * call->second;
        r.x_next[1] = r.x_next[0] + 2 * call->second;
        strided_run(&r, call, vectors, form);
    }
}

/*
 * All channels of even maps with one row and column of padding before them, of 14 columns or of two vectors of outputs,
 * of which the second may overlap the first. One loop, since each channel is a short one.
 */
ALWAYS_INLINE void strided_maps(const corr2d_planes *all, size_t vectors, strided_form form) {
    const float *x = all->x, *w = all->weights;
    float *y = all->y;
    strided_state r;
    strided_begin(&r, all, clamps(all->lo, all->hi));
    r.bias = all->bias;
    r.far = all->x_channel;
    for (size_t i = all->channels; i > 0; i--) {
        r.second = all->columns - LANES;
        r.steps = all->rows;
        r.x[0] = x;
        r.x[1] = x + 2 * r.second;
        r.y = y;
        r.acc[0] = r.acc[1] = f32xn_splat(r.bias[0]);
        EACH(s, vectors, 2) r.x_next[s] = r.x[s] + all->x_row;
        UNROLL for (size_t t = 0; t < 9; t++) r.w[t] = f32xn_splat(w[t]);
        strided_run(&r, NULL, vectors, form);
        x += all->x_channel;
        y += all->y_channel;
        w += 9;
        r.bias++;
    }
}

NOT_INLINE void planes_strided_masked(const strided_call *call) { strided_tile(call, 1, STRIDED_MASKED); }
NOT_INLINE void planes_strided_left(const strided_call *call) { strided_tile(call, 2, STRIDED_LEFT); }
NOT_INLINE void planes_strided_middle(const strided_call *call) { strided_tile(call, 2, STRIDED_MIDDLE); }
NOT_INLINE void planes_strided_anywhere(const strided_call *call) { strided_tile(call, 1, STRIDED_ANYWHERE); }
NOT_INLINE void planes_strided_pairs(const corr2d_planes *all) { strided_maps(all, 2, STRIDED_LEFT); }
#ifdef PICKS
NOT_INLINE void planes_strided_fourteen(const corr2d_planes *all) { strided_maps(all, 1, STRIDED_FOURTEEN); }
#endif

typedef void strided_fn(const strided_call *call);

/* Two vectors of a band, from these columns of outputs on. */
NOT_INLINE void strided_go(strided_call *call, size_t first, size_t second, strided_fn *fn) {
    call->x = call->x_channel + 2 * first;
    call->y = call->y_band + first;
    call->second = second - first;
    fn(call);
}

/* One vector. */
NOT_INLINE void strided_one(strided_call *call, size_t column) {
    const corr2d_planes *all = call->c->all;
    call->before = f32xn_mask_between(column == 0 ? 1 + all->before : 0, LANES);
    call->inside[1] = column + LANES == all->columns ? call->c->inside[1] : f32xn_mask_of(LANES);
    strided_go(call, column, column, planes_strided_anywhere);
}

/* A band of rows that are longer than a vector, of which the last one may overlap that before it. */
static inline void strided_across(strided_call *call) {
    const corr2d_planes *all = call->c->all;
    const size_t width = all->columns, last = width - LANES;
    for (size_t column = 0; column < width; column += 2 * LANES) {
        const size_t first = column < last ? column : last, second = first + LANES < last ? first + LANES : last;
        const bool begins = first > 0 || all->before > 0, ends = second == last && call->c->right;
        if (second > first && begins && !ends) {
            strided_go(call, first, second, first ? planes_strided_middle : planes_strided_left);
        } else {
            strided_one(call, first);
            if (second > first) strided_one(call, second);
        }
    }
}

/* All rows, band after band: so y is written line after line. */
static inline void strided_down(strided_call *call) {
    const corr2d_planes *all = call->c->all;
    for (call->row = 0; call->row < all->rows; call->row += call->rows) {
        const size_t left = all->rows - call->row;
        call->rows = left > RING_BAND ? RING_BAND : left;
        call->far = (all->columns > STRIDED_WIDE ? STRIDED_AHEAD : 2 * call->rows) * all->x_row;
        if (all->columns <= LANES) {
            strided_go(call, 0, 0, planes_strided_masked);
        } else {
            strided_across(call);
        }
        call->y_band += call->rows * all->y_row;
    }
}

/* Maps of even size of which a kernel's half lies before the first output's middle, and less behind the last one's. */
static inline bool strided_even(const corr2d_planes *all) {
    const size_t half = all->taps_across / 2;
    return all->above == half && all->before == half && all->x_rows == 2 * all->rows &&
           all->x_columns == 2 * all->columns;
}

static inline void strided_planes(const corr2d_planes *all) {
    const rows_channel c = rows_cut(all);
    strided_call call = {.c = &c, .inside = {c.inside[0], c.inside[1]}};
    if (strided_even(all)) {
#ifdef PICKS
        if (all->x_columns == STRIDED_COLUMNS) {
            planes_strided_fourteen(all);
            return;
        }
#endif
        if (all->columns > LANES && all->columns <= 2 * LANES) {
            planes_strided_pairs(all);
            return;
        }
    }
    for (size_t i = 0; i < all->channels; i++) {
        call.x_channel = all->x + i * all->x_channel + 1 - all->before;
        call.y_band = all->y + i * all->y_channel;
        call.weights = all->weights + i * 9;
        call.bias = all->bias + i;
        strided_down(&call);
    }
}
