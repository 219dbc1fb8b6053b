/* SPDX-License-Identifier: Apache-2.0 */
/* The pixel tiles of kernels/variant.h, written once over the words of simd/. */
#include "kernels/tiles/common.h"

/* The most rows, which are output channels, of a tile. */
#define PIXEL_ROWS (CORR2D_MAX_PANELS * CORR2D_PANEL_ROWS)

/* acc.v[r][v]: output channel r, pixels v * LANES ... v * LANES + LANES - 1. */
typedef struct pixel_acc {
    f32xn v[PIXEL_ROWS][CORR2D_MAX_VECTORS];
} pixel_acc;

/* Where a panel finds its y: in place, or, where part of the tile is not real, in a buffer. */
typedef struct pixel_y {
    float *p;
    size_t channel;
} pixel_y;

ALWAYS_INLINE void pixel_bias(pixel_acc *acc, const float *bias, size_t rows, size_t vectors) {
    EACH(r, rows, PIXEL_ROWS) {
        const f32xn b = f32xn_splat(bias[r]);
        EACH(v, vectors, CORR2D_MAX_VECTORS) acc->v[r][v] = b;
    }
}

ALWAYS_INLINE void pixel_load(pixel_acc *acc, pixel_y y, size_t rows, size_t vectors) {
    EACH(r, rows, PIXEL_ROWS) {
        const float *p = y.p + r * y.channel;
        EACH(v, vectors, CORR2D_MAX_VECTORS) acc->v[r][v] = f32xn_add(f32xn_load(p + v * LANES), acc->v[r][v]);
    }
}

/* One tap of the packed pixels at x: each vector is loaded once and used by every row. */
ALWAYS_INLINE void pixel_tap(pixel_acc *acc, const f32xn *x_f32xn, const float *weights, size_t panel, size_t panels,
                             size_t vectors) {
    EACH(p, panels, CORR2D_MAX_PANELS) {
        const f32x4 w = f32x4_load(weights + p * panel);
        UNROLL for (size_t r = 0; r < CORR2D_PANEL_ROWS; r++) {
            f32xn *a = acc->v[p * CORR2D_PANEL_ROWS + r];
            EACH(v, vectors, CORR2D_MAX_VECTORS) a[v] = f32xn_fma_lane(x_f32xn[v], w, r, a[v]);
        }
    }
}

/* All taps of the packed pixels. */
ALWAYS_INLINE void pixel_taps(pixel_acc *acc, const corr2d_tile *tile, const float *packed, const float *weights,
                              size_t panels, size_t vectors) {
    const size_t panel = tile->panel;
    const float *const end = weights + tile->taps * CORR2D_PANEL_ROWS;
    UNROLL_TAPS while (weights != end) {
        f32xn x_f32xn[CORR2D_MAX_VECTORS];
        EACH(v, vectors, CORR2D_MAX_VECTORS) x_f32xn[v] = f32xn_load(packed + v * LANES);
        pixel_tap(acc, x_f32xn, weights, panel, panels, vectors);
        packed += vectors * LANES;
        weights += CORR2D_PANEL_ROWS;
    }
}

/* All taps of one panel, from where the pixels lie; packs them on the way. */
ALWAYS_INLINE void pixel_taps_packing(pixel_acc *acc, const corr2d_tile *tile, const float *weights, size_t vectors) {
    const ptrdiff_t *offset = tile->offsets, *const end = offset + tile->taps;
    const float *x[CORR2D_MAX_VECTORS];
    float *packed = tile->packed;
    EACH(v, vectors, CORR2D_MAX_VECTORS) x[v] = tile->x + tile->x_pixel[v];
    for (; offset != end; offset++) {
        f32xn x_f32xn[CORR2D_MAX_VECTORS];
        EACH(v, vectors, CORR2D_MAX_VECTORS) x_f32xn[v] = f32xn_load(x[v] + *offset);
        EACH(v, vectors, CORR2D_MAX_VECTORS) f32xn_store(packed + v * LANES, x_f32xn[v]);
        pixel_tap(acc, x_f32xn, weights, 0, 1, vectors);
        packed += vectors * LANES;
        weights += CORR2D_PANEL_ROWS;
    }
}

ALWAYS_INLINE void pixel_store(const pixel_acc *acc, pixel_y y, size_t rows, size_t vectors, f32xn lo, f32xn hi) {
    EACH(r, rows, PIXEL_ROWS) {
        float *p = y.p + r * y.channel;
        EACH(v, vectors, CORR2D_MAX_VECTORS) f32xn_store(p + v * LANES, finish(acc->v[r][v], lo, hi));
    }
}

/* One step of a tile: where it begins, and how many channels are left. */
typedef struct pixel_step {
    const float *packed, *weights, *bias;
    float *y, *next;
    size_t channels;
} pixel_step;

ALWAYS_INLINE void pixel_panels(const corr2d_tile *tile, pixel_step s, size_t panels, size_t vectors, bool packing) {
    const size_t rows = panels * CORR2D_PANEL_ROWS, width = vectors * LANES;
    float edge[PIXEL_ROWS * CORR2D_MAX_VECTORS * LANES];
    const bool whole = s.channels >= rows && tile->pixels == width;
    const corr2d_edge part = {s.y, tile->y_channel, s.channels < rows ? s.channels : rows, tile->pixels, edge, width};
    const pixel_y y = whole ? (pixel_y){s.y, tile->y_channel} : (pixel_y){edge, width};
    pixel_acc acc;
    pixel_bias(&acc, s.bias, rows, vectors);
    if (s.next) EACH(r, rows, PIXEL_ROWS) EACH(v, vectors, CORR2D_MAX_VECTORS) __builtin_prefetch(s.next + r * tile->y_channel + v * LANES, 1, 3);
    if (tile->load) {
        if (!whole) edge_in(&part, rows);
        pixel_load(&acc, y, rows, vectors);
    }
    if (packing) {
        pixel_taps_packing(&acc, tile, s.weights, vectors);
    } else {
        pixel_taps(&acc, tile, s.packed, s.weights, panels, vectors);
    }
    pixel_store(&acc, y, rows, vectors, f32xn_splat(tile->lo), f32xn_splat(tile->hi));
    if (!whole) edge_out(&part);
}

/* One step of each of the tiles side by side. */
ALWAYS_INLINE void pixel_tiles(const corr2d_tile *tile, pixel_step s, size_t panels, size_t vectors) {
    float *next = s.y + panels * CORR2D_PANEL_ROWS * tile->y_channel;
    for (size_t i = 0; i < tile->tiles; i++) {
        s.next = i + 1 < tile->tiles ? s.y + vectors * LANES : s.channels > panels * CORR2D_PANEL_ROWS ? next : NULL;
        pixel_panels(tile, s, panels, vectors, false);
        s.packed += tile->taps * vectors * LANES;
        s.y += vectors * LANES;
    }
}

ALWAYS_INLINE void pixel_tile(const corr2d_tile *tile, size_t panels, size_t vectors) {
    const size_t rows = panels * CORR2D_PANEL_ROWS;
    pixel_step s = {tile->packed, tile->weights, tile->bias, tile->y, NULL, tile->channels};
    for (;;) {
        pixel_tiles(tile, s, panels, vectors);
        if (s.channels <= rows) return;
        s.channels -= rows;
        s.weights += panels * tile->panel;
        s.bias += panels * tile->bias_step;
        s.y += rows * tile->y_channel;
    }
}

ALWAYS_INLINE void pixel_tile_packing(const corr2d_tile *tile, size_t vectors) {
    const pixel_step s = {NULL, tile->weights, tile->bias, tile->y, NULL, tile->channels};
    pixel_panels(tile, s, 1, vectors, true);
}

/* Defines the tile of p panels by v vectors. */
#define PIXEL_TILE(p, v)                                                                                               \
    static void pixel_##p##x##v(const corr2d_tile *tile) { pixel_tile(tile, p, v); }

#define PIXEL_PACK_TILE(v)                                                                                             \
    static void pixel_pack_##v(const corr2d_tile *tile) { pixel_tile_packing(tile, v); }

/*
 * One pixel: here the vectors hold a panel's channels, and the chains side by side are those of several panels: eight
 * vectors, or as many scalars.
 */
#define PIXEL_ONE_PANELS (LANES == 1 ? 2 : 8)

/* One channel of the pixel from `acc` on, and its y. */
static inline void pixel_one_finish(const corr2d_tile *tile, float *y, float acc) {
    acc = acc < tile->lo ? tile->lo : acc;
    *y = (acc > tile->hi ? tile->hi : acc) + 0.0f;
}

static inline void pixel_one_start(float *acc, const corr2d_tile *tile, const pixel_step *s, size_t rows) {
    for (size_t r = 0; r < rows; r++) {
        const float bias = s->bias[r / CORR2D_PANEL_ROWS * tile->bias_step + r % CORR2D_PANEL_ROWS];
        acc[r] = tile->load && r < s->channels ? s->y[r * tile->y_channel] + bias : bias;
    }
}

/* The next `panels` panels. */
ALWAYS_INLINE void pixel_one_panels(const corr2d_tile *tile, const pixel_step *s, size_t panels) {
    const size_t rows = panels * CORR2D_PANEL_ROWS, panel = tile->panel;
    const ptrdiff_t *offset = tile->offsets, *const end = offset + tile->taps;
    const float *x = tile->x, *weights = s->weights;
    float start[PIXEL_ONE_PANELS * CORR2D_PANEL_ROWS];
    quad acc[PIXEL_ONE_PANELS];
    pixel_one_start(start, tile, s, rows);
    EACH(p, panels, PIXEL_ONE_PANELS) acc[p] = quad_load(start + p * CORR2D_PANEL_ROWS);
    for (; offset != end; offset++, weights += CORR2D_PANEL_ROWS) {
        const quad x_quad = quad_splat(x[*offset]);
        EACH(p, panels, PIXEL_ONE_PANELS) acc[p] = quad_fma(x_quad, quad_load(weights + p * panel), acc[p]);
    }
    EACH(p, panels, PIXEL_ONE_PANELS) quad_store(start + p * CORR2D_PANEL_ROWS, acc[p]);
    for (size_t r = 0; r < rows && r < s->channels; r++) {
        pixel_one_finish(tile, s->y + r * tile->y_channel, start[r]);
    }
}

static void pixel_one(const corr2d_tile *tile) {
    pixel_step s = {NULL, tile->weights, tile->bias, tile->y, NULL, tile->channels};
    while (s.channels) {
        const bool many = s.channels > (PIXEL_ONE_PANELS - 1) * CORR2D_PANEL_ROWS;
        const size_t panels = many ? PIXEL_ONE_PANELS : 1, rows = panels * CORR2D_PANEL_ROWS;
        if (many) {
            pixel_one_panels(tile, &s, PIXEL_ONE_PANELS);
        } else {
            pixel_one_panels(tile, &s, 1);
        }
        s.channels -= s.channels < rows ? s.channels : rows;
        s.weights += panels * tile->panel;
        s.bias += panels * tile->bias_step;
        s.y += rows * tile->y_channel;
    }
}
