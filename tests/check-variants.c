/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check-variants              random layers of every family on every variant that this CPU can run
 * check-variants VARIANT      on this one alone
 * check-variants FAMILY SEED  the one layer that a failed test named, on every variant
 *
 * Needs the public functions alone, and no test framework.
 */
#include "tests/support/settings.h"
#include "tests/support/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What to check, and what was found. */
typedef struct check {
    const char *variant; /* NULL: every one */
    size_t layers, variants, failures;
} check;

static void check_layer(check *c, const test_layer *layer) {
    c->layers++;
    c->variants = 0;
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        if (c->variant && strcmp(c->variant, corr2d_variant_at(i)) != 0) continue;
        const test_report report = trial_layer(corr2d_variant_at(i), layer);
        c->variants++;
        if (report.ok) continue;
        c->failures++;
        printf("%s\n", report.text);
    }
}

static void check_named(check *c, const char *name, uint64_t seed) {
    for (test_family family = 0; family < FAMILIES; family++) {
        if (strcmp(name, family_name(family)) != 0) continue;
        const test_layer layer = layer_random(family, seed);
        check_layer(c, &layer);
    }
}

static void check_random(check *c) {
    for (test_family family = 0; family < FAMILIES; family++) {
        const uint64_t first = settings_seed(), end = first + settings_layers(family);
        for (uint64_t seed = first; seed < end; seed++) {
            const test_layer layer = layer_random(family, seed);
            check_layer(c, &layer);
        }
    }
}

int main(int count, char **arguments) {
    check c = {.variant = count == 2 ? arguments[1] : NULL};
    if (count == 3)
        check_named(&c, arguments[1], strtoull(arguments[2], NULL, 0));
    else
        check_random(&c);
    const bool ok = c.failures == 0 && c.variants > 0;
    printf("%zu layers, %zu variants: %s\n", c.layers, c.variants, ok ? "ok" : "FAILED");
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
