/* SPDX-License-Identifier: Apache-2.0 */
#include "check_pool.h"

#include "tests/support/random.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST = 64, FILLS = 1 << 20, NEVER = MOST, TRIES = 50 };

static const struct timespec nap = {.tv_nsec = 2000000};

static const corr2d_spec specs[] = {
    {.in_channels = 64, .in_height = 41, .in_width = 37, .out_channels = 96, .kernel_height = 3, .kernel_width = 3},
    {.in_channels = 96, .in_height = 29, .in_width = 31, .out_channels = 80, .activation = CORR2D_RELU},
    {.in_channels = 64, .in_height = 40, .in_width = 40, .out_channels = 48, .accumulate = true},
    {.batch = 3,
     .in_channels = 32,
     .in_height = 21,
     .in_width = 23,
     .out_channels = 64,
     .groups = 2,
     .kernel_height = 3,
     .kernel_width = 3,
     .pad_top = 1,
     .pad_left = 1,
     .stride_width = 2},
    {.in_channels = 144,
     .in_height = 56,
     .in_width = 56,
     .out_channels = 144,
     .groups = 144,
     .kernel_height = 3,
     .kernel_width = 3,
     .pad_top = 1,
     .pad_bottom = 1,
     .pad_left = 1,
     .pad_right = 1},
    {.in_channels = 3, .in_height = 5, .in_width = 5, .out_channels = 2},
};

/* What the wrapped function saw of one run. */
static struct {
    atomic_uint calls[MOST];
    pthread_t threads[MOST];
    void *workspaces[MOST];
    atomic_size_t parts;
    size_t failing; /* the part that is made to fail, or NEVER */
    bool napping;   /* each part first gives the other threads time to wake */
} seen;

corr2d_status __real_corr2d_run_part(const corr2d_plan *plan, const void *x, void *y, void *workspace, size_t part,
                                     size_t parts);
corr2d_status __wrap_corr2d_run_part(const corr2d_plan *plan, const void *x, void *y, void *workspace, size_t part,
                                     size_t parts);

corr2d_status __wrap_corr2d_run_part(const corr2d_plan *plan, const void *x, void *y, void *workspace, size_t part,
                                     size_t parts) {
    seen.parts = parts;
    if (part < MOST) {
        seen.calls[part]++;
        seen.threads[part] = pthread_self();
        seen.workspaces[part] = workspace;
    }
    if (seen.napping) nanosleep(&nap, NULL);
    const corr2d_status status = __real_corr2d_run_part(plan, x, y, workspace, part, parts);
    return part == seen.failing ? CORR2D_OUT_OF_MEMORY : status;
}

/* One layer, ready to run; y starts as `before` and must become `after`. */
typedef struct trial {
    const char *name;
    pool_run run;
    void *pool;
    size_t threads, layer, y_bytes;
    corr2d_plan *plan;
    const float *x;
    float *y, *before, *after;
} trial;

static int complain(const trial *t, const char *what) {
    fprintf(stderr, "%s, %zu threads, layer %zu: %s\n", t->name, t->threads, t->layer, what);
    return 1;
}

static size_t distinct_threads(void) {
    size_t count = 0;
    for (size_t i = 0; i < seen.parts; i++) {
        size_t first = 0;
        while (!pthread_equal(seen.threads[first], seen.threads[i])) first++;
        count += first == i;
    }
    return count;
}

static corr2d_status run_seen(const trial *t, char *workspace, size_t failing) {
    memset(&seen, 0, sizeof seen);
    seen.failing = failing;
    memcpy(t->y, t->before, t->y_bytes);
    return t->run(t->pool, t->plan, t->x, t->y, workspace);
}

static int check_calls(const trial *t, char *workspace) {
    int wrong = 0;
    const size_t bytes = corr2d_plan_workspace_size(t->plan);
    if (seen.parts < 1 || seen.parts > t->threads) return complain(t, "more parts than threads, or none");
    for (size_t i = 0; i < seen.parts; i++) {
        if (seen.calls[i] != 1) wrong += complain(t, "a part did not run exactly once");
        if (seen.workspaces[i] != (workspace ? workspace + i * bytes : NULL))
            wrong += complain(t, "a part's workspace is not its own");
    }
    return wrong;
}

static int check_run(const trial *t, char *workspace) {
    const corr2d_status status = run_seen(t, workspace, NEVER);
    if (status) return complain(t, corr2d_status_string(status));
    return (memcmp(t->y, t->after, t->y_bytes) ? complain(t, "other bits than corr2d_run") : 0) +
           check_calls(t, workspace);
}

static int check_failure(const trial *t) {
    if (run_seen(t, NULL, 0) != CORR2D_OUT_OF_MEMORY) return complain(t, "the first part's failure was not told");
    return run_seen(t, NULL, seen.parts - 1) != CORR2D_OUT_OF_MEMORY
               ? complain(t, "the last part's failure was not told")
               : 0;
}

static int check_trial(const trial *t) {
    char *const workspace = malloc(t->threads * corr2d_plan_workspace_size(t->plan) + 1);
    const int wrong = check_run(t, workspace) + check_run(t, NULL) + check_failure(t);
    free(workspace);
    return wrong;
}

/* A pool may leave the parts to one thread, but not every time that they are long. */
static int check_shared(const trial *t) {
    for (int i = 0; i < TRIES; i++) {
        memset(&seen, 0, sizeof seen);
        seen.failing = NEVER;
        seen.napping = true;
        if (t->run(t->pool, t->plan, t->x, t->y, NULL)) return complain(t, "fails");
        if (distinct_threads() > 1) return 0;
    }
    return complain(t, "only one thread ever took part");
}

static float *new_floats(size_t count, uint64_t seed) {
    float *const floats = malloc(count * sizeof *floats);
    if (!floats) abort();
    fill(floats, count, FILL_REAL, &(random_source){seed});
    return floats;
}

static int check_layer(trial t, corr2d_layout layout, const float *data) {
    corr2d_spec spec = specs[t.layer];
    size_t height, width;
    spec.layout = layout;
    if (corr2d_output_size(&spec, &height, &width) || corr2d_plan_create(&t.plan, &spec, data, data))
        return complain(&t, "no plan");
    const size_t count = (spec.batch ? spec.batch : 1) * spec.out_channels * height * width;
    t.x = data;
    t.y_bytes = count * sizeof *t.y;
    t.before = new_floats(count, 1);
    t.after = new_floats(count, 1);
    t.y = new_floats(count, 1);
    int wrong = corr2d_run(t.plan, t.x, t.after, NULL) ? complain(&t, "corr2d_run fails") : check_trial(&t);
    if (t.threads > 1 && t.layer == 0) wrong += check_shared(&t); /* large enough for all threads */
    corr2d_plan_destroy(t.plan);
    free(t.before);
    free(t.after);
    free(t.y);
    return wrong;
}

int check_pool(const char *name, size_t threads, pool_run run, void *pool) {
    int wrong = 0;
    float *const data = new_floats(FILLS, 2);
    for (size_t i = 0; i < 2 * (sizeof specs / sizeof *specs); i++) {
        const trial t = {.name = name, .run = run, .pool = pool, .threads = threads, .layer = i / 2};
        wrong += check_layer(t, (corr2d_layout)(i % 2), data);
    }
    free(data);
    printf("%s, %zu threads: %s\n", name, threads, wrong ? "WRONG" : "the bits of corr2d_run");
    return wrong;
}
