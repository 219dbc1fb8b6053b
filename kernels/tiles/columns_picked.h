/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tiles of tiles/columns.h for stride 2 on planes where they lie. Part of tiles/planes_in_place.h.
 *
 * Of each row two vectors are loaded, from the first tap's first input on, as far as they are in x: then an output's
 * v-th tap is the v-th float after twice its number in these two, so one permutation gives a tap's inputs, 14 of
 * them at most. Of a pair of narrow channels each is in one of the two, and the same permutation gives both: what
 * lies beyond the first one's sixteen floats, or beyond all, is padding, as is the first float of either.
 */

/* Counts modulo two vectors. */
static const int32_t picked_lanes[5][LANES] = {{0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30},
                                               {1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31},
                                               {2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 0},
                                               {3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 1},
                                               {4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 0, 2}};

ALWAYS_INLINE f32xn picked_splat(const float *p, size_t second, columns_form form) {
    return form == COLUMNS_PAIR ? f32xn_splat_halves(p, p + second) : f32xn_splat(*p);
}

/* A row of outputs, of one or two channels, is finished and stored. */
ALWAYS_INLINE void picked_store(float *y, f32xn y_f32xn, const columns_call *c, const columns_lanes *lanes,
                                columns_form form) {
    const corr2d_planes *all = c->all;
    if (c->clamped) y_f32xn = f32xn_clamp(y_f32xn, f32xn_splat(all->lo), f32xn_splat(all->hi));
    columns_store(y, f32xn_add(y_f32xn, f32xn_splat(0.0f)), c, lanes, 0, form);
}

/*
 * 5x5: what a tile keeps in registers, of which there are few that are no vectors: so what else it needs of a call
 * stays where it is.
 */
typedef struct picked_state {
    const float *x[PICKED_STREAMS];
    float *y[PICKED_STREAMS];
    columns_kernel w[PICKED_STREAMS];
    f32xn acc[PICKED_STREAMS][3];
    f32xn_lanes lanes[5];
    columns_lanes inside;
} picked_state;

/* A row of inputs, the `below`-th of those that reach the same outputs. */
ALWAYS_INLINE void picked_add(picked_state *r, size_t below) {
    f32xn low[PICKED_STREAMS], high[PICKED_STREAMS];
    UNROLL for (size_t s = 0; s < PICKED_STREAMS; s++) {
        low[s] = f32xn_load_mask(r->x[s], r->inside.mid);
        high[s] = f32xn_load_mask(columns_place(r->x[s], LANES), r->inside.next);
    }
    IN_ORDER;
    UNROLL for (size_t v = 0; v < 5; v++) {
        UNROLL for (size_t s = 0; s < PICKED_STREAMS; s++) {
            const f32xn x_f32xn = f32xn_pick_two(low[s], high[s], r->lanes[v]);
            UNROLL for (size_t a = 0; a < 3; a++) {
                const size_t u = (2 - a) * 2 + below;
                if (u < 5) r->acc[s][a] = f32xn_fma(x_f32xn, f32xn_splat(r->w[s][u * 5 + v]), r->acc[s][a]);
            }
        }
    }
}

/* Streams down a band. */
NOT_INLINE void planes_picked_five(const columns_call *c) {
    const corr2d_planes *all = c->all;
    const size_t rows = c->end - c->first + 2;
    size_t number = 2 * c->first - all->above;
    picked_state r = {.inside = c->lanes};
    f32xn bias[PICKED_STREAMS];
    UNROLL for (size_t v = 0; v < 5; v++) r.lanes[v] = f32xn_lanes_load(picked_lanes[v]);
    UNROLL for (size_t s = 0; s < PICKED_STREAMS; s++) {
        r.x[s] = columns_place(c->stream[s].x, c->start + (ptrdiff_t)(number * all->x_row));
        r.y[s] = c->stream[s].y + c->first * all->y_row + c->column;
        r.w[s] = c->stream[s].weights;
        bias[s] = f32xn_splat(c->stream[s].bias[0]);
        UNROLL for (size_t a = 0; a < 3; a++) r.acc[s][a] = bias[s];
    }
    for (size_t row = 0; row < rows; row++) {
        UNROLL for (size_t s = 0; s < PICKED_STREAMS; s++) {
            r.acc[s][0] = r.acc[s][1];
            r.acc[s][1] = r.acc[s][2];
            r.acc[s][2] = bias[s];
        }
        UNROLL for (size_t below = 0; below < 2; below++, number++) {
            if (number < all->x_rows) picked_add(&r, below);
            UNROLL for (size_t s = 0; s < PICKED_STREAMS; s++) {
                r.x[s] = columns_place(r.x[s], (ptrdiff_t)all->x_row);
            }
        }
        if (row < 2) continue;
        UNROLL for (size_t s = 0; s < PICKED_STREAMS; s++) {
            picked_store(r.y[s], r.acc[s][0], c, &r.inside, COLUMNS_WHOLE);
            r.y[s] += all->y_row;
        }
    }
}
