/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes and distances at and around every limit: alone and in pairs, each field of a spec takes the values next to the
 * powers of two, next to the largest object, and next to what makes a product with the other fields reach it. What is
 * wrong must be named, with weights and *plan untouched; what is right must plan. Linked with --wrap=aligned_alloc.
 */
#include "tests/support/guarded.h"
#include "tests/support/spec_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* No plan larger than this is made, nor needs to be. */
enum { MOST_BYTES = 1 << 20, MOST_WEIGHTS = MOST_BYTES / sizeof(float) };

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    return size > MOST_BYTES ? NULL : __real_aligned_alloc(alignment, size);
}

/* A field that may be hostile. */
typedef struct field {
    const char *name;
    size_t offset;
} field;

#define FIELD(name)                                                                                                    \
    { #name, offsetof(corr2d_spec, name) }

static const field fields[] = {
    FIELD(batch),           FIELD(in_channels),     FIELD(in_height),        FIELD(in_width),
    FIELD(out_channels),    FIELD(kernel_height),   FIELD(kernel_width),     FIELD(stride_height),
    FIELD(stride_width),    FIELD(dilation_height), FIELD(dilation_width),   FIELD(pad_top),
    FIELD(pad_bottom),      FIELD(pad_left),        FIELD(pad_right),        FIELD(groups),
    FIELD(x_strides.batch), FIELD(x_strides.row),   FIELD(x_strides.column), FIELD(x_strides.channel),
    FIELD(y_strides.batch), FIELD(y_strides.row),   FIELD(y_strides.column), FIELD(y_strides.channel),
};

enum { FIELDS = sizeof fields / sizeof *fields };

static void set(corr2d_spec *spec, size_t index, size_t value) {
    memcpy((char *)spec + fields[index].offset, &value, sizeof value);
}

static size_t checked, refused, planned, failures;
static guarded forbidden;
static float zeros[MOST_WEIGHTS];

static void report(const corr2d_spec *s, const char *what, size_t a, size_t b) {
    if (failures++ > 20) return;
    printf("%s: %s = %#zx, %s = %#zx, %s\n", what, fields[a].name,
           *(const size_t *)((const char *)s + fields[a].offset), fields[b].name,
           *(const size_t *)((const char *)s + fields[b].offset), s->variant);
}

/* Right, but perhaps larger than any memory, and too large for a plan where it rounds the sizes up. */
static bool plans(corr2d_status status, const spec_verdict *verdict) {
    const bool small = verdict->weights <= 1 << 12 && verdict->x_span < 1 << 20 && verdict->y_span < 1 << 20;
    return status == CORR2D_OK || (!small && (status == CORR2D_SIZE_OVERFLOW || status == CORR2D_OUT_OF_MEMORY));
}

static void check_spec(const corr2d_spec *spec, size_t a, size_t b) {
    corr2d_plan *const before = forbidden.data;
    corr2d_plan *plan = before;
    const spec_verdict verdict = spec_judge(spec);
    const void *const weights = spec_good(&verdict) && verdict.weights <= MOST_WEIGHTS ? zeros : forbidden.data;
    const corr2d_status status = corr2d_plan_create(&plan, spec, weights, NULL);
    const bool good = spec_good(&verdict);
    checked++;
    if (!(good ? plans(status, &verdict) : spec_explains(&verdict, status)))
        report(spec, corr2d_status_string(status), a, b);
    if (status != CORR2D_OK && plan != before) report(spec, "plan written", a, b);
    if (status != CORR2D_OK) {
        refused++;
        return;
    }
    planned++;
    if (corr2d_plan_workspace_size(plan) > PTRDIFF_MAX) report(spec, "workspace larger than any object", a, b);
    corr2d_plan_destroy(plan);
}

/* The index-th value to try, of VALUES. */
static size_t value_at(size_t index) {
    static const size_t near[] = {0, 1, 2, SIZE_MAX, SIZE_MAX - 1};
    static const size_t limits[] = {PTRDIFF_MAX, PTRDIFF_MAX / sizeof(float), SIZE_MAX, SIZE_MAX / sizeof(float)};
    const size_t bits = 8 * sizeof(size_t), more = near[index % 5];
    index /= 5;
    if (index < bits) return ((size_t)1 << index) + more;
    index -= bits;
    return limits[index % 4] / (index / 4 + 1) + more;
}

/* Every power of two, and every limit divided by 1 ... 64. */
enum { VALUES = 5 * (8 * sizeof(size_t) + 4 * 64) };

static const corr2d_spec bases[] = {
    {.in_channels = 4, .in_height = 6, .in_width = 7, .out_channels = 4, .kernel_height = 3, .kernel_width = 3},
    {.in_channels = 1, .in_height = 1, .in_width = 1, .out_channels = 1},
    {.in_channels = 6, .in_height = 3, .in_width = 4, .out_channels = 2, .layout = CORR2D_NHWC, .batch = 2},
    {.in_channels = 3,
     .in_height = 4,
     .in_width = 5,
     .out_channels = 3,
     .groups = 3,
     .kernel_height = 3,
     .kernel_width = 3,
     .pad_top = 1,
     .pad_bottom = 1,
     .pad_left = 1,
     .pad_right = 1},
    {.in_channels = 3,
     .in_height = 4,
     .in_width = 5,
     .out_channels = 3,
     .groups = 3,
     .kernel_height = 3,
     .kernel_width = 2,
     .pad_right = 1,
     .layout = CORR2D_NHWC},
    {.in_channels = 2,
     .in_height = 2,
     .in_width = 3,
     .out_channels = 2,
     .x_strides = {12, 6, 3, 1},
     .y_strides = {24, 12, 4, 1},
     .kernel_width = 2,
     .pad_left = 2,
     .stride_width = 2,
     .dilation_width = 2},
};

static void check_alone(const corr2d_spec *base) {
    for (size_t a = 0; a < FIELDS; a++) {
        for (size_t i = 0; i < VALUES; i++) {
            corr2d_spec spec = *base;
            set(&spec, a, value_at(i));
            check_spec(&spec, a, a);
        }
    }
}

/* A few values of each of two fields, others for each pair. */
static void check_pairs(const corr2d_spec *base) {
    size_t next = 0;
    for (size_t a = 0; a < FIELDS; a++) {
        for (size_t b = a + 1; b < FIELDS; b++) {
            for (size_t i = 0; i < 400; i++, next += 1009) {
                corr2d_spec spec = *base;
                set(&spec, a, value_at(next % VALUES));
                set(&spec, b, value_at(next / 7 % VALUES));
                check_spec(&spec, a, b);
            }
        }
    }
}

int main(void) {
    forbidden = guarded_allocate(64, GUARD_FRONT, 0);
    guarded_revoke(&forbidden);
    for (size_t v = 0; corr2d_variant_at(v); v++) {
        for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
            corr2d_spec base = bases[i];
            base.variant = corr2d_variant_at(v);
            check_alone(&base);
            check_pairs(&base);
        }
    }
    printf("%zu specs, %zu refused, %zu planned: %s\n", checked, refused, planned, failures ? "FAILED" : "ok");
    return failures || !refused || !planned ? EXIT_FAILURE : EXIT_SUCCESS;
}
