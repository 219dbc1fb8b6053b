/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running with a workspace allocates nothing; whatever allocation fails, the status says so, outputs stay as they were
 * and nothing leaks. Linked with --wrap for each function below, so that the library's calls of them arrive here.
 */
#include <corr2d.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t calls;              /* of functions that allocate */
static size_t live;               /* blocks not freed yet */
static size_t failing = SIZE_MAX; /* the call that fails, counted from 0 */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **memory, size_t alignment, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **memory, size_t alignment, size_t size);
void __wrap_free(void *memory);

/* Sizes that no machine has are refused here, since sanitizers end the process over them. */
static bool refused(size_t size) { return calls++ == failing || size > PTRDIFF_MAX >> 6; }

static void *counted(void *memory) {
    if (memory) live++;
    return memory;
}

void *__wrap_malloc(size_t size) { return refused(size) ? NULL : counted(__real_malloc(size)); }

void *__wrap_calloc(size_t count, size_t size) {
    return refused(size ? count : 0) ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size) {
    if (refused(size)) return NULL;
    void *const memory = __real_realloc(old, size);
    return old ? memory : counted(memory);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    return refused(size) ? NULL : counted(__real_aligned_alloc(alignment, size));
}

int __wrap_posix_memalign(void **memory, size_t alignment, size_t size) {
    if (refused(size)) return ENOMEM;
    const int error = __real_posix_memalign(memory, alignment, size);
    if (!error) live++;
    return error;
}

void __wrap_free(void *memory) {
    if (memory) live--;
    __real_free(memory);
}

static bool failed;

static void expect(bool holds, const char *what, const corr2d_spec *spec) {
    if (holds) return;
    failed = true;
    printf("%s: %s, layout %d, %zu to %zu channels, kernel %zux%zu, groups %zu\n", what, spec->variant,
           (int)spec->layout, spec->in_channels, spec->out_channels, spec->kernel_height, spec->kernel_width,
           spec->groups);
}

enum { X = 4096, WEIGHTS = 32768, Y = 8192, WORKSPACE = 1 << 24 };

static float x[X], weights[WEIGHTS], bias[64], y[Y];
static unsigned char workspace[WORKSPACE];

static void check_run(const corr2d_plan *plan, const corr2d_spec *spec) {
    const size_t before = calls;
    bool ok = corr2d_plan_workspace_size(plan) <= WORKSPACE;
    ok = ok && corr2d_run(plan, x, y, workspace) == CORR2D_OK;
    for (size_t part = 0; part < 3; part++) ok = ok && corr2d_run_part(plan, x, y, workspace, part, 3) == CORR2D_OK;
    expect(ok, "does not run", spec);
    expect(calls == before, "allocates although it has a workspace", spec);
}

/* Without a workspace it may allocate, and says so when it can not. */
static void check_run_without_workspace(const corr2d_plan *plan, const corr2d_spec *spec) {
    const size_t before = live;
    expect(corr2d_run(plan, x, y, NULL) == CORR2D_OK, "does not run without a workspace", spec);
    expect(live == before, "leaks its workspace", spec);
    for (size_t i = 0; i < Y; i++) y[i] = 5.0f;
    failing = calls;
    const corr2d_status status = corr2d_run(plan, x, y, NULL);
    const bool out = calls > failing;
    failing = SIZE_MAX;
    expect(status == (out ? CORR2D_OUT_OF_MEMORY : CORR2D_OK), "wrong status without memory", spec);
    for (size_t i = 0; out && i < Y; i++) expect(y[i] == 5.0f, "y written without memory", spec);
}

/* Fails the first allocation, then the second, and so on, until the plan is made. */
static corr2d_plan *plan_at_last(const corr2d_spec *spec) {
    corr2d_plan *const untouched = (corr2d_plan *)(void *)y;
    const size_t before = live;
    for (size_t n = 0; n < 100; n++) {
        corr2d_plan *plan = untouched;
        failing = calls + n;
        const corr2d_status status = corr2d_plan_create(&plan, spec, weights, bias);
        failing = SIZE_MAX;
        if (status == CORR2D_OK) return plan;
        expect(status == CORR2D_OUT_OF_MEMORY, "wrong status without memory for a plan", spec);
        expect(plan == untouched, "plan written without memory", spec);
        expect(live == before, "leaks part of a plan", spec);
    }
    expect(false, "makes no plan", spec);
    exit(EXIT_FAILURE);
}

static void check_layer(const corr2d_spec *spec) {
    const size_t before = live;
    corr2d_plan *const plan = plan_at_last(spec);
    check_run(plan, spec);
    check_run_without_workspace(plan, spec);
    corr2d_plan_destroy(plan);
    expect(live == before, "leaks", spec);
}

/* A plain function, whose first allocation fails, then the second, and so on, until it works. */
static void check_plain_function(void) {
    const corr2d_spec spec = {.variant = corr2d_variant(), .in_channels = 8, .out_channels = 12, .kernel_height = 3};
    const size_t before = live;
    corr2d_status status = CORR2D_OUT_OF_MEMORY;
    for (size_t n = 0; status != CORR2D_OK && n < 100; n++) {
        for (size_t i = 0; i < Y; i++) y[i] = 5.0f;
        failing = calls + n;
        status = corr2d_multi_in_out(x, 8, 12, 14, weights, 12, 3, 3, y);
        failing = SIZE_MAX;
        expect(status == CORR2D_OUT_OF_MEMORY || (status == CORR2D_OK && n > 0), "wrong status", &spec);
        for (size_t i = 0; status && i < Y; i++) expect(y[i] == 5.0f, "y written without memory", &spec);
        expect(live == before, "leaks", &spec);
    }
    expect(status == CORR2D_OK, "never works", &spec);
}

/* Sizes that fit the address space, but no memory. */
static void check_enormous(void) {
    const corr2d_spec spec = {
        .in_channels = 1, .in_height = 1, .in_width = 1, .out_channels = SIZE_MAX / 64, .variant = corr2d_variant()};
    const size_t before = live;
    corr2d_plan *plan = NULL;
    expect(corr2d_plan_create(&plan, &spec, weights, NULL) == CORR2D_OUT_OF_MEMORY, "wrong status if enormous", &spec);
    expect(!plan && live == before, "leaks if enormous", &spec);
}

int main(void) {
    static const corr2d_spec layers[] = {
        {.in_channels = 8, .in_height = 12, .in_width = 14, .out_channels = 12, .kernel_height = 3, .kernel_width = 3},
        {.in_channels = 8,
         .in_height = 11,
         .in_width = 13,
         .out_channels = 9,
         .kernel_height = 3,
         .kernel_width = 5,
         .pad_top = 1,
         .pad_left = 2,
         .stride_height = 2,
         .stride_width = 2},
        {.in_channels = 40, .in_height = 7, .in_width = 7, .out_channels = 33},
        {.in_channels = 300, .in_height = 3, .in_width = 3, .out_channels = 10, .kernel_height = 3, .kernel_width = 3},
        {.in_channels = 17,
         .in_height = 9,
         .in_width = 11,
         .out_channels = 17,
         .kernel_height = 3,
         .kernel_width = 3,
         .groups = 17,
         .pad_top = 1,
         .pad_bottom = 1},
        {.in_channels = 8,
         .in_height = 9,
         .in_width = 11,
         .out_channels = 12,
         .kernel_height = 3,
         .kernel_width = 3,
         .groups = 2,
         .batch = 3},
        {.in_channels = 3, .in_height = 1, .in_width = 1000, .out_channels = 4, .kernel_width = 5},
    };
    size_t checked = 0;
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        for (size_t j = 0; j < 2 * (sizeof layers / sizeof *layers); j++, checked++) {
            corr2d_spec spec = layers[j / 2];
            spec.layout = (corr2d_layout)(j % 2);
            spec.variant = corr2d_variant_at(i);
            check_layer(&spec);
        }
    }
    check_plain_function();
    check_enormous();
    if (!failed) printf("%zu plans: ok\n", checked);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
