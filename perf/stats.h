/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of a time, in seconds, and what is told of them. */
#ifndef CORR2D_PERF_STATS_H
#define CORR2D_PERF_STATS_H

#include <stddef.h>

typedef struct samples {
    double *values; /* in the order they were taken, then, after stats_of, ascending */
    size_t count;
} samples;

typedef struct stats {
    double min, p15, p25, p50, p75, max;
    double
        error; /* of p15, relative: half the distance between the quantiles one standard deviation of its rank away */
} stats;

double now(void);

/* Seconds that this thread has had a core: other threads that take turns with it do not count. */
double thread_now(void);

void samples_add(samples *s, double value);
void samples_free(samples *s);

/* Sorts the samples; all zero where there are none. */
stats stats_of(samples *s);

/* A geometric mean that is fed one ratio at a time. */
typedef struct mean {
    double log_sum;
    size_t count;
} mean;

void mean_add(mean *m, double ratio);

/* 0 where nothing was added. */
double mean_value(const mean *m);

#endif
