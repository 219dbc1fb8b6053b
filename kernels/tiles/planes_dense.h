/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise 3x3 tiles on whole maps of seven rows and columns whose rows lie one behind the other in x and in y,
 * stride 1, sixteen lanes. Part of tiles/planes_narrow.h.
 *
 * A map is three vectors and one pixel more, which only four taps reach. The inputs of a tap are the map moved by a few
 * floats, with zeros for what is beside it: in registers, but for some, since moves take a port from the multiply-adds.
 * Most loads cross a cache line, and all of them together would take longer.
 */
#define DENSE_VECTORS 3
#define DENSE_LAST (DENSE_VECTORS * LANES)

/* The outputs of the k-th vector that have an input in the v-th column of taps. */
ALWAYS_INLINE f32xn_mask dense_mask(size_t k, size_t v) {
    static const uint16_t masks[3][DENSE_VECTORS] = {
        {0xbf7e, 0xefdf, 0xfbf7}, {0xffff, 0xffff, 0xffff}, {0xdfbf, 0xf7ef, 0xfdfb}};
    return masks[v][k];
}

/* The inputs of a tap of the k-th vector of outputs. in: the map, the last vector one pixel and zeros. */
ALWAYS_INLINE f32xn dense_input(const float *x, const f32xn *in, size_t k, size_t u, size_t v) {
    const size_t moved = u * NARROW + v, middle = NARROW + 1;
    if (moved == middle) return in[k];
    if (k == 1 && u != 1) {
        const float *at = x + LANES + moved - middle;
        return v == 1 ? f32xn_load(at) : f32xn_load_mask(at, dense_mask(k, v));
    }
    if (moved < middle) {
        return f32xn_join_mask(in[k ? k - 1 : DENSE_VECTORS], in[k], LANES + moved - middle, dense_mask(k, v));
    }
    return f32xn_join_mask(in[k], in[k + 1], moved - middle, dense_mask(k, v));
}

NOT_INLINE void planes_dense(const corr2d_planes *all) {
    const bool clamped = clamps(all->lo, all->hi);
    const f32xn lo = f32xn_splat(all->lo), hi = f32xn_splat(all->hi), zero = f32xn_splat(0.0f);
    const float *x = all->x, *weights = all->weights;
    float *y = all->y;
    for (size_t i = 0; i < all->channels; i++) {
        f32xn in[DENSE_VECTORS + 1], acc[DENSE_VECTORS + 1];
        UNROLL for (size_t k = 0; k < DENSE_VECTORS; k++) in[k] = f32xn_load(x + k * LANES);
        in[DENSE_VECTORS] = f32xn_load_mask(x + DENSE_LAST, 1);
        UNROLL for (size_t k = 0; k <= DENSE_VECTORS; k++) acc[k] = f32xn_splat(all->bias[i]);
        UNROLL for (size_t t = 0; t < 9; t++) {
            const size_t u = t / 3, v = t % 3;
            const f32xn w = f32xn_splat(weights[t]);
            UNROLL for (size_t k = 0; k < DENSE_VECTORS; k++) {
                acc[k] = f32xn_fma(dense_input(x, in, k, u, v), w, acc[k]);
            }
            if (u < 2 && v < 2) {
                acc[DENSE_VECTORS] =
                    f32xn_fma(f32xn_splat(x[DENSE_LAST - NARROW - 1 + u * NARROW + v]), w, acc[DENSE_VECTORS]);
            }
        }
        if (clamped) {
            UNROLL for (size_t k = 0; k <= DENSE_VECTORS; k++) acc[k] = f32xn_clamp(acc[k], lo, hi);
        }
        UNROLL for (size_t k = 0; k <= DENSE_VECTORS; k++) {
            acc[k] = f32xn_add(acc[k], zero);
            if (k < DENSE_VECTORS) f32xn_store(y + k * LANES, acc[k]);
        }
        f32xn_store_part(y + DENSE_LAST, acc[DENSE_VECTORS], 1);
        x += all->x_channel;
        y += all->y_channel;
        weights += 9;
    }
}

/* Whether rows lie one behind the other. */
static inline bool dense_fits(const corr2d_planes *all) {
    return all->taps_across == 3 && all->x_row == NARROW && all->y_row == NARROW;
}
