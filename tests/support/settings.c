/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/settings.h"

#include <stdlib.h>

static uint64_t number_of(const char *name, uint64_t otherwise) {
    const char *const text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

size_t settings_layers(test_family family) {
    const size_t layers = (size_t)number_of("CORR2D_TEST_LAYERS", CORR2D_TEST_LAYERS);
    if (family == FAMILY_USUAL) return 10 * layers;
    return family == FAMILY_LONG || family == FAMILY_DEEP ? (layers + 19) / 20 : layers;
}

uint64_t settings_seed(void) { return number_of("CORR2D_TEST_SEED", 1); }

size_t settings_gap(void) { return (size_t)number_of("CORR2D_TEST_GAP", 0); }
