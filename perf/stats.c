/* SPDX-License-Identifier: Apache-2.0 */
#include "stats.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double thread_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void samples_add(samples *s, double value) {
    s->values = grow(s->values, s->count, sizeof *s->values);
    s->values[s->count++] = value;
}

void samples_free(samples *s) {
    free(s->values);
    *s = (samples){0};
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of ascending samples, interpolated. */
static double quantile(const samples *s, double q) {
    double at = fmin(fmax(q, 0.0), 1.0) * (double)(s->count - 1);
    size_t below = (size_t)at;
    size_t above = below + 1 < s->count ? below + 1 : below;
    return s->values[below] + (at - (double)below) * (s->values[above] - s->values[below]);
}

stats stats_of(samples *s) {
    if (s->count == 0) return (stats){0};
    qsort(s->values, s->count, sizeof *s->values, ascending);
    double p15 = quantile(s, 0.15);
    double deviation = sqrt(0.15 * 0.85 / (double)s->count);
    return (stats){
        .min = s->values[0],
        .p15 = p15,
        .p25 = quantile(s, 0.25),
        .p50 = quantile(s, 0.50),
        .p75 = quantile(s, 0.75),
        .max = s->values[s->count - 1],
        .error = (quantile(s, 0.15 + deviation) - quantile(s, 0.15 - deviation)) / (2 * p15),
    };
}

void mean_add(mean *m, double ratio) {
    m->log_sum += log(ratio);
    m->count++;
}

double mean_value(const mean *m) { return m->count == 0 ? 0.0 : exp(m->log_sum / (double)m->count); }
