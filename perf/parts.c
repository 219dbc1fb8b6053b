/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corr2d_parts [--nhwc] [REGEX]: what 2, 4, 8 and 16 cores would do, on one. Every part of each layer over 20 MMAC is timed
 * alone, in turn with the whole layer; the slowest part is then the time on that many cores, but for what cores take
 * from each other. Three figures for each number of parts: the slowest part over the mean one (1.00: balanced), the
 * sum of all over the whole layer (1.00: no work done twice), and the whole layer over the slowest part (the speed-up).
 */
#include "layers.h"
#include "memory.h"
#include "stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNTS = 4, MOST = 16, ROUNDS = 12 };

static const size_t counts[COUNTS] = {2, 4, 8, MOST};
static const double least_macs = 20e6;

/* A layer while it is measured: samples of the whole, and of every part of every count. */
typedef struct trial {
    corr2d_plan *plan;
    float *x, *y;
    void *workspace;
    samples whole, parts[COUNTS][MOST];
} trial;

typedef struct shares {
    double balance, sum, speed;
} shares;

static void time_part(const trial *t, size_t part, size_t parts, samples *to) {
    corr2d_run_part(t->plan, t->x, t->y, t->workspace, part, parts);
    const double start = thread_now();
    corr2d_run_part(t->plan, t->x, t->y, t->workspace, part, parts);
    samples_add(to, thread_now() - start);
}

static void time_round(trial *t) {
    time_part(t, 0, 1, &t->whole);
    for (size_t c = 0; c < COUNTS; c++)
        for (size_t part = 0; part < counts[c]; part++) time_part(t, part, counts[c], &t->parts[c][part]);
}

static double seconds_of(samples *s) {
    const double seconds = stats_of(s).p15;
    samples_free(s);
    return seconds;
}

static shares shares_of(trial *t, size_t count_index, double whole) {
    double sum = 0, slowest = 0;
    const size_t count = counts[count_index];
    for (size_t part = 0; part < count; part++) {
        const double seconds = seconds_of(&t->parts[count_index][part]);
        sum += seconds;
        if (seconds > slowest) slowest = seconds;
    }
    return (shares){slowest * (double)count / sum, sum / whole, whole / slowest};
}

/* The plan and its data; false where there is none. */
static bool trial_make(trial *t, const layer *l, corr2d_layout layout) {
    const corr2d_spec spec = layer_spec(&l->shape, layout);
    float *const weights = random_floats(layer_weights_size(l), 1);
    const corr2d_status status = corr2d_plan_create(&t->plan, &spec, weights, NULL);
    free(weights);
    if (status) return fprintf(stderr, "corr2d_parts: %s: %s\n", l->text, corr2d_status_string(status)), false;
    t->x = random_floats(layer_x_size(l), 2);
    t->y = page_alloc(layer_y_size(l) * sizeof *t->y);
    t->workspace = page_alloc(corr2d_plan_workspace_size(t->plan) + 1);
    return true;
}

static void trial_free(trial *t) {
    corr2d_plan_destroy(t->plan);
    free(t->x);
    free(t->y);
    free(t->workspace);
}

static void print_header(const char *first) {
    printf("%-32s %8s %5s", first, "ms", "parts");
    for (size_t c = 0; c < COUNTS; c++) printf("  %2zu: max  sum speed", counts[c]);
    puts("");
}

static bool measure(const layer *l, corr2d_layout layout, mean means[COUNTS][3], shares worst[COUNTS]) {
    static trial t;
    if (!trial_make(&t, l, layout)) return false;
    for (int round = 0; round < ROUNDS; round++) time_round(&t);
    const double whole = seconds_of(&t.whole);
    printf("%-32s %8.3f %5zu", l->text, 1e3 * whole, corr2d_plan_parts(t.plan, MOST));
    for (size_t c = 0; c < COUNTS; c++) {
        const shares s = shares_of(&t, c, whole);
        printf("  %7.2f %4.2f %5.2f", s.balance, s.sum, s.speed);
        mean_add(&means[c][0], s.balance);
        mean_add(&means[c][1], s.sum);
        mean_add(&means[c][2], s.speed);
        if (s.balance > worst[c].balance) worst[c].balance = s.balance;
        if (s.sum > worst[c].sum) worst[c].sum = s.sum;
        if (worst[c].speed == 0 || s.speed < worst[c].speed) worst[c].speed = s.speed;
    }
    puts("");
    fflush(stdout);
    trial_free(&t);
    return true;
}

static bool is_used(const layer_set *set, size_t layer_index) {
    for (size_t i = 0; i < set->network_count; i++)
        for (size_t j = 0; j < set->networks[i].use_count; j++)
            if (set->networks[i].uses[j].layer == layer_index) return true;
    return false;
}

static bool measure_all(const layer_set *set, corr2d_layout layout) {
    static mean means[COUNTS][3];
    static shares worst[COUNTS];
    print_header("layer");
    for (size_t i = 0; i < set->layer_count; i++)
        if (set->layers[i].macs > least_macs && is_used(set, i) && !measure(&set->layers[i], layout, means, worst))
            return false;
    printf("%-47s", "geometric mean");
    for (size_t c = 0; c < COUNTS; c++)
        printf("  %7.2f %4.2f %5.2f", mean_value(&means[c][0]), mean_value(&means[c][1]), mean_value(&means[c][2]));
    printf("\n%-47s", "worst");
    for (size_t c = 0; c < COUNTS; c++) printf("  %7.2f %4.2f %5.2f", worst[c].balance, worst[c].sum, worst[c].speed);
    puts("");
    return true;
}

int main(int count, char **arguments) {
    const bool nhwc = count > 1 && strcmp(arguments[1], "--nhwc") == 0;
    const char *const regex = count > 1 + nhwc ? arguments[1 + nhwc] : "";
    layer_set set = {0};
    const bool good =
        layers_add_all(&set) && layers_filter(&set, regex) && measure_all(&set, nhwc ? CORR2D_NHWC : CORR2D_NCHW);
    layers_free(&set);
    return !good;
}
