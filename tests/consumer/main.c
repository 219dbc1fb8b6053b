/* SPDX-License-Identifier: Apache-2.0 */
/* The worked example, in the smallest program that uses an installed corr2d. */
#include <corr2d.h>

#include <stdio.h>
#include <string.h>

int main(void) {
    const float x[2][3][3] = {{{0, 1, 2}, {3, 4, 5}, {6, 7, 8}}, {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}};
    const float k[2][2][2] = {{{0, 1}, {2, 3}}, {{1, 2}, {3, 4}}};
    const float expected[2][2] = {{56, 72}, {104, 120}};
    float y[2][2] = {{0}};

    corr2d_status status = corr2d_multi_in(&x[0][0][0], 2, 3, 3, &k[0][0][0], 2, 2, &y[0][0]);
    printf("%s: %g %g %g %g\n", corr2d_variant(), (double)y[0][0], (double)y[0][1], (double)y[1][0], (double)y[1][1]);
    return status != CORR2D_OK || memcmp(y, expected, sizeof y) != 0;
}
