/* SPDX-License-Identifier: Apache-2.0 */
#include "measure.h"

#include "cache.h"
#include "memory.h"
#include "pool.h"
#include "verify.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_ROUNDS = 3, CALL_LIMIT = 100000, CREATIONS = 3 };

static const double round_seconds = 2e-3;
static const double creation_seconds = 50e-3; /* what takes longer is made only once */
static const double warm_seconds = 20e-3;     /* what takes longer finds nothing of its tensors in the caches */

/* One engine on one layer, while it is measured. */
typedef struct runner {
    size_t engine;
    job *job;
    double create_seconds;
    size_t rounds, calls;
    double call_seconds; /* a first estimate */
    samples run, convert;
} runner;

static double layer_flops(const session *s, size_t index) { return 2.0 * s->layers.layers[index].macs; }

/* What a round takes beside its calls: waiting for threads to fall asleep. */
static double rest_seconds(void) { return pool_threads() > 1 ? round_seconds : 0; }

/* Seconds that a layer would take with all the rounds wanted. */
static double wanted_seconds(const session *s, size_t index) {
    double sum = 0;
    for (size_t e = 0; e < s->engines.count; e++) {
        double call = layer_flops(s, index) / s->rate[e];
        sum += 2 * call + (double)s->rounds * (fmax(call, 1.5 * round_seconds) + rest_seconds());
    }
    return sum;
}

static bool is_used(const session *s, size_t index) {
    for (size_t i = 0; i < s->layers.network_count; i++)
        for (size_t j = 0; j < s->layers.networks[i].use_count; j++)
            if (s->layers.networks[i].uses[j].layer == index) return true;
    return false;
}

static double wanted_left(const session *s) {
    double sum = 0;
    for (size_t i = 0; i < s->layers.layer_count; i++)
        if (!s->results[i].is_measured && is_used(s, i)) sum += wanted_seconds(s, i);
    return sum;
}

double session_time_left(const session *s) { return fmin(wanted_left(s), fmax(s->deadline - now(), 0)); }

static void run_nothing(job *j) { (void)j; }

static double clock_seconds(void) {
    double start = now();
    return now() - start;
}

static double empty_call_seconds(job *empty) {
    enum { CALLS = 1000 };
    double start = now();
    for (int i = 0; i < CALLS; i++) empty->run(empty);
    return (now() - start) / CALLS;
}

static noop measure_noop(void) {
    enum { TIMES = 200 };
    job empty = {.run = run_nothing};
    noop least = {INFINITY, INFINITY};
    for (int i = 0; i < TIMES; i++) {
        least.clock = fmin(least.clock, clock_seconds());
        least.call = fmin(least.call, empty_call_seconds(&empty));
    }
    return least;
}

void session_start(session *s) {
    roofs_measure(&s->roofs);
    s->noop = measure_noop();
    s->results = page_alloc(s->layers.layer_count * sizeof *s->results);
    for (size_t e = 0; e < s->engines.count; e++) s->rate[e] = s->roofs.scalar_flops;
    s->deadline = now() + s->budget;
}

void session_free(session *s) {
    free(s->results);
    samples_free(&s->roofs.peak);
}

static double run_once(job *j) {
    double start = now();
    j->run(j);
    return now() - start;
}

static double calls_seconds(const session *s, job *j, size_t calls) {
    double start = now();
    for (size_t i = 0; i < calls; i++) j->run(j);
    double seconds = now() - start - s->noop.clock - (double)calls * s->noop.call;
    return fmax(seconds, 1e-9);
}

static double cold_calls_seconds(const session *s, job *j, size_t calls) {
    double sum = 0;
    for (size_t i = 0; i < calls; i++) {
        cache_flush(j->weights, j->weights_bytes);
        sum += calls_seconds(s, j, 1);
    }
    return sum;
}

/* Seconds that a call takes of the session's time, which is more than is counted where the weights are to be cold. */
static double cost_once(const session *s, job *j) {
    double start = now();
    if (s->cold) cache_flush(j->weights, j->weights_bytes);
    j->run(j);
    return now() - start;
}

static void report_wrong(const session *s, const problem *p, const engine *e, const mismatch *m) {
    fprintf(stderr, "corr2d_perf: %s is wrong on layer %s (%s) at element %zu: %.9g, expected %.17g", e->name,
            p->layer->text, s->layout == CORR2D_NCHW ? "nchw" : "nhwc", m->index, m->got, m->want);
    if (m->bound > 0)
        fprintf(stderr, " +- %.3g\n", m->bound);
    else
        fputs(" to the bit\n", stderr);
}

static void fill_nan(float *y, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = NAN;
}

/* Runs into a y of NaN, conversions included; returns the seconds of the run alone. */
static double run_into_y(const problem *p, job *j) {
    fill_nan(p->y, layer_y_size(p->layer));
    if (j->convert_in != NULL) j->convert_in(j);
    double seconds = run_once(j);
    if (j->convert_out != NULL) j->convert_out(j);
    return seconds;
}

static bool is_right(const session *s, const problem *p, const engine *e, const float *reference) {
    mismatch m;
    bool right = verify_samples(p, e->is_fused, &m) && (!e->is_fused || verify_bits(p, reference, &m));
    if (!right) report_wrong(s, p, e, &m);
    return right;
}

/* Makes the job, and returns the seconds until its first result. */
static double create_job(const problem *p, const engine *maker, job **made) {
    double start = now();
    *made = maker->create(maker, p);
    double seconds = now() - start;
    return *made == NULL ? 0 : seconds + run_into_y(p, *made);
}

/* The least of a few: the first of all also starts its library. */
static double create_again(const problem *p, const engine *maker, job **made) {
    double least = create_job(p, maker, made), seconds = least;
    for (int i = 1; *made != NULL && i < CREATIONS && seconds < creation_seconds; i++) {
        (*made)->destroy(*made);
        seconds = create_job(p, maker, made);
        least = fmin(least, seconds);
    }
    return least;
}

static outcome start_runner(session *s, const problem *p, size_t e, const float *reference, runner *r) {
    const engine *maker = &s->engines.items[e];
    *r = (runner){.engine = e};
    r->create_seconds = create_again(p, maker, &r->job);
    if (r->job == NULL) return OUTCOME_UNSUPPORTED;
    if (!is_right(s, p, maker, reference)) {
        r->job->destroy(r->job);
        s->wrong_count++;
        return OUTCOME_WRONG;
    }
    r->call_seconds = fmin(cost_once(s, r->job), cost_once(s, r->job));
    r->calls = (size_t)fmin(fmax(round_seconds / r->call_seconds, 1), CALL_LIMIT);
    s->rate[e] = 2.0 * p->layer->macs / r->call_seconds;
    return OUTCOME_TIMED;
}

/* Whether an untimed call goes first: x and y may have left the caches since the last round, and threads sleep. */
static bool is_warmed(const session *s, const runner *r) {
    return r->call_seconds < warm_seconds || s->cold || pool_threads() > 1;
}

static double round_cost(const session *s, const runner *r) {
    return (double)(r->calls + is_warmed(s, r)) * r->call_seconds + rest_seconds();
}

/* Shares the seconds out, cheapest runner first: what it leaves is for the dearer ones. */
static void plan_rounds(const session *s, runner *runners, size_t count, double seconds) {
    size_t rounds = s->rounds;
    for (size_t left = count; left > 0; left--) {
        runner *cheapest = NULL;
        for (size_t e = 0; e < count; e++)
            if (runners[e].rounds == 0 && (cheapest == NULL || round_cost(s, &runners[e]) < round_cost(s, cheapest)))
                cheapest = &runners[e];
        double affordable = seconds / (double)left / round_cost(s, cheapest);
        cheapest->rounds = (size_t)fmin(fmax(affordable, fmin(LEAST_ROUNDS, (double)rounds)), (double)rounds);
        seconds -= (double)cheapest->rounds * round_cost(s, cheapest);
    }
}

static void time_conversion(runner *r) {
    double start = now();
    if (r->job->convert_in != NULL) r->job->convert_in(r->job);
    if (r->job->convert_out != NULL) r->job->convert_out(r->job);
    samples_add(&r->convert, now() - start);
}

static void time_round(const session *s, runner *r) {
    pool_rest();
    if (is_warmed(s, r)) r->job->run(r->job);
    double seconds = s->cold ? cold_calls_seconds(s, r->job, r->calls) : calls_seconds(s, r->job, r->calls);
    samples_add(&r->run, seconds / (double)r->calls);
    if (r->job->convert_in != NULL || r->job->convert_out != NULL) time_conversion(r);
}

/* Whether a runner with fewer rounds than the most has its turn in this one: they are spread evenly. */
static bool is_due(const runner *r, size_t round, size_t rounds) {
    return (round + 1) * r->rounds / rounds > round * r->rounds / rounds;
}

/* The runners in random order: what one leaves behind, in caches and in the clock, is not always the same one's. */
static void shuffle(runner **order, size_t count, uint64_t *random) {
    for (size_t left = count; left > 1; left--) {
        size_t i = next_random(random) % left;
        runner *last = order[left - 1];
        order[left - 1] = order[i];
        order[i] = last;
    }
}

/* Every round measures the peak too, to see the neighbours that the engines see. Returns its seconds per flop. */
static stats time_rounds(session *s, runner *runners, size_t count) {
    samples peak = {0};
    uint64_t random = 4;
    runner *order[ENGINE_LIMIT];
    for (size_t i = 0; i < count; i++) order[i] = &runners[i];
    for (size_t round = 0; round < s->rounds; round++) {
        pool_rest();
        double flops = roof_sample(&s->roofs);
        samples_add(&peak, 1 / flops);
        samples_add(&s->roofs.peak, flops);
        shuffle(order, count, &random);
        for (size_t i = 0; i < count; i++) {
            if (is_due(order[i], round, s->rounds)) time_round(s, order[i]);
        }
    }
    stats result = stats_of(&peak);
    samples_free(&peak);
    return result;
}

static void finish_runner(runner *r, engine_result *result) {
    result->run = stats_of(&r->run);
    result->convert = stats_of(&r->convert);
    result->create = r->create_seconds;
    result->weights_bytes = r->job->weights_bytes;
    result->scratch = r->job->scratch;
    result->tensors = r->job->tensors;
    result->rounds = r->rounds;
    result->calls = r->calls;
    samples_free(&r->run);
    samples_free(&r->convert);
    r->job->destroy(r->job);
}

/* What the variant "scalar" gives; the others must give its bits. */
static float *make_reference(const problem *p) {
    size_t bytes = layer_y_size(p->layer) * sizeof(float);
    engine scalar = engine_of_variant("scalar");
    job *j = scalar.create(&scalar, p);
    if (j == NULL) return page_alloc(bytes);
    j->run(j);
    j->destroy(j);
    return memcpy(page_alloc(bytes), p->y, bytes);
}

static void measure_problem(session *s, const problem *p, layer_result *result) {
    runner runners[ENGINE_LIMIT];
    size_t count = 0;
    float *reference = make_reference(p);
    double share = fmin(1, fmax(s->deadline - now(), 0) / wanted_left(s));
    double seconds = share * wanted_seconds(s, (size_t)(p->layer - s->layers.layers));
    for (size_t e = 0; e < s->engines.count; e++) {
        result->engines[e].outcome = start_runner(s, p, e, reference, &runners[count]);
        count += result->engines[e].outcome == OUTCOME_TIMED;
    }
    free(reference);
    plan_rounds(s, runners, count, seconds);
    stats peak = time_rounds(s, runners, count);
    result->peak = 1 / peak.p15;
    result->peak_error = peak.error;
    for (size_t i = 0; i < count; i++) finish_runner(&runners[i], &result->engines[runners[i].engine]);
}

void measure_layer(session *s, size_t index) {
    const layer *l = &s->layers.layers[index];
    layer_result result = {.is_measured = true};
    problem p = {
        .layer = l,
        .layout = s->layout,
        .x = random_floats(layer_x_size(l), 1),
        .weights = random_floats(layer_weights_size(l), 2),
        .bias = random_floats(l->shape.co, 3),
        .y = page_alloc(layer_y_size(l) * sizeof *p.y),
    };
    measure_problem(s, &p, &result);
    s->results[index] = result;
    free(p.x);
    free(p.weights);
    free(p.bias);
    free(p.y);
}

double result_flops(const session *s, size_t l, size_t e) {
    return layer_flops(s, l) / s->results[l].engines[e].run.p15;
}
