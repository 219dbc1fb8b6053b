/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise 3x3 tiles on the last four columns of two channels' maps, stride 1. Part of tiles/rows_ring.h.
 *
 * Where rows end one to four columns behind a whole vector, two channels share the vector that is left: rows of 10
 * take a vector and a half. A tile is a ring down all rows, with each channel's weights in four lanes.
 */
#define QUAD 4

/* Of wider maps the last columns are far from where they were read before. */
#define QUAD_COLUMNS 50

#if LANES == 8
/* Cuts rows of padded maps without the last columns, if they are for these tiles. */
static inline bool quads_cut(rows_channel *c) {
    const corr2d_planes *all = c->all;
    if (all->columns <= LANES || all->columns > QUAD_COLUMNS || all->channels < 2) return false;
    if ((all->columns - 1) % LANES >= QUAD) return false;
    c->end = all->columns / LANES * LANES;
    c->right = false;
    return true;
}

/* The oldest row is finished and stored, and the others move up. */
ALWAYS_INLINE void quads_step(const corr2d_planes *all, f32xn *acc, f32xn bias, float *y, bool clamped) {
    f32xn y_f32xn = acc[0];
    if (clamped) y_f32xn = f32xn_clamp(y_f32xn, f32xn_splat(all->lo), f32xn_splat(all->hi));
    f32xn_store_quads(y, all->y_channel, f32xn_add(y_f32xn, f32xn_load(all->zeros)));
    acc[0] = acc[1];
    acc[1] = acc[2];
    acc[2] = bias;
}

/* From a channel on. What is stored before the first row is finished is written over. */
NOT_INLINE void planes_quads(const corr2d_planes *all, size_t channel) {
    const size_t x_channel = all->x_channel, x_row = all->x_row, y_row = all->y_row;
    const bool clamped = clamps(all->lo, all->hi);
    const float *weights = all->weights + channel * 9, *biases = all->bias + channel;
    const float *x = all->x + channel * x_channel + (all->columns - QUAD);
    float *y = all->y + channel * all->y_channel + (all->columns - QUAD);
    _Alignas(sizeof(f32xn)) float bias[LANES];
    size_t y_step = 0;
    f32xn acc[3], w[9];
    UNROLL for (size_t t = 0; t < 9; t++) w[t] = f32xn_splat_halves(weights + t, weights + 9 + t);
    UNROLL for (size_t a = 0; a < 3; a++) acc[a] = f32xn_splat_halves(biases, biases + 1);
    f32xn_store(bias, acc[0]);
    for (size_t row = 0; row < all->rows; row++) {
        f32xn in[3];
        IN_ORDER;
        in[0] = f32xn_load_quads(x - 1, x_channel);
        in[1] = f32xn_load_quads(x, x_channel);
        in[2] = f32xn_pull_quads(in[1]);
        UNROLL for (size_t v = 0; v < 3; v++) {
            UNROLL for (size_t a = 0; a < 3; a++) acc[a] = f32xn_fma(in[v], w[(2 - a) * 3 + v], acc[a]);
        }
        quads_step(all, acc, f32xn_load(bias), y, clamped);
        x += x_row;
        y += y_step;
        y_step = y_row;
    }
    quads_step(all, acc, acc[0], y, clamped);
}

/* After a channel: the last columns of two, of which the first may be done already. */
ALWAYS_INLINE void quads_planes(const corr2d_planes *all, size_t channel) {
    if (channel % 2 == 1 || channel + 1 == all->channels) planes_quads(all, channel - 1);
}
#else
/* No rows have those tiles. */
static inline bool quads_cut(rows_channel *c) {
    (void)c;
    return false;
}

static inline void quads_planes(const corr2d_planes *all, size_t channel) {
    (void)all;
    (void)channel;
}
#endif
