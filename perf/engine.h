/* SPDX-License-Identifier: Apache-2.0 */
/* What can run a layer: the library's variants, and the peers that they are compared with. */
#ifndef CORR2D_PERF_ENGINE_H
#define CORR2D_PERF_ENGINE_H

#include "layers.h"

#include <corr2d.h>

#include <stdbool.h>
#include <stddef.h>

/* A layer with its data: x and y dense in `layout`, weights OIHW, each with 64 readable bytes behind its end. */
typedef struct problem {
    const layer *layer;
    corr2d_layout layout;
    float *x, *weights, *bias, *y;
} problem;

/*
 * One engine made ready for one problem, weights prepacked. `run` computes y from x, or, where the engine keeps
 * tensors of its own, its y from its x: then convert_in brings the problem's x there, and convert_out its y back.
 */
typedef struct job {
    void (*run)(struct job *job);
    void (*convert_in)(struct job *job);  /* NULL: none needed */
    void (*convert_out)(struct job *job); /* NULL: none needed */
    void (*destroy)(struct job *job);
    const void *weights;  /* as a run reads them, packed: what --cold takes out of the caches */
    size_t weights_bytes; /* theirs */
    size_t scratch;       /* bytes that a run needs beside the tensors and the weights, where the engine tells */
    size_t tensors;       /* bytes of tensors of its own */
} job;

typedef struct engine engine;
struct engine {
    const char *name;
    const char *head;    /* at most six letters, for a table's head */
    const char *about;   /* one line */
    const char *library; /* how the name of its shared object begins; NULL: none */
    const char *isa;     /* the only --isa for which this engine stands under its name; NULL: every */
    bool is_peer;
    bool is_fused;                                                /* gives the bits of "scalar" */
    job *(*create)(const engine *engine, const problem *problem); /* NULL: does not do this layer */
};

enum { ENGINE_LIMIT = 16 };

typedef struct engine_list {
    engine items[ENGINE_LIMIT];
    size_t count;
} engine_list;

/* Everything that this build holds and this run may use: the variants, best first, then the peers. */
engine_list engines_all(void);

/*
 * The variants and the peers among `all` that the two lists name: names with commas between, or "all", "none", or for
 * the variants "best". Prints a message and returns false where a name is unknown.
 */
bool engines_choose(const engine_list *all, const char *variants, const char *peers, engine_list *chosen);

/* Whether every one of the names is a peer's, or the list is "all" or "none". */
bool engines_are_peers(const engine_list *all, const char *names);

/* The library's variant of that name. */
engine engine_of_variant(const char *name);

#endif
