/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a variant is: one const struct of micro-kernels, and the contract of each.
 *
 * Every micro-kernel computes a register tile of outputs over a run of taps t = 0 ... taps - 1, which are the
 * weights of one output channel in the order c, u, v:
 *
 *   acc  = bias            or, with `load`,  y + bias
 *   acc  = fmaf(weight of t, x at tap t, acc)      for t ascending: one chain per output
 *   y    = (acc below lo ? lo : above hi ? hi : acc) + 0.0f,  NaN passing through
 *
 * A long sum is cut into runs: each later run loads what the one before it stored, with a bias of zeros. Storing
 * and loading a float rounds nothing, and a +0.0f more changes at most the sign of a zero inside the chain, which
 * the last +0.0f makes meaningless; so the cut never shows in the bits.
 *
 * No alignment is assumed, of any pointer. x, weights and bias are only read, and y overlaps none of them.
 */
#ifndef CORR2D_VARIANT_H
#define CORR2D_VARIANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounds on what a variant's tiles may measure, for the tables below and for buffers that hold a tile. */
#define CORR2D_MAX_VECTORS 4
#define CORR2D_MAX_PANELS 2
#define CORR2D_MAX_ROWS 16
#define CORR2D_FEW_PIXELS 4
#define CORR2D_DEPTHWISE_PIXELS 8
#define CORR2D_MAX_PIXELS 12
#define CORR2D_NARROW_PIXELS 8
#define CORR2D_GROUP_PIXELS 8
#define CORR2D_TAPS_AHEAD 8
#define CORR2D_PAIRS 8
#define CORR2D_SEVENS 7
#define CORR2D_SEVENS_TAPS 5
#define CORR2D_MAX_LANES 16

/* As many zeros there are to read: a row of padding, or the bias of any tile for taps that are not the first. */
#define CORR2D_ZEROS 512

/* Floats from row to row in a packed plane. */
#define CORR2D_PLANE_PITCH 48

/*
 * A tap of a channel tile: where it lies in x, seen from a pixel, and in a panel of one vector's weights. There are
 * many of them in the first cache: the plan takes other tiles where 32 bits do not do.
 */
typedef struct corr2d_tap {
    int32_t x;
    uint32_t w;
} corr2d_tap;

/* One call of a micro-kernel. Distances are in elements. */
typedef struct corr2d_tile {
    size_t taps;               /* may be 0 */
    const corr2d_tap *table;   /* channel tiles: where each tap lies, ... */
    bool dense;                /* ... whether their weights follow one another, ... */
    unsigned char side;        /* ... 3 or 5 where all are of whole square kernels, evenly spaced, else 0, ... */
    ptrdiff_t x_step;          /* ... if pointwise from each to the next in x, else 0 (pixel tiles: likewise), ... */
    ptrdiff_t x_space;         /* ... and then from each pixel to the next, or 0 where that varies */
    const ptrdiff_t *offsets;  /* where each tap lies in x, seen from a pixel; CORR2D_TAPS_AHEAD more may be fetched */
    const float *x;            /* what the pixels are counted from */
    const ptrdiff_t *x_pixel;  /* where each pixel, or each vector of pixels, lies, seen from x; not NULL */
    const float *const *x_tap; /* depthwise_edge: where each tap lies */
    float *packed;             /* pixel tiles: the pixels, tap after tap, or NULL; channel_pairs: room */
    const ptrdiff_t *fetched;  /* where not NULL, the packed ones' offsets, to fetch others `ahead`, a few a panel */
    ptrdiff_t ahead;           /* pixel tiles: from a pixel to the one that is fetched ahead */
    bool far_weights;          /* pixel tiles: the weights may be in no near cache */
    size_t tiles;              /* pixel tiles: how many side by side */
    const float *weights;      /* packed, see each kernel */
    size_t panel;              /* from one panel of weights to the next */
    /* Channel tiles: `ahead` of weights is what they may bring nearer, a little at a time, ... */
    size_t ahead_pixel;       /* ... from each pixel's part to the next ... */
    size_t ahead_tap;         /* ... and from each tap's; ... */
    bool ahead_x;             /* ... or from x, at the last pixel of each n, with each tap's alone */
    size_t group_first;       /* channel_groups_pack: where in a pixel the first group's inputs begin; ... */
    size_t group_in;          /* ... input channels of a group, ... */
    size_t group_out;         /* ... and its output channels */
    const float *bias;        /* one for each output channel of a panel, padding included */
    size_t bias_step;         /* from one panel's to the next one's */
    float *y;                 /* the tile's first output */
    size_t y_channel;         /* from channel to channel */
    const ptrdiff_t *y_pixel; /* channel tiles: where each pixel lies, seen from y */
    size_t channels;          /* how many output channels are real, at least 1; no other is stored */
    size_t pixels;            /* likewise the pixels */
    size_t back;              /* pixel tiles: how far back the last vector begins, over pixels that others store */
    bool load;                /* start from y + bias, not from bias */
    float lo, hi;             /* the activation as a clamp; -inf and +inf where there is none, or not yet */
} corr2d_tile;

typedef void corr2d_tile_fn(const corr2d_tile *tile);

/* One call of a depthwise micro-kernel on planes, one to a channel. Distances are in elements. */
typedef struct corr2d_planes {
    size_t channels;
    const float *x;                             /* the first input inside x */
    size_t x_channel, x_row, x_rows, x_columns; /* x_channel and packed_channel are 0 where all read one plane */
    float *packed;                              /* [channel][row][column % stride][column / stride] */
    size_t packed_channel;                      /* from plane to plane there */
    size_t above, before;                       /* rows and columns of padding there */
    size_t first_row, end_row; /* of the rows there, those that are more than padding that changes nothing */
    const float *zeros;        /* CORR2D_ZEROS of them, at least x_columns */
    const ptrdiff_t *offsets;  /* depthwise_planes: of each tap there */
    const float *
        *table; /* depthwise_rows: for 3x3, room for a pointer to each row of x that is read, padding included */
    const float *weights; /* [channel][t] */
    size_t taps_down, taps_across, dilation_down, dilation_across;
    size_t stride;     /* of rows and of columns */
    const float *bias; /* [channel] */
    float *y;
    size_t y_channel, y_row, rows, columns;
    float lo, hi;
} corr2d_planes;

typedef void corr2d_planes_fn(const corr2d_planes *planes);

/* One call of a depthwise micro-kernel over channels: a row of outputs. Distances are in elements. */
typedef struct corr2d_blocks {
    const float *x;                /* the first input inside x of the first row of taps that is */
    size_t x_row, x_column;        /* from a tap to the one below it, and from an input to the next */
    size_t x_columns, before;      /* inputs of a row inside x, and in the padding before it */
    size_t taps_down, taps_across; /* rows of taps inside x; 3 or 5, without dilation */
    size_t stride;                 /* of columns, 1 or 2 */
    float *y;
    size_t y_column, columns;
    size_t channels;      /* a multiple of lanes */
    const float *weights; /* [channel / lanes][t][lanes], from the first tap that is inside x on */
    size_t panel;         /* from vector to vector of channels there */
    const float *bias;    /* [channel] */
    float lo, hi;
} corr2d_blocks;

typedef void corr2d_blocks_fn(const corr2d_blocks *blocks);

/* to[i] = from[2 * i] for i = 0 ... count - 1. Reads nothing behind from[2 * count - 2]. */
typedef void corr2d_halve_fn(float *to, const float *from, size_t count);

/*
 * Planes, whose columns are neighbours, to pixels: to[i * step + c] = from[c * channel + i] for `pixels` pixels of
 * `channels` channels. May write zeros into up to lanes - 1 pixels behind them, where those are fewer than lanes.
 */
typedef void corr2d_turn_fn(float *to, size_t step, const float *from, size_t channel, size_t pixels, size_t channels);

/* And back: to[c * channel + i] = from[i * step + c]. May read anything in up to lanes - 1 pixels behind them. */
typedef void corr2d_unturn_fn(float *to, size_t channel, const float *from, size_t step, size_t pixels,
                              size_t channels);

/*
 * One call of what packs pixels of a row of y as the pixel tiles stream them, straight from x, whose columns are
 * neighbours: for kernels with three columns, and a stride of 2.
 */
typedef struct corr2d_threes {
    const float *const *x, *const *x_end; /* where the first pixel's second column lies, in each channel's rows */
    float *packed;                        /* [t][tap], three t for each of x, and the next tile's `tile` further on */
    size_t tap, tile;
    size_t at, pixels; /* whole vectors, so many from the first tile's at-th pixel on */
    bool before;       /* the first pixel's first column is padding before x, and not read */
} corr2d_threes;

typedef void corr2d_threes_fn(const corr2d_threes *threes);

typedef struct corr2d_kernels {
    const char *name;
    bool fused;   /* keeps the numeric contract to the bit */
    size_t lanes; /* floats in a vector */

    corr2d_halve_fn *halve;   /* for strips, where the stride is 2 */
    corr2d_threes_fn *threes; /* for pixel tiles, where the stride is 2; may be NULL */
    corr2d_turn_fn *turn;     /* for strips of planes whose channels are to be neighbours, and packed weights */
    corr2d_unturn_fn *unturn; /* for outputs in planes */

    /*
     * Pixel tiles: vectors hold neighbouring pixels, p panels of panel_rows output channels by v vectors of pixels.
     *
     *                       pixel 0 1 2 ...        v * lanes - 1
     *   y + 0 * y_channel         + + + +---------------+        packed:  tap after tap the tile's pixels
     *   y + 1 * y_channel         + + + +---------------+                 [t][v * lanes]
     *     ...                                                    weights: panel after panel, in each
     *   y + (rows-1) * y_channel  + + + +---------------+                 tap after tap its channels [p][t][panel_rows]
     *
     * `channels` may be any number: the kernel goes on to the next p panels, `panel` on in weights, `bias_step` in
     * bias, until all are done. For each it does `tiles` tiles, side by side in y, one after another in packed. Reads
     * and writes only the `pixels` first of each tile of each channel of y, v * lanes - lanes < pixels <= v * lanes,
     * where fewer than v * lanes go with one tile alone; reads all of packed. pixel[v][p] is NULL where a variant has
     * no such tile; it has one panel of every width from 1 to pixel_vectors. Where there are `narrower` kernels, the
     * widest is for two taps or more. Both streams are read from front to back: that, more than how much of them the
     * first cache holds, is what makes them fast.
     *
     * With offsets it reads the pixels of each tile where they lie: vector i of tap t at x[x_pixel[i] + offsets[t]],
     * whole vectors also where `pixels` is less; the next tile's x_pixel follow. The first p panels write the pixels to
     * packed, where those that follow read them; or, where that is NULL, all panels read them so. The last vector may
     * lie `back` over pixels that are not this tile's.
     *
     * pixel[pixel_vectors + 1][1], where a variant has it, is the widest tile and one pixel more: `pixels` is v * lanes
     * and 1. That pixel has an x_pixel of its own, and is packed, tap after tap, behind the tile's others, with room
     * for a multiple of `lanes` taps.
     *
     * pixel_few[n] does n pixels, 1 or 4, which may lie anywhere, of any number of panels, and reads nothing but
     * x[x_pixel[i] + offsets[t]]: for the last few pixels of a map. Its outputs are y[y_pixel[i] + o * y_channel].
     */
    size_t panel_rows;
    size_t pixel_vectors; /* the widest tile, which is the fastest */
    corr2d_tile_fn *pixel[CORR2D_MAX_VECTORS + 2][CORR2D_MAX_PANELS + 1];
    corr2d_tile_fn *pixel_few[CORR2D_FEW_PIXELS + 1];

    /*
     * Channel tiles: vectors hold neighbouring output channels, n pixels anywhere by v vectors of channels.
     *
     *                channel 0 1 2 ...    v * lanes - 1
     *   y + y_pixel[0]       + + + +-----------+                 weights: tap after tap the panel's channels
     *   y + y_pixel[1]       + + + +-----------+                          [t][v * lanes]
     *     ...                                                    (channels are neighbours in y)
     *
     * Tap t's x is at x_pixel[i] + table[t].x and its weights at v * table[t].w: a table may leave some out.
     * `pixels` may be any multiple of n, and `channels` may be more than a panel's: for each n pixels in turn the
     * kernel does panel after panel, `panel` on in weights, `bias_step` in bias. Only the last panel may be filled in
     * part, by more than (v - 1) * lanes channels. Reads of x one float for each pixel and tap, and nothing beside.
     * Reads and writes y[y_pixel[i] + o], o = 0 ... channels - 1.
     * channel[v][n] exists for v = 1 ... channel_vectors, n = channel_pixels[v] and all less up to
     * CORR2D_NARROW_PIXELS.
     *
     * channel_groups, where a variant has it: `lanes` output channels, those of several whole groups of `group_out`, by
     * any number of pixels. x is packed pixels, of which the groups' first inputs lie side by side, then the second
     * ones ...; a tap's x is those of all groups. Reads and writes whole vectors of y.
     *
     * channel_groups_pack: puts `pixels` packed pixels of `lanes` floats in that order, of which group after group's
     * `group_in` inputs, no more than outputs, are those from `group_first` on.
     *
     * channel_pairs, where a variant has it: the same for one panel of one vector and a half, without `load`, for a
     * y_channel and an x_step of 1, a multiple of `lanes` taps, at least `lanes`, and a multiple of twice
     * CORR2D_PAIRS pixels. `ahead` is of x. Writes to `packed`, which has room for (taps + lanes) * (2 * CORR2D_PAIRS +
     * 3 * lanes) floats.
     *
     * channel_sevens, where a variant has it: whole panels of two vectors by rows of 7 pixels, of kernels 5 columns
     * wide without stride or dilation. The table has rows of 5 taps, whose x and w are those of all columns, x_space
     * from one to the next; what an output sees beside the 7 columns of x is left out and not read.
     */
    size_t channel_columns; /* with rows of up to so many outputs they are faster than pixel tiles for long sums, ... */
    size_t long_columns;    /* ... or, where not 0, of up to so many for the longest, or if no whole vectors, ... */
    size_t whole_columns;   /* ... but, where not 0, others of up to so many that are, ... */
    size_t small_columns;   /* ... likewise for kernels of up to nine taps, ... */
    size_t odd_columns;     /* ... and shorter ones for an odd number of vectors of channels, ... */
    size_t few_columns;     /* ... for one or two pairs of them and small kernels with rows of up to so many, ... */
    size_t channel_map;     /* ... and on maps of up to so many for pointwise ones */
    size_t channel_vectors, channel_pixels[CORR2D_MAX_VECTORS + 1];
    corr2d_tile_fn *channel[CORR2D_MAX_VECTORS + 1][CORR2D_MAX_PIXELS + 1];
    corr2d_tile_fn *channel_groups_pack, *channel_groups, *channel_pairs, *channel_sevens;

    /*
     * Depthwise tiles: one input channel to each output channel, so no sum over channels.
     *
     * depthwise_pixel: one channel, any number of pixels, which are neighbours in x and in y. weights: [t], one
     * float for each tap. Reads x[offsets[t]] ... x[offsets[t] + pixels - 1 rounded up to whole vectors]. Reads and
     * writes y[0] ... y[pixels - 1].
     *
     * depthwise_pack: planes of x, whose columns are neighbours, into packed ones with a row of columns for each phase
     * of the stride, 1 or 2, every CORR2D_PLANE_PITCH floats. Reads only x_rows rows of x_columns columns. Writes at
     * most stride * lanes - 1 columns of zeros behind each row, nothing above, before or below.
     *
     * depthwise_planes: planes of y, whose columns are neighbours, from packed planes: output (i, j) reads, for tap
     * (u, v), the packed row i * stride + u * dilation_down and column j * stride + v * dilation_across. Reads up to
     * lanes - 1 floats behind a row, with stride 2 one row more, and need not read rows before first_row or from
     * end_row on. Reads and writes only `rows` rows of `columns` columns of y.
     *
     * depthwise_rows: the same for 3x3 kernels without dilation and whole rows, of rows_columns columns or more, from
     * planes where they lie; x and x_rows are of the rows inside x. `before` is 0 or 1. Rows of y of up to a vector
     * have a `before` of 1 and an x of no more columns than `stride` vectors; shorter ones follow one another. Not
     * more than one column is read behind x's. With rows_five it does 5x5 kernels as well, with up to two columns on
     * either side, but no rows of y that are one column longer than a vector. With rows_any it does all 3x3 and 5x5
     * kernels without dilation, but 3x3 ones with stride 2 only where each output's middle row is in x. With either it
     * reads no rows before first_row or from end_row on.
     *
     * depthwise_channel: up to CORR2D_DEPTHWISE_PIXELS pixels anywhere, by any number of channels. weights:
     * [channel / lanes][t][lanes], `panel` floats from vector to vector of channels. Tap t's x is at x_pixel[i] +
     * table[t].x and its weights at table[t].w. Reads `channels` neighbours of x there, writes as many from
     * y[y_pixel[i]] on, and reads them where it loads.
     *
     * depthwise_edge: the same for one pixel, at y, of which tap t is at x_tap[t].
     *
     * depthwise_blocks: a row of outputs by whole vectors of channels. No output has more than taps_across / 2 of
     * its inputs in the padding on either side, and those are not read. May be NULL.
     */
    corr2d_tile_fn *depthwise_pixel;
    const struct corr2d_kernels
        *narrower; /* whose tiles for planes are better on rows that fill few vectors, or NULL */
    corr2d_planes_fn *depthwise_pack, *depthwise_planes, *depthwise_rows;
    size_t rows_columns; /* the last may be NULL */
    bool rows_any, rows_five;
    corr2d_tile_fn *depthwise_channel, *depthwise_edge;
    corr2d_blocks_fn *depthwise_blocks;
} corr2d_kernels;

#endif
