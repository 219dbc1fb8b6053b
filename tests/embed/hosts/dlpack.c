/* SPDX-License-Identifier: Apache-2.0 */
/* The worked example, x in NHWC and at an offset, y in a wider map. */
#include "dlpack.h"

#include <stdio.h>
#include <string.h>

static DLTensor tensor(float *data, int64_t *shape, int64_t *strides) {
    const DLDevice cpu = {.device_type = kDLCPU};
    const DLDataType float32 = {.code = kDLFloat, .bits = 32, .lanes = 1};
    return (DLTensor){.data = data, .device = cpu, .ndim = 4, .dtype = float32, .shape = shape, .strides = strides};
}

int main(void) {
    float x_data[1 + 9 * 2], k_data[] = {0, 1, 2, 3, 1, 2, 3, 4}, y_data[] = {-1, -1, -1, -1, -1, -1};
    const float expected[] = {56, 72, -1, 104, 120, -1};
    int64_t x_shape[] = {1, 2, 3, 3}, x_strides[] = {18, 1, 6, 2}, k_shape[] = {1, 2, 2, 2};
    int64_t y_shape[] = {1, 1, 2, 2}, y_strides[] = {6, 6, 3, 1};
    for (int i = 0; i < 18; i++) x_data[1 + i] = (float)(i / 2 + i % 2);
    DLTensor x = tensor(x_data, x_shape, x_strides), y = tensor(y_data, y_shape, y_strides);
    const DLTensor k = tensor(k_data, k_shape, NULL);
    x.byte_offset = sizeof(float);

    corr2d_spec spec = {.groups = 1};
    corr2d_plan *plan;
    dlpack_describe(&spec, &x, &k, &y);
    if (!dlpack_fits(&x) || corr2d_plan_create(&plan, &spec, dlpack_data(&k), NULL)) return 1;
    const corr2d_status status = corr2d_run(plan, dlpack_data(&x), dlpack_data(&y), NULL);
    corr2d_plan_destroy(plan);
    const bool same = memcmp(y_data, expected, sizeof expected) == 0;
    printf("DLPack: %s\n", status || !same ? "WRONG" : "56 72 104 120");
    return status || !same;
}
