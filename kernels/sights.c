/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/sights.h"

#include "kernels/checked.h"

corr2d_sight corr2d_sight_at(const corr2d_axis *axis, size_t out) {
    const size_t start = out * axis->stride, end = axis->in + axis->pad;
    corr2d_sight sight = {.out = out};
    if (start < end) sight.last = corr2d_min(axis->taps, corr2d_div_up(end - start, axis->dilation));
    if (start < axis->pad) sight.first = corr2d_min(sight.last, corr2d_div_up(axis->pad - start, axis->dilation));
    return sight;
}

/* The next output that may see something else. */
static size_t next_out(const corr2d_axis *axis, const corr2d_sight *sight) {
    const size_t reach = (axis->taps - 1) * axis->dilation, end = axis->in + axis->pad, next = sight->out + 1;
    if (sight->last == 0) return axis->out;
    if (sight->first == 0 && sight->last == axis->taps) return corr2d_max(next, (end - reach - 1) / axis->stride + 1);
    if (sight->first == sight->last && reach < axis->pad) return corr2d_max(next, (axis->pad - reach) / axis->stride);
    return next;
}

static bool same(const corr2d_sight *a, const corr2d_sight *b) { return a->first == b->first && a->last == b->last; }

corr2d_sights corr2d_sights_all(const corr2d_axis *axis) {
    return (corr2d_sights){.count = 1, .sights = {{.last = axis->taps}}};
}

bool corr2d_sights_list(corr2d_sights *s, const corr2d_axis *axis) {
    s->count = 0;
    for (size_t out = 0; out < axis->out;) {
        const corr2d_sight sight = corr2d_sight_at(axis, out);
        out = next_out(axis, &sight);
        if (s->count && same(s->sights + s->count - 1, &sight)) continue;
        if (s->count == CORR2D_MAX_SIGHTS) return false;
        s->sights[s->count++] = sight;
    }
    return true;
}

void corr2d_sights_join(corr2d_sights *s, size_t index) {
    corr2d_sight *sight = s->sights + index;
    sight->first = corr2d_min(sight->first, sight[1].first);
    sight->last = corr2d_max(sight->last, sight[1].last);
    s->count--;
    for (size_t i = index + 1; i < s->count; i++) s->sights[i] = s->sights[i + 1];
}
