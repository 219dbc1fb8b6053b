/* SPDX-License-Identifier: Apache-2.0 */
#include "verify.h"

#include "memory.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 64 };

typedef struct position {
    size_t n, o, i, j;
} position;

static size_t element(corr2d_layout layout, size_t channels, size_t rows, size_t cols, position at) {
    if (layout == CORR2D_NCHW) return ((at.n * channels + at.o) * rows + at.i) * cols + at.j;
    return ((at.n * rows + at.i) * cols + at.j) * channels + at.o;
}

/* x at a row and a column that count from the padded tensor's top left; 0 in the padding. */
static double x_at(const problem *p, size_t n, size_t c, size_t row, size_t col) {
    const layer_shape *s = &p->layer->shape;
    if (row < s->pad_t || row - s->pad_t >= s->h || col < s->pad_l || col - s->pad_l >= s->w) return 0.0;
    return (double)p->x[element(p->layout, s->ci, s->h, s->w, (position){n, c, row - s->pad_t, col - s->pad_l})];
}

/* Adds one channel's taps to the sum and their absolute values to the weight. */
static void add_channel(const problem *p, position at, size_t c, double *sum, double *weight) {
    const layer_shape *s = &p->layer->shape;
    size_t ci_group = s->ci / s->groups;
    size_t first = at.o / (s->co / s->groups) * ci_group;
    const float *k = p->weights + (at.o * ci_group + c) * s->kh * s->kw;
    for (size_t u = 0; u < s->kh; u++)
        for (size_t v = 0; v < s->kw; v++) {
            double x = x_at(p, at.n, first + c, at.i * s->stride_h + u * s->dil_h, at.j * s->stride_w + v * s->dil_w);
            double product = (double)k[u * s->kw + v] * x;
            *sum += product;
            *weight += fabs(product);
        }
}

static bool verify_at(const problem *p, bool is_fused, position at, mismatch *wrong) {
    const layer_shape *s = &p->layer->shape;
    size_t ci_group = s->ci / s->groups;
    double sum = (double)p->bias[at.o], weight = fabs(sum);
    for (size_t c = 0; c < ci_group; c++) add_channel(p, at, c, &sum, &weight);
    double unit = is_fused ? 0x1p-24 : 0x1p-23;
    size_t index = element(p->layout, s->co, p->layer->oh, p->layer->ow, at);
    *wrong = (mismatch){.index = index,
                        .got = (double)p->y[index],
                        .want = sum,
                        .bound = (double)(ci_group * s->kh * s->kw + 1) * unit * weight};
    return fabs(wrong->got - wrong->want) <= wrong->bound;
}

bool verify_samples(const problem *p, bool is_fused, mismatch *wrong) {
    const layer *l = p->layer;
    position last = {l->shape.n - 1, l->shape.co - 1, l->oh - 1, l->ow - 1};
    const position corners[] = {{0, 0, 0, 0}, {0, 0, 0, last.j}, {0, 0, last.i, 0}, {last.n, last.o, last.i, last.j}};
    uint64_t random = 1;
    for (size_t i = 0; i < sizeof corners / sizeof *corners; i++)
        if (!verify_at(p, is_fused, corners[i], wrong)) return false;
    for (size_t i = 0; i < SAMPLES; i++) {
        position at = {next_random(&random) % (last.n + 1), next_random(&random) % (last.o + 1),
                       next_random(&random) % (last.i + 1), next_random(&random) % (last.j + 1)};
        if (!verify_at(p, is_fused, at, wrong)) return false;
    }
    return true;
}

bool verify_bits(const problem *p, const float *reference, mismatch *wrong) {
    size_t count = layer_y_size(p->layer);
    if (memcmp(reference, p->y, count * sizeof *reference) == 0) return true;
    size_t i = 0;
    while (memcmp(&reference[i], &p->y[i], sizeof *reference) == 0) i++;
    *wrong = (mismatch){.index = i, .got = (double)p->y[i], .want = (double)reference[i]};
    return false;
}
