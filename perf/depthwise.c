/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corr2d_depthwise: layers that move much and compute little, held against a roof of their own. A layer has to read all
 * of x and write all of y: `copy` does only that, with the same tensors, which so lie in the same caches. Layer, copy
 * and the loop of the FMA peak take turns in short rounds. But for padding, no layer can take less than the longer of
 * the copy's time and that of its operations at the peak; the fraction is that time over the layer's.
 */
#include "memory.h"
#include "roofs.h"
#include "stats.h"
#include "verify.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_GOOD = 0, EXIT_WRONG = 1, EXIT_USAGE = 2, CALL_LIMIT = 100000 };

static const double round_seconds = 1e-3;

typedef struct options {
    layer_set layers;
    corr2d_layout layout;
    const char *filter;
    size_t rounds;
} options;

/* A layer while it is measured. */
typedef struct trial {
    problem data;
    corr2d_plan *plan;
    void *workspace;
    samples run, copy, flop; /* seconds of a call, of a copy, and of one operation at the peak */
} trial;

/* The geometric means below a table. */
typedef struct means {
    mean flops, peak, copy, fraction;
} means;

static volatile unsigned bits_sink;

typedef unsigned bits __attribute__((vector_size(64), may_alias));

enum { LANES = sizeof(bits) / sizeof(float) };

static size_t vectors(size_t floats) { return (floats + LANES - 1) / LANES; }

/*
 * Reads x once and writes y once, `each` vectors of x (0 where y is the larger one) for one of y, then what is left of
 * x. Whole vectors: both have room behind their end.
 */
static inline void copy_each(const bits *restrict x, size_t x_count, bits *restrict y, size_t y_count, size_t each) {
    bits mix = {0};
    size_t at = 0;
    for (size_t i = 0; i < y_count; i++) {
        bits value = mix;
        if (each > 0) value = x[at++];
        for (size_t j = 1; j < each; j++) value ^= x[at++];
        y[i] = value;
    }
    for (; at < x_count; at++) mix ^= x[at];
    bits_sink = mix[0];
}

static void copy(const problem *p) {
    const bits *x = (const bits *)p->x;
    bits *y = (bits *)p->y;
    const size_t x_count = vectors(layer_x_size(p->layer)), y_count = vectors(layer_y_size(p->layer));
    switch (x_count / y_count) {
    case 0:
        copy_each(x, x_count, y, x_count, 1);
        copy_each(x, 0, y + x_count, y_count - x_count, 0);
        break;
    case 1: copy_each(x, x_count, y, y_count, 1); break;
    case 2: copy_each(x, x_count, y, y_count, 2); break;
    case 3: copy_each(x, x_count, y, y_count, 3); break;
    default: copy_each(x, x_count, y, y_count, 4);
    }
}

static void run_layer(const trial *t) { corr2d_run(t->plan, t->data.x, t->data.y, t->workspace); }

static void run_copy(const trial *t) { copy(&t->data); }

static double seconds_of_calls(const trial *t, void (*run)(const trial *), size_t calls) {
    const double start = now();
    for (size_t i = 0; i < calls; i++) run(t);
    return now() - start;
}

static size_t calls_in_round(const trial *t, void (*run)(const trial *)) {
    seconds_of_calls(t, run, 1);
    const double calls = round_seconds / fmax(seconds_of_calls(t, run, 1), 1e-9);
    return (size_t)fmin(fmax(calls, 1), CALL_LIMIT);
}

/* An untimed call first brings the data back to where it lies when one call follows the other. */
static void time_calls(const trial *t, void (*run)(const trial *), size_t calls, samples *to) {
    run(t);
    samples_add(to, seconds_of_calls(t, run, calls) / (double)calls);
}

static void time_rounds(trial *t, const roofs *r, size_t rounds) {
    const size_t layer_calls = calls_in_round(t, run_layer), copy_calls = calls_in_round(t, run_copy);
    for (size_t round = 0; round < rounds; round++) {
        samples_add(&t->flop, 1 / roof_sample(r));
        time_calls(t, run_layer, layer_calls, &t->run);
        time_calls(t, run_copy, copy_calls, &t->copy);
    }
}

static double seconds_of(samples *s) {
    const double seconds = stats_of(s).p15;
    samples_free(s);
    return seconds;
}

/* The plan and its data; false, with a message, where there is none. */
static bool trial_make(trial *t, const layer *l, corr2d_layout layout) {
    const corr2d_spec spec = layer_spec(&l->shape, layout);
    *t = (trial){.data = {.layer = l, .layout = layout}};
    t->data.weights = random_floats(layer_weights_size(l), 2);
    t->data.bias = random_floats(l->shape.co, 3);
    const corr2d_status status = corr2d_plan_create(&t->plan, &spec, t->data.weights, t->data.bias);
    if (status) return fprintf(stderr, "corr2d_depthwise: %s: %s\n", l->text, corr2d_status_string(status)), false;
    t->data.x = random_floats(layer_x_size(l), 1);
    t->data.y = page_alloc(layer_y_size(l) * sizeof *t->data.y);
    t->workspace = page_alloc(corr2d_plan_workspace_size(t->plan) + 1);
    return true;
}

static void trial_free(trial *t) {
    corr2d_plan_destroy(t->plan);
    free(t->data.x);
    free(t->data.weights);
    free(t->data.bias);
    free(t->data.y);
    free(t->workspace);
}

static bool is_right(const trial *t) {
    mismatch m;
    for (size_t i = 0; i < layer_y_size(t->data.layer); i++) t->data.y[i] = NAN;
    run_layer(t);
    if (verify_samples(&t->data, corr2d_variant_is_fused(corr2d_plan_variant(t->plan)), &m)) return true;
    fprintf(stderr, "corr2d_depthwise: wrong on layer %s at element %zu: %.9g, expected %.17g +- %.3g\n",
            t->data.layer->text, m.index, m.got, m.want, m.bound);
    return false;
}

/* Bytes of x and y. */
static double bytes_of(const layer *l) { return 4.0 * (double)(layer_x_size(l) + layer_y_size(l)); }

/* The nearest cache that x and y fit in. */
static const char *level_of(const layer *l, const roofs *r) {
    roof_level level = ROOF_L1;
    while (level < ROOF_DRAM && bytes_of(l) > 2.0 * (double)r->read_bytes[level]) level++;
    return roof_level_name(level);
}

static void report(trial *t, const roofs *r, means *m) {
    const layer *l = t->data.layer;
    const double run = seconds_of(&t->run), copied = seconds_of(&t->copy), operations = 2 * l->macs;
    const double computed = operations * seconds_of(&t->flop), roof = fmax(copied, computed);
    printf("%-28s %6.0f %-4s %7.2f %7.1f %5.1f%% %7.1f %8.2f  %-4s %8.2f\n", l->text, bytes_of(l) / 1024,
           level_of(l, r), 1e6 * run, 1e-9 * operations / run, 100 * computed / run, 1e-9 * bytes_of(l) / copied,
           copied / run, copied > computed ? "copy" : "FMA", roof / run);
    mean_add(&m->flops, 1e-9 * operations / run);
    mean_add(&m->peak, 100 * computed / run);
    mean_add(&m->copy, copied / run);
    mean_add(&m->fraction, roof / run);
}

static int measure(const layer *l, const options *o, const roofs *r, means *m) {
    trial t;
    if (!trial_make(&t, l, o->layout)) return EXIT_USAGE;
    const bool right = is_right(&t);
    if (right) {
        time_rounds(&t, r, o->rounds);
        report(&t, r, m);
    }
    trial_free(&t);
    return right ? EXIT_GOOD : EXIT_WRONG;
}

static void print_roofs(const roofs *r) {
    printf("FMA peak %.1f GFLOP/s (%s); reads:", 1e-9 * r->vector_flops, r->vector->name);
    for (roof_level level = 0; level < ROOF_LEVELS; level++)
        printf(" %s %.0f", roof_level_name(level), 1e-9 * r->read_bandwidth[level]);
    printf(" GB/s; variant %s\n", corr2d_variant());
}

static int measure_network(const network *net, const options *o, const roofs *r) {
    means m = {0};
    int status = EXIT_GOOD;
    if (net->use_count == 0) return status;
    printf("\n%-28s %6s %-4s %7s %7s %6s %7s %8s  %-4s %8s\n", net->name, "KiB", "in", "us", "GFLOP/s", "peak", "copy",
           "copy", "roof", "fraction");
    printf("%-28s %6s %-4s %7s %7s %6s %7s %8s  %-4s %8s\n", o->layout == CORR2D_NCHW ? "nchw" : "nhwc", "x, y", "", "",
           "", "", "GB/s", "/ layer", "", "of roof");
    for (size_t i = 0; i < net->use_count; i++) {
        const int result = measure(&o->layers.layers[net->uses[i].layer], o, r, &m);
        if (result > status) status = result;
        fflush(stdout);
    }
    printf("%-48s %7.1f %5.1f%% %7s %8.2f  %-4s %8.2f\n", "geometric mean", mean_value(&m.flops), mean_value(&m.peak),
           "", mean_value(&m.copy), "", mean_value(&m.fraction));
    return status;
}

static int measure_all(const options *o) {
    int status = EXIT_GOOD;
    roofs r;
    roofs_measure(&r);
    print_roofs(&r);
    for (size_t i = 0; i < o->layers.network_count; i++) {
        const int result = measure_network(&o->layers.networks[i], o, &r);
        if (result > status) status = result;
    }
    return status;
}

static bool choose_layers(options *o) {
    size_t count = 0;
    if (o->layers.network_count == 0 && !layers_add_list(&o->layers, CORR2D_PERF_DEPTHWISE)) return false;
    if (o->filter != NULL && !layers_filter(&o->layers, o->filter)) return false;
    for (size_t i = 0; i < o->layers.network_count; i++) count += o->layers.networks[i].use_count;
    if (count == 0) fputs("corr2d_depthwise: no layer is left to measure\n", stderr);
    return count != 0;
}

enum { KEY_LAYER = 256, KEY_LAYOUT, KEY_ROUNDS };

static const struct argp_option option_list[] = {
    {"layer", KEY_LAYER, "SHAPE", 0, "One layer, as corr2d_perf takes it; can be repeated", 0},
    {"filter", 'f', "REGEX", 0, "Only layers whose \"network/layer shape class\" matches the extended expression", 0},
    {"layout", KEY_LAYOUT, "nchw|nhwc", 0, "Of the tensors (default: nchw)", 0},
    {"rounds", KEY_ROUNDS, "N", 0, "Rounds of each layer, about 2 ms each (default: 40)", 0},
    {0},
};

static void parse_layout(options *o, const char *text, struct argp_state *state) {
    o->layout = strcmp(text, "nhwc") == 0 ? CORR2D_NHWC : CORR2D_NCHW;
    if (o->layout == CORR2D_NCHW && strcmp(text, "nchw") != 0)
        argp_error(state, "--layout: nchw or nhwc expected, got '%s'", text);
}

static void parse_rounds(options *o, const char *text, struct argp_state *state) {
    char *end;
    const long rounds = strtol(text, &end, 10);
    if (*end != '\0' || rounds < 1 || rounds > 10000)
        argp_error(state, "--rounds: a number from 1 to 10000 expected, got '%s'", text);
    o->rounds = (size_t)rounds;
}

static error_t parse(int key, char *text, struct argp_state *state) {
    options *o = state->input;
    switch (key) {
    case 'f': o->filter = text; return 0;
    case KEY_LAYER: return layers_add_shape(&o->layers, text) ? 0 : EINVAL;
    case ARGP_KEY_ARG: return layers_add_list(&o->layers, text) ? 0 : EINVAL;
    case KEY_LAYOUT: parse_layout(o, text, state); return 0;
    case KEY_ROUNDS: parse_rounds(o, text, state); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv) {
    static const struct argp argp = {
        option_list,
        parse,
        "[LIST...]",
        "Holds depthwise and grouped layers against the time in which a copy reads x and writes y.\v"
        "LIST is one of corr2d_perf's or a CSV file with the same columns; without any, perf/depthwise.csv.\n"
        "Exit status: 0 good, 1 a wrong result, 2 a usage or file error.",
        NULL,
        NULL,
        NULL};
    options o = {.rounds = 40};
    argp_err_exit_status = EXIT_USAGE;
    const bool good = argp_parse(&argp, argc, argv, 0, NULL, &o) == 0 && choose_layers(&o);
    const int status = good ? measure_all(&o) : EXIT_USAGE;
    layers_free(&o.layers);
    return status;
}
