/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/checked.h"
#include "kernels/plan.h"

#include <stdlib.h>

/* What a part must have to do, so that it takes a few times as long as waking a thread: in taps, about 10 us ... */
#define PART_TAPS 500e3

/* ... where reading and writing an output costs as much as this many. */
#define OUTPUT_TAPS 16

/* The shares of the work that each part is to have, and the least pixels of one. */
#define SHARES 8
#define PIECE_PIXELS 24

static float *aligned(void *workspace) {
    if (!workspace) return NULL;
    const uintptr_t address = (uintptr_t)workspace, rest = address % CORR2D_ALIGNMENT;
    return (float *)(void *)((char *)workspace + (rest ? CORR2D_ALIGNMENT - rest : 0));
}

/* The unit-th unit: in order images, groups, and strips row by row. */
static corr2d_job job_of(const corr2d_plan *plan, const float *x, float *y, size_t unit) {
    const corr2d_layer *layer = &plan->layer;
    const size_t strips = plan->strips_down * plan->strips_across, strip = unit % strips;
    const size_t group = unit / strips % plan->unit_groups, image = unit / strips / plan->unit_groups;
    const size_t i = strip / plan->strips_across * plan->strip_height;
    const size_t j = strip % plan->strips_across * plan->strip_width;
    corr2d_job job = {.plan = plan, .group = group};
    job.out = (corr2d_rectangle){.row = i,
                                 .column = j,
                                 .height = corr2d_min(plan->strip_height, layer->rows.out - i),
                                 .width = corr2d_min(plan->strip_width, layer->columns.out - j)};
    job.x = x + image * layer->x.batch + group * layer->group_in * layer->x.channel;
    job.y = y + image * layer->y.batch + group * plan->unit_channels * layer->y.channel + i * layer->y.row +
            j * layer->y.column;
    return job;
}

static size_t unit_count(const corr2d_plan *plan) {
    return plan->layer.batch * plan->unit_groups * plan->strips_down * plan->strips_across;
}

/* How each strip is cut once more, into `count` pieces of about equal rows or, where it is one row, columns. */
typedef struct pieces {
    size_t count;
    bool across;
} pieces;

/* So many that each part has a few shares, pieces by panels, to itself: then one more or less makes little difference. */
static pieces pieces_for(const corr2d_plan *plan, size_t parts) {
    pieces p = {.count = 1, .across = plan->strip_height == 1};
    const size_t length = p.across ? plan->strip_width : plan->strip_height, shares = unit_count(plan) * plan->panels;
    const size_t least = p.across ? PIECE_PIXELS : corr2d_div_up(PIECE_PIXELS, plan->strip_width);
    if (parts > 1 && shares / SHARES < parts) p.count = corr2d_div_up(SHARES, corr2d_div_up(shares, parts));
    p.count = corr2d_max(1, corr2d_min(p.count, length / least));
    return p;
}

/* The first entry of the index-th piece: as much as `length * index / count`, which might not fit. */
static size_t piece_start(size_t length, size_t index, size_t count) {
    return length / count * index + length % count * index / count;
}

/* The index-th piece of a strip is what is left of the job. */
static void take_piece(corr2d_job *job, pieces p, size_t index) {
    const corr2d_strides *y = &job->plan->layer.y;
    size_t *const from = p.across ? &job->out.column : &job->out.row;
    size_t *const length = p.across ? &job->out.width : &job->out.height;
    const size_t start = piece_start(*length, index, p.count), end = piece_start(*length, index + 1, p.count);
    *from += start;
    *length = end - start;
    if (*length) job->y += start * (p.across ? y->column : y->row);
}

/* A layer's tensors, and the memory to run it with. */
typedef struct tensors {
    const float *x;
    float *y, *workspace;
} tensors;

/* Shares first ... last - 1, which are panels, counted through all pieces of all units. */
static void run_shares(const corr2d_plan *plan, const tensors *t, pieces p, size_t first, size_t last) {
    while (first < last) {
        const size_t piece = first / plan->panels;
        corr2d_job job = job_of(plan, t->x, t->y, piece / p.count);
        job.workspace = t->workspace;
        job.first = first % plan->panels;
        job.last = corr2d_min(plan->panels, job.first + (last - first));
        take_piece(&job, p, piece % p.count);
        if (job.out.height && job.out.width) plan->path->run(&job);
        first += job.last - job.first;
    }
}

/*
 * The first share of a part. Pieces times output channels are divided equally, and a panel belongs to the part that has
 * its first channel: so the last panel, which may be narrower, counts as what it is.
 */
static size_t first_share(const corr2d_plan *plan, size_t piece_count, size_t part, size_t parts) {
    const size_t channels = piece_count * plan->unit_channels, each = channels / parts, rest = channels % parts;
    const size_t first = part * each + corr2d_min(part, rest);
    const size_t panel = corr2d_div_up(first % plan->unit_channels, plan->panel_channels);
    return first / plan->unit_channels * plan->panels + panel;
}

size_t corr2d_plan_parts(const corr2d_plan *plan, size_t most) {
    if (!plan) return 1;
    const corr2d_layer *layer = &plan->layer;
    const double pixels = (double)layer->batch * (double)layer->rows.out * (double)layer->columns.out;
    const double outputs = pixels * (double)(layer->groups * layer->group_out);
    const double worth = outputs * (double)(corr2d_layer_taps(layer) + OUTPUT_TAPS) / PART_TAPS;
    const size_t shares = unit_count(plan) * pieces_for(plan, most).count * plan->panels;
    const size_t parts = corr2d_min(most, shares);
    return corr2d_max(1, worth < (double)parts ? (size_t)worth : parts);
}

corr2d_status corr2d_run_part(const corr2d_plan *plan, const void *x, void *y, void *workspace, size_t part,
                              size_t parts) {
    if (!plan || !x || !y || part >= parts) return CORR2D_INVALID_ARGUMENT;
    void *allocated = NULL;
    if (!workspace && plan->workspace) {
        workspace = allocated = malloc(corr2d_plan_workspace_size(plan));
        if (!workspace) return CORR2D_OUT_OF_MEMORY;
    }
    const pieces p = pieces_for(plan, parts);
    const tensors t = {x, y, aligned(workspace)};
    const size_t count = unit_count(plan) * p.count, first = first_share(plan, count, part, parts);
    run_shares(plan, &t, p, first, first_share(plan, count, part + 1, parts));
    free(allocated);
    return CORR2D_OK;
}

corr2d_status corr2d_run(const corr2d_plan *plan, const void *x, void *y, void *workspace) {
    return corr2d_run_part(plan, x, y, workspace, 0, 1);
}
