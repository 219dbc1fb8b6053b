/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 5x5 tiles of tiles/columns_picked.h for pairs of channels, of which each is a whole map with two rows and columns
 * of padding before it and no more than two behind it. Part of tiles/planes_in_place.h.
 *
 * Two pairs go together, for the sake of their chains, in a loop down the rows. What its first step stores is no
 * output, and written over by the second.
 */

/* A pair's bias and weights. */
#define FIVE_VECTORS 26

typedef struct five_state {
    const float *x[PICKED_STREAMS], *vectors;
    float *y[PICKED_STREAMS];
    f32xn bias[PICKED_STREAMS], acc[PICKED_STREAMS][3]; /* of three rows of outputs, the first of which ends next */
    f32xn_lanes lanes[5];
    f32xn_mask inside;
    ptrdiff_t second;
} five_state;

/* The next row of inputs, to which the first row of outputs has the taps of row `first`. */
ALWAYS_INLINE void five_add(five_state *r, size_t x_row, size_t first) {
    f32xn low[PICKED_STREAMS], high[PICKED_STREAMS];
    UNROLL for (size_t s = 0; s < PICKED_STREAMS; s++) {
        const float *ahead = columns_place(r->x[s], 2 * PICKED_STREAMS * r->second);
        low[s] = f32xn_load_mask(r->x[s], r->inside);
        high[s] = f32xn_load_mask(columns_place(r->x[s], r->second), r->inside);
        __builtin_prefetch(ahead, 0, 3);
        __builtin_prefetch(columns_place(ahead, r->second), 0, 3);
        r->x[s] += x_row;
    }
    IN_ORDER;
    UNROLL for (size_t v = 0; v < 5; v++) {
        UNROLL for (size_t s = 0; s < PICKED_STREAMS; s++) {
            const f32xn x_f32xn = f32xn_pick_two(low[s], high[s], r->lanes[v]);
            UNROLL for (size_t a = 0; a < 3; a++) {
                const size_t u = first - 2 * a, at = s * FIVE_VECTORS + 1 + u * 5 + v;
                if (u < 5) r->acc[s][a] = f32xn_fma(x_f32xn, f32xn_load(r->vectors + at * LANES), r->acc[s][a]);
            }
        }
    }
}

ALWAYS_INLINE void five_store(five_state *r, const columns_call *c, size_t y_step) {
    UNROLL for (size_t s = 0; s < PICKED_STREAMS; s++) {
        picked_store(r->y[s], r->acc[s][0], c, &c->lanes, COLUMNS_PAIR);
        r->y[s] += y_step;
        r->acc[s][0] = r->acc[s][1];
        r->acc[s][1] = r->acc[s][2];
    }
}

ALWAYS_INLINE void five_vectors(float *to, const float *bias, const float *weights) {
    f32xn_store(to, f32xn_splat_halves(bias, bias + 1));
    for (size_t u = 0; u < 5; u++, weights += 5) {
        UNROLL for (size_t v = 0; v < 5; v++) {
            to += LANES;
            f32xn_store(to, f32xn_splat_halves(weights + v, weights + 25 + v));
        }
    }
}

/* Where few channels are left, some are done more than once. Pointers are not kept in an array of a loop's index. */
NOT_INLINE void planes_five_pairs(const columns_call *call) {
    const columns_call c = *call;
    const corr2d_planes *all = c.all;
    const size_t last = all->channels - 2;
    five_state r = {.second = c.x_second, .vectors = c.vectors, .inside = c.lanes.mid};
    UNROLL for (size_t v = 0; v < 5; v++) r.lanes[v] = f32xn_lanes_load(picked_lanes[v]);
    for (size_t i = 0; i < all->channels; i += 2 * PICKED_STREAMS) {
        size_t y_step = 0;
        for (size_t s = 0; s < PICKED_STREAMS; s++) {
            const size_t o = i + 2 * s < last ? i + 2 * s : last;
            five_vectors(call->vectors + s * FIVE_VECTORS * LANES, all->bias + o, all->weights + o * 25);
        }
        UNROLL for (size_t s = 0; s < PICKED_STREAMS; s++) {
            const size_t o = i + 2 * s < last ? i + 2 * s : last;
            r.x[s] = columns_place(all->x + o * all->x_channel, call->start);
            r.y[s] = all->y + o * all->y_channel;
            r.acc[s][0] = r.acc[s][1] = r.bias[s] = f32xn_load(r.vectors + s * FIVE_VECTORS * LANES);
        }
        for (size_t row = all->rows; row > 0; row--) {
            UNROLL for (size_t s = 0; s < PICKED_STREAMS; s++) r.acc[s][2] = r.bias[s];
            five_add(&r, all->x_row, 4);
            five_store(&r, &c, y_step);
            y_step = all->y_row;
            if (row > 1 || all->x_rows % 2 == 0) five_add(&r, all->x_row, 3);
        }
        five_store(&r, &c, 0);
    }
}
