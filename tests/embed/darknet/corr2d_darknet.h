/* SPDX-License-Identifier: Apache-2.0 */
/* Darknet's convolutional layers on corr2d: each layer has a function pointer, and that is all that is replaced. */
#ifndef CORR2D_DARKNET_H
#define CORR2D_DARKNET_H

#include <corr2d.h>
#include <darknet.h>

/*
 * Packs the weights of a loaded network, batch normalisation folded in, and replaces the forward functions of its
 * convolutional layers; binary ones stay as they are. For inference: later changes of the weights are not seen.
 */
corr2d_status corr2d_darknet_attach(network *net);

/* Puts Darknet's functions back and frees what attach made; before free_network. */
void corr2d_darknet_detach(network *net);

#endif
