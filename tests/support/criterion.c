/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/criterion.h"

enum { MOST_VARIANTS = 16 };

static size_t count_variants(void) {
    size_t count = 0;
    while (corr2d_variant_at(count)) count++;
    cr_assert(count > 0 && count <= MOST_VARIANTS);
    return count;
}

struct criterion_test_params every_variant(void) {
    static size_t variants[MOST_VARIANTS];
    const size_t count = count_variants();
    for (size_t i = 0; i < count; i++) variants[i] = i;
    return cr_make_param_array(size_t, variants, count);
}

struct criterion_test_params every_variant_and_family(void) {
    static variant_family pairs[MOST_VARIANTS * FAMILIES];
    const size_t count = count_variants() * FAMILIES;
    for (size_t i = 0; i < count; i++) pairs[i] = (variant_family){i / FAMILIES, (test_family)(i % FAMILIES)};
    return cr_make_param_array(variant_family, pairs, count);
}

void assert_report(const test_report *report) { cr_assert(report->ok, "%s", report->text); }

void assert_layer(const char *variant, const test_layer *layer) {
    const test_report report = trial_layer(variant, layer);
    assert_report(&report);
}
