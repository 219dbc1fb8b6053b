/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel tile of rows of seven outputs, for kernels five columns wide and two columns of padding on either side,
 * which it leaves out. The variant defines SEVENS_HELD: whether there are registers for all of a row's sums and for the
 * weights of a kernel's row. Then each input of a row is loaded once, for all outputs that it reaches, and else each
 * weight, for all outputs; the last output's sums wait in memory meanwhile.
 */
#include "kernels/tiles/common.h"

#define SEVENS CORR2D_SEVENS
#define SEVENS_TAPS CORR2D_SEVENS_TAPS
#define SEVENS_VECTORS 2
#define SEVENS_LAST (SEVENS - 1)

/* Of the inputs that output j reaches by tap v: which one it is, and whether that is none of the padding. */
ALWAYS_INLINE size_t sevens_at(size_t j, size_t v) { return j + v - SEVENS_TAPS / 2; }
ALWAYS_INLINE bool sevens_sees(size_t j, size_t v) { return sevens_at(j, v) < SEVENS; }

ALWAYS_INLINE f32xn sevens_weights(const float *weights, size_t v, size_t q) {
    return f32xn_load(weights + (v * SEVENS_VECTORS + q) * LANES);
}

/*
 * What the k-th input reaches: output k + 2 - v by the v-th tap. An output takes the same turn with every input, so that
 * its chain's steps are as far apart as they may be.
 */
ALWAYS_INLINE void sevens_input(channel_acc *acc, f32xn x_f32xn, const float *weights, size_t k) {
    EACH(turn, SEVENS_TAPS, SEVENS_TAPS) {
        const size_t v = (k + 2 + 2 * SEVENS_TAPS - turn) % SEVENS_TAPS, j = k + 2 - v;
        if (j >= SEVENS) continue;
        EACH(q, SEVENS_VECTORS, SEVENS_VECTORS) {
            acc->v[j][q] = f32xn_fma(x_f32xn, sevens_weights(weights, v, q), acc->v[j][q]);
        }
    }
}

/* A row of the kernel, input by input. */
ALWAYS_INLINE void sevens_row_held(channel_acc *acc, const float *const *x, ptrdiff_t offset, const float *weights) {
    EACH(k, SEVENS, SEVENS) sevens_input(acc, f32xn_splat(x[k][offset]), weights, k);
}

/* One tap, for all outputs but the last. */
ALWAYS_INLINE void sevens_tap(channel_acc *acc, const float *const *x, ptrdiff_t offset, const float *weights,
                              size_t v) {
    f32xn w_f32xn[SEVENS_VECTORS];
    EACH(q, SEVENS_VECTORS, SEVENS_VECTORS) w_f32xn[q] = sevens_weights(weights, v, q);
    EACH(j, SEVENS_LAST, SEVENS_LAST) {
        if (!sevens_sees(j, v)) continue;
        const f32xn x_f32xn = f32xn_splat(x[sevens_at(j, v)][offset]);
        EACH(q, SEVENS_VECTORS, SEVENS_VECTORS) acc->v[j][q] = f32xn_fma(x_f32xn, w_f32xn[q], acc->v[j][q]);
        UNTIL_HERE(x_f32xn);
    }
    EACH(q, SEVENS_VECTORS, SEVENS_VECTORS) UNTIL_HERE(w_f32xn[q]);
    IN_ORDER; /* or GCC would keep inputs for the next tap, for which there are no registers */
}

/* A row of the kernel, tap by tap; then the last output's, from memory and back. */
ALWAYS_INLINE void sevens_row(channel_acc *acc, float *last, const float *const *x, ptrdiff_t offset,
                              const float *weights) {
    EACH(v, SEVENS_TAPS, SEVENS_TAPS) {
        sevens_tap(acc, x, offset, weights, v);
        FORGET(offset); /* or it would compute each input's address */
    }
    f32xn sums[SEVENS_VECTORS];
    EACH(q, SEVENS_VECTORS, SEVENS_VECTORS) sums[q] = f32xn_load(last + q * LANES);
    EACH(v, SEVENS_TAPS, SEVENS_TAPS) {
        if (!sevens_sees(SEVENS_LAST, v)) continue;
        const f32xn x_f32xn = f32xn_splat(x[sevens_at(SEVENS_LAST, v)][offset]);
        EACH(q, SEVENS_VECTORS, SEVENS_VECTORS) sums[q] = f32xn_fma(x_f32xn, sevens_weights(weights, v, q), sums[q]);
        UNTIL_HERE(x_f32xn);
        IN_ORDER;
    }
    EACH(q, SEVENS_VECTORS, SEVENS_VECTORS) f32xn_store(last + q * LANES, sums[q]);
    IN_ORDER;
}

static void sevens_panel(const corr2d_tile *tile, const channel_step *s) {
    const corr2d_tap *const end = tile->table + tile->taps;
    const float *x[SEVENS];
    float waiting[SEVENS_VECTORS * LANES], *last = waiting;
    channel_acc acc;
    EACH(k, SEVENS, SEVENS) { x[k] = tile->x + s->x_pixel[0] + (ptrdiff_t)(k + SEVENS_TAPS / 2) * tile->x_space; }
    channel_bias(&acc, s->bias, SEVENS, SEVENS_VECTORS);
    if (tile->load) channel_load(&acc, s, SEVENS, SEVENS_VECTORS);
    EACH(q, SEVENS_VECTORS, SEVENS_VECTORS) f32xn_store(last + q * LANES, acc.v[SEVENS_LAST][q]);
    FORGET(last);
    for (const corr2d_tap *tap = tile->table; tap != end; tap += SEVENS_TAPS) {
        const float *const weights = s->weights + (size_t)tap->w * SEVENS_VECTORS;
        if (SEVENS_HELD) {
            sevens_row_held(&acc, x, tap->x, weights);
        } else {
            sevens_row(&acc, last, x, tap->x, weights);
        }
    }
    if (!SEVENS_HELD) {
        EACH(q, SEVENS_VECTORS, SEVENS_VECTORS) acc.v[SEVENS_LAST][q] = f32xn_load(last + q * LANES);
    }
    if (s->channels != SEVENS_VECTORS * LANES) __builtin_unreachable(); /* saves the stores of a part */
    channel_store(&acc, tile, s, clamps(tile->lo, tile->hi), SEVENS, SEVENS_VECTORS);
}

static void channel_sevens(const corr2d_tile *tile) {
    channel_walk(tile, SEVENS, SEVENS_VECTORS * LANES, sevens_panel, NULL);
}
