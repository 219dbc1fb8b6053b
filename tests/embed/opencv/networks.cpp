// SPDX-License-Identifier: Apache-2.0
// networks FOLDER [ROUNDS]: random layers, and the networks of make_networks.py, on OpenCV's own convolution and on
// corr2d's. Exit status 1 where results differ by more than rounding. Then the time of each network, in turn, ROUNDS
// times with one thread and with two: for information.
#include "corr2d_opencv.hpp"

#include <algorithm>
#include <corr2d.h>
#include <cstdio>
#include <ctime>
#include <functional>
#include <opencv2/dnn.hpp>
#include <opencv2/dnn/all_layers.hpp>
#include <random>
#include <string>
#include <vector>

using cv::Mat;
using namespace cv::dnn;

namespace {

constexpr double EPSILON = 1.0 / (1 << 24);
constexpr int RANDOM_LAYERS = 400;
const char *const names[] = {"resnet18", "mobilenet_v2", "squeezenet1_1", "settings", "digits"};

Net with_corr2d(const std::function<Net()> &make) {
    corr2d::register_opencv_convolution();
    Net net = make();
    corr2d::unregister_opencv_convolution();
    return net;
}

// The network twice: ours and OpenCV's.
struct Pair {
    Net ours, theirs;
    explicit Pair(const std::function<Net()> &make) : ours(with_corr2d(make)), theirs(make()) {
        for (Net *net : {&ours, &theirs}) net->setPreferableBackend(DNN_BACKEND_OPENCV);
    }
};

Mat output(Net &net, const Mat &x) {
    net.setInput(x);
    return net.forward().clone();
}

double largest(const Mat &m) { return cv::norm(m, cv::NORM_INF); }

double distance(const Mat &a, const Mat &b) { return cv::norm(a.reshape(1, 1), b.reshape(1, 1), cv::NORM_INF); }

bool check(bool good, const std::string &name, const char *what) {
    if (!good) fprintf(stderr, "%s: %s\n", name.c_str(), what);
    return good;
}

// ---- random layers

using Random = std::mt19937;

int between(Random &random, int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }

Mat random_mat(const std::vector<int> &shape, Random &random) {
    Mat m(shape, CV_32F);
    cv::RNG(random()).fill(m, cv::RNG::UNIFORM, -1, 1);
    return m;
}

struct RandomLayer {
    LayerParams params;
    Mat x;
};

void set_padding(LayerParams &params, Random &random) {
    const int kind = between(random, 0, 3);
    const int rows = between(random, 0, 3), columns = between(random, 0, 3); // OpenCV refuses other than the same twice
    const int pads[] = {rows, columns, rows, columns};
    if (kind == 0) params.set("pad_mode", "SAME");
    if (kind == 1) params.set("pad_mode", "VALID");
    if (kind == 2) params.set("pad", DictValue::arrayInt(pads, 2));
    if (kind == 3) params.set("pad", DictValue::arrayInt(pads, 4));
}

RandomLayer random_layer(Random &random) {
    RandomLayer layer;
    const int groups = between(random, 0, 2) ? 1 : between(random, 2, 5);
    const int in = groups * between(random, 1, 9), out = groups * between(random, 1, 9);
    const int kernel[] = {between(random, 1, 5), between(random, 1, 5)};
    const int stride[] = {between(random, 1, 3), between(random, 1, 3)};
    int dilation[] = {between(random, 1, 2), between(random, 1, 2)};
    layer.params.set("kernel_size", DictValue::arrayInt(kernel, 2));
    layer.params.set("stride", DictValue::arrayInt(stride, 2));
    layer.params.set("num_output", out);
    layer.params.set("group", groups);
    set_padding(layer.params, random);
    // OpenCV 4.6 leaves dilation out of its SAME padding, and then contradicts itself about the output's size.
    if (layer.params.get<std::string>("pad_mode", "") == "SAME") dilation[0] = dilation[1] = 1;
    layer.params.set("dilation", DictValue::arrayInt(dilation, 2));
    layer.params.set("bias_term", between(random, 0, 1) == 1);
    layer.params.blobs = {random_mat({out, in / groups, kernel[0], kernel[1]}, random)};
    if (layer.params.get<bool>("bias_term")) layer.params.blobs.push_back(random_mat({out}, random));
    layer.x = random_mat({between(random, 1, 3), in, between(random, 10, 30), between(random, 10, 30)}, random);
    return layer;
}

Net net_of(const LayerParams &params, const char *activation) {
    Net net;
    LayerParams copy = params, clip;
    clip.set("min_value", -0.5f);
    clip.set("max_value", 0.5f);
    net.addLayerToPrev("convolution", "Convolution", copy);
    if (*activation) net.addLayerToPrev("activation", activation, clip);
    return net;
}

// At no output does the sum of |x * w| exceed what the layer makes of absolute values.
double rounding_bound(const RandomLayer &layer) {
    LayerParams params = layer.params;
    for (Mat &blob : params.blobs) blob = Mat(cv::abs(blob));
    Net net = net_of(params, "");
    const auto taps = static_cast<double>(layer.params.blobs[0].total()) / layer.params.blobs[0].size[0] + 1;
    return 2 * taps * EPSILON * largest(output(net, Mat(cv::abs(layer.x))));
}

bool check_random_layer(unsigned seed) {
    Random random(seed);
    const RandomLayer layer = random_layer(random);
    static const char *const activations[] = {"", "ReLU", "ReLU6", "Sigmoid"};
    const char *const activation = activations[between(random, 0, 3)];
    Pair nets([&] { return net_of(layer.params, activation); });
    const Mat ours = output(nets.ours, layer.x), theirs = output(nets.theirs, layer.x);
    const std::string name = "random layer " + std::to_string(seed);
    return check(ours.size == theirs.size, name, "the outputs' shapes differ") &&
           check(distance(ours, theirs) <= rounding_bound(layer), name, "the outputs differ");
}

// ---- networks

Mat image(const Mat &images, int index, int count) {
    std::vector<cv::Range> ranges(static_cast<size_t>(images.dims), cv::Range::all());
    ranges[0] = cv::Range(index, index + count);
    return images(ranges).clone();
}

struct Network {
    std::string name, path;
    Mat x, y; // images, and their outputs in double precision
    int batch;
    Pair nets;

    Network(const std::string &folder, const std::string &called)
        : name(called), path(folder + "/" + called), x(readTensorFromONNX(path + ".x.pb")),
          y(readTensorFromONNX(path + ".y.pb")), batch(called == "digits" ? x.size[0] : 1),
          nets([this] { return readNetFromONNX(path + ".onnx"); }) {}

    Mat outputs(Net &net) const {
        Mat all;
        for (int i = 0; i < x.size[0]; i += batch) all.push_back(output(net, image(x, i, batch)).reshape(1, batch));
        return all;
    }
};

std::vector<int> predictions(const Mat &outputs) {
    std::vector<int> classes;
    for (int i = 0; i < outputs.rows; i++) {
        const float *row = outputs.ptr<float>(i);
        classes.push_back(static_cast<int>(std::max_element(row, row + outputs.cols) - row));
    }
    return classes;
}

int replaced_count(Net &net) {
    int count = 0;
    for (const auto &name : net.getLayerNames()) {
        const auto layer = net.getLayer(net.getLayerId(name));
        count += layer->type == "Convolution" && layer.dynamicCast<BaseConvolutionLayer>().empty();
    }
    return count;
}

int convolution_count(Net &net) {
    int count = 0;
    for (const auto &name : net.getLayerNames()) count += net.getLayer(net.getLayerId(name))->type == "Convolution";
    return count;
}

bool check_replaced(Network &network) {
    const int count = convolution_count(network.nets.theirs);
    return check(count > 0 && replaced_count(network.nets.ours) == count, network.name, "a layer was not replaced") &&
           check(replaced_count(network.nets.theirs) == 0, network.name, "OpenCV's layers were replaced");
}

bool check_threads(Network &network) {
    const int before = cv::getNumThreads();
    cv::setNumThreads(1);
    const Mat one = network.outputs(network.nets.ours);
    cv::setNumThreads(3);
    const Mat three = network.outputs(network.nets.ours);
    cv::setNumThreads(before);
    return check(distance(one, three) == 0, network.name, "three threads give other bits than one");
}

// No farther from the network in double precision than eight times what OpenCV's own layers are.
bool check_outputs(Network &network) {
    const Mat ours = network.outputs(network.nets.ours), theirs = network.outputs(network.nets.theirs);
    const Mat exact = network.y.reshape(1, ours.rows);
    const double scale = largest(exact), error = distance(ours, exact), their_error = distance(theirs, exact);
    printf("%-14s largest error: corr2d %.2g, OpenCV %.2g of the largest output\n", network.name.c_str(), error / scale,
           their_error / scale);
    return check(error <= 8 * their_error + 4 * EPSILON * scale, network.name, "the outputs are wrong") &&
           check(predictions(ours) == predictions(exact), network.name, "other predictions than PyTorch's") &&
           check(predictions(ours) == predictions(theirs), network.name, "other predictions than OpenCV's");
}

int right_count(const std::vector<int> &classes, const Mat &labels) {
    int count = 0;
    for (size_t i = 0; i < classes.size(); i++) count += classes[i] == static_cast<int>(labels.ptr<float>()[i]);
    return count;
}

bool check_accuracy(Network &digits) {
    const Mat labels = readTensorFromONNX(digits.path + ".labels.pb");
    const int ours = right_count(predictions(digits.outputs(digits.nets.ours)), labels);
    const int theirs = right_count(predictions(digits.outputs(digits.nets.theirs)), labels);
    printf("digits         right: corr2d %d, OpenCV %d of %zu\n", ours, theirs, labels.total());
    return check(ours == theirs && static_cast<size_t>(ours) > labels.total() * 9 / 10, "digits",
                 "the accuracy is wrong");
}

double milliseconds(clockid_t clock) {
    timespec t;
    clock_gettime(clock, &t);
    return 1e3 * static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_nsec);
}

double forward_ms(Net &net, clockid_t clock) {
    const double start = milliseconds(clock);
    net.forward();
    return milliseconds(clock) - start;
}

double low_quantile(std::vector<double> times) {
    std::sort(times.begin(), times.end());
    return times[times.size() * 15 / 100];
}

// One thread by the time that it had a core, two by the clock on the wall.
void time_network(Network &network, int threads, int rounds) {
    const clockid_t clock = threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
    std::vector<double> ours, theirs;
    cv::setNumThreads(threads);
    for (Net *net : {&network.nets.ours, &network.nets.theirs}) output(*net, image(network.x, 0, network.batch));
    for (int i = 0; i < rounds; i++) {
        ours.push_back(forward_ms(network.nets.ours, clock));
        theirs.push_back(forward_ms(network.nets.theirs, clock));
    }
    const double our_ms = low_quantile(ours), their_ms = low_quantile(theirs);
    printf("%-14s %d %s  corr2d %7.2f ms  OpenCV %7.2f ms  %.2f x\n", network.name.c_str(), threads,
           threads == 1 ? "thread " : "threads", our_ms, their_ms, their_ms / our_ms);
}

int run(const std::string &folder, int rounds) {
    bool good = true;
    for (unsigned seed = 1; seed <= RANDOM_LAYERS; seed++) good &= check_random_layer(seed);
    printf("OpenCV %s, corr2d's %s kernels; %d random layers: %s\n", CV_VERSION, corr2d_variant(), RANDOM_LAYERS,
           good ? "the same" : "WRONG");
    for (const char *name : names) {
        Network network(folder, name);
        good &= check_replaced(network) && check_outputs(network) && check_threads(network);
        if (network.name == "digits") good &= check_accuracy(network);
        for (int threads = 1; threads <= 2 && rounds > 0; threads++) time_network(network, threads, rounds);
    }
    return good ? 0 : 1;
}

} // namespace

int main(int count, char **arguments) {
    if (count < 2) return fprintf(stderr, "networks FOLDER [ROUNDS]\n"), 2;
    return run(arguments[1], count > 2 ? std::stoi(arguments[2]) : 0);
}
