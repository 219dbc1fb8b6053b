/* SPDX-License-Identifier: Apache-2.0 */
/* How much to test. */
#ifndef TESTS_SETTINGS_H
#define TESTS_SETTINGS_H

#include "tests/support/layer.h"

/*
 * Random layers of a family: CORR2D_TEST_LAYERS of the environment, or else of the build; ten times as many of those
 * that most tiles are for, a twentieth of it for the families that cost more.
 */
size_t settings_layers(test_family family);

/* The first layer's seed, the others follow: CORR2D_TEST_SEED of the environment, or 1. */
uint64_t settings_seed(void);

/* Bytes that random trials keep each buffer from its guard page at least: CORR2D_TEST_GAP of the environment, or 0. */
size_t settings_gap(void);

#endif
