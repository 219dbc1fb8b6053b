/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sights: what outputs see of x along one axis. A tap in the padding adds zero times its weight, and, if that is
 * finite, may be left out; so outputs are told apart by the taps that are left, and those in x's middle, which see
 * all, are one sight.
 */
#ifndef CORR2D_SIGHTS_H
#define CORR2D_SIGHTS_H

#include "kernels/layer.h"

#define CORR2D_MAX_SIGHTS 16

/* Outputs from `out` on, up to the next sight's, see the taps first ... last - 1, if any. */
typedef struct corr2d_sight {
    size_t out, first, last;
    size_t table; /* for the paths: where the taps are listed */
    bool apart;   /* channel tiles: whether a row's columns are told apart */
} corr2d_sight;

typedef struct corr2d_sights {
    size_t count;
    corr2d_sight sights[CORR2D_MAX_SIGHTS];
} corr2d_sights;

/* One sight of all taps, for all outputs. */
corr2d_sights corr2d_sights_all(const corr2d_axis *axis);

/* What one output sees. */
corr2d_sight corr2d_sight_at(const corr2d_axis *axis, size_t out);

/* Lists an axis's sights in order; false where there are too many. */
bool corr2d_sights_list(corr2d_sights *sights, const corr2d_axis *axis);

/* The index-th sight's outputs and the next one's become one sight, of all taps that either sees. */
void corr2d_sights_join(corr2d_sights *sights, size_t index);

/* Where the index-th sight's outputs end. */
static inline size_t corr2d_sight_end(const corr2d_sights *s, size_t index, const corr2d_axis *axis) {
    return index + 1 < s->count ? s->sights[index + 1].out : axis->out;
}

/* Where an output's first seen tap lies along an axis of x; 0 where it sees none. */
static inline size_t corr2d_sight_place(const corr2d_axis *axis, const corr2d_sight *sight, size_t out) {
    return sight->first == sight->last ? 0 : out * axis->stride + sight->first * axis->dilation - axis->pad;
}

#endif
