/* SPDX-License-Identifier: Apache-2.0 */
/* Times the engines on a layer, in turn and in many short rounds. */
#ifndef CORR2D_PERF_MEASURE_H
#define CORR2D_PERF_MEASURE_H

#include "engine.h"
#include "roofs.h"
#include "stats.h"

typedef enum outcome { OUTCOME_NONE, OUTCOME_UNSUPPORTED, OUTCOME_WRONG, OUTCOME_TIMED } outcome;

/* All times in seconds. */
typedef struct engine_result {
    outcome outcome;
    stats run;
    stats convert;                          /* both ways; all zero where the engine works on the plain tensors */
    double create;                          /* until the first result: making the job, and its first run */
    size_t weights_bytes, scratch, tensors; /* as job has them */
    size_t rounds, calls;                   /* calls: those of one round, of which `run` is the average */
} engine_result;

typedef struct layer_result {
    bool is_measured;
    double peak; /* flops per second of the peak's loop in the same rounds, at the same low quantile of its time */
    double peak_error; /* relative */
    engine_result engines[ENGINE_LIMIT];
} layer_result;

/* What it takes to time nothing: subtracted from all that is timed. */
typedef struct noop {
    double clock; /* seconds between two readings of the clock */
    double call;  /* seconds of a call of an engine that does nothing */
} noop;

/* A whole run: what to measure, and what was found. */
typedef struct session {
    layer_set layers;
    engine_list engines;
    corr2d_layout layout;
    size_t rounds; /* wanted for each engine and layer */
    double budget; /* seconds for all layers; engines slow on a layer get fewer rounds there */
    bool cold;     /* before each call the weights are taken out of the caches */
    noop noop;
    roofs roofs;
    layer_result *results;     /* one for each layer of the set */
    double rate[ENGINE_LIMIT]; /* flops per second seen so far, for planning */
    double deadline;
    size_t wrong_count;
} session;

/* Measures the roofs and makes room for the results. */
void session_start(session *s);

/* Frees what session_start and measure_layer allocated, also where neither was called. */
void session_free(session *s);

/* Seconds that the layers not yet measured are going to take. */
double session_time_left(const session *s);

/* Fills s->results[index]; prints what is wrong with an engine's y to stderr, and does not time that engine. */
void measure_layer(session *s, size_t index);

/* Of a timed engine, flops per second at the low quantile. */
double result_flops(const session *s, size_t l, size_t e);

#endif
