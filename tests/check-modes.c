/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A caller that flushes denormals to zero, or takes them for zero, has these modes afterwards as before, and from every
 * fused variant the bits that `scalar` gives in the same modes; a caller that rounds upwards still rounds upwards.
 * Exit status 77: no such modes here.
 */
#include "tests/support/layer.h"
#include "tests/support/oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SSE__)
#include <xmmintrin.h>
enum { FLUSH_RESULTS = 1 << 15, FLUSH_INPUTS = 1 << 6, ROUND_UP = 2 << 13, CONTROL = 0xffc0 };
static unsigned long modes_get(void) { return _mm_getcsr() & CONTROL; }
static void modes_set(unsigned long modes) { _mm_setcsr((_mm_getcsr() & ~(unsigned)CONTROL) | (unsigned)modes); }
#elif defined(__aarch64__)
enum { FLUSH_RESULTS = 1 << 24, FLUSH_INPUTS = 1 << 24, ROUND_UP = 1 << 22 };
static unsigned long modes_get(void) {
    unsigned long modes;
    __asm__ volatile("mrs %0, fpcr" : "=r"(modes));
    return modes;
}
static void modes_set(unsigned long modes) { __asm__ volatile("msr fpcr, %0" : : "r"(modes) : "memory"); }
#else
enum { FLUSH_RESULTS = 0, FLUSH_INPUTS = 0, ROUND_UP = 0 };
static unsigned long modes_get(void) { return 0; }
static void modes_set(unsigned long modes) { (void)modes; }
#endif

static size_t failures;

static void expect(bool holds, const char *what, const char *variant) {
    if (holds) return;
    failures++;
    printf("%s: %s\n", variant, what);
}

/* Runs the layer in these modes, and looks at them afterwards. */
static void run_in(unsigned long modes, const test_layer *layer, const layer_data *data, float *y) {
    const unsigned long before = modes_get();
    const char *const variant = layer->spec.variant;
    corr2d_plan *plan;
    if (data->residual) memcpy(y, data->residual, layer_y_count(layer) * sizeof *y);
    modes_set(before | modes);
    corr2d_status status = corr2d_plan_create(&plan, &layer->spec, data->weights, data->bias);
    if (status == CORR2D_OK) {
        status = corr2d_run(plan, data->x, y, NULL);
        corr2d_plan_destroy(plan);
    }
    const bool kept = modes_get() == (before | modes);
    modes_set(before);
    expect(status == CORR2D_OK, corr2d_status_string(status), variant);
    expect(kept, "the modes were changed", variant);
}

/* The first output that differs from the other's, or `count`. */
static size_t first_other(const float *a, const float *b, size_t count) {
    size_t i = 0;
    while (i < count && oracle_same(a[i], b[i])) i++;
    return i;
}

/* One layer in one set of modes on every variant, but bits that depend on how the scalar code rounds upwards. */
static void check_layer(test_layer layer, unsigned long modes) {
    layer_data data = layer_data_make(&layer);
    const size_t count = layer_y_count(&layer);
    float *const want = floats(count), *const got = floats(count);
    layer.spec.variant = "scalar";
    run_in(modes, &layer, &data, want);
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        layer.spec.variant = corr2d_variant_at(i);
        run_in(modes, &layer, &data, got);
        if (modes & ROUND_UP || !corr2d_variant_is_fused(layer.spec.variant)) continue;
        expect(first_other(got, want, count) == count, "other bits than scalar's", layer.spec.variant);
    }
    free(want);
    free(got);
    layer_data_free(&data);
}

/* Half of the smallest normal number is a denormal, or, flushed, zero; so the modes do reach the library's sums. */
static void check_flushed(void) {
    const test_layer layer =
        layer_complete((test_layer){.spec = {.in_channels = 1, .in_height = 1, .in_width = 1, .out_channels = 1}});
    float x = 0x1p-126f, weight = 0.5f, y = 1.0f;
    const layer_data data = {.x = &x, .weights = &weight};
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        test_layer on = layer;
        on.spec.variant = corr2d_variant_at(i);
        run_in(0, &on, &data, &y);
        expect(y == 0x1p-127f, "a denormal result was flushed", on.spec.variant);
        run_in(FLUSH_RESULTS, &on, &data, &y);
        expect(y == 0.0f, "a denormal result was not flushed", on.spec.variant);
    }
}

int main(void) {
    static const unsigned long modes[] = {0, FLUSH_RESULTS, FLUSH_INPUTS, FLUSH_RESULTS | FLUSH_INPUTS, ROUND_UP};
    size_t checked = 0;
    if (!FLUSH_RESULTS) return 77;
    check_flushed();
    for (size_t seed = 1; seed <= 20; seed++) {
        for (size_t i = 0; i < sizeof modes / sizeof *modes * FAMILIES; i++, checked++) {
            test_layer layer = layer_random((test_family)(i % FAMILIES), seed);
            layer.fill = FILL_SPECIAL;
            layer.spec.layout = (corr2d_layout)(seed % 2);
            check_layer(layer, modes[i / FAMILIES]);
        }
    }
    printf("%zu layers in %zu modes: %s\n", checked, sizeof modes / sizeof *modes, failures ? "FAILED" : "ok");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
