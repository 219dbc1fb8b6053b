// SPDX-License-Identifier: Apache-2.0
#include "corr2d_opencv.hpp"

#include <atomic>
#include <corr2d.h>
#include <memory>
#include <opencv2/dnn.hpp>
#include <opencv2/dnn/all_layers.hpp>
#include <vector>

using cv::InputArrayOfArrays;
using cv::Mat;
using cv::OutputArrayOfArrays;
using cv::Ptr;
using namespace cv::dnn;

namespace {

void require(corr2d_status status) {
    if (status != CORR2D_OK) CV_Error(cv::Error::StsError, corr2d_status_string(status));
}

struct PlanDeleter {
    void operator()(corr2d_plan *plan) const { corr2d_plan_destroy(plan); }
};

// An output of Concat lies inside a larger tensor, so distances are the matrix's own.
corr2d_strides strides_of(const Mat &m) {
    return {m.step[0] / sizeof(float), m.step[1] / sizeof(float), m.step[2] / sizeof(float), 1};
}

// Per output channel; a single value stands for all, and none for `otherwise`.
float channel_value(const Mat &values, int channel, float otherwise) {
    if (values.empty()) return otherwise;
    return values.ptr<float>()[values.total() == 1 ? 0 : channel];
}

class Convolution final : public Layer {
  public:
    // own: OpenCV's layer, which reads the parameters and works out shapes and padding, and never runs.
    Convolution(const LayerParams &params, const Ptr<BaseConvolutionLayer> &own) : Layer(params), theirs(own) {}

    bool supportBackend(int backend) override { return backend == DNN_BACKEND_OPENCV; }

    bool getMemoryShapes(const std::vector<MatShape> &inputs, int required, std::vector<MatShape> &outputs,
                         std::vector<MatShape> &internals) const override {
        theirs->getMemoryShapes(inputs, required, outputs, internals);
        internals.clear();
        return false;
    }

    int64 getFLOPS(const std::vector<MatShape> &inputs, const std::vector<MatShape> &outputs) const override {
        return theirs->getFLOPS(inputs, outputs);
    }

    // Comes before anything is fused, and again when the input's shape changes.
    void finalize(InputArrayOfArrays inputs, OutputArrayOfArrays outputs) override {
        if (!theirs->padMode.empty()) theirs->finalize(inputs, outputs);
        weights = blobs[0].reshape(1, theirs->numOutput).clone();
        bias.assign(static_cast<size_t>(theirs->numOutput), 0);
        for (size_t o = 0; o < bias.size() && blobs.size() > 1; o++) bias[o] = blobs[1].ptr<float>()[o];
        set_activation(CORR2D_IDENTITY);
    }

    // A scale and a shift of each output channel, as batch normalisation is once trained.
    bool tryFuse(Ptr<Layer> &top) override {
        Mat scale, shift;
        top->getScaleShift(scale, shift);
        if ((scale.empty() && shift.empty()) || activation != CORR2D_IDENTITY) return false;
        for (int o = 0; o < theirs->numOutput; o++) {
            const float factor = channel_value(scale, o, 1);
            weights.row(o) *= factor;
            float &b = bias[static_cast<size_t>(o)];
            b = b * factor + channel_value(shift, o, 0);
        }
        plan.reset();
        return true;
    }

    bool setActivation(const Ptr<ActivationLayer> &layer) override {
        if (layer.empty()) return set_activation(CORR2D_IDENTITY);
        if (activation != CORR2D_IDENTITY) return false;
        if (const auto relu = layer.dynamicCast<ReLULayer>())
            return relu->negativeSlope == 0 && set_activation(CORR2D_RELU);
        const auto clip = layer.dynamicCast<ReLU6Layer>();
        return clip && set_activation(CORR2D_CLAMP, clip->minValue, clip->maxValue);
    }

    void forward(InputArrayOfArrays inputs, OutputArrayOfArrays outputs, OutputArrayOfArrays) override {
        std::vector<Mat> xs, ys;
        inputs.getMatVector(xs);
        outputs.getMatVector(ys);
        for (size_t i = 0; i < xs.size(); i++) run(xs[i], ys[i]);
    }

  private:
    bool set_activation(corr2d_activation kind, float least = 0, float most = 0) {
        activation = kind;
        clamp_min = least;
        clamp_max = most;
        plan.reset();
        return true;
    }

    corr2d_spec spec_of(const Mat &x, const Mat &y) const {
        const auto size = [](const Mat &m, int dimension) { return static_cast<size_t>(m.size[dimension]); };
        corr2d_spec spec{};
        spec.batch = size(x, 0);
        spec.in_channels = size(x, 1);
        spec.in_height = size(x, 2);
        spec.in_width = size(x, 3);
        spec.out_channels = size(y, 1);
        spec.groups = spec.in_channels / size(blobs[0], 1);
        spec.kernel_height = theirs->kernel_size[0];
        spec.kernel_width = theirs->kernel_size[1];
        spec.stride_height = theirs->strides[0];
        spec.stride_width = theirs->strides[1];
        spec.dilation_height = theirs->dilations[0];
        spec.dilation_width = theirs->dilations[1];
        spec.pad_top = theirs->pads_begin[0];
        spec.pad_left = theirs->pads_begin[1];
        spec.pad_bottom = theirs->pads_end[0];
        spec.pad_right = theirs->pads_end[1];
        spec.x_strides = strides_of(x);
        spec.y_strides = strides_of(y);
        spec.activation = activation;
        spec.clamp_min = clamp_min;
        spec.clamp_max = clamp_max;
        return spec;
    }

    // Once for each shape, when all that is to be fused has been.
    void make_plan(const Mat &x, const Mat &y) {
        corr2d_plan *made = nullptr;
        const corr2d_spec spec = spec_of(x, y);
        size_t height = 0, width = 0;
        require(corr2d_output_size(&spec, &height, &width));
        CV_CheckEQ(static_cast<int>(height), y.size[2], "rows of the output");
        CV_CheckEQ(static_cast<int>(width), y.size[3], "columns of the output");
        require(corr2d_plan_create(&made, &spec, weights.data, bias.data()));
        plan.reset(made);
    }

    // OpenCV's pool is an adapter of three lines.
    void run(const Mat &x, Mat &y) {
        CV_CheckTypeEQ(x.type(), CV_32F, "corr2d's convolution");
        if (!plan) make_plan(x, y);
        const size_t parts = corr2d_plan_parts(plan.get(), static_cast<size_t>(cv::getNumThreads()));
        const size_t bytes = corr2d_plan_workspace_size(plan.get());
        workspace.resize(parts * bytes);
        std::atomic<corr2d_status> failure{CORR2D_OK};
        cv::parallel_for_(
            cv::Range(0, static_cast<int>(parts)),
            [&](const cv::Range &range) {
                for (auto part = static_cast<size_t>(range.start); part < static_cast<size_t>(range.end); part++) {
                    const auto status =
                        corr2d_run_part(plan.get(), x.data, y.data, workspace.data() + part * bytes, part, parts);
                    if (status != CORR2D_OK) failure = status;
                }
            },
            static_cast<double>(parts));
        require(failure);
    }

    Ptr<BaseConvolutionLayer> theirs;
    Mat weights;
    std::vector<float> bias;
    corr2d_activation activation = CORR2D_IDENTITY;
    float clamp_min = 0, clamp_max = 0;
    std::unique_ptr<corr2d_plan, PlanDeleter> plan;
    std::vector<char> workspace;
};

Ptr<Layer> create(LayerParams &params) {
    const Ptr<BaseConvolutionLayer> theirs = ConvolutionLayer::create(params);
    const bool ours = theirs->kernel_size.size() == 2 && !params.blobs.empty() && params.blobs[0].type() == CV_32F;
    if (!ours) return theirs;
    return cv::makePtr<Convolution>(params, theirs);
}

} // namespace

void corr2d::register_opencv_convolution() { LayerFactory::registerLayer("Convolution", create); }

void corr2d::unregister_opencv_convolution() { LayerFactory::unregisterLayer("Convolution"); }
