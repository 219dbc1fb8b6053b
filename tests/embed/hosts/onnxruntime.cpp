// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime: a custom operator on the session's own threads. Not compiled in CI: Debian 12 has no ONNX Runtime.
// Compiled where onnxruntime_cxx_api.h (1.17 or later) is found.
//
//     corr2d_operator conv;
//     Ort::CustomOpDomain domain("corr2d");
//     domain.Add(&conv);
//     session_options.Add(domain);      // the model's nodes: corr2d::Conv(x, weights), weights an initializer
#include <corr2d.h>
#include <memory>
#include <onnxruntime_cxx_api.h>
#include <vector>

struct corr2d_kernel {
    // Weights are constant, so they are packed when the session is made; x has a fixed shape in this example.
    corr2d_kernel(const OrtKernelInfo *raw) {
        const Ort::ConstKernelInfo info(raw);
        int constant = 0;
        const Ort::ConstValue weights = info.GetTensorConstantInput(1, &constant);
        if (!constant) throw Ort::Exception("corr2d needs constant weights", ORT_INVALID_ARGUMENT);
        const auto k = weights.GetTensorTypeAndShapeInfo().GetShape();
        const auto x = info.GetInputTypeInfo(0).GetTensorTypeAndShapeInfo().GetShape();
        const auto size = [](int64_t n) { return static_cast<size_t>(n); };
        corr2d_spec spec{};
        spec.batch = size(x[0]);
        spec.in_channels = size(x[1]);
        spec.in_height = size(x[2]);
        spec.in_width = size(x[3]);
        spec.out_channels = size(k[0]);
        spec.groups = size(x[1] / k[1]);
        spec.kernel_height = size(k[2]);
        spec.kernel_width = size(k[3]);
        size_t height = 0, width = 0;
        corr2d_plan *made = nullptr;
        corr2d_status status = corr2d_output_size(&spec, &height, &width);
        if (!status) status = corr2d_plan_create(&made, &spec, weights.GetTensorData<float>(), nullptr);
        if (status) throw Ort::Exception(corr2d_status_string(status), ORT_INVALID_ARGUMENT);
        plan.reset(made);
        shape = {x[0], k[0], static_cast<int64_t>(height), static_cast<int64_t>(width)};
    }

    struct job {
        const corr2d_plan *plan;
        const float *x;
        float *y;
        size_t parts;
    };

    static void run_part(void *context, size_t part) {
        const job &j = *static_cast<const job *>(context);
        corr2d_run_part(j.plan, j.x, j.y, nullptr, part, j.parts);
    }

    void Compute(OrtKernelContext *raw) {
        const Ort::KernelContext context(raw);
        const float *const x = context.GetInput(0).GetTensorData<float>();
        float *const y = context.GetOutput(0, shape).GetTensorMutableData<float>();
        job j{plan.get(), x, y, corr2d_plan_parts(plan.get(), 64)};
        context.ParallelFor(run_part, j.parts, 0, &j);
    }

    std::unique_ptr<corr2d_plan, void (*)(corr2d_plan *)> plan{nullptr, corr2d_plan_destroy};
    std::vector<int64_t> shape;
};

struct corr2d_operator : Ort::CustomOpBase<corr2d_operator, corr2d_kernel> {
    void *CreateKernel(const OrtApi &, const OrtKernelInfo *info) const { return new corr2d_kernel(info); }
    const char *GetName() const { return "Conv"; }
    size_t GetInputTypeCount() const { return 2; }
    size_t GetOutputTypeCount() const { return 1; }
    ONNXTensorElementDataType GetInputType(size_t) const { return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT; }
    ONNXTensorElementDataType GetOutputType(size_t) const { return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT; }
};
