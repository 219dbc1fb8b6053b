/* SPDX-License-Identifier: Apache-2.0 */
/* Any layer gives the oracle's bits from every variant, layout, stride and number of parts. */
#include "tests/support/criterion.h"
#include "tests/support/settings.h"

ParameterizedTestParameters(random_layers, give_the_oracles_bits) { return every_variant_and_family(); }

ParameterizedTest(variant_family *each, random_layers, give_the_oracles_bits, .timeout = 300) {
    const uint64_t first = settings_seed(), end = first + settings_layers(each->family);
    for (uint64_t seed = first; seed < end; seed++) {
        const test_layer layer = layer_random(each->family, seed);
        assert_layer(corr2d_variant_at(each->variant), &layer);
    }
}

/* NaNs, infinities, denormals, both zeros; among them infinite weights that meet padding. */
ParameterizedTestParameters(random_layers, give_the_oracles_bits_for_special_values) {
    return every_variant_and_family();
}

ParameterizedTest(variant_family *each, random_layers, give_the_oracles_bits_for_special_values, .timeout = 300) {
    const uint64_t first = settings_seed(), end = first + (settings_layers(each->family) + 5) / 6;
    for (uint64_t seed = first; seed < end; seed++) {
        test_layer layer = layer_random(each->family, seed);
        layer.fill = FILL_SPECIAL;
        assert_layer(corr2d_variant_at(each->variant), &layer);
    }
}
