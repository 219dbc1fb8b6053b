/* SPDX-License-Identifier: Apache-2.0 */
/* Which statuses a spec may get, worked out from the words of corr2d.h alone, in arithmetic that cannot wrap. */
#ifndef TESTS_SPEC_MODEL_H
#define TESTS_SPEC_MODEL_H

#include <corr2d.h>
#include <stdint.h>

/* What is wrong with a spec, and, if nothing is, how large the layer is. Saturated at UINT64_MAX. */
typedef struct spec_verdict {
    bool invalid, unsupported, overflow;
    uint64_t x_span, y_span; /* elements from the first to the last, gaps included */
    uint64_t weights, taps, outputs;
} spec_verdict;

spec_verdict spec_judge(const corr2d_spec *spec);

/* Whether nothing is wrong with it. */
bool spec_good(const spec_verdict *verdict);

/* Whether the status names one of the things that are wrong, or is CORR2D_OK where nothing is. */
bool spec_explains(const spec_verdict *verdict, corr2d_status status);

#endif
