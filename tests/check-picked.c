/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check-picked [NAME]: was the right variant picked at load, and does it work? The right one is that of CORR2D_VARIANT
 * in the environment where this CPU can run it, and the first of the list otherwise; and NAME, if it is given.
 */
#include <corr2d.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool listed(const char *name) {
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        if (strcmp(corr2d_variant_at(i), name) == 0) return true;
    }
    return false;
}

static bool computes(void) {
    static const float x[18] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const float k[8] = {0, 1, 2, 3, 1, 2, 3, 4}, want[4] = {56, 72, 104, 120};
    float y[4];
    return corr2d_multi_in(x, 2, 3, 3, k, 2, 2, y) == CORR2D_OK && memcmp(y, want, sizeof y) == 0;
}

int main(int count, char **arguments) {
    const char *const named = getenv("CORR2D_VARIANT"), *const picked = corr2d_variant();
    const char *right = named && listed(named) ? named : corr2d_variant_at(0);
    bool ok = strcmp(picked, right) == 0;
    if (count > 1) ok = ok && strcmp(picked, arguments[1]) == 0;
    printf("CORR2D_VARIANT=%s: %s\n", named ? named : "", picked);
    ok = ok && setenv("CORR2D_VARIANT", "scalar", 1) == 0 && corr2d_variant() == picked; /* read once */
    ok = ok && computes();
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
