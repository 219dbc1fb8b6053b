/* SPDX-License-Identifier: Apache-2.0 */
#include "engine.h"

#include "isa.h"
#include "kernels/dispatch.h"
#include "memory.h"
#include "pool.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEER(symbol) extern const engine symbol;
#include "peer_list.h"
#undef PEER

#define PEER(symbol) &symbol,
static const engine *const peers_built[] = {
#include "peer_list.h"
};
#undef PEER

typedef struct corr2d_job {
    job base;
    const problem *problem;
    corr2d_plan *plan;
    size_t parts, part_scratch;
    char *workspace; /* of all parts, one behind the other */
} corr2d_job;

static void corr2d_job_run(job *base) {
    corr2d_job *j = (corr2d_job *)base;
    corr2d_run(j->plan, j->problem->x, j->problem->y, j->workspace);
}

static void run_part(void *context, size_t part) {
    const corr2d_job *j = context;
    corr2d_run_part(j->plan, j->problem->x, j->problem->y, j->workspace + part * j->part_scratch, part, j->parts);
}

static void corr2d_job_run_parts(job *base) { pool_run(run_part, base, ((corr2d_job *)base)->parts); }

/* A part's workspace keeps clear of the next one's cache lines. */
static size_t part_scratch(const corr2d_plan *plan) { return (corr2d_plan_workspace_size(plan) + 127) / 128 * 128; }

static void corr2d_job_destroy(job *base) {
    corr2d_job *j = (corr2d_job *)base;
    corr2d_plan_destroy(j->plan);
    free(j->workspace);
    free(j);
}

static job *corr2d_job_create(const engine *e, const problem *p) {
    corr2d_spec spec = layer_spec(&p->layer->shape, p->layout);
    corr2d_plan *plan;
    spec.variant = e->name;
    if (corr2d_plan_create(&plan, &spec, p->weights, p->bias) != CORR2D_OK) return NULL;
    corr2d_job *j = page_alloc(sizeof *j);
    *j = (corr2d_job){.problem = p, .plan = plan, .parts = corr2d_plan_parts(plan, pool_threads())};
    j->part_scratch = part_scratch(plan);
    j->base = (job){.run = j->parts == 1 ? corr2d_job_run : corr2d_job_run_parts,
                    .destroy = corr2d_job_destroy,
                    .weights = plan, /* one allocation, of which the rest is small */
                    .weights_bytes = malloc_usable_size(plan),
                    .scratch = j->parts * j->part_scratch};
    j->workspace = page_alloc(j->base.scratch);
    return &j->base;
}

engine engine_of_variant(const char *name) {
    return (engine){.name = name,
                    .head = name,
                    .about = "this library's variant",
                    .library = "libcorr2d",
                    .is_fused = corr2d_variant_is_fused(name),
                    .create = corr2d_job_create};
}

static void append(engine_list *list, engine e) {
    if (list->count < ENGINE_LIMIT) list->items[list->count++] = e;
}

engine_list engines_all(void) {
    engine_list all = {.count = 0};
    const corr2d_kernels *kernels;
    for (size_t i = 0; (kernels = corr2d_dispatch_at(isa_cpu_flags(), i)) != NULL; i++)
        append(&all, engine_of_variant(kernels->name));
    for (size_t i = 0; i < sizeof peers_built / sizeof *peers_built; i++)
        if (peers_built[i]->isa == NULL || strcmp(peers_built[i]->isa, isa_name()) == 0) append(&all, *peers_built[i]);
    return all;
}

/* Appends the engines of one kind that the names tell; returns false, and through *unknown the name, where it fails. */
static bool append_names(const engine_list *all, bool peers, const char *names, engine_list *chosen, char unknown[32]) {
    while (*names != '\0') {
        size_t length = strcspn(names, ","), e = 0;
        snprintf(unknown, 32, "%.*s", (int)length, names);
        while (e < all->count && (all->items[e].is_peer != peers || strcmp(all->items[e].name, unknown) != 0)) e++;
        if (e == all->count) return false;
        append(chosen, all->items[e]);
        names += length + (names[length] == ',');
    }
    return true;
}

bool engines_are_peers(const engine_list *all, const char *names) {
    engine_list ignored = {.count = 0};
    char unknown[32];
    return strcmp(names, "all") == 0 || strcmp(names, "none") == 0 || append_names(all, true, names, &ignored, unknown);
}

/* Those of one kind that the names tell. */
static bool append_chosen(const engine_list *all, bool peers, const char *names, engine_list *chosen) {
    size_t limit = strcmp(names, "all") == 0 ? ENGINE_LIMIT : !peers && strcmp(names, "best") == 0 ? 1 : 0;
    char unknown[32];
    if (limit == 0 && (strcmp(names, "none") == 0 || append_names(all, peers, names, chosen, unknown))) return true;
    if (limit == 0) {
        fprintf(stderr, "corr2d_perf: no %s '%s' in this build or for this CPU (see --list)\n",
                peers ? "peer" : "variant", unknown);
        return false;
    }
    for (size_t i = 0; i < all->count && limit > 0; i++)
        if (all->items[i].is_peer == peers) {
            append(chosen, all->items[i]);
            limit--;
        }
    return true;
}

bool engines_choose(const engine_list *all, const char *variants, const char *peers, engine_list *chosen) {
    chosen->count = 0;
    return append_chosen(all, false, variants, chosen) && append_chosen(all, true, peers, chosen);
}
