/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strips: everything is a shifted sum. A rectangle of outputs needs, of each input channel, certain rows and columns;
 * copied once into a strip, with padding and stride resolved, every tap of every output is found at
 *
 *   strip[where the pixel lies + offsets[t]]
 *
 * Along one axis of `out` outputs, tap t needs the inputs t * dilation + i * stride, i = 0 ... out - 1. Each such
 * sequence is a run of neighbours in the strip. Taps whose inputs continue another's sequence share its run, shifted:
 * with stride 1 and dilation 1 all taps share one; with stride 2 the even and the odd taps share one each.
 */
#ifndef CORR2D_STRIP_H
#define CORR2D_STRIP_H

#include "kernels/layer.h"
#include "kernels/variant.h"

/* How one axis is laid out: tap t is in run t % period, shifted by t / period * shift. */
typedef struct corr2d_runs {
    size_t count;  /* of runs */
    size_t pitch;  /* entries set aside for each */
    size_t period; /* the next tap in the same run, or as many taps as there are where none shares */
    size_t shift;  /* entries between two such taps */
    size_t step;   /* entries from one output's to the next one's */
    size_t skip;   /* inputs from one entry's to the next one's */
} corr2d_runs;

/* Runs whose neighbours belong to neighbouring outputs. Not sharing repeats inputs, but no run is longer than `out`. */
corr2d_runs corr2d_runs_split(const corr2d_axis *axis, size_t out, bool share, bool *overflow);

/* One run of all the inputs from the first tap's to the last one's, as they lie in x. */
corr2d_runs corr2d_runs_plain(const corr2d_axis *axis, size_t out, bool *overflow);

/* A strip of `channels` input channels. Distances in elements, in the order of the layout. */
typedef struct corr2d_strip {
    corr2d_runs rows, columns;
    size_t channels;
    /* [row run][row][column run][column][channel]; otherwise [channel][column run][row run][row][column]. */
    bool channels_last;
    size_t channel, run, row, column; /* distances; `run` between column runs, row runs follow on as rows */
    size_t size;                      /* of the whole strip */
    const corr2d_kernels *kernels;    /* whose words pack it */
} corr2d_strip;

corr2d_strip corr2d_strip_planes(corr2d_runs rows, corr2d_runs columns, size_t channels, bool *overflow);
corr2d_strip corr2d_strip_pixels(corr2d_runs rows, corr2d_runs columns, size_t channels, bool *overflow);

/* A tap's input channel, row and column in the kernel. */
typedef struct corr2d_place {
    size_t c, u, v;
} corr2d_place;

/* Where a tap lies seen from a pixel: in the strip, and in x itself, for layers without padding. */
ptrdiff_t corr2d_strip_offset(const corr2d_strip *strip, corr2d_place at);
ptrdiff_t corr2d_plain_offset(const corr2d_layer *layer, corr2d_place at);

/* A rectangle of outputs. */
typedef struct corr2d_rectangle {
    size_t row, column, height, width;
} corr2d_rectangle;

/*
 * Fills the strip for a rectangle of outputs from `channels` channels of one image, the first of them at x; what lies
 * outside x becomes +0.0, as do the channels up to strip->channels where channels are last. If they are not in x, a
 * vector's pixels behind the strip may be written, too.
 */
void corr2d_strip_pack(float *strip_data, const corr2d_strip *strip, const corr2d_layer *layer, const float *x,
                       size_t channels, corr2d_rectangle out);

#endif
