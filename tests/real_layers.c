/* SPDX-License-Identifier: Apache-2.0 */
/* Layers as networks have them, with fewer channels or smaller maps; and every size around every tile's. */
#include "tests/support/criterion.h"

#define LAYER(name, out, bias_too, ...)                                                                                \
    {                                                                                                                  \
        .family = name, .seed = 1, .bias = bias_too, .spec = {.out_channels = (out), __VA_ARGS__ }                     \
    }

static const test_layer real_layers[] = {
    LAYER("AlexNet 11x11, stride 4", 8, true, X(3, 35, 35), SQUARE(11), STRIDE(4), PAD(2)),
    LAYER("ResNet 7x7, stride 2", 16, true, X(3, 37, 37), SQUARE(7), STRIDE(2), PAD(3)),
    LAYER("ResNet 3x3", 32, true, X(32, 14, 14), SQUARE(3), PAD(1), .activation = CORR2D_RELU),
    LAYER("ResNet 3x3, narrow map", 24, true, X(160, 7, 7), SQUARE(3), PAD(1), .activation = CORR2D_RELU),
    LAYER("ResNet 3x3, stride 2", 16, false, X(24, 28, 28), SQUARE(3), STRIDE(2), PAD(1)),
    LAYER("ResNet 1x1, residual", 64, true, X(16, 14, 14), .accumulate = true, .activation = CORR2D_RELU),
    LAYER("ResNet 1x1, stride 2", 32, false, X(64, 14, 14), STRIDE(2)),
    LAYER("ResNet 1x1, many channels", 16, true, X(1024, 7, 7)),
    LAYER("ResNet 1x1, narrow map, many outputs", 200, true, X(160, 7, 7)),
    LAYER("1x1, narrow map, many outputs, a tap more than steps", 200, true, X(81, 7, 7)),
    LAYER("1x1, narrow map, many outputs, two taps more", 200, true, X(42, 7, 7), .activation = CORR2D_RELU),
    LAYER("1x1, narrow map, many outputs, three taps more, residual", 200, true, X(23, 7, 7), .accumulate = true),
    LAYER("1x1, narrow map, many outputs, in blocks", 200, true, X(1030, 7, 7)),
    LAYER("1x1, long odd sum, few outputs", 16, true, X(65, 12, 16), .activation = CORR2D_RELU),
    LAYER("1x1, long odd sum, many outputs, residual", 48, true, X(67, 10, 24), .accumulate = true),
    LAYER("1x1, long sum, rows apart in x", 48, true, X(64, 6, 32), .x_strides = {64 * 6 * 35, 6 * 35, 35, 1}),
    LAYER("1x1, larger than half a second cache, few outputs", 12, true, X(66, 64, 64)),
    LAYER("MobileNet 1x1, one vector and a half", 24, true, X(96, 17, 17), .layout = CORR2D_NHWC),
    LAYER("1x1, one vector and a half, padded", 24, true, X(16, 15, 16), PAD(1), .layout = CORR2D_NHWC),
    LAYER("MobileNet 1x1, one vector and a half, stride 2", 24, false, X(16, 51, 49), STRIDE(2), .layout = CORR2D_NHWC,
          .activation = CORR2D_CLAMP, .clamp_max = 6.0f, .batch = 2),
    LAYER("GoogLeNet 5x5, narrow map", 32, true, X(48, 7, 7), SQUARE(5), PAD(2), .activation = CORR2D_RELU),
    LAYER("GoogLeNet 5x5, narrow map, residual", 64, true, X(80, 7, 7), SQUARE(5), PAD(2), .layout = CORR2D_NHWC,
          .accumulate = true, .batch = 2),
    LAYER("5x5, narrow tall map, rows dilated", 32, true, X(3, 40, 7), SQUARE(5), .dilation_height = 2, .pad_top = 3,
          .pad_bottom = 1, .pad_left = 2, .pad_right = 2, .layout = CORR2D_NHWC),
    LAYER("ResNeXt 3x3, 32 groups", 64, true, X(64, 14, 14), SQUARE(3), PAD(1), .groups = 32),
    LAYER("MobileNet 3x3, stride 2", 20, true, X(3, 12, 224), SQUARE(3), STRIDE(2), PAD(1), .activation = CORR2D_RELU),
    LAYER("YOLO 3x3, stride 2, wide map", 12, true, X(32, 6, 208), SQUARE(3), STRIDE(2), PAD(1)),
    LAYER("VGG 3x3, wide map", 4, true, X(3, 8, 224), SQUARE(3), PAD(1), .activation = CORR2D_RELU),
    LAYER("Inception 1x7", 24, true, X(16, 17, 17), .kernel_height = 1, .kernel_width = 7, .pad_left = 3,
          .pad_right = 3),
    LAYER("Inception 7x1", 24, true, X(16, 17, 17), .kernel_height = 7, .kernel_width = 1, .pad_top = 3,
          .pad_bottom = 3),
    LAYER("MobileNet 3x3 depthwise", 32, true, X(32, 28, 28), SQUARE(3), PAD(1), .groups = 32,
          .activation = CORR2D_CLAMP, .clamp_max = 6.0f),
    LAYER("MobileNet 3x3 depthwise, stride 2, one side padded", 24, true, X(24, 28, 28), SQUARE(3), STRIDE(2),
          .pad_bottom = 1, .pad_right = 1, .groups = 24, .activation = CORR2D_CLAMP, .clamp_max = 6.0f),
    LAYER("3x3 depthwise, wide map", 2, true, X(2, 4, 530), SQUARE(3), PAD(1), .groups = 2),
    LAYER("3x3 depthwise, many channels", 1100, true, X(1100, 4, 5), SQUARE(3), PAD(1), .groups = 1100,
          .layout = CORR2D_NHWC),
    LAYER("3x3 depthwise, bands of columns", 40, true, X(40, 5, 100), SQUARE(3), PAD(1), .groups = 40,
          .layout = CORR2D_NHWC),
    LAYER("3x3 depthwise, larger than a second cache", 104, true, X(104, 45, 45), SQUARE(3), PAD(1), .groups = 104,
          .layout = CORR2D_NHWC),
    LAYER("5x5 depthwise, some channels after others", 152, true, X(152, 6, 40), SQUARE(5), PAD(2), .groups = 152,
          .layout = CORR2D_NHWC),
    LAYER("5x5 depthwise, some channels after others, stride 2", 152, true, X(152, 9, 41), SQUARE(5), STRIDE(2), PAD(2),
          .groups = 152, .layout = CORR2D_NHWC),
    LAYER("EfficientNet 5x5 depthwise", 40, true, X(40, 14, 14), SQUARE(5), PAD(2), .groups = 40),
    LAYER("SSDLite 5x5 depthwise, two rows to three vectors", 5, true, X(5, 10, 10), SQUARE(5), PAD(2), .groups = 5),
    LAYER("5x5 depthwise, two rows to the last vector, odd rows", 3, true, X(3, 27, 43), SQUARE(5), PAD(2), .groups = 3,
          .activation = CORR2D_RELU),
    LAYER("5x5 depthwise, stride 2, three pairs of columns", 3, true, X(3, 20, 80), SQUARE(5), STRIDE(2), PAD(2),
          .groups = 3),
    LAYER("5x5 depthwise, stride 2, rows of padding alone", 3, true, X(3, 9, 20), SQUARE(5), STRIDE(2), .pad_top = 9,
          .pad_bottom = 6, .pad_left = 2, .pad_right = 1, .groups = 3),
    LAYER("MobileNet 5x5 depthwise, narrow map", 11, true, X(11, 7, 7), SQUARE(5), PAD(2), .groups = 11),
    LAYER("MobileNet 3x3 depthwise, narrow map", 11, true, X(11, 7, 7), SQUARE(3), PAD(1), .groups = 11,
          .activation = CORR2D_CLAMP, .clamp_max = 6.0f),
    LAYER("3x3 depthwise, narrow map, rows apart in x", 11, true, X(11, 7, 7), SQUARE(3), PAD(1), .groups = 11,
          .x_strides = {11 * 64, 64, 9, 1}),
    LAYER("3x3 depthwise, narrow map, rows apart in y", 11, true, X(11, 7, 7), SQUARE(3), PAD(1), .groups = 11,
          .y_strides = {11 * 64, 64, 8, 1}),
    LAYER("5x5 depthwise, narrow map, three for each input", 9, true, X(3, 7, 7), SQUARE(5), PAD(2), .groups = 3,
          .activation = CORR2D_RELU),
    LAYER("3x3 depthwise, two channels to the last vector", 11, true, X(11, 10, 10), SQUARE(3), PAD(1), .groups = 11,
          .activation = CORR2D_CLAMP, .clamp_max = 6.0f),
    LAYER("3x3 depthwise, two channels to the last vector, tall map", 5, true, X(5, 31, 20), SQUARE(3), PAD(1),
          .groups = 5),
    LAYER("3x3 depthwise, two channels to the last vector, three for each input", 9, true, X(3, 9, 12), SQUARE(3),
          PAD(1), .groups = 3, .activation = CORR2D_RELU),
    LAYER("MnasNet 5x5 depthwise, stride 2, tall map", 5, true, X(5, 67, 60), SQUARE(5), STRIDE(2), PAD(2),
          .groups = 5),
    LAYER("3x3 depthwise, tall map", 3, true, X(3, 67, 30), SQUARE(3), PAD(1), .groups = 3),
    LAYER("3x3 depthwise, narrow tall map", 3, true, X(3, 593, 7), SQUARE(3), PAD(1), .groups = 3,
          .activation = CORR2D_CLAMP, .clamp_max = 6.0f),
    LAYER("3x3 depthwise, stride 2, tall map", 7, true, X(7, 67, 60), SQUARE(3), STRIDE(2), PAD(1), .groups = 7),
    LAYER("3x3 depthwise, stride 2, two vectors", 5, true, X(5, 28, 28), SQUARE(3), STRIDE(2), PAD(1), .groups = 5),
    LAYER("3x3 depthwise, stride 2, 14 columns", 5, true, X(5, 14, 14), SQUARE(3), STRIDE(2), PAD(1), .groups = 5),
    LAYER("5x5 depthwise, stride 2, 14 columns", 5, true, X(5, 14, 14), SQUARE(5), STRIDE(2), PAD(2), .groups = 5),
    LAYER("3x3 depthwise, stride 2, 13 columns", 5, true, X(5, 13, 13), SQUARE(3), STRIDE(2), PAD(1), .groups = 5),
    LAYER("5x5 depthwise, stride 2, 13 columns", 5, true, X(5, 13, 13), SQUARE(5), STRIDE(2), PAD(2), .groups = 5),
    LAYER("3x3 depthwise, stride 2, three for each input", 9, true, X(3, 14, 14), SQUARE(3), STRIDE(2), PAD(1),
          .groups = 3),
    LAYER("3x3 depthwise, stride 2, three tiles", 3, true, X(3, 21, 75), SQUARE(3), STRIDE(2), PAD(1), .groups = 3),
    LAYER("3x3 depthwise, stride 2, single rows", 2, true, X(2, 3, 16501), SQUARE(3), STRIDE(2), PAD(1), .groups = 2),
    LAYER("3x3 depthwise, more padding than map", 3, true, X(3, 1, 12), SQUARE(3), .pad_top = 9, .pad_bottom = 9,
          .pad_left = 1, .pad_right = 1, .groups = 3),
    LAYER("3x3 depthwise, stride 2, more padding than narrow map", 5, true, X(5, 2, 14), SQUARE(3), STRIDE(2),
          .pad_top = 8, .pad_bottom = 11, .pad_left = 1, .pad_right = 1, .groups = 5),
    LAYER("5x5 depthwise, more padding than map", 3, true, X(3, 1, 20), SQUARE(5), .pad_top = 9, .pad_bottom = 9,
          .pad_left = 2, .pad_right = 2, .groups = 3),
    LAYER("5x5 depthwise, three for each input", 9, true, X(3, 30, 20), SQUARE(5), PAD(2), .groups = 3),
    LAYER("7x7 depthwise, stride 2, wide map", 3, true, X(3, 16, 140), SQUARE(7), STRIDE(2), PAD(3), .groups = 3),
    LAYER("ConvNeXt 7x7 depthwise", 24, true, X(24, 14, 14), SQUARE(7), PAD(3), .groups = 24),
    LAYER("DeepLab 3x3, dilation 6", 16, true, X(16, 17, 17), SQUARE(3), DILATION(6), PAD(6)),
    LAYER("speech, one row", 32, true, X(40, 1, 300), .kernel_height = 1, .kernel_width = 5, .pad_left = 4),
    LAYER("batch of 8", 8, true, X(8, 7, 7), SQUARE(3), PAD(1), .batch = 8),
};

ParameterizedTestParameters(real_layers, give_the_oracles_bits) { return every_variant(); }

ParameterizedTest(size_t *variant, real_layers, give_the_oracles_bits, .timeout = 300) {
    for (size_t i = 0; i < sizeof real_layers / sizeof *real_layers; i++) {
        const test_layer layer = layer_complete(real_layers[i]);
        assert_layer(corr2d_variant_at(*variant), &layer);
    }
}

/* The layer with one of its sizes 1, 2 ... 67. */
static void assert_sizes(const char *variant, test_layer *layer, size_t *size) {
    for (*size = 1; *size <= 67; ++*size) {
        const test_layer complete = layer_complete(*layer);
        assert_layer(variant, &complete);
    }
}

ParameterizedTestParameters(every_size, of_map_and_channels_works) { return every_variant(); }

ParameterizedTest(size_t *variant, every_size, of_map_and_channels_works, .timeout = 300) {
    const char *const name = corr2d_variant_at(*variant);
    for (size_t kernel = 1; kernel <= 3; kernel += 2) {
        const test_layer layer = LAYER("sizes", 6, true, X(2, 2, 5), SQUARE(kernel), PAD(kernel / 2));
        test_layer out = layer, in = layer, width = layer, height = layer;
        assert_sizes(name, &out, &out.spec.out_channels);
        assert_sizes(name, &in, &in.spec.in_channels);
        assert_sizes(name, &width, &width.spec.in_width);
        assert_sizes(name, &height, &height.spec.in_height);
    }
}

/* Rows of one to three vectors and many, and of one output more or less; padding of 0 to 2 on each side. */
static void assert_first_layers(const char *variant, size_t width) {
    for (size_t i = 0; i < 3 * 3 * 3 * 2; i++) {
        const size_t above = i % 3, before = i / 3 % 3, behind = i / 9 % 3, channels = i < 27 ? 3 : 1;
        const test_layer layer = layer_complete(
            (test_layer)LAYER("first layers", 9, true, X(channels, 4 + i % 2, width), .kernel_height = 3 - i % 2,
                              .kernel_width = 3, STRIDE(2), .pad_top = above, .pad_bottom = 2 - above,
                              .pad_left = before, .pad_right = behind, .accumulate = i % 5 == 0));
        assert_layer(variant, &layer);
    }
}

ParameterizedTestParameters(first_layers, with_stride_2_work) { return every_variant(); }

ParameterizedTest(size_t *variant, first_layers, with_stride_2_work, .timeout = 300) {
    for (size_t outputs = 16; outputs <= 112; outputs += 16) {
        for (size_t more = 0; more < 4; more++) {
            assert_first_layers(corr2d_variant_at(*variant), 2 * outputs - 1 + more);
        }
    }
    assert_first_layers(corr2d_variant_at(*variant), 2 * 1440);
}

/* Depthwise layers of every width up to 40 and every height up to 20. */
static void assert_maps(const char *variant, test_layer layer) {
    layer.spec.in_height = 6;
    for (layer.spec.in_width = layer.spec.kernel_width; layer.spec.in_width <= 40; layer.spec.in_width++) {
        const test_layer complete = layer_complete(layer);
        assert_layer(variant, &complete);
    }
    layer.spec.in_width = 18;
    for (layer.spec.in_height = layer.spec.kernel_height; layer.spec.in_height <= 20; layer.spec.in_height++) {
        const test_layer complete = layer_complete(layer);
        assert_layer(variant, &complete);
    }
}

/* Dense NCHW tensors: between channels there is nothing. */
static void assert_dense_planes(const char *variant, test_layer layer) {
    const test_trial trial = {.variant = variant, .parts = 1, .workspace = true, .seed = 1};
    layer = layer_complete(layer);
    layer_data data = layer_data_make(&layer);
    test_oracle oracle = oracle_make(&layer, &data);
    const test_report report = trial_run(&trial, &layer, &data, &oracle);
    assert_report(&report);
    oracle_free(&oracle);
    layer_data_free(&data);
}

/* Maps of every size of which a vector may hold several rows or channels. */
static void assert_small_maps(const char *variant) {
    for (size_t i = 0; i < 2 * 2 * 9 * 9; i++) {
        const size_t kernel = 3 + 2 * (i % 2), stride = 1 + i / 2 % 2, height = 1 + i / 4 % 9, width = 1 + i / 36;
        assert_dense_planes(variant, (test_layer)LAYER("depthwise small map", 5, true, X(5, height, width),
                                                       SQUARE(kernel), STRIDE(stride), PAD(kernel / 2), .groups = 5));
    }
}

/* Kernels 3 and 5 wide, stride 1 and 2, 0 to 2 columns of padding before and behind, in both layouts. */
static void assert_edges(const char *variant) {
    for (size_t i = 0; i < 2 * 2 * 3 * 3 * 2; i++) {
        const size_t kernel = 3 + 2 * (i % 2), stride = 1 + i / 2 % 2, before = i / 4 % 3, behind = i / 12 % 3;
        const bool planes = i / 36;
        const size_t channels = planes ? 3 : 19;
        assert_maps(variant, (test_layer)LAYER("depthwise edges", channels, true, .in_channels = channels,
                                               SQUARE(kernel), STRIDE(stride), .pad_top = before, .pad_left = before,
                                               .pad_bottom = behind, .pad_right = behind, .groups = channels,
                                               .layout = planes ? CORR2D_NCHW : CORR2D_NHWC));
    }
}

ParameterizedTestParameters(every_size, of_depthwise_layers_works) { return every_variant(); }

ParameterizedTest(size_t *variant, every_size, of_depthwise_layers_works, .timeout = 300) {
    test_layer width = LAYER("depthwise widths", 5, true, X(5, 3, 1), SQUARE(3), PAD(1), .groups = 5);
    assert_sizes(corr2d_variant_at(*variant), &width, &width.spec.in_width);
    for (size_t channels = 1; channels <= 67; channels++) {
        const test_layer layer = layer_complete((test_layer)LAYER(
            "depthwise channels", channels, true, X(channels, 3, 4), SQUARE(3), PAD(1), .groups = channels));
        assert_layer(corr2d_variant_at(*variant), &layer);
    }
    assert_edges(corr2d_variant_at(*variant));
    assert_small_maps(corr2d_variant_at(*variant));
}
