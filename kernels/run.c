/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/checked.h"
#include "kernels/plan.h"

#include <stdlib.h>

/* What a part must have to do, so that it takes a few times as long as waking a thread: in taps, about 10 us ... */
#define PART_TAPS 500e3

/* ... where reading and writing an output costs as much as this many. */
#define OUTPUT_TAPS 16

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

/* Panels first ... last - 1, counted through all units. */
static void run_panels(const corr2d_plan *plan, const float *x, float *y, float *workspace, size_t first, size_t last) {
    while (first < last) {
        corr2d_job job = job_of(plan, x, y, first / plan->panels);
        job.workspace = workspace;
        job.first = first % plan->panels;
        job.last = corr2d_min(plan->panels, job.first + (last - first));
        plan->path->run(&job);
        first += job.last - job.first;
    }
}

static size_t unit_count(const corr2d_plan *plan) {
    return plan->layer.batch * plan->unit_groups * plan->strips_down * plan->strips_across;
}

size_t corr2d_plan_parts(const corr2d_plan *plan, size_t most) {
    if (!plan) return 1;
    const corr2d_layer *layer = &plan->layer;
    const double pixels = (double)layer->batch * (double)layer->rows.out * (double)layer->columns.out;
    const double outputs = pixels * (double)(layer->groups * layer->group_out);
    const double worth = outputs * (double)(corr2d_layer_taps(layer) + OUTPUT_TAPS) / PART_TAPS;
    const size_t parts = corr2d_min(most, unit_count(plan) * plan->panels);
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
    const size_t panels = unit_count(plan) * plan->panels, share = panels / parts, rest = panels % parts;
    const size_t first = part * share + corr2d_min(part, rest);
    run_panels(plan, x, y, aligned(workspace), first, first + share + (part < rest));
    free(allocated);
    return CORR2D_OK;
}

corr2d_status corr2d_run(const corr2d_plan *plan, const void *x, void *y, void *workspace) {
    return corr2d_run_part(plan, x, y, workspace, 0, 1);
}
