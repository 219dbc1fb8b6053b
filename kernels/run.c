/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/checked.h"
#include "kernels/deal.h"
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
    job.x = x + image * layer->x.batch + group * plan->unit_in * layer->x.channel;
    job.y = y + image * layer->y.batch + group * plan->unit_channels * layer->y.channel + i * layer->y.row +
            j * layer->y.column;
    return job;
}

static size_t unit_count(const corr2d_plan *plan) {
    return plan->layer.batch * plan->unit_groups * plan->strips_down * plan->strips_across;
}

/* A layer's tensors, and the memory to run it with. */
typedef struct tensors {
    const float *x;
    float *y, *workspace;
} tensors;

/* Lines first ... last - 1 of the job's strip, of `lines`, are what is left of it. */
static void take_lines(corr2d_job *job, const corr2d_deal *d, size_t first, size_t last, size_t lines) {
    const corr2d_strides *y = &job->plan->layer.y;
    corr2d_rectangle *const out = &job->out;
    const size_t start = corr2d_deal_start(job->plan, d, out, first, lines);
    const size_t end = corr2d_deal_start(job->plan, d, out, last, lines);
    if (d->across) {
        out->column += start;
        out->width = end - start;
    } else {
        job->skip = start % out->width;
        out->height = corr2d_div_up(end, out->width) - start / out->width;
        job->left = (out->width - end % out->width) % out->width;
        out->row += start / out->width;
    }
    if (end > start) job->y += d->across ? start * y->column : start / out->width * y->row;
}

/* Lines first ... last - 1, as many at once as are of one strip. */
static void run_lines(const corr2d_plan *plan, const tensors *t, const corr2d_deal *d, size_t first, size_t last) {
    const size_t across = plan->strips_across, strip_row = d->strip_lines * across;
    for (size_t count; first < last; first += count) {
        const size_t band = first / d->band_lines, in_band = first % d->band_lines;
        const size_t plane = in_band / d->plane_lines, in_plane = in_band % d->plane_lines;
        const size_t down = in_plane / strip_row, lines = corr2d_deal_lines(plan, d, down * plan->strip_height);
        const size_t strip = in_plane % strip_row / lines, line = in_plane % strip_row % lines;
        corr2d_job job = job_of(plan, t->x, t->y, (plane * plan->strips_down + down) * across + strip);
        count = corr2d_min(lines - line, last - first);
        job.workspace = t->workspace;
        job.first = corr2d_deal_panel(plan, d, band);
        job.last = corr2d_deal_panel(plan, d, band + 1);
        take_lines(&job, d, line, line + count, lines);
        if (job.out.width && job.out.height) plan->path->run(&job);
    }
}

/* The whole layer. */
static void run_all(const corr2d_plan *plan, const tensors *t) {
    const size_t units = unit_count(plan);
    for (size_t unit = 0; unit < units; unit++) {
        corr2d_job job = job_of(plan, t->x, t->y, unit);
        job.workspace = t->workspace;
        job.last = plan->panels;
        plan->path->run(&job);
    }
}

size_t corr2d_plan_parts(const corr2d_plan *plan, size_t most) {
    if (!plan) return 1;
    const corr2d_layer *layer = &plan->layer;
    const double pixels = (double)layer->batch * (double)layer->rows.out * (double)layer->columns.out;
    const double outputs = pixels * (double)(layer->groups * layer->group_out);
    const double worth = outputs * (double)(corr2d_layer_taps(layer) + OUTPUT_TAPS) / PART_TAPS;
    const corr2d_deal d = corr2d_deal_for(plan, corr2d_max(1, most));
    const size_t parts = corr2d_min(most, d.bands * d.band_lines);
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
    const tensors t = {x, y, aligned(workspace)};
    if (parts == 1) {
        run_all(plan, &t);
    } else {
        const corr2d_deal d = corr2d_deal_for(plan, parts);
        const size_t first = corr2d_deal_first(plan, &d, part, parts);
        run_lines(plan, &t, &d, first, corr2d_deal_first(plan, &d, part + 1, parts));
    }
    free(allocated);
    return CORR2D_OK;
}

corr2d_status corr2d_run(const corr2d_plan *plan, const void *x, void *y, void *workspace) {
    return corr2d_run_part(plan, x, y, workspace, 0, 1);
}
