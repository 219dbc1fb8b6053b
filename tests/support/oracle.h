/* SPDX-License-Identifier: Apache-2.0 */
/* What a layer must give, computed from the definition in corr2d.h and nothing else. */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include "tests/support/layer.h"

/* For each output, in dense NCHW. */
typedef struct test_oracle {
    size_t count;
    float *chain;  /* the numeric contract to the bit */
    double *exact; /* in double precision */
    double *bound; /* how far from it a fused variant may end: k * eps * sum |x * w|; infinite for special values */
} test_oracle;

test_oracle oracle_make(const test_layer *layer, const layer_data *data);
void oracle_free(test_oracle *oracle);

/* Bits equal, or both NaN. */
bool oracle_same(float got, float want);

/*
 * The first output that is wrong, or oracle->count. Fused variants must give the chain's bits and lie within the bound,
 * others within twice the bound, for they round each product too. No result may be -0.0.
 */
size_t oracle_first_wrong(const test_oracle *oracle, const float *got, bool fused);

#endif
