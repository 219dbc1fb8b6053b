/* SPDX-License-Identifier: Apache-2.0 */
/* The library works when it is called before its own constructor has run. */
#include <corr2d.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One early call: what it gave. */
typedef struct call {
    const char *variant;
    corr2d_status status;
    float y[4];
} call;

static void make(call *early) {
    static const float x[9] = {0, 1, 2, 3, 4, 5, 6, 7, 8}, k[4] = {0, 1, 2, 3};
    early->status = corr2d_multi_in(x, 1, 3, 3, k, 2, 2, early->y);
    early->variant = corr2d_variant();
}

static call before_shared_libraries, before_other_constructors;

static void call_before_shared_libraries(void) { make(&before_shared_libraries); }

/* The program's own list of functions that run before the constructors of any shared library. */
__attribute__((section(".preinit_array"), used)) static void (*const preinit)(void) = call_before_shared_libraries;

__attribute__((constructor(101))) static void call_before_other_constructors(void) { make(&before_other_constructors); }

static bool right(const call *early) {
    static const float y[4] = {19, 25, 37, 43};
    return early->status == CORR2D_OK && memcmp(early->y, y, sizeof y) == 0 && early->variant == corr2d_variant();
}

int main(void) {
    printf("%s, %s\n", before_shared_libraries.variant, before_other_constructors.variant);
    return right(&before_shared_libraries) && right(&before_other_constructors) ? EXIT_SUCCESS : EXIT_FAILURE;
}
