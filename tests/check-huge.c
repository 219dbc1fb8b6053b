/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers of more than 2^32 elements of x or of y, mostly holes: memory is mapped without reserving any, and a layer
 * touches little of it. Each has a small twin, with the same numbers side by side, whose bits it must have.
 * Exit status 77: no such address space here.
 */
#include "tests/support/layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The layer; its small twin has these sizes, strides and dilations instead. */
typedef struct pair {
    corr2d_spec huge, twin;
    size_t row_step, column_step; /* rows and columns of huge x from one of the twin's to the next */
} pair;

#define G ((size_t)1 << 30)
#define TWIN .in_channels = 3, .in_height = 5, .in_width = 9, .out_channels = 5
#define DEPTHWISE .in_channels = 9, .out_channels = 9, .groups = 9

static const pair pairs[] = {
    /* Rows, channels and images far apart. */
    {{TWIN, .batch = 2, .kernel_height = 3, .kernel_width = 3, .x_strides = {6 * G, 2 * G + 5, G / 4 + 3, 1}},
     {TWIN, .batch = 2, .kernel_height = 3, .kernel_width = 3},
     1,
     1},
    {{TWIN, .kernel_height = 3, .kernel_width = 3, .pad_top = 1, .pad_left = 1, .x_strides = {0, 2 * G, 1, G / 8 + 1}},
     {TWIN, .kernel_height = 3, .kernel_width = 3, .pad_top = 1, .pad_left = 1},
     1,
     1},
    {{TWIN, .layout = CORR2D_NHWC, .kernel_width = 2, .x_strides = {0, 1, G + 5, G / 8 + 3},
      .y_strides = {0, 1, 40, 5}},
     {TWIN, .kernel_width = 2},
     1,
     1},
    {{TWIN, .x_strides = {0, 2 * G + 1, G / 4, 1}}, {TWIN}, 1, 1},
    {{TWIN, .kernel_height = 2, .y_strides = {0, 1, 2 * G + 7, 2 * G / 9}}, {TWIN, .kernel_height = 2}, 1, 1},
    {{TWIN, .y_strides = {0, G + 1, G / 8, 1}}, {TWIN}, 1, 1},
    {{DEPTHWISE, .in_height = 5, .in_width = 20, .kernel_height = 3, .kernel_width = 3, .pad_left = 1,
      .x_strides = {0, G - 7, G / 8, 1}, .y_strides = {0, G / 2 + 1, G / 8, 1}},
     {DEPTHWISE, .in_height = 5, .in_width = 20, .kernel_height = 3, .kernel_width = 3, .pad_left = 1},
     1,
     1},
    {{DEPTHWISE, .in_height = 5, .in_width = 7, .kernel_height = 3, .kernel_width = 3, .pad_top = 1,
      .layout = CORR2D_NHWC, .x_strides = {0, 1, G + 1, G / 8}, .y_strides = {0, 1, G + 1, G / 8}},
     {DEPTHWISE, .in_height = 5, .in_width = 7, .kernel_height = 3, .kernel_width = 3, .pad_top = 1},
     1,
     1},
    /* More than one strip, group and image, each of them far away in x and in y. */
    {{.batch = 2,
      .groups = 2,
      .in_channels = 2,
      .in_height = 3,
      .in_width = 2000,
      .out_channels = 2,
      .kernel_width = 3,
      .x_strides = {24 * G, 8 * G + 1, 2 * G + 1, 1},
      .y_strides = {24 * G, 8 * G + 3, 2 * G + 1, 1}},
     {.batch = 2,
      .groups = 2,
      .in_channels = 2,
      .in_height = 3,
      .in_width = 2000,
      .out_channels = 2,
      .kernel_width = 3},
     1,
     1},
    {{.batch = 2,
      .groups = 2,
      .in_channels = 4,
      .in_height = 3,
      .in_width = 2000,
      .out_channels = 4,
      .kernel_width = 3,
      .x_strides = {24 * G, 6 * G + 1, 2 * G + 1, 1},
      .y_strides = {24 * G, 6 * G + 3, 2 * G + 1, 1}},
     {.batch = 2,
      .groups = 2,
      .in_channels = 4,
      .in_height = 3,
      .in_width = 2000,
      .out_channels = 4,
      .kernel_width = 3},
     1,
     1},
    /* Dense, 2^33 elements and more, of which stride or dilation leave out all but a few. */
    {{.in_channels = 3, .in_height = G / 2, .in_width = 9, .out_channels = 5, .stride_height = G / 8},
     {.in_channels = 3, .in_height = 4, .in_width = 9, .out_channels = 5},
     G / 8,
     1},
    {{.in_channels = 2,
      .in_height = 3,
      .in_width = G + 3,
      .out_channels = 3,
      .kernel_width = 3,
      .dilation_width = G / 2 + 1,
      .kernel_height = 2},
     {.in_channels = 2, .in_height = 3, .in_width = 3, .out_channels = 3, .kernel_width = 3, .kernel_height = 2},
     1,
     G / 2 + 1},
};

/* Where element (n, c, i, j) lies. */
static size_t place(const corr2d_strides *s, const size_t at[4]) {
    return at[0] * s->batch + at[1] * s->channel + at[2] * s->row + at[3] * s->column;
}

static corr2d_strides strides_of(const corr2d_strides *given, size_t channels, size_t height, size_t width) {
    if (given->batch || given->channel || given->row || given->column) return *given;
    return (corr2d_strides){channels * height * width, height * width, width, 1};
}

static float *map(size_t count) {
    void *const memory =
        mmap(NULL, count * sizeof(float), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory != MAP_FAILED) return memory;
    perror("mmap");
    exit(77);
}

/* From the first element to the last of (n, c, h, w). */
static size_t span(const corr2d_strides *s, const size_t size[4]) {
    return place(s, (size_t[]){size[0] - 1, size[1] - 1, size[2] - 1, size[3] - 1}) + 1;
}

/* Indices 0 ... size - 1 of four dimensions, the last one first; false past the end. */
static bool next(size_t at[4], const size_t size[4]) {
    for (int d = 3; d >= 0; d--) {
        if (++at[d] < size[d]) return true;
        at[d] = 0;
    }
    return false;
}

static float *huge_x(const pair *p, const test_layer *twin, const float *dense) {
    const corr2d_spec *const h = &p->huge, *const t = &twin->spec;
    const corr2d_strides s = strides_of(&h->x_strides, h->in_channels, h->in_height, h->in_width);
    const size_t small[4] = {t->batch, t->in_channels, t->in_height, t->in_width};
    const size_t whole[4] = {t->batch, t->in_channels, h->in_height, h->in_width};
    float *const x = map(span(&s, whole));
    size_t at[4] = {0};
    do {
        x[place(&s, (size_t[]){at[0], at[1], at[2] * p->row_step, at[3] * p->column_step})] = *dense++;
    } while (next(at, small));
    return x;
}

/* Whether y has the twin's bits. */
static bool same(const float *y, const corr2d_strides *s, const size_t size[4], const float *twin) {
    size_t at[4] = {0};
    do {
        if (memcmp(&y[place(s, at)], twin++, sizeof *y) != 0) return false;
    } while (next(at, size));
    return true;
}

static bool run(corr2d_spec spec, const char *variant, const layer_data *data, const float *x, float *y) {
    corr2d_plan *plan;
    spec.variant = variant;
    corr2d_status status = corr2d_plan_create(&plan, &spec, data->weights, NULL);
    if (status == CORR2D_OK) {
        status = corr2d_run(plan, x, y, NULL);
        corr2d_plan_destroy(plan);
    }
    if (status != CORR2D_OK) printf("%s: ", corr2d_status_string(status));
    return status == CORR2D_OK;
}

static bool check_pair(const pair *p, const char *variant) {
    const test_layer twin = layer_complete((test_layer){.spec = p->twin, .seed = 3, .family = "twin"});
    const size_t size[4] = {twin.spec.batch, twin.spec.out_channels, twin.out_height, twin.out_width};
    layer_data data = layer_data_make(&twin);
    const corr2d_spec *const h = &p->huge;
    const corr2d_strides s = strides_of(&h->y_strides, h->out_channels, twin.out_height, twin.out_width);
    float *const small = floats(layer_y_count(&twin)), *const x = huge_x(p, &twin, data.x),
                 *const y = map(span(&s, size));
    const bool ok =
        run(twin.spec, variant, &data, data.x, small) && run(*h, variant, &data, x, y) && same(y, &s, size, small);
    const corr2d_strides xs = strides_of(&h->x_strides, h->in_channels, h->in_height, h->in_width);
    munmap(x, span(&xs, (size_t[]){twin.spec.batch, h->in_channels, h->in_height, h->in_width}) * sizeof *x);
    munmap(y, span(&s, size) * sizeof *y);
    free(small);
    layer_data_free(&data);
    return ok;
}

int main(void) {
    size_t checked = 0, failures = 0;
    if (sizeof(size_t) < 8) return 77;
    for (size_t v = 0; corr2d_variant_at(v); v++) {
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++, checked++) {
            if (check_pair(&pairs[i], corr2d_variant_at(v))) continue;
            printf("layer %zu on %s\n", i, corr2d_variant_at(v));
            failures++;
        }
    }
    printf("%zu huge layers: %s\n", checked, failures ? "FAILED" : "ok");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
