/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight threads at once: on plans that all of them share, each runs its own part into a y of all, then every part into
 * a y of its own, then makes, runs and frees a plan of its own. All get the bits of one thread. For ThreadSanitizer.
 */
#include "tests/support/layer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, SEEDS = 4, LAYERS = FAMILIES * SEEDS };

/* A plan with what it runs on, and what it must give. */
typedef struct shared {
    test_layer layer;
    layer_data data;
    corr2d_plan *plan;
    size_t count;
    float *whole, *y;
} shared;

static shared layers[LAYERS];

/* All threads begin a layer together, so that what races with what lies close by, also on a single core. */
static pthread_barrier_t together;

typedef struct worker {
    pthread_t thread;
    size_t index, failures;
} worker;

/* What y holds before the layer runs. */
static void put_residual(const shared *s, float *y) {
    if (s->data.residual)
        memcpy(y, s->data.residual, s->count * sizeof *y);
    else
        memset(y, 0xff, s->count * sizeof *y);
}

static bool same(const shared *s, const float *y) { return memcmp(y, s->whole, s->count * sizeof *y) == 0; }

static shared share(size_t index) {
    shared s = {.layer = layer_random((test_family)(index % FAMILIES), 1 + index / FAMILIES)};
    s.layer.spec.variant = corr2d_variant_at(index % 3) ? corr2d_variant_at(index % 3) : corr2d_variant();
    s.layer.spec.layout = (corr2d_layout)(index / FAMILIES % 2);
    s.data = layer_data_make(&s.layer);
    s.count = layer_y_count(&s.layer);
    s.whole = floats(s.count);
    s.y = floats(s.count);
    put_residual(&s, s.whole);
    put_residual(&s, s.y);
    if (corr2d_plan_create(&s.plan, &s.layer.spec, s.data.weights, s.data.bias) != CORR2D_OK) exit(EXIT_FAILURE);
    if (corr2d_run(s.plan, s.data.x, s.whole, NULL) != CORR2D_OK) exit(EXIT_FAILURE);
    return s;
}

static void shared_free(shared *s) {
    corr2d_plan_destroy(s->plan);
    layer_data_free(&s->data);
    free(s->whole);
    free(s->y);
}

static void run_own_plan(worker *w, const shared *s, float *y) {
    corr2d_plan *plan;
    if (corr2d_plan_create(&plan, &s->layer.spec, s->data.weights, s->data.bias) != CORR2D_OK) {
        w->failures++;
        return;
    }
    put_residual(s, y);
    w->failures += corr2d_run(plan, s->data.x, y, NULL) != CORR2D_OK || !same(s, y);
    corr2d_plan_destroy(plan);
}

static void run_layer(worker *w, shared *s) {
    void *const workspace = malloc(corr2d_plan_workspace_size(s->plan) + 1);
    float *const own = floats(s->count);
    w->failures += corr2d_run_part(s->plan, s->data.x, s->y, workspace, w->index, THREADS) != CORR2D_OK;
    put_residual(s, own);
    for (size_t i = 0; i < THREADS; i++) {
        const size_t part = (w->index + i) % THREADS;
        w->failures += corr2d_run_part(s->plan, s->data.x, own, workspace, part, THREADS) != CORR2D_OK;
    }
    w->failures += !same(s, own);
    run_own_plan(w, s, own);
    free(own);
    free(workspace);
}

static void *work(void *argument) {
    worker *const w = argument;
    w->failures += strcmp(corr2d_variant(), corr2d_variant_at(0)) != 0;
    for (size_t i = 0; i < LAYERS; i++) {
        pthread_barrier_wait(&together);
        run_layer(w, &layers[i]);
    }
    return NULL;
}

int main(void) {
    static worker workers[THREADS];
    size_t failures = 0;
    for (size_t i = 0; i < LAYERS; i++) layers[i] = share(i);
    if (pthread_barrier_init(&together, NULL, THREADS) != 0) return EXIT_FAILURE;
    for (size_t i = 0; i < THREADS; i++) {
        workers[i].index = i;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) return EXIT_FAILURE;
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        failures += workers[i].failures;
    }
    for (size_t i = 0; i < LAYERS; i++) {
        failures += !same(&layers[i], layers[i].y);
        shared_free(&layers[i]);
    }
    printf("%d layers, %d threads: %s\n", LAYERS, THREADS, failures ? "FAILED" : "ok");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
