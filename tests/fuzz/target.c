/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/target.h"

#include "tests/support/guarded.h"

#include <stdio.h>
#include <stdlib.h>

void fuzz_need(bool holds, const char *text) {
    if (holds) return;
    fprintf(stderr, "%s\n", text);
    abort();
}

void *fuzz_forbidden(void) {
    static guarded page;
    if (!page.map) {
        page = guarded_allocate(64, GUARD_FRONT, 0);
        guarded_revoke(&page);
    }
    return page.data;
}
