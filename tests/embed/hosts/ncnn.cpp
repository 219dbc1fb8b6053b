// SPDX-License-Identifier: Apache-2.0
// ncnn: a layer in place of its Convolution. Not compiled in CI: Debian 12 has no ncnn. Compiled where ncnn/layer.h is
// found.
//
// ncnn starts each channel at a multiple of 16 bytes, `cstep` elements after the one before: that is the channel's
// stride, and no copy is needed. Its packed layouts (elempack) are turned off for this layer.
//
//     net.register_custom_layer("Convolution", Corr2dConvolution_layer_creator);   // before load_param
#include <corr2d.h>
#include <corr2d/openmp.h>
#include <ncnn/layer.h>

static corr2d_strides strides_of(const ncnn::Mat &m) {
    return {m.cstep * static_cast<size_t>(m.c), m.cstep, static_cast<size_t>(m.w), 1};
}

class Corr2dConvolution : public ncnn::Layer {
  public:
    Corr2dConvolution() {
        one_blob_only = true;
        support_packing = false;
    }

    // The numbers are those of ncnn's Convolution.
    int load_param(const ncnn::ParamDict &pd) override {
        const auto size = [&](int id, int otherwise) { return static_cast<size_t>(pd.get(id, otherwise)); };
        const int kernel = pd.get(1, 0), dilation = pd.get(2, 1), stride = pd.get(3, 1), pad = pd.get(4, 0);
        spec.out_channels = size(0, 0);
        spec.kernel_width = size(1, 0);
        spec.kernel_height = size(11, kernel);
        spec.dilation_width = size(2, 1);
        spec.dilation_height = size(12, dilation);
        spec.stride_width = size(3, 1);
        spec.stride_height = size(13, stride);
        spec.pad_left = size(4, 0);
        spec.pad_right = size(15, pad);
        spec.pad_top = size(14, pad);
        spec.pad_bottom = size(16, pd.get(14, pad));
        has_bias = pd.get(5, 0) != 0;
        weight_count = pd.get(6, 0);
        if (pd.get(9, 0) == 1) spec.activation = CORR2D_RELU;
        return pd.get(9, 0) > 1; // other activations are not done here
    }

    int load_model(const ncnn::ModelBin &mb) override {
        weights = mb.load(weight_count, 0);
        if (has_bias) bias = mb.load(static_cast<int>(spec.out_channels), 1);
        return weights.empty();
    }

    // The first run makes the plan, since ncnn tells the shapes no earlier; like ncnn's own layers, for one shape.
    int forward(const ncnn::Mat &x, ncnn::Mat &y, const ncnn::Option &opt) const override {
        corr2d_spec shaped = spec;
        size_t height, width;
        shaped.in_channels = static_cast<size_t>(x.c);
        shaped.in_height = static_cast<size_t>(x.h);
        shaped.in_width = static_cast<size_t>(x.w);
        if (corr2d_output_size(&shaped, &height, &width)) return -1;
        y.create(static_cast<int>(width), static_cast<int>(height), static_cast<int>(spec.out_channels), sizeof(float),
                 opt.blob_allocator);
        if (y.empty()) return -100;
        shaped.x_strides = strides_of(x);
        shaped.y_strides = strides_of(y);
        if (!plan && corr2d_plan_create(&plan, &shaped, weights.data, bias.data)) return -1;
        return corr2d_run_openmp(plan, x.data, y.data, nullptr) ? -100 : 0;
    }

    ~Corr2dConvolution() override { corr2d_plan_destroy(plan); }

  private:
    corr2d_spec spec{};
    int weight_count = 0;
    bool has_bias = false;
    ncnn::Mat weights, bias;
    mutable corr2d_plan *plan = nullptr;
};

DEFINE_LAYER_CREATOR(Corr2dConvolution)
