/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much stack a call takes, measured: each variant plans and runs random layers on a thread whose stack was painted
 * before, and what is painted over afterwards counts. Less than 64 KiB, above what an empty thread takes.
 */
#include "tests/support/layer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { STACK = 1 << 20, LIMIT = 64 << 10, PAINT = 0xa5, SEEDS = 20 };

/* What a thread calls, all of it made beforehand. */
typedef struct call {
    const test_layer *layer;
    const layer_data *data;
    float *y;
    corr2d_status status;
} call;

static void *plan_and_run(void *argument) {
    call *const c = argument;
    corr2d_plan *plan;
    c->status = corr2d_plan_create(&plan, &c->layer->spec, c->data->weights, c->data->bias);
    if (c->status != CORR2D_OK) return NULL;
    c->status = corr2d_run_part(plan, c->data->x, c->y, NULL, 0, 2);
    if (c->status == CORR2D_OK) c->status = corr2d_run_part(plan, c->data->x, c->y, NULL, 1, 2);
    corr2d_plan_destroy(plan);
    return NULL;
}

static void *plain_function(void *argument) {
    call *const c = argument;
    const corr2d_spec *const s = &c->layer->spec;
    c->status = corr2d_multi_in_out(c->data->x, s->in_channels, s->in_height, s->in_width, c->data->weights,
                                    s->out_channels, 1, 1, c->y);
    return NULL;
}

static void *nothing(void *argument) { return argument; }

static void need(bool holds, const char *what) {
    if (holds) return;
    printf("%s\n", what);
    exit(EXIT_FAILURE);
}

/* Bytes of the thread's stack that were written. */
static size_t stack_of(void *(*function)(void *), call *c) {
    static unsigned char *stack;
    pthread_attr_t attributes;
    pthread_t thread;
    if (!stack) stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need((void *)stack != MAP_FAILED, "no stack");
    memset(stack, PAINT, STACK);
    need(pthread_attr_init(&attributes) == 0 && pthread_attr_setstack(&attributes, stack, STACK) == 0, "no thread");
    need(pthread_create(&thread, &attributes, function, c) == 0 && pthread_join(thread, NULL) == 0, "no thread");
    pthread_attr_destroy(&attributes);
    size_t left = 0;
    while (left < STACK && stack[left] == PAINT) left++;
    return STACK - left;
}

static size_t stack_of_layer(const test_layer *layer) {
    layer_data data = layer_data_make(layer);
    call c = {layer, &data, floats(layer_y_count(layer)), CORR2D_OK};
    memset(c.y, 0, layer_y_count(layer) * sizeof *c.y);
    size_t most = stack_of(plan_and_run, &c);
    need(c.status == CORR2D_OK, corr2d_status_string(c.status));
    const corr2d_spec *const s = &layer->spec;
    if (s->groups == 1 && s->batch == 1 && s->kernel_height * s->kernel_width == 1 &&
        s->in_height * s->in_width <= layer->out_height * layer->out_width) {
        const size_t plain = stack_of(plain_function, &c);
        need(c.status == CORR2D_OK, corr2d_status_string(c.status));
        most = plain > most ? plain : most;
    }
    free(c.y);
    layer_data_free(&data);
    return most;
}

static size_t stack_of_variant(const char *variant) {
    size_t most = 0;
    for (size_t i = 0; i < SEEDS * FAMILIES; i++) {
        test_layer layer = layer_random((test_family)(i % FAMILIES), 1 + i / FAMILIES);
        layer.spec.variant = variant;
        layer.spec.layout = (corr2d_layout)(i / FAMILIES % 2);
        const size_t used = stack_of_layer(&layer);
        most = used > most ? used : most;
    }
    return most;
}

int main(void) {
    bool ok = true;
    stack_of(nothing, NULL); /* once for what a first thread sets up */
    const size_t empty = stack_of(nothing, NULL);
    for (size_t i = 0; corr2d_variant_at(i); i++) {
        const size_t used = stack_of_variant(corr2d_variant_at(i)) - empty;
        printf("%s: %zu bytes of stack\n", corr2d_variant_at(i), used);
        ok = ok && used > 0 && used < LIMIT;
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
