/* SPDX-License-Identifier: Apache-2.0 */
/* corr2d_perf: how fast the library's variants, and its peers, are on the layers of real networks. */
#include "isa.h"
#include "machine.h"
#include "measure.h"
#include "memory.h"
#include "pool.h"
#include "progress.h"
#include "record.h"
#include "report.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_GOOD = 0, EXIT_WRONG = 1, EXIT_USAGE = 2 };
enum { RETRIES = 2 };

typedef struct options {
    session session;
    const char *variants, *peers, *filter, *json, *csv, *against;
    bool list;
    size_t threads;
    char **argv; /* as it was before argp moved its words, for a start anew */
} options;

enum {
    KEY_LAYER = 256,
    KEY_LAYOUT,
    KEY_JSON,
    KEY_CSV,
    KEY_AGAINST,
    KEY_ROUNDS,
    KEY_BUDGET,
    KEY_LIST,
    KEY_ISA,
    KEY_THREADS,
    KEY_COLD
};

static const struct argp_option option_list[] = {
    {NULL, 0, NULL, 0, "What to measure:", 1},
    {"layer", KEY_LAYER, "SHAPE", 0, "One layer, [Nx]CxHxW:CO:KHxKW[:sS][:pP][:dD][:gG]; can be repeated", 0},
    {"filter", 'f', "REGEX", 0, "Only layers whose \"network/layer shape class\" matches the extended expression", 0},
    {"variant", 'v', "LIST", 0,
     "The library's variants: names with commas between, all, best or none (default: all; "
     "with --peers: best)",
     0},
    {"peers", 'p', "LIST", OPTION_ARG_OPTIONAL,
     "Other engines: names with commas between, all (the default of a bare "
     "--peers) or none (without the option: loops)",
     0},
    {"layout", KEY_LAYOUT, "nchw|nhwc", 0, "Of the tensors (default: nchw)", 0},
    {"threads", KEY_THREADS, "N|all", 0,
     "Threads for every engine and for the roofs (default: 1); all: one for each CPU that the process may use", 0},
    {"cold", KEY_COLD, NULL, 0, "Take the weights out of the caches before each call (default: everything warm)", 0},
    {"isa", KEY_ISA, "native|avx2", 0,
     "What everything here may use, peers and roofs included: all that the CPU has (default), or no more than AVX2 and "
     "FMA",
     0},
    {NULL, 0, NULL, 0, "How long:", 2},
    {"budget", KEY_BUDGET, "SECONDS", 0, "For all layers together (default: 90); what is slow gets fewer rounds", 0},
    {"rounds", KEY_ROUNDS, "N", 0, "Rounds of each engine on each layer, if the budget allows (default: 20)", 0},
    {NULL, 0, NULL, 0, "What to do with the result:", 3},
    {"json", KEY_JSON, "FILE", 0, "Write everything that was measured", 0},
    {"csv", KEY_CSV, "FILE", 0, "Write one line for each layer and engine", 0},
    {"against", KEY_AGAINST, "FILE", 0,
     "Compare with the --json of an older run; a layer that seems slower is measured "
     "again before it counts",
     0},
    {"list", KEY_LIST, NULL, 0, "Print the engines and the layers chosen, and measure nothing", 0},
    {0},
};

static const char doc[] =
    "Measures the library's variants on the convolution layers of real networks: each layer's output is verified, then "
    "all engines are timed in turn in many short rounds, beside the FMA peak of this core.\v"
    "LIST is the name of a list in perf/layers, or a CSV file with the same columns; without any, all lists there.\n"
    "\n"
    "  corr2d_perf                                all six networks, every variant\n"
    "  corr2d_perf vgg16 mine.csv                 a known network and a list of mine\n"
    "  corr2d_perf --layer 64x56x56:128:3x3:p1    64 channels of 56 x 56 to 128\n"
    "  corr2d_perf --layer 1x96x27x27:256:5x5:s1:p2:d1:g2\n"
    "  corr2d_perf -f '1x1$' -v avx2              every 1x1 layer, one variant\n"
    "  corr2d_perf -f 'vgg16/conv[45]' --peers onednn-any,xnnpack --layout nhwc\n"
    "  corr2d_perf --peers --json new.json        against every library found\n"
    "  corr2d_perf --peers --isa avx2             the same without AVX-512, for all alike\n"
    "  corr2d_perf --peers --threads all --cold   on every core, weights from memory\n"
    "  corr2d_perf --against old.json             did a variant become slower?\n"
    "\n"
    "In SHAPE, s, d and p take one number for both directions or two (rows x columns), p also four (top x bottom x "
    "left "
    "x right).\n"
    "Exit status: 0 good, 1 a wrong result or a regression, 2 a usage or file error.";

static void parse_layout(const char *text, struct argp_state *state) {
    options *o = state->input;
    if (strcmp(text, "nchw") != 0 && strcmp(text, "nhwc") != 0)
        argp_error(state, "--layout: nchw or nhwc expected, got '%s'", text);
    o->session.layout = strcmp(text, "nhwc") == 0 ? CORR2D_NHWC : CORR2D_NCHW;
}

static error_t parse_isa(const char *text, struct argp_state *state) {
    if (strcmp(text, "native") != 0 && strcmp(text, "avx2") != 0)
        argp_error(state, "--isa: native or avx2 expected, got '%s'", text);
    return strcmp(text, "native") == 0 || isa_hold_to_avx2(((options *)state->input)->argv) ? 0 : EINVAL;
}

static double parse_number(const char *name, const char *text, double most, struct argp_state *state) {
    char *end;
    double value = strtod(text, &end);
    if (*end != '\0' || !(value >= 1) || value > most)
        argp_error(state, "--%s: a number from 1 to %.0f expected, got '%s'", name, most, text);
    return value;
}

static size_t parse_threads(const char *text, struct argp_state *state) {
    if (strcmp(text, "all") == 0) return pool_cpus();
    return (size_t)parse_number("threads", text, 1024, state);
}

static error_t parse_measure(int key, char *text, struct argp_state *state) {
    options *o = state->input;
    switch (key) {
    case KEY_LAYER: return layers_add_shape(&o->session.layers, text) ? 0 : EINVAL;
    case ARGP_KEY_ARG: return layers_add_list(&o->session.layers, text) ? 0 : EINVAL;
    case KEY_LAYOUT: parse_layout(text, state); return 0;
    case KEY_THREADS: o->threads = parse_threads(text, state); return 0;
    case KEY_COLD: o->session.cold = true; return 0;
    case KEY_ISA: return parse_isa(text, state);
    case KEY_ROUNDS: o->session.rounds = (size_t)parse_number("rounds", text, 10000, state); return 0;
    case KEY_BUDGET: o->session.budget = parse_number("budget", text, 86400, state); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* The list of --peers may follow as a word of its own, if it can be no list of layers. */
static const char *parse_peers(const char *text, struct argp_state *state) {
    engine_list all = engines_all();
    if (text != NULL) return text;
    if (state->next < state->argc && engines_are_peers(&all, state->argv[state->next]))
        return state->argv[state->next++];
    return "all";
}

static error_t parse(int key, char *text, struct argp_state *state) {
    options *o = state->input;
    switch (key) {
    case 'f': o->filter = text; return 0;
    case 'v': o->variants = text; return 0;
    case 'p': o->peers = parse_peers(text, state); return 0;
    case KEY_JSON: o->json = text; return 0;
    case KEY_CSV: o->csv = text; return 0;
    case KEY_AGAINST: o->against = text; return 0;
    case KEY_LIST: o->list = true; return 0;
    default: return parse_measure(key, text, state);
    }
}

static bool choose_layers(options *o) {
    layer_set *set = &o->session.layers;
    size_t count = 0;
    if (set->network_count == 0 && !layers_add_all(set)) return false;
    if (o->filter != NULL && !layers_filter(set, o->filter)) return false;
    for (size_t i = 0; i < set->network_count; i++) count += set->networks[i].use_count;
    if (count == 0) fputs("corr2d_perf: no layer is left to measure\n", stderr);
    return count != 0;
}

static bool choose_engines(options *o) {
    engine_list all = engines_all();
    if (o->variants == NULL) o->variants = o->peers == NULL ? "all" : "best";
    if (!engines_choose(&all, o->variants, o->peers == NULL ? "loops" : o->peers, &o->session.engines)) return false;
    if (o->session.engines.count == 0) fputs("corr2d_perf: no engine is left to measure\n", stderr);
    return o->session.engines.count != 0;
}

static void print_list(const session *s) {
    engine_list all = engines_all();
    for (size_t i = 0; i < all.count; i++)
        printf("%-8s %-12s %s\n", all.items[i].is_peer ? "peer" : "variant", all.items[i].name, all.items[i].about);
    for (size_t i = 0; i < s->layers.network_count; i++) {
        const network *net = &s->layers.networks[i];
        for (size_t j = 0; j < net->use_count; j++) {
            const layer *l = &s->layers.layers[net->uses[j].layer];
            printf("%s/%s %s %s x%zu\n", net->name, net->uses[j].name, l->text, layer_class_name(layer_main_class(l)),
                   net->uses[j].count);
        }
    }
}

/* Measures a network's layers, but for those that an earlier network had, and prints its table. */
static void run_network(session *s, const network *net, size_t done, size_t all) {
    if (net->use_count == 0) return;
    progress_clear();
    report_head(s, net);
    for (size_t i = 0; i < net->use_count; i++) {
        char what[128];
        snprintf(what, sizeof what, "%s/%s", net->name, net->uses[i].name);
        progress_show(done + i, all, what, session_time_left(s));
        if (!s->results[net->uses[i].layer].is_measured) measure_layer(s, net->uses[i].layer);
        progress_clear();
        report_layer(s, &net->uses[i]);
    }
    report_total(s, net);
}

static void run_networks(session *s) {
    size_t done = 0, all = 0;
    for (size_t i = 0; i < s->layers.network_count; i++) all += s->layers.networks[i].use_count;
    for (size_t i = 0; i < s->layers.network_count; i++) {
        run_network(s, &s->layers.networks[i], done, all);
        done += s->layers.networks[i].use_count;
    }
}

static bool seems_slower(const session *s, const record *old, size_t l) {
    for (size_t e = 0; e < s->engines.count; e++)
        if (!s->engines.items[e].is_peer && is_regression(record_compare(old, s, l, e))) return true;
    return false;
}

/* A neighbour that was busy for a second is no regression: what seems slower gets another chance, and as much time. */
static size_t compare(session *s, const record *old) {
    for (int i = 0; i < RETRIES; i++)
        for (size_t l = 0; l < s->layers.layer_count; l++)
            if (seems_slower(s, old, l)) {
                s->deadline = now() + s->budget;
                measure_layer(s, l);
            }
    return record_report(old, s);
}

static int run(options *o) {
    session *s = &o->session;
    record *old = o->against != NULL ? record_read(o->against, s) : NULL;
    if (o->against != NULL && old == NULL) return EXIT_USAGE;
    machine m = machine_facts();
    session_start(s);
    report_machine(s, &m);
    run_networks(s);
    report_summary(s);
    size_t slower = old != NULL ? compare(s, old) : 0;
    record_free(old);
    bool written = (o->json == NULL || record_json(s, &m, o->json)) && (o->csv == NULL || record_csv(s, o->csv));
    if (!written) return EXIT_USAGE;
    return s->wrong_count != 0 || slower != 0 ? EXIT_WRONG : EXIT_GOOD;
}

static char **copy_words(int count, char **words) {
    char **copy = page_alloc(((size_t)count + 1) * sizeof *copy);
    return memcpy(copy, words, (size_t)count * sizeof *copy);
}

int main(int argc, char **argv) {
    static const struct argp argp = {option_list, parse, "[LIST...]", doc, NULL, NULL, NULL};
    options o = {.session = {.rounds = 20, .budget = 90}, .threads = 1, .argv = copy_words(argc, argv)};
    argp_err_exit_status = EXIT_USAGE;
    isa_help_openblas(argv);
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0 || !choose_layers(&o) || !choose_engines(&o)) return EXIT_USAGE;
    pool_start(o.threads, o.argv);
    if (o.threads > pool_cpus()) fputs("corr2d_perf: more threads than CPUs to run them\n", stderr);
    if (o.list) print_list(&o.session);
    int status = o.list ? EXIT_GOOD : run(&o);
    layers_free(&o.session.layers);
    session_free(&o.session);
    pool_stop();
    free(o.argv);
    return status;
}
