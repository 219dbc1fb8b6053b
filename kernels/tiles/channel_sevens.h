/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel tile of rows of seven outputs, for kernels five columns wide and two columns of padding on either side,
 * which it leaves out: it loads each input of a row once, for all outputs that it reaches. The variant
 * defines SEVENS_HELD: whether registers hold the weights of a kernel's row meanwhile.
 */
#include "kernels/tiles/common.h"

#define SEVENS CORR2D_SEVENS
#define SEVENS_TAPS CORR2D_SEVENS_TAPS
#define SEVENS_VECTORS 2

/*
 * What the k-th input reaches: output k + 2 - v by the v-th tap. An output takes the same turn with every input, so that
 * its chain's steps are as far apart as they may be; in another order GCC 12 has no registers for all of sixteen.
 */
ALWAYS_INLINE void sevens_input(channel_acc *acc, f32xn x_f32xn, const float *weights, size_t k) {
    EACH(turn, SEVENS_TAPS, SEVENS_TAPS) {
        const size_t v = (k + 2 + 2 * SEVENS_TAPS - turn) % SEVENS_TAPS, j = k + 2 - v;
        if (j >= SEVENS) continue;
        EACH(q, SEVENS_VECTORS, SEVENS_VECTORS) {
            const f32xn w_f32xn = f32xn_load(weights + (v * SEVENS_VECTORS + q) * LANES);
            acc->v[j][q] = f32xn_fma(x_f32xn, w_f32xn, acc->v[j][q]);
        }
    }
}

static void sevens_panel(const corr2d_tile *tile, const channel_step *s) {
    const ptrdiff_t space = tile->x_space;
    const float *const x = tile->x + s->x_pixel[0] + 2 * space, *const weights = s->weights;
    const corr2d_tap *const end = tile->table + tile->taps;
    channel_acc acc;
    channel_bias(&acc, s->bias, SEVENS, SEVENS_VECTORS);
    if (tile->load) channel_load(&acc, s, SEVENS, SEVENS_VECTORS);
    for (const corr2d_tap *tap = tile->table; tap != end; tap += SEVENS_TAPS) {
        const float *row = x + tap->x, *row_weights = weights + tap->w * SEVENS_VECTORS;
        EACH(k, SEVENS, SEVENS) {
            sevens_input(&acc, f32xn_splat(*row), row_weights, k);
            row += space;
            if (!SEVENS_HELD) FORGET(row_weights);
        }
    }
    if (s->channels != SEVENS_VECTORS * LANES) __builtin_unreachable(); /* saves the stores of a part */
    channel_store(&acc, tile, s, SEVENS, SEVENS_VECTORS);
}

static void channel_sevens(const corr2d_tile *tile) {
    channel_walk(tile, SEVENS, SEVENS_VECTORS * LANES, sevens_panel, NULL);
}
