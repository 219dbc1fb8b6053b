/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "isa.h"
#include "pool.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_WIDTH = 21, SHAPE_WIDTH = 28, WORST = 8 };

size_t find_engine(const session *s, const char *name) {
    size_t e = 0;
    while (e < s->engines.count && strcmp(s->engines.items[e].name, name) != 0) e++;
    return e;
}

/* Peers other than plain loops: with them the table is a comparison between libraries. */
static bool has_libraries(const session *s) {
    for (size_t e = 0; e < s->engines.count; e++)
        if (s->engines.items[e].is_peer && strcmp(s->engines.items[e].name, "loops") != 0) return true;
    return false;
}

static bool is_timed(const session *s, size_t l, size_t e) {
    return e < s->engines.count && s->results[l].is_measured && s->results[l].engines[e].outcome == OUTCOME_TIMED;
}

double speed_ratio(const session *s, size_t l, size_t a, size_t b) {
    if (!is_timed(s, l, a) || !is_timed(s, l, b)) return 0;
    return result_flops(s, l, a) / result_flops(s, l, b);
}

double best_peer_ratio(const session *s, size_t l) {
    double least = INFINITY;
    for (size_t e = 0; e < s->engines.count; e++)
        if (s->engines.items[e].is_peer && is_timed(s, l, e)) least = fmin(least, speed_ratio(s, l, 0, e));
    return isinf(least) ? 0 : least;
}

static double peak_share(const session *s, size_t l, size_t e) {
    return is_timed(s, l, e) ? result_flops(s, l, e) / s->results[l].peak : 0;
}

/* A speed-up in the last column: over the best peer where there are libraries, else over scalar. */
static double last_column(const session *s, size_t l) {
    return has_libraries(s) ? best_peer_ratio(s, l) : speed_ratio(s, l, 0, find_engine(s, "scalar"));
}

void report_machine(const session *s, const machine *m) {
    const roofs *r = &s->roofs;
    printf("%s, %ld cores, %s, load %.2f, %s\n", m->cpu, m->cores, m->system, m->load, m->date);
    printf("corr2d %d.%d.%d (%s), %s %s\n", CORR2D_VERSION_MAJOR, CORR2D_VERSION_MINOR, CORR2D_VERSION_PATCH,
           m->commit[0] != '\0' ? m->commit : "commit unknown", m->compiler, m->flags);
    if (m->load >= (double)m->cores) puts("the machine is busy: expect figures that are low, and do not compare them");
    printf("FMA peak: %.1f GFLOP/s (%s), %.1f (%s)\n", 1e-9 * r->vector_flops, r->vector->name, 1e-9 * r->scalar_flops,
           r->scalar->name);
    fputs("read bandwidth:", stdout);
    for (roof_level i = 0; i < ROOF_LEVELS; i++)
        printf("  %s %.1f GB/s (%zu KiB)", roof_level_name(i), 1e-9 * r->read_bandwidth[i], r->read_bytes[i] >> 10);
    printf("\nlayout %s, %s, %zu thread%s, weights %s; GF/s = GFLOP/s at the 15 %% quantile of the rounds, spread = "
           "from there to the "
           "median\n",
           s->layout == CORR2D_NCHW ? "nchw" : "nhwc", isa_is_held() ? "held to AVX2" : "all that the CPU has",
           pool_threads(), pool_threads() == 1 ? "" : "s", s->cold ? "cold" : "warm");
}

void report_head(const session *s, const network *net) {
    bool libraries = has_libraries(s);
    printf("\n%-*s %-*s", NAME_WIDTH, net->name, SHAPE_WIDTH, "shape");
    if (!libraries) printf("%8s", "ms");
    printf("%7.6s%5s", s->engines.items[0].head, "peak");
    if (!libraries) printf("%5s", "+-");
    for (size_t e = 1; e < s->engines.count; e++) {
        int width = libraries ? 6 : 8;
        printf(" %*.*s", width, width, s->engines.items[e].head);
    }
    printf("%6s\n", libraries ? "ratio" : "x");
    fflush(stdout);
}

static void print_speed(int width, double flops_per_second) {
    if (flops_per_second > 0)
        printf("%*.1f", width, 1e-9 * flops_per_second);
    else
        printf("%*s", width, flops_per_second < 0 ? "wrong" : "-");
}

/* One line's figures, of a layer or of a whole network; 0 where there is none. */
typedef struct figures {
    double seconds, share, spread, last;
    double speed[ENGINE_LIMIT]; /* flops per second, or below 0: wrong */
} figures;

static void print_figures(const session *s, const figures *f) {
    bool libraries = has_libraries(s);
    if (!libraries) printf("%8.3f", 1e3 * f->seconds);
    print_speed(7, f->speed[0]);
    printf("%4.0f%%", 100 * f->share);
    if (!libraries) printf("%4.0f%%", 100 * f->spread);
    for (size_t e = 1; e < s->engines.count; e++) print_speed(libraries ? 7 : 9, f->speed[e]);
    printf("%6.2f\n", f->last);
    fflush(stdout);
}

static double table_speed(const session *s, size_t l, size_t e) {
    if (s->results[l].engines[e].outcome == OUTCOME_WRONG) return -1;
    return is_timed(s, l, e) ? result_flops(s, l, e) : 0;
}

void report_layer(const session *s, const layer_use *use) {
    size_t l = use->layer;
    const stats *run = &s->results[l].engines[0].run;
    figures f = {.seconds = run->p15, .share = peak_share(s, l, 0), .last = last_column(s, l)};
    f.spread = run->p15 > 0 ? run->p50 / run->p15 - 1 : 0;
    for (size_t e = 0; e < s->engines.count; e++) f.speed[e] = table_speed(s, l, e);
    printf("%-*.*s %-*s", NAME_WIDTH, NAME_WIDTH, use->name, SHAPE_WIDTH, s->layers.layers[l].text);
    print_figures(s, &f);
}

/* Seconds that an engine takes for a network's layers, each as often as the network has it; 0 unless all were timed. */
static double network_seconds(const session *s, const network *net, size_t e) {
    double sum = 0;
    for (size_t i = 0; i < net->use_count; i++) {
        if (!is_timed(s, net->uses[i].layer, e)) return 0;
        sum += (double)net->uses[i].count * s->results[net->uses[i].layer].engines[e].run.p15;
    }
    return sum;
}

/* Seconds at the measured peak, and through *flops the network's operations. */
static double network_ideal(const session *s, const network *net, double *flops) {
    double sum = 0;
    *flops = 0;
    for (size_t i = 0; i < net->use_count; i++) {
        double work = 2.0 * (double)net->uses[i].count * s->layers.layers[net->uses[i].layer].macs;
        *flops += work;
        sum += work / s->results[net->uses[i].layer].peak;
    }
    return sum;
}

static double fastest_peer_speed(const session *s, const figures *f) {
    double best = 0;
    for (size_t e = 0; e < s->engines.count; e++)
        if (s->engines.items[e].is_peer) best = fmax(best, f->speed[e]);
    return best;
}

void report_total(const session *s, const network *net) {
    figures f = {.seconds = network_seconds(s, net, 0)};
    double flops, ideal = network_ideal(s, net, &flops);
    size_t scalar = find_engine(s, "scalar");
    char text[64];
    for (size_t e = 0; e < s->engines.count; e++) {
        double seconds = network_seconds(s, net, e);
        f.speed[e] = seconds > 0 ? flops / seconds : 0;
    }
    f.share = f.seconds > 0 ? ideal / f.seconds : 0;
    double base = has_libraries(s) ? fastest_peer_speed(s, &f) : scalar < s->engines.count ? f.speed[scalar] : 0;
    f.last = base > 0 ? f.speed[0] / base : 0;
    snprintf(text, sizeof text, "%.2f GMAC, %.1f ms", 0.5e-9 * flops, 1e3 * f.seconds);
    printf("%-*s %-*s", NAME_WIDTH, "total, with repeats", SHAPE_WIDTH, text);
    print_figures(s, &f);
}

/* Means over the layers of one class. */
typedef struct class_means {
    size_t count;
    mean share, over_scalar, over_best;
    mean over[ENGINE_LIMIT];
    double worst;
} class_means;

static void add_ratio(mean *m, double ratio) {
    if (ratio > 0) mean_add(m, ratio);
}

static void add_layer(const session *s, size_t l, class_means *means) {
    double best = best_peer_ratio(s, l);
    means->count++;
    add_ratio(&means->share, peak_share(s, l, 0));
    add_ratio(&means->over_scalar, speed_ratio(s, l, 0, find_engine(s, "scalar")));
    add_ratio(&means->over_best, best);
    for (size_t e = 1; e < s->engines.count; e++) add_ratio(&means->over[e], speed_ratio(s, l, 0, e));
    if (best > 0 && (means->worst == 0 || best < means->worst)) means->worst = best;
}

static class_means means_of(const session *s, layer_class kind) {
    class_means means = {0};
    for (size_t l = 0; l < s->layers.layer_count; l++)
        if (is_timed(s, l, 0) && layer_is(&s->layers.layers[l], kind)) add_layer(s, l, &means);
    return means;
}

static void print_class(const session *s, layer_class kind) {
    class_means means = means_of(s, kind);
    if (means.count == 0) return;
    printf("%-10s %6zu %5.0f%%", layer_class_name(kind), means.count, 100 * mean_value(&means.share));
    for (size_t e = 1; e < s->engines.count; e++) printf(" %8.2f", mean_value(&means.over[e]));
    if (has_libraries(s)) printf(" %8.2f %8.2f", mean_value(&means.over_best), means.worst);
    putchar('\n');
}

static void print_classes(const session *s) {
    printf("\n%s by class: geometric means of its share of the peak and of its speed over each of the others\n",
           s->engines.items[0].name);
    printf("%-10s %6s %6s", "class", "layers", "peak");
    for (size_t e = 1; e < s->engines.count; e++) printf(" %8s", s->engines.items[e].head);
    puts(has_libraries(s) ? "     best    worst" : "");
    for (layer_class kind = 0; kind < CLASS_COUNT; kind++) print_class(s, kind);
}

/* Engines with tensors of their own: what they keep of their speed for a caller with plain ones. */
static void print_conversions(const session *s) {
    for (size_t e = 0; e < s->engines.count; e++) {
        mean slower = {0}, ours = {0};
        for (size_t l = 0; l < s->layers.layer_count; l++) {
            const engine_result *r = &s->results[l].engines[e];
            if (!is_timed(s, l, e) || r->convert.p15 <= 0 || !is_timed(s, l, 0)) continue;
            mean_add(&slower, (r->run.p15 + r->convert.p15) / r->run.p15);
            mean_add(&ours, (r->run.p15 + r->convert.p15) / s->results[l].engines[0].run.p15);
        }
        if (slower.count > 0)
            printf("%s with its conversions from and to %s: %.2fx its time; %s is %.2fx as fast (%zu layers)\n",
                   s->engines.items[e].name, s->layout == CORR2D_NCHW ? "nchw" : "nhwc", mean_value(&slower),
                   s->engines.items[0].name, mean_value(&ours), slower.count);
    }
}

static double first_peak_share(const session *s, size_t l) { return peak_share(s, l, 0); }

/* What the list of the slowest layers is sorted by. */
static double merit(const session *s, size_t l) {
    return has_libraries(s) ? best_peer_ratio(s, l) : first_peak_share(s, l);
}

static bool is_candidate(const session *s, size_t l, double above) {
    return is_timed(s, l, 0) && s->layers.layers[l].macs > 1e6 && merit(s, l) > above;
}

static size_t count_below(const session *s, layer_class kind, double (*value)(const session *, size_t), double limit) {
    size_t count = 0;
    for (size_t l = 0; l < s->layers.layer_count; l++)
        count += is_timed(s, l, 0) && layer_is(&s->layers.layers[l], kind) && value(s, l) > 0 && value(s, l) < limit;
    return count;
}

static void print_counts(const session *s) {
    printf("under 85 %% of the peak: %zu of the %zu layers of more than 50 MMAC\n",
           count_below(s, CLASS_LARGE, first_peak_share, 0.85), means_of(s, CLASS_LARGE).count);
    if (has_libraries(s))
        printf("slower than the best peer: %zu of %zu ungrouped layers, by more than a fifth: %zu\n",
               count_below(s, CLASS_UNGROUPED, best_peer_ratio, 1.0), means_of(s, CLASS_UNGROUPED).count,
               count_below(s, CLASS_UNGROUPED, best_peer_ratio, 0.8));
}

/* The candidate of the least merit above a limit; the count of layers where there is none. */
static size_t worst_above(const session *s, double above) {
    size_t worst = s->layers.layer_count;
    for (size_t l = 0; l < s->layers.layer_count; l++)
        if (is_candidate(s, l, above) && (worst == s->layers.layer_count || merit(s, l) < merit(s, worst))) worst = l;
    return worst;
}

static void print_worst(const session *s) {
    size_t worst = worst_above(s, 0);
    if (worst == s->layers.layer_count) return;
    printf("\n%s, lowest %s, of the layers of more than 1 MMAC:\n", s->engines.items[0].name,
           has_libraries(s) ? "ratio to the best peer" : "share of the peak");
    for (int i = 0; i < WORST && worst < s->layers.layer_count; i++, worst = worst_above(s, merit(s, worst))) {
        printf("  %-*s %-10s %5.1f GF/s %7.2f\n", SHAPE_WIDTH, s->layers.layers[worst].text,
               layer_class_name(layer_main_class(&s->layers.layers[worst])), 1e-9 * result_flops(s, worst, 0),
               merit(s, worst));
    }
}

/* What an engine takes beside the time of its runs. */
typedef struct costs {
    mean first, weights; /* the first result's time over a run's; bytes of packed weights over those of plain ones */
    size_t scratch, tensors;
} costs;

static costs costs_of(const session *s, size_t e) {
    costs c = {0};
    for (size_t l = 0; l < s->layers.layer_count; l++) {
        const engine_result *r = &s->results[l].engines[e];
        if (!is_timed(s, l, e)) continue;
        mean_add(&c.first, r->create / r->run.p15);
        mean_add(&c.weights, (double)r->weights_bytes / (4.0 * (double)layer_weights_size(&s->layers.layers[l])));
        c.scratch = r->scratch > c.scratch ? r->scratch : c.scratch;
        c.tensors = r->tensors > c.tensors ? r->tensors : c.tensors;
    }
    return c;
}

static void print_costs(const session *s) {
    puts(
        "\nbeside the runs: time to the first result in runs and packed weights over plain ones (geometric means), the "
        "largest scratch\nmemory and tensors of its own of any layer, the size of the library");
    printf("%-12s %8s %8s %12s %12s %12s\n", "", "first", "weights", "scratch KiB", "tensors KiB", "library KiB");
    for (size_t e = 0; e < s->engines.count; e++) {
        char file[256];
        size_t bytes;
        costs c = costs_of(s, e);
        const char *library = s->engines.items[e].library;
        if (c.first.count == 0) continue;
        printf("%-12s %8.1f %8.2f %12zu %12zu", s->engines.items[e].name, mean_value(&c.first), mean_value(&c.weights),
               c.scratch >> 10, c.tensors >> 10);
        if (library != NULL && machine_library(library, file, sizeof file, &bytes))
            printf(" %12zu  %s", bytes >> 10, file);
        putchar('\n');
    }
}

/* How well the scalar variant, the base of the comparison, uses a scalar core. */
static void print_scalar(const session *s) {
    size_t scalar = find_engine(s, "scalar");
    mean share = {0};
    for (size_t l = 0; l < s->layers.layer_count; l++)
        if (is_timed(s, l, scalar)) mean_add(&share, result_flops(s, l, scalar) / s->roofs.scalar_flops);
    if (share.count > 0)
        printf("scalar reaches %.0f %% of the scalar FMA peak (geometric mean)\n", 100 * mean_value(&share));
}

static void print_peak(const session *s) {
    samples peak = {0};
    for (size_t i = 0; i < s->roofs.peak.count; i++) samples_add(&peak, s->roofs.peak.values[i]);
    stats p = stats_of(&peak);
    printf("FMA peak during the run: median %.1f GFLOP/s, from %.1f to %.1f\n", 1e-9 * p.p50, 1e-9 * p.min,
           1e-9 * p.max);
    samples_free(&peak);
}

void report_summary(const session *s) {
    print_classes(s);
    print_worst(s);
    putchar('\n');
    print_counts(s);
    print_conversions(s);
    print_costs(s);
    print_scalar(s);
    print_peak(s);
    class_means means = means_of(s, CLASS_UNGROUPED);
    if (means.over_scalar.count > 0 && find_engine(s, "scalar") != 0)
        printf("%s over scalar: %.2fx (geometric mean of %zu ungrouped layers)\n", s->engines.items[0].name,
               mean_value(&means.over_scalar), means.over_scalar.count);
}
