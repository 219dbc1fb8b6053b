/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corr2d_fused: blocks of MobileNetV2 and ResNet, with activation and residual fused into the layers, and with a pass
 * over memory for each; in turn, one thread. Bytes are those of tensors and weights that each operation reads and
 * writes, in cache or not. Exit status 1 where the two results differ by more than rounding.
 */
#include "memory.h"
#include "stats.h"

#include <corr2d.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 3, ROUNDS = 30 };

/* Layers one after the other, on maps of one size; the last one adds the block's input. */
typedef struct block {
    const char *name;
    size_t size, layer_count;
    corr2d_spec layers[LAYERS];
} block;

#define POINTWISE(in, out) .in_channels = (in), .out_channels = (out)
#define THREE .kernel_height = 3, .kernel_width = 3, .pad_top = 1, .pad_bottom = 1, .pad_left = 1, .pad_right = 1
#define RELU6 .activation = CORR2D_CLAMP, .clamp_min = 0, .clamp_max = 6
#define RELU .activation = CORR2D_RELU
#define INVERTED_RESIDUAL(c, wide)                                                                                     \
    {                                                                                                                  \
        {POINTWISE(c, wide), RELU6}, {POINTWISE(wide, wide), .groups = (wide), THREE, RELU6}, { POINTWISE(wide, c) }   \
    }
#define BASIC(c)                                                                                                       \
    { {POINTWISE(c, c), THREE, RELU}, {POINTWISE(c, c), THREE, RELU}, }
#define BOTTLENECK(c, narrow)                                                                                          \
    {                                                                                                                  \
        {POINTWISE(c, narrow), RELU}, {POINTWISE(narrow, narrow), THREE, RELU}, { POINTWISE(narrow, c), RELU }         \
    }

static const block blocks[] = {
    {"MobileNetV2 24-144-24, 56x56", 56, 3, INVERTED_RESIDUAL(24, 144)},
    {"MobileNetV2 32-192-32, 28x28", 28, 3, INVERTED_RESIDUAL(32, 192)},
    {"MobileNetV2 96-576-96, 14x14", 14, 3, INVERTED_RESIDUAL(96, 576)},
    {"ResNet 64-64, 56x56", 56, 2, BASIC(64)},
    {"ResNet 256-256, 14x14", 14, 2, BASIC(256)},
    {"ResNet 256-64-64-256, 56x56", 56, 3, BOTTLENECK(256, 64)},
};

/* One layer made ready in both ways, with what it writes. */
typedef struct step {
    corr2d_spec spec;
    size_t outputs, taps, weight_count;
    float *weights, *bias, *y;
    corr2d_plan *fused, *plain;
} step;

typedef struct trial {
    const block *block;
    step steps[LAYERS];
    size_t inputs;
    float *x, *sum; /* sum: holds the block's input, to which the fused block adds; the other's result */
    void *workspace;
} trial;

static void check(corr2d_status status) {
    if (!status) return;
    fprintf(stderr, "corr2d_fused: %s\n", corr2d_status_string(status));
    exit(1);
}

static bool is_last(const trial *t, size_t i) { return i + 1 == t->block->layer_count; }

static step step_make(corr2d_spec spec, size_t size, bool last) {
    step s = {.spec = spec};
    s.spec.in_height = s.spec.in_width = size;
    s.taps = spec.in_channels / (spec.groups ? spec.groups : 1) * (spec.kernel_height ? 9 : 1);
    s.outputs = spec.out_channels * size * size;
    s.weight_count = spec.out_channels * s.taps;
    s.weights = random_floats(s.weight_count, s.taps);
    s.bias = random_floats(spec.out_channels, 2);
    s.y = page_alloc(s.outputs * sizeof *s.y);
    corr2d_spec fused = s.spec, plain = s.spec;
    fused.accumulate = last;
    plain.activation = CORR2D_IDENTITY;
    check(corr2d_plan_create(&s.fused, &fused, s.weights, s.bias));
    check(corr2d_plan_create(&s.plain, &plain, s.weights, s.bias));
    return s;
}

static void trial_make(trial *t, const block *b) {
    size_t workspace = 1;
    *t = (trial){.block = b, .inputs = b->layers[0].in_channels * b->size * b->size};
    for (size_t i = 0; i < b->layer_count; i++) {
        step *const s = &t->steps[i];
        *s = step_make(b->layers[i], b->size, is_last(t, i));
        const size_t fused = corr2d_plan_workspace_size(s->fused), plain = corr2d_plan_workspace_size(s->plain);
        const size_t more = fused > plain ? fused : plain;
        if (more > workspace) workspace = more;
    }
    t->x = random_floats(t->inputs, 1);
    t->sum = page_alloc(t->inputs * sizeof *t->sum);
    t->workspace = page_alloc(workspace);
}

static void trial_free(trial *t) {
    for (size_t i = 0; i < t->block->layer_count; i++) {
        step *const s = &t->steps[i];
        corr2d_plan_destroy(s->fused);
        corr2d_plan_destroy(s->plain);
        free(s->weights);
        free(s->bias);
        free(s->y);
    }
    free(t->x);
    free(t->sum);
    free(t->workspace);
}

/* The block's result in t->sum, where its input was. */
static void run_fused(trial *t) {
    const float *x = t->sum;
    for (size_t i = 0; i < t->block->layer_count; i++) {
        step *const s = &t->steps[i];
        corr2d_run(s->fused, x, is_last(t, i) ? t->sum : s->y, t->workspace);
        x = s->y;
    }
}

static void pass_clamp(float *restrict y, size_t count, float least, float most) {
    for (size_t i = 0; i < count; i++) {
        const float v = y[i] < least ? least : y[i];
        y[i] = v > most ? most : v;
    }
}

static void pass_add(float *restrict y, const float *restrict residual, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] += residual[i];
}

/* The block's result in the last step's y. */
static void run_separate(trial *t) {
    const float *x = t->x;
    for (size_t i = 0; i < t->block->layer_count; i++) {
        step *const s = &t->steps[i];
        corr2d_run(s->plain, x, s->y, t->workspace);
        if (is_last(t, i)) pass_add(s->y, t->x, s->outputs);
        if (s->spec.activation) pass_clamp(s->y, s->outputs, 0, s->spec.activation == CORR2D_RELU ? INFINITY : 6);
        x = s->y;
    }
}

static float *absolute(const float *values, size_t count) {
    float *const result = page_alloc(count * sizeof *result);
    for (size_t i = 0; i < count; i++) result[i] = fabsf(values[i]);
    return result;
}

/* Of the last layer, the sums of |x * w|, |bias| and |residual|. */
static float *absolute_sums(const trial *t) {
    const step *const s = &t->steps[t->block->layer_count - 1];
    corr2d_spec spec = s->spec;
    corr2d_plan *plan;
    spec.activation = CORR2D_IDENTITY;
    spec.accumulate = true;
    float *const x = absolute(s[-1].y, s[-1].outputs), *const weights = absolute(s->weights, s->weight_count);
    float *const bias = absolute(s->bias, spec.out_channels), *const sums = absolute(t->x, t->inputs);
    check(corr2d_plan_create(&plan, &spec, weights, bias));
    check(corr2d_run(plan, x, sums, NULL));
    corr2d_plan_destroy(plan);
    free(x);
    free(weights);
    free(bias);
    return sums;
}

/* All but the last layer have the same bits; there, fused and separate add the residual first and last. */
static bool verify(trial *t) {
    const step *const last = &t->steps[t->block->layer_count - 1];
    run_separate(t);
    memcpy(t->sum, t->x, t->inputs * sizeof *t->sum);
    run_fused(t);
    float *const sums = absolute_sums(t);
    size_t wrong = 0;
    for (size_t i = 0; i < last->outputs; i++) {
        const double bound = 2 * ((double)last->taps + 2) * 0x1p-24 * (double)sums[i];
        wrong += !(fabs((double)t->sum[i] - (double)last->y[i]) <= bound);
    }
    free(sums);
    if (wrong) fprintf(stderr, "corr2d_fused: %s: %zu outputs are wrong\n", t->block->name, wrong);
    return wrong == 0;
}

static double seconds_of(samples *s) {
    const double seconds = stats_of(s).p15;
    samples_free(s);
    return seconds;
}

static void time_both(trial *t, double *fused, double *separate) {
    samples ours = {0}, passes = {0};
    for (int round = 0; round < ROUNDS; round++) {
        memcpy(t->sum, t->x, t->inputs * sizeof *t->sum);
        double start = thread_now();
        run_fused(t);
        samples_add(&ours, thread_now() - start);
        start = thread_now();
        run_separate(t);
        samples_add(&passes, thread_now() - start);
    }
    *fused = seconds_of(&ours);
    *separate = seconds_of(&passes);
}

/* Floats read and written by the layers themselves, and by the passes. */
static size_t layer_floats(const trial *t) {
    size_t floats = t->inputs;
    for (size_t i = 0; i < t->block->layer_count; i++)
        floats += t->steps[i].weight_count + t->steps[i].outputs * (is_last(t, i) ? 1 : 2);
    return floats;
}

static size_t pass_floats(const trial *t) {
    size_t floats = 3 * t->inputs;
    for (size_t i = 0; i < t->block->layer_count; i++)
        if (t->steps[i].spec.activation) floats += 2 * t->steps[i].outputs;
    return floats;
}

static bool measure(const block *b) {
    trial t;
    double fused, separate;
    trial_make(&t, b);
    const bool right = verify(&t);
    time_both(&t, &fused, &separate);
    const double layers = 4e-6 * (double)layer_floats(&t), passes = 4e-6 * (double)pass_floats(&t);
    const double residual = 4e-6 * (double)t.inputs; /* the fused block reads it */
    printf("%-30s %8.3f %8.3f %6.2f x %8.2f %8.2f %6.2f x\n", b->name, 1e3 * fused, 1e3 * separate, separate / fused,
           layers + residual, layers + passes, (layers + passes) / (layers + residual));
    trial_free(&t);
    return right;
}

int main(void) {
    bool right = true;
    printf("%-30s %8s %8s %8s %8s %8s\n", "block", "fused ms", "passes", "", "fused MB", "passes");
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) right &= measure(&blocks[i]);
    return !right;
}
