/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise 5x5 tiles with stride 2 on whole maps of 14 columns, which are those of many networks' last stride. Part of
 * tiles/rows_ring.h.
 *
 * Two vectors of a row of inputs are split into even and odd columns, and zeros behind the row; the taps beside are the
 * same, one output on or back. So a row of inputs is loaded once.
 */
#define FOURTEEN_TAPS 5

/* Channels that go together: a sum waits for its ten taps of two rows longer than those of two channels take. */
#define FOURTEEN_CHANNELS 3

/*
 * Split, the lanes hold outputs 0, 1, 4, 5, 2, 3, 6 and a zero: where the output before each is and that behind it, and
 * the first four outputs and the last four.
 */
static const int32_t fourteen_before[LANES] = {7, 0, 5, 2, 1, 4, 3, 6},
                     fourteen_behind[LANES] = {1, 4, 3, 6, 5, 2, 7, 7};
static const int32_t fourteen_lanes[LANES] = {0, 1, 4, 5, 5, 2, 3, 6};

typedef struct fourteen_state {
    const float *x[FOURTEEN_CHANNELS], *w[FOURTEEN_CHANNELS], *bias[FOURTEEN_CHANNELS];
    float *y[FOURTEEN_CHANNELS];
    f32xn_mask inside;               /* of a row's second vector, what is in x */
    f32xn acc[FOURTEEN_CHANNELS][3]; /* of the row that is finished next, and of the next ones */
} fourteen_state;

/* Of every other column the inputs of the v-th tap across. */
ALWAYS_INLINE f32xn fourteen_tap(f32xn columns, size_t v) {
    if (v < 2) return f32xn_pick(columns, f32xn_lanes_load(fourteen_before));
    return v < 4 ? columns : f32xn_pick(columns, f32xn_lanes_load(fourteen_behind));
}

/* A row of inputs for acc[0] ... acc[end - 1], which it reaches with the u-th row of taps, or 2 or 4 less. */
ALWAYS_INLINE void fourteen_add(fourteen_state *r, size_t x_row, size_t u, size_t end) {
    UNROLL for (size_t s = 0; s < FOURTEEN_CHANNELS; s++) {
        f32xn even, odd;
        IN_ORDER;
        f32xn_split_parts(f32xn_load(r->x[s]), f32xn_load_mask(r->x[s] + LANES, r->inside), &even, &odd);
        r->x[s] += x_row;
        UNROLL for (size_t v = 0; v < FOURTEEN_TAPS; v++) {
            const f32xn in = fourteen_tap(v % 2 ? odd : even, v);
            EACH(a, end, 3) {
                const f32xn w_f32xn = f32xn_splat(r->w[s][(u - 2 * a) * FOURTEEN_TAPS + v]);
                r->acc[s][a] = f32xn_fma(in, w_f32xn, r->acc[s][a]);
                HOLD(r->acc[s][a]);
            }
            IN_ORDER;
        }
    }
}

/* The oldest row of outputs is finished and stored, and the others move up. */
ALWAYS_INLINE void fourteen_store(fourteen_state *r, const corr2d_planes *all, bool clamped) {
    UNROLL for (size_t s = 0; s < FOURTEEN_CHANNELS; s++) {
        f32xn y_f32xn = r->acc[s][0];
        if (clamped) y_f32xn = f32xn_clamp(y_f32xn, f32xn_splat(all->lo), f32xn_splat(all->hi));
        y_f32xn = f32xn_pick(y_f32xn, f32xn_lanes_load(fourteen_lanes));
        f32xn_store_quads(r->y[s], 3, f32xn_add(y_f32xn, f32xn_load(all->zeros)));
        r->y[s] += all->y_row;
        r->acc[s][0] = r->acc[s][1];
        r->acc[s][1] = r->acc[s][2];
        r->acc[s][2] = f32xn_splat(r->bias[s][0]);
    }
}

/* Two rows and columns of padding before them, and one behind. The last one may be done more than once. */
NOT_INLINE void planes_fourteen(const corr2d_planes *all) {
    const bool clamped = clamps(all->lo, all->hi);
    fourteen_state r = {.inside = f32xn_mask_of(STRIDED_COLUMNS - LANES)};
    for (size_t i = 0; i < all->channels; i += FOURTEEN_CHANNELS) {
        UNROLL for (size_t s = 0; s < FOURTEEN_CHANNELS; s++) {
            const size_t channel = i + s < all->channels ? i + s : all->channels - 1;
            r.x[s] = all->x + channel * all->x_channel;
            r.w[s] = all->weights + channel * FOURTEEN_TAPS * FOURTEEN_TAPS;
            r.y[s] = all->y + channel * all->y_channel;
            r.bias[s] = all->bias + channel;
            UNROLL for (size_t a = 0; a < 3; a++) r.acc[s][a] = f32xn_splat(r.bias[s][0]);
        }
        fourteen_add(&r, all->x_row, 2, 2);
        for (size_t row = all->rows; row > 1; row--) {
            fourteen_add(&r, all->x_row, 3, 2);
            fourteen_add(&r, all->x_row, 4, 3);
            fourteen_store(&r, all, clamped);
        }
        fourteen_add(&r, all->x_row, 3, 1);
        fourteen_store(&r, all, clamped);
    }
}
