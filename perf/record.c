/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include "isa.h"
#include "pool.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char format[] = "corr2d_perf 2";

static const char *layout_name(const session *s) { return s->layout == CORR2D_NCHW ? "nchw" : "nhwc"; }

static bool complain(const char *path, const char *what) {
    fprintf(stderr, "corr2d_perf: %s: %s\n", path, what);
    return false;
}

static json_t *machine_json(const machine *m) {
    return json_pack("{ss ss ss sI sf ss ss ss}", "cpu", m->cpu, "system", m->system, "date", m->date, "cores",
                     (json_int_t)m->cores, "load", m->load, "compiler", m->compiler, "flags", m->flags, "commit",
                     m->commit);
}

static json_t *roofs_json(const roofs *r) {
    json_t *read = json_object();
    for (roof_level i = 0; i < ROOF_LEVELS; i++)
        json_object_set_new(
            read, roof_level_name(i),
            json_pack("{sI sf}", "bytes", (json_int_t)r->read_bytes[i], "gb_per_s", 1e-9 * r->read_bandwidth[i]));
    return json_pack("{s{ss sf} s{ss sf} so}", "vector", "name", r->vector->name, "gflops", 1e-9 * r->vector_flops,
                     "scalar", "name", r->scalar->name, "gflops", 1e-9 * r->scalar_flops, "read", read);
}

static json_t *stats_json(const stats *t) {
    return json_pack("{sf sf sf sf sf sf sf}", "min", 1e3 * t->min, "p15", 1e3 * t->p15, "p25", 1e3 * t->p25, "p50",
                     1e3 * t->p50, "p75", 1e3 * t->p75, "max", 1e3 * t->max, "p15_error", t->error);
}

static json_t *engine_json(const session *s, size_t l, size_t e) {
    static const char *const outcomes[] = {"none", "unsupported", "wrong", "timed"};
    const engine_result *r = &s->results[l].engines[e];
    json_t *out = json_pack("{ss ss}", "name", s->engines.items[e].name, "outcome", outcomes[r->outcome]);
    if (r->outcome != OUTCOME_TIMED) return out;
    json_t *more = json_pack("{sf sf so sf sI sI sI sI sI}", "gflops", 1e-9 * result_flops(s, l, e), "peak_share",
                             result_flops(s, l, e) / s->results[l].peak, "ms", stats_json(&r->run), "create_ms",
                             1e3 * r->create, "weights_bytes", (json_int_t)r->weights_bytes, "scratch_bytes",
                             (json_int_t)r->scratch, "own_tensor_bytes", (json_int_t)r->tensors, "rounds",
                             (json_int_t)r->rounds, "calls_per_round", (json_int_t)r->calls);
    if (r->convert.p15 > 0) json_object_set_new(more, "convert_ms", stats_json(&r->convert));
    json_object_update(out, more);
    json_decref(more);
    return out;
}

static json_t *uses_json(const session *s, size_t l) {
    json_t *uses = json_array();
    for (size_t i = 0; i < s->layers.network_count; i++) {
        const network *net = &s->layers.networks[i];
        for (size_t j = 0; j < net->use_count; j++)
            if (net->uses[j].layer == l)
                json_array_append_new(uses, json_pack("{ss ss sI sI}", "network", net->name, "layer", net->uses[j].name,
                                                      "at", (json_int_t)j, "count", (json_int_t)net->uses[j].count));
    }
    return uses;
}

static json_t *classes_json(const layer *l) {
    json_t *classes = json_array();
    for (layer_class kind = 0; kind < CLASS_COUNT; kind++)
        if (layer_is(l, kind)) json_array_append_new(classes, json_string(layer_class_name(kind)));
    return classes;
}

static json_int_t float_bytes(size_t count) { return (json_int_t)(count * sizeof(float)); }

static json_t *layer_json(const session *s, size_t i) {
    const layer *l = &s->layers.layers[i];
    json_t *engines = json_array();
    for (size_t e = 0; e < s->engines.count; e++) json_array_append_new(engines, engine_json(s, i, e));
    return json_pack("{ss sf sI sI sI so so sf sf so}", "shape", l->text, "macs", l->macs, "x_bytes",
                     float_bytes(layer_x_size(l)), "weights_bytes", float_bytes(layer_weights_size(l)), "y_bytes",
                     float_bytes(layer_y_size(l)), "classes", classes_json(l), "uses", uses_json(s, i), "peak_gflops",
                     1e-9 * s->results[i].peak, "peak_error", s->results[i].peak_error, "engines", engines);
}

static void add_library(json_t *out, const char *library) {
    char file[256];
    size_t bytes;
    if (library == NULL || !machine_library(library, file, sizeof file, &bytes)) return;
    json_object_set_new(out, "library", json_string(file));
    json_object_set_new(out, "library_bytes", json_integer((json_int_t)bytes));
}

static json_t *engines_json(const engine_list *list) {
    json_t *engines = json_array();
    for (size_t e = 0; e < list->count; e++) {
        const engine *item = &list->items[e];
        json_t *out = json_pack("{ss ss sb sb}", "name", item->name, "about", item->about, "peer", item->is_peer,
                                "fused", item->is_fused);
        add_library(out, item->library);
        json_array_append_new(engines, out);
    }
    return engines;
}

bool record_json(const session *s, const machine *m, const char *path) {
    json_t *layers = json_array();
    for (size_t i = 0; i < s->layers.layer_count; i++)
        if (s->results[i].is_measured) json_array_append_new(layers, layer_json(s, i));
    json_t *all =
        json_pack("{ss so ss ss sb sI s{sf sf} so so so}", "format", format, "machine", machine_json(m), "layout",
                  layout_name(s), "isa", isa_name(), "cold", s->cold, "threads", (json_int_t)pool_threads(), "noop",
                  "clock_ns", 1e9 * s->noop.clock, "call_ns", 1e9 * s->noop.call, "roofs", roofs_json(&s->roofs),
                  "engines", engines_json(&s->engines), "layers", layers);
    bool good = json_dump_file(all, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) == 0;
    json_decref(all);
    return good || complain(path, strerror(errno));
}

static void csv_row(const session *s, size_t l, size_t e, FILE *file) {
    const layer_result *result = &s->results[l];
    const engine_result *r = &result->engines[e];
    fprintf(file, "%s,%s,%s,%.0f,%s,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%zu,%zu,%s,%.6g,%zu,%zu,%zu\n",
            s->layers.layers[l].text, layer_class_name(layer_main_class(&s->layers.layers[l])), layout_name(s),
            s->layers.layers[l].macs, s->engines.items[e].name, 1e3 * r->run.min, 1e3 * r->run.p15, 1e3 * r->run.p50,
            1e3 * r->convert.p15, 1e-9 * result_flops(s, l, e), 1e-9 * result->peak, r->rounds, pool_threads(),
            s->cold ? "cold" : "warm", 1e3 * r->create, r->weights_bytes, r->scratch, r->tensors);
}

bool record_csv(const session *s, const char *path) {
    FILE *file = fopen(path, "w");
    if (file == NULL) return complain(path, strerror(errno));
    fputs("shape,class,layout,macs,engine,min_ms,p15_ms,p50_ms,convert_ms,gflops,peak_gflops,rounds,threads,weights,"
          "create_ms,weights_bytes,scratch_bytes,own_tensor_bytes\n",
          file);
    for (size_t i = 0; i < s->layers.layer_count; i++)
        for (size_t e = 0; e < s->engines.count; e++)
            if (s->results[i].engines[e].outcome == OUTCOME_TIMED) csv_row(s, i, e, file);
    bool good = ferror(file) == 0;
    good = fclose(file) == 0 && good;
    return good || complain(path, strerror(errno));
}

struct record {
    json_t *root;
};

static bool is_text(const json_t *object, const char *key, const char *expected) {
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL && strcmp(text, expected) == 0;
}

static bool is_comparable(const json_t *root, const char *path, const session *s) {
    if (!is_text(root, "format", format))
        return complain(path, "not a result of corr2d_perf --json, or of another version of it");
    if (!is_text(root, "layout", layout_name(s))) return complain(path, "measured in the other layout, see --layout");
    if (json_integer_value(json_object_get(root, "threads")) != (json_int_t)pool_threads())
        return complain(path, "measured with another number of threads, see --threads");
    if (json_is_true(json_object_get(root, "cold")) != s->cold)
        return complain(path, "measured with the weights in or out of the caches, see --cold");
    if (json_object_get(root, "isa") != NULL && !is_text(root, "isa", isa_name()))
        return complain(path, "measured with other instructions, see --isa");
    return true;
}

record *record_read(const char *path, const session *s) {
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    if (root == NULL) {
        fprintf(stderr, "corr2d_perf: %s:%d: %s\n", path, error.line, error.text);
        return NULL;
    }
    record *old = is_comparable(root, path, s) ? malloc(sizeof *old) : NULL;
    if (old == NULL) {
        json_decref(root);
        return NULL;
    }
    old->root = root;
    return old;
}

void record_free(record *old) {
    if (old != NULL) json_decref(old->root);
    free(old);
}

/* The object of an array whose string `key` has the value. */
static const json_t *find_object(const json_t *array, const char *key, const char *value) {
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        if (is_text(item, key, value)) return item;
    }
    return NULL;
}

static double number(const json_t *object, const char *key) { return json_number_value(json_object_get(object, key)); }

comparison record_compare(const record *old, const session *s, size_t l, size_t e) {
    const layer_result *now = &s->results[l];
    const engine_result *r = &now->engines[e];
    const json_t *then = find_object(json_object_get(old->root, "layers"), "shape", s->layers.layers[l].text);
    const json_t *e_then = find_object(json_object_get(then, "engines"), "name", s->engines.items[e].name);
    double share = number(e_then, "peak_share");
    if (!now->is_measured || r->outcome != OUTCOME_TIMED || share <= 0) return (comparison){0};
    double errors[] = {r->run.error, now->peak_error, number(json_object_get(e_then, "ms"), "p15_error"),
                       number(then, "peak_error")};
    double sum = 0;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) sum += errors[i] * errors[i];
    return (comparison){true, result_flops(s, l, e) / now->peak / share, sqrt(sum)};
}

/* How far from 1 a ratio has to be: three standard deviations, and 5 % at the least. */
static double beyond_noise(comparison c) { return fmax(0.05, 3 * c.ratio * c.uncertainty); }

bool is_regression(comparison c) { return c.is_known && c.ratio < 1 - beyond_noise(c); }

static void print_comparison(const session *s, size_t l, size_t e, comparison c) {
    bool beyond = fabs(c.ratio - 1) > beyond_noise(c);
    printf("  %-28s %-12s %6.1f GF/s   x %.3f +- %.3f  %s\n", s->layers.layers[l].text, s->engines.items[e].name,
           1e-9 * result_flops(s, l, e), c.ratio, c.ratio * c.uncertainty,
           !beyond       ? ""
           : c.ratio < 1 ? "slower"
                         : "faster");
}

/* One engine's ratios; returns on how many layers it is slower. */
static size_t report_engine(const record *old, const session *s, size_t e) {
    size_t slower = 0;
    mean ratios = {0};
    for (size_t l = 0; l < s->layers.layer_count; l++) {
        comparison c = record_compare(old, s, l, e);
        if (!c.is_known) continue;
        print_comparison(s, l, e, c);
        mean_add(&ratios, c.ratio);
        slower += is_regression(c);
    }
    if (ratios.count > 0)
        printf("%s: x %.3f (geometric mean of %zu layers), slower beyond the noise on %zu\n", s->engines.items[e].name,
               mean_value(&ratios), ratios.count, slower);
    return slower;
}

size_t record_report(const record *old, const session *s) {
    size_t slower = 0;
    puts("\nagainst the older run: speed now over speed then, both as shares of the peak measured beside them");
    for (size_t e = 0; e < s->engines.count; e++) {
        size_t count = report_engine(old, s, e);
        slower += s->engines.items[e].is_peer ? 0 : count;
    }
    return slower;
}
