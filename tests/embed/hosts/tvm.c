/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TVM: a packed function (x, weights, y) on TVM's own threads, for call_extern or tir.call_packed. Not compiled in CI:
 * Debian 12 has no TVM. Compiled where tvm/runtime/c_backend_api.h is found (TVM up to 0.19).
 *
 * The plan is made in each call here, which packs the weights each time; a graph runtime makes it once, when the
 * function's module is loaded, and passes it as resource_handle.
 */
#include "dlpack.h"

#include <tvm/runtime/c_backend_api.h>

int corr2d_tvm_conv2d(TVMValue *args, int *type_codes, int num_args, TVMValue *result, int *result_code,
                      void *resource_handle);

typedef struct job {
    const corr2d_plan *plan;
    const float *x;
    float *y;
} job;

static int run_part(int task, TVMParallelGroupEnv *group, void *context) {
    const job *const j = (const job *)context;
    return (int)corr2d_run_part(j->plan, j->x, j->y, NULL, (size_t)task, (size_t)group->num_task);
}

static int fail(const char *why) {
    TVMAPISetLastError(why);
    return -1;
}

int corr2d_tvm_conv2d(TVMValue *args, int *type_codes, int num_args, TVMValue *result, int *result_code,
                      void *resource_handle) {
    (void)type_codes, (void)result, (void)result_code, (void)resource_handle;
    if (num_args != 3) return fail("corr2d takes x, weights and y");
    const DLTensor *const x = (const DLTensor *)args[0].v_handle, *const weights = (const DLTensor *)args[1].v_handle;
    const DLTensor *const y = (const DLTensor *)args[2].v_handle;
    if (!dlpack_fits(x) || !dlpack_fits(weights) || !dlpack_fits(y)) return fail("corr2d takes float32 on the CPU");
    corr2d_spec spec = {.groups = (size_t)(x->shape[1] / weights->shape[1])}; /* and stride, padding, dilation */
    corr2d_plan *plan;
    dlpack_describe(&spec, x, weights, y);
    const corr2d_status status = corr2d_plan_create(&plan, &spec, dlpack_data(weights), NULL);
    if (status) return fail(corr2d_status_string(status));
    job j = {plan, dlpack_data(x), dlpack_data(y)};
    const int failed = TVMBackendParallelLaunch(run_part, &j, 0); /* 0: as many tasks as TVM has threads */
    corr2d_plan_destroy(plan);
    return failed;
}
