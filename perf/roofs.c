/* SPDX-License-Identifier: Apache-2.0 */
#include "roofs.h"

#include "isa.h"
#include "kernels/dispatch.h"
#include "memory.h"
#include "pool.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOF(symbol, flags) extern const roof_loops symbol;
#include "roof_list.h"
#undef ROOF

/* Loops and the CPU flags that they need; best first, and the last of them needs none. */
typedef struct choice {
    const roof_loops *loops;
    unsigned flags;
} choice;

#define ROOF(symbol, flags) {&symbol, (flags)},
static const choice choices[] = {
#include "roof_list.h"
};
#undef ROOF

static const size_t dram_most = (size_t)1 << 30;

static _Thread_local volatile float float_sink;
static _Thread_local volatile unsigned bits_sink;

const char *roof_level_name(roof_level level) {
    static const char *const names[ROOF_LEVELS] = {"L1", "L2", "L3", "DRAM"};
    return names[level];
}

static bool is_scalar(const roof_loops *loops) { return strncmp(loops->name, "scalar", 6) == 0; }

static const roof_loops *choose(bool scalar) {
    unsigned have = isa_cpu_flags();
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        if (is_scalar(choices[i].loops) == scalar && (choices[i].flags & ~have) == 0) return choices[i].loops;
    return choices[sizeof choices / sizeof *choices - 1].loops;
}

static double flops_per_second(const roof_loops *loops, size_t steps) {
    double start = now();
    float_sink = loops->fma(steps, 0.999f, 0.001f);
    return (double)steps * loops->flops / (now() - start);
}

/* The best of a few dozen short runs: nothing but the core itself limits it. */
static double best_flops(const roof_loops *loops) {
    double best = 0;
    for (double end = now() + 0.1; now() < end;) {
        double flops = flops_per_second(loops, 20000);
        best = flops > best ? flops : best;
    }
    return best;
}

/* What each thread does by itself, and how fast it was: the threads' speeds are added up. */
typedef struct gauge {
    double (*measure)(const struct gauge *gauge, size_t thread);
    const roof_loops *loops;
    size_t amount;
    double *speeds;
} gauge;

static void gauge_thread(void *context, size_t thread) {
    const gauge *g = context;
    g->speeds[thread] = g->measure(g, thread);
}

static double gauge_all(gauge g) {
    size_t threads = pool_threads();
    double sum = 0;
    g.speeds = page_alloc(threads * sizeof *g.speeds);
    pool_run(gauge_thread, &g, threads);
    for (size_t i = 0; i < threads; i++) sum += g.speeds[i];
    free(g.speeds);
    return sum;
}

static double gauge_best_flops(const gauge *g, size_t thread) {
    (void)thread;
    return best_flops(g->loops);
}

static double gauge_flops(const gauge *g, size_t thread) {
    (void)thread;
    return flops_per_second(g->loops, g->amount);
}

double roof_sample(const roofs *r) {
    double steps = 0.25e-3 * r->vector_flops / (double)pool_threads() / r->vector->flops;
    return gauge_all((gauge){.measure = gauge_flops, .loops = r->vector, .amount = (size_t)steps});
}

/* The first line of a file about one of the first core's caches; an empty text where there is none. */
static void read_cache_file(int index, const char *name, char *text, size_t size) {
    char path[80];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, name);
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(text, (int)size, file) == NULL) text[0] = '\0';
    if (file != NULL) fclose(file);
}

/* Bytes of the core's data cache of a level, 1 being the nearest; what is usual where the system does not tell. */
static size_t cache_size(char level, size_t usual) {
    char text[32];
    for (int index = 0; index < 8; index++) {
        read_cache_file(index, "level", text, sizeof text);
        bool is_level = text[0] == level;
        read_cache_file(index, "type", text, sizeof text);
        bool is_data = text[0] == 'D' || text[0] == 'U';
        read_cache_file(index, "size", text, sizeof text);
        unsigned long kib = strtoul(text, NULL, 10);
        if (is_level && is_data && kib != 0 && strchr(text, 'K') != NULL) return (size_t)kib << 10;
    }
    return usual;
}

static double read_bandwidth(const roof_loops *loops, const float *data, size_t bytes) {
    size_t repeats = bytes < (1 << 20) ? (1 << 20) / bytes : 1;
    double best = 0;
    bool again = true;
    for (double end = now() + 0.1; again; again = now() < end) {
        double start = now();
        for (size_t i = 0; i < repeats; i++) bits_sink = loops->read(data, bytes / sizeof *data);
        double bandwidth = (double)(repeats * bytes) / (now() - start);
        best = bandwidth > best ? bandwidth : best;
    }
    return best;
}

static double gauge_read(const gauge *g, size_t thread) {
    float *data = page_alloc(g->amount);
    (void)thread;
    double bandwidth = read_bandwidth(g->loops, data, g->amount);
    free(data);
    return bandwidth;
}

static void choose_sizes(roofs *r) {
    size_t l1 = cache_size('1', 32 << 10);
    size_t l2 = cache_size('2', 512 << 10);
    size_t l3 = cache_size('3', 8 << 20);
    size_t dram = 4 * l3;
    r->read_bytes[ROOF_L1] = l1 / 2;
    r->read_bytes[ROOF_L2] = l2 / 2;
    r->read_bytes[ROOF_L3] = l3 / 2 / pool_threads() / 512 * 512;
    r->read_bytes[ROOF_DRAM] = (dram < dram_most ? dram : dram_most) / pool_threads() / 512 * 512;
}

void roofs_measure(roofs *r) {
    *r = (roofs){.vector = choose(false), .scalar = choose(true)};
    r->vector_flops = gauge_all((gauge){.measure = gauge_best_flops, .loops = r->vector});
    r->scalar_flops = gauge_all((gauge){.measure = gauge_best_flops, .loops = r->scalar});
    choose_sizes(r);
    for (roof_level level = 0; level < ROOF_LEVELS; level++)
        r->read_bandwidth[level] =
            gauge_all((gauge){.measure = gauge_read, .loops = r->vector, .amount = r->read_bytes[level]});
}
