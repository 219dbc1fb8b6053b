/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yolo CONFIGURATION IMAGE [ROUNDS]: the network with seeded weights on the image, with Darknet's convolution and with
 * corr2d's. Each layer must be within rounding of Darknet's, and the boxes found the same; exit status 1 if not. Then
 * the time of each layer on one thread, ROUNDS times in turn: for information.
 */
#include "corr2d_darknet.h"

#include "tests/support/random.h"

#include <math.h>
#include <omp.h>
#include <time.h>

enum { LAYERS = 128 };

static const double epsilon = 1.0 / (1 << 24);

/* In libdarknet, but not in its header. */
void forward_convolutional_layer(layer l, network net);

/* The network, with seconds for each layer: the least of all runs. */
typedef struct timed_network {
    network *net;
    void (*forward[LAYERS])(layer l, network net);
    double seconds[LAYERS];
} timed_network;

static timed_network ours, theirs, *running;
static int compared, wrong;

static float *new_floats(size_t count) {
    float *const floats = malloc(count * sizeof *floats);
    if (!floats) abort();
    return floats;
}

static void draw_normalization(const layer *l, random_source *source) {
    const size_t n = (size_t)l->n;
    fill(l->scales, n, FILL_REAL, source);
    fill(l->rolling_mean, n, FILL_REAL, source);
    fill(l->rolling_variance, n, FILL_REAL, source);
    for (size_t o = 0; o < n; o++) {
        l->scales[o] += 1.5f;
        l->rolling_variance[o] += 1.5f;
    }
}

/* In place of a file of weights, which Debian does not have; large enough for the signal to get through. */
static void draw_weights(const network *net) {
    random_source source = {1};
    for (int i = 0; i < net->n; i++) {
        const layer *const l = &net->layers[i];
        if (l->type != CONVOLUTIONAL) continue;
        const float size = sqrtf(6.0f * (float)l->n / (float)l->nweights);
        fill(l->weights, (size_t)l->nweights, FILL_REAL, &source);
        for (int t = 0; t < l->nweights; t++) l->weights[t] *= size;
        fill(l->biases, (size_t)l->n, FILL_REAL, &source);
        if (l->batch_normalize) draw_normalization(l, &source);
    }
}

static network *load(char *configuration) {
    network *const net = parse_network_cfg(configuration);
    if (net->n > LAYERS) error("too many layers");
    set_batch_network(net, 1);
    draw_weights(net);
    return net;
}

static float *absolute(const float *values, size_t count) {
    float *const result = new_floats(count);
    for (size_t i = 0; i < count; i++) result[i] = fabsf(values[i]);
    return result;
}

/* The sums of |x * w|, as Darknet itself gives them. */
static float *absolute_sums(layer l, network net) {
    l.batch_normalize = 0;
    l.activation = LINEAR;
    l.weights = absolute(l.weights, (size_t)l.nweights);
    l.biases = calloc((size_t)l.n, sizeof *l.biases);
    l.output = new_floats((size_t)l.outputs);
    net.input = absolute(net.input, (size_t)l.inputs);
    forward_convolutional_layer(l, net);
    free(l.weights);
    free(l.biases);
    free(net.input);
    return l.output;
}

/* What rounding may amount to, in Darknet's order of operations and in ours together. */
static double rounding(const layer *l, float sum, int o) {
    double factor = 1, rest = fabs((double)l->biases[o]);
    if (l->batch_normalize) {
        factor = fabs((double)l->scales[o]) / (sqrt((double)l->rolling_variance[o]) + .000001);
        rest += fabs((double)l->rolling_mean[o]) * factor;
    }
    return 2 * (l->nweights / l->n + 8) * epsilon * ((double)sum * factor + rest);
}

static void compare(const layer *l, int index, const float *sums) {
    const float *const own = ours.net->layers[index].output;
    const int map = l->out_h * l->out_w;
    compared++;
    for (int i = 0; i < l->outputs; i++) {
        const double difference = fabs((double)own[i] - (double)l->output[i]);
        if (difference <= rounding(l, sums[i], i / map % l->n)) continue;
        fprintf(stderr, "layer %d, output %d: corr2d %g, Darknet %g\n", index, i, (double)own[i], (double)l->output[i]);
        wrong++;
        return;
    }
}

/* In place of Darknet's function: that, and then corr2d's on the same input. */
static void forward_both(layer l, network net) {
    const layer own = ours.net->layers[net.index];
    forward_convolutional_layer(l, net);
    own.forward(own, net);
    float *const sums = absolute_sums(l, net);
    compare(&l, net.index, sums);
    free(sums);
}

static void compare_layers(float *input) {
    for (int i = 0; i < theirs.net->n; i++) {
        layer *const l = &theirs.net->layers[i];
        if (l->type == CONVOLUTIONAL) l->forward = forward_both;
    }
    network_predict(theirs.net, input);
    for (int i = 0; i < theirs.net->n; i++) {
        layer *const l = &theirs.net->layers[i];
        if (l->type == CONVOLUTIONAL) l->forward = forward_convolutional_layer;
    }
    printf("%d convolutional layers: %s\n", compared, wrong ? "WRONG" : "the same but for rounding");
    if (compared == 0) error("no convolutional layer");
}

typedef struct boxes {
    detection *found;
    int count;
} boxes;

static boxes find_boxes(network *net, float *input) {
    boxes b;
    network_predict(net, input);
    b.found = get_network_boxes(net, net->w, net->h, 0.5f, 0.5f, NULL, 1, &b.count);
    return b;
}

static int same_box(const detection *a, const detection *b) {
    const float least = 1e-3f;
    return fabsf(a->bbox.x - b->bbox.x) < least && fabsf(a->bbox.y - b->bbox.y) < least &&
           fabsf(a->objectness - b->objectness) < least;
}

static void compare_boxes(float *input) {
    const boxes a = find_boxes(ours.net, input), b = find_boxes(theirs.net, input);
    int same = a.count == b.count && a.count > 0;
    for (int i = 0; same && i < a.count; i++) same = same_box(&a.found[i], &b.found[i]);
    printf("%d boxes, Darknet %d: %s\n", a.count, b.count, same ? "the same" : "WRONG");
    wrong += !same;
    free_detections(a.found, a.count);
    free_detections(b.found, b.count);
}

/* Seconds that this thread has had a core. */
static double thread_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void forward_timed(layer l, network net) {
    const double start = thread_now();
    running->forward[net.index](l, net);
    const double seconds = thread_now() - start, best = running->seconds[net.index];
    if (best == 0 || seconds < best) running->seconds[net.index] = seconds;
}

static void watch(timed_network *timed) {
    for (int i = 0; i < timed->net->n; i++) {
        timed->forward[i] = timed->net->layers[i].forward;
        timed->net->layers[i].forward = forward_timed;
    }
}

static void unwatch(timed_network *timed) {
    for (int i = 0; i < timed->net->n; i++) timed->net->layers[i].forward = timed->forward[i];
}

static void print_row(const char *name, double own, double darknet) {
    printf("%-32s %8.2f ms %8.2f ms  %5.1f x\n", name, 1e3 * own, 1e3 * darknet, darknet / own);
}

static void print_times(void) {
    double own = 0, darknet = 0;
    printf("%-32s %11s %11s\n", "layer", "corr2d", "Darknet");
    for (int i = 0; i < theirs.net->n; i++) {
        const layer *const l = &theirs.net->layers[i];
        char name[64];
        snprintf(name, sizeof name, "%dx%dx%d:%d:%dx%d", l->c, l->h, l->w, l->n, l->size, l->size);
        if (l->type == CONVOLUTIONAL) print_row(name, ours.seconds[i], theirs.seconds[i]);
        own += ours.seconds[i];
        darknet += theirs.seconds[i];
    }
    print_row("the network, all its layers", own, darknet);
}

static void time_layers(float *input, int rounds) {
    omp_set_num_threads(1);
    watch(&ours);
    watch(&theirs);
    for (int i = 0; i < rounds; i++) {
        running = &ours;
        network_predict(ours.net, input);
        running = &theirs;
        network_predict(theirs.net, input);
    }
    unwatch(&ours);
    unwatch(&theirs);
    print_times();
}

int main(int count, char **arguments) {
    if (count < 3) return fprintf(stderr, "yolo CONFIGURATION IMAGE [ROUNDS]\n"), 2;
    ours.net = load(arguments[1]);
    theirs.net = load(arguments[1]);
    const corr2d_status status = corr2d_darknet_attach(ours.net);
    if (status) error(corr2d_status_string(status));
    const image picture = load_image_color(arguments[2], 0, 0);
    const image input = letterbox_image(picture, theirs.net->w, theirs.net->h);
    compare_layers(input.data);
    compare_boxes(input.data);
    if (count > 3) time_layers(input.data, atoi(arguments[3]));
    corr2d_darknet_detach(ours.net);
    free_image(picture);
    free_image(input);
    free_network(ours.net);
    free_network(theirs.net);
    return wrong != 0;
}
