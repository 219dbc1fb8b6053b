/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine with its own pool: anything that calls a function for each of some indices and waits. Compiled and run as
 * a test.
 *
 * Once per layer: corr2d_plan_create, and corr2d_plan_parts for how many threads are worth waking. Once per run: each
 * index is a part, with a workspace of its own. Parts need no barrier and no order, so a pool may also be given more
 * parts than it has threads, to even out cores of different speed: the bits stay the same.
 */
#include <corr2d.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

/* ---- what the engine has */

enum { THREADS = 3 };

typedef struct engine_work {
    void (*task)(void *context, size_t index);
    void *context;
    size_t first, count;
} engine_work;

static int engine_thread(void *argument) {
    const engine_work *const work = argument;
    for (size_t i = work->first; i < work->count; i += THREADS) work->task(work->context, i);
    return 0;
}

static void engine_parallel_for(size_t count, void (*task)(void *context, size_t index), void *context) {
    thrd_t threads[THREADS];
    engine_work works[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        works[i] = (engine_work){task, context, i, count};
        if (thrd_create(&threads[i], engine_thread, &works[i]) != thrd_success) abort();
    }
    for (size_t i = 0; i < THREADS; i++) thrd_join(threads[i], NULL);
}

/* ---- the lines that matter */

typedef struct convolution {
    const corr2d_plan *plan;
    const float *x;
    float *y;
    char *workspace; /* parts times corr2d_plan_workspace_size bytes */
    size_t parts;
} convolution;

static void convolve_part(void *context, size_t part) {
    const convolution *const c = context;
    void *const own = c->workspace + part * corr2d_plan_workspace_size(c->plan);
    corr2d_run_part(c->plan, c->x, c->y, own, part, c->parts); /* fails only for NULLs, with a workspace given */
}

static void convolve(const corr2d_plan *plan, const float *x, float *y, char *workspace, size_t parts) {
    convolution c = {plan, x, y, workspace, parts};
    engine_parallel_for(parts, convolve_part, &c);
}

/* ---- the test */

enum { CHANNELS = 32, SIZE = 40, COUNT = CHANNELS * SIZE * SIZE };

static float x[COUNT], weights[CHANNELS * CHANNELS * 9], y[COUNT], expected[COUNT];

int main(void) {
    const corr2d_spec spec = {.in_channels = CHANNELS,
                              .in_height = SIZE,
                              .in_width = SIZE,
                              .out_channels = CHANNELS,
                              .kernel_height = 3,
                              .kernel_width = 3,
                              .pad_top = 1,
                              .pad_bottom = 1,
                              .pad_left = 1,
                              .pad_right = 1};
    corr2d_plan *plan;
    for (size_t i = 0; i < COUNT; i++) x[i] = (float)(i % 31) - 15.3f;
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) weights[i] = (float)(i % 23) * 0.1f - 1;
    if (corr2d_plan_create(&plan, &spec, weights, NULL) || corr2d_run(plan, x, expected, NULL)) return 1;
    const size_t most = 4 * corr2d_plan_parts(plan, THREADS);
    char *const workspace = malloc(most * corr2d_plan_workspace_size(plan) + 1);
    int wrong = 0;
    for (size_t parts = 1; parts <= most; parts++) {
        memset(y, 0xff, sizeof y);
        convolve(plan, x, y, workspace, parts);
        wrong += memcmp(y, expected, sizeof y) != 0;
    }
    printf("1 to %zu parts on %d threads: %s\n", most, THREADS, wrong ? "WRONG" : "the same bits");
    free(workspace);
    corr2d_plan_destroy(plan);
    return wrong;
}
