/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 3x3 tiles of tiles/columns_picked.h, for outputs whose middle row of inputs is in x. Part of
 * tiles/planes_in_place.h.
 *
 * A step of the loop down the rows ends one row of outputs, adds the middle taps of the next, and begins the third:
 * three short chains, in a loop that has nothing in it that could be decided before. What the first step stores is no
 * output, and written over by the second.
 */

/* Rows of more outputs fetch so many rows below ahead, others the next channels. */
#define THREE_WIDE 28
#define THREE_AHEAD 8

typedef struct three_state {
    const float *x;     /* the next row of inputs */
    const float *ahead; /* outputs that are fetched */
    float *y;
    f32xn w[9], bias, acc[3]; /* of the three rows */
    f32xn odd[3];             /* the inputs that the first of them ends with */
    f32xn_lanes lanes[3];
    f32xn_mask mid, next; /* of rows below middles */
    ptrdiff_t second;     /* to a row's other vector */
} three_state;

/* A row's inputs of the three columns of taps. */
ALWAYS_INLINE void three_load(f32xn *in, const three_state *r, const float *x, f32xn_mask mid, f32xn_mask next) {
    const f32xn low = f32xn_load_mask(x, mid), high = f32xn_load_mask(columns_place(x, r->second), next);
    UNROLL for (size_t v = 0; v < 3; v++) in[v] = f32xn_pick_two(low, high, r->lanes[v]);
}

ALWAYS_INLINE void three_store(three_state *r, const columns_call *c, size_t y_step, columns_form form) {
    picked_store(r->y, r->acc[0], c, &c->lanes, form);
    r->y += y_step;
    r->acc[0] = r->acc[1];
    r->acc[1] = r->acc[2];
}

/* The next two rows of the next channels' inputs, or of those below, and a row of the next channels' outputs. */
ALWAYS_INLINE void three_fetch(three_state *r, const columns_call *c, size_t x_row, size_t y_step, columns_form form) {
    const ptrdiff_t far = form == COLUMNS_PAIR ? 2 * r->second : c->far;
    const float *x = columns_place(r->x, far - (ptrdiff_t)x_row);
    UNROLL for (size_t i = 0; i < 2; i++) {
        __builtin_prefetch(x, 0, 3);
        __builtin_prefetch(columns_place(x, r->second), 0, 3);
        x = columns_place(x, (ptrdiff_t)x_row);
    }
    __builtin_prefetch(r->ahead, 0, 3);
    r->ahead = columns_place(r->ahead, (ptrdiff_t)y_step);
}

/* Down a band. */
ALWAYS_INLINE void three_tile(three_state *r, const columns_call *c, size_t steps, bool more, size_t each,
                              columns_form form) {
    const size_t x_row = c->all->x_row, y_row = c->all->y_row;
    f32xn even[3], odd[3];
    size_t y_step = 0;
    do {
        three_load(even, r, r->x, c->lanes.mid, c->lanes.next);
        r->x += x_row;
        three_load(odd, r, r->x, r->mid, r->next);
        r->x += x_row;
        FORGET(r->x);
        r->acc[2] = r->bias;
        UNROLL for (size_t v = 0; v < 3; v++) {
            r->acc[0] = f32xn_fma(r->odd[v], r->w[6 + v], r->acc[0]);
            r->acc[1] = f32xn_fma(even[v], r->w[3 + v], r->acc[1]);
            r->acc[2] = f32xn_fma(odd[v], r->w[v], r->acc[2]);
            r->odd[v] = odd[v];
        }
        three_store(r, c, y_step, form);
        three_fetch(r, c, x_row, each * y_row, form);
        y_step = y_row;
    } while (--steps);
    UNROLL for (size_t v = 0; v < 3; v++) r->acc[0] = f32xn_fma(r->odd[v], r->w[6 + v], r->acc[0]);
    if (more) {
        three_load(even, r, r->x, c->lanes.mid, c->lanes.next);
        UNROLL for (size_t v = 0; v < 3; v++) r->acc[1] = f32xn_fma(even[v], r->w[3 + v], r->acc[1]);
        three_store(r, c, y_step, form);
    }
    three_store(r, c, 0, form);
}

/* The channels of a call, one or two at a time. Where fewer are left, the last one is done more than once. */
ALWAYS_INLINE void three_channels(const columns_call *call, columns_form form) {
    const bool pair = form == COLUMNS_PAIR;
    const size_t each = pair ? 2 : 1;
    columns_call c = *call;
    const corr2d_planes *all = c.all;
    three_state r = {.second = pair ? c.x_second : LANES};
    if (pair) c.lanes.next = c.lanes.mid;
    r.mid = c.lanes.mid & c.below;
    r.next = c.lanes.next & c.below;
    UNROLL for (size_t v = 0; v < 3; v++) r.lanes[v] = f32xn_lanes_load(picked_lanes[v]);
    for (size_t i = call->channel; i < call->channel_end; i += each) {
        const size_t last = all->channels - each, o = i < last ? i : last;
        const float *w = all->weights + o * 9;
        UNROLL for (size_t t = 0; t < 9; t++) r.w[t] = picked_splat(w + t, 9, form);
        r.bias = picked_splat(all->bias + o, 1, form);
        r.x = columns_place(all->x + o * all->x_channel, call->start + (ptrdiff_t)(call->middle * all->x_row));
        r.y = all->y + o * all->y_channel + call->first * all->y_row + call->column;
        r.ahead = columns_place(r.y, (ptrdiff_t)(each * all->y_channel));
        r.acc[0] = r.acc[1] = r.odd[0] = r.odd[1] = r.odd[2] = r.bias;
        if (call->middle) {
            three_load(r.odd, &r, r.x - all->x_row, c.lanes.mid, c.lanes.next);
            UNROLL for (size_t v = 0; v < 3; v++) r.acc[1] = f32xn_fma(r.odd[v], r.w[v], r.acc[1]);
        }
        three_tile(&r, &c, call->steps, call->more, each, form);
    }
}

NOT_INLINE void planes_three(const columns_call *c) { three_channels(c, COLUMNS_WHOLE); }
NOT_INLINE void planes_three_pair(const columns_call *c) { three_channels(c, COLUMNS_PAIR); }

/* All channels of planes that are one tile wide in a call, others tile by tile. */
static inline void three_planes(columns_call *c, columns_form form) {
    const corr2d_planes *all = c->all;
    const size_t step = all->columns > columns_reach(all) ? 1 : all->channels;
    const bool pair = form == COLUMNS_PAIR;
    c->end = all->rows;
    c->middle = 1 - all->above;
    c->steps = (all->x_rows - c->middle) / 2;
    c->below = (f32xn_mask)(c->steps ? f32xn_mask_of(LANES) : 0);
    if (c->steps == 0) c->steps = 1;
    c->more = c->steps < c->end;
    if (!c->more) c->steps = c->end;
    c->far = (ptrdiff_t)(all->columns > THREE_WIDE ? THREE_AHEAD * all->x_row : all->x_channel << pair);
    columns_move(c);
    for (; c->channel < all->channels; c->channel = c->channel_end) {
        c->channel_end = c->channel + step;
        columns_across(c, pair ? planes_three_pair : planes_three);
    }
}
