/* SPDX-License-Identifier: Apache-2.0 */
/* Packed weights: the order in which the micro-kernels read them. */
#ifndef CORR2D_WEIGHTS_H
#define CORR2D_WEIGHTS_H

#include "kernels/plan.h"

/*
 * Packs plan->weights: for each group that is a unit of its own, its panels; in each, tap after tap in the order
 * c, u, v, the weights of the panel's channels, with zeros where the last is filled up. All panels but the last are
 * plan->panel_channels wide; the last is as wide as its channels need in multiples of plan->panel_granule.
 */
void corr2d_weights_pack(const corr2d_plan *plan, const float *weights);

/* Whether all of a layer's weights are finite. */
bool corr2d_weights_finite(const corr2d_layer *layer, const float *weights);

/* Packs plan->bias to match, or zeros where the bias is NULL. */
void corr2d_bias_pack(const corr2d_plan *plan, const float *bias);

/* Where a panel's weights begin for a tap, and its bias. */
const float *corr2d_panel_weights(const corr2d_plan *plan, size_t group, size_t panel, size_t tap);
const float *corr2d_panel_bias(const corr2d_plan *plan, size_t group, size_t panel);

#endif
