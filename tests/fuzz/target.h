/* SPDX-License-Identifier: Apache-2.0 */
/* What both fuzz targets share: the entry that libFuzzer and the replay program call, and how a finding is told. */
#ifndef TESTS_FUZZ_TARGET_H
#define TESTS_FUZZ_TARGET_H

#include "tests/fuzz/bytes.h"

#include <stdbool.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process with the text where the promise does not hold. */
void fuzz_need(bool holds, const char *text);

/* A page that no one may touch, for pointers that must not be followed. */
void *fuzz_forbidden(void);

/* Larger layers than these are planned, but not run. */
enum { FUZZ_MOST_FLOATS = 1 << 17, FUZZ_MOST_WORK = 1 << 15 };

#endif
