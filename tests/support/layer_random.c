/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/layer.h"

/* Multiply-adds of a layer, which is what its reference costs. */
enum { SHORT_WORK = 150000, LONG_WORK = 600000 };

const char *family_name(test_family family) {
    static const char *const names[FAMILIES] = {"dense",  "pointwise", "grouped", "depthwise",
                                                "narrow", "long",      "deep",    "usual"};
    return names[family];
}

/* Mostly small, sometimes up to `high`. */
static size_t mostly_small(random_source *r, size_t high) {
    return random_between(r, 1, random_chance(r, 70) && high > 3 ? 3 : high);
}

static void draw_kernel(corr2d_spec *s, random_source *r) {
    const bool square = random_chance(r, 60);
    s->kernel_height = random_between(r, 1, random_chance(r, 85) ? 4 : 9);
    s->kernel_width = square ? s->kernel_height : random_between(r, 1, random_chance(r, 85) ? 4 : 9);
    s->stride_height = random_chance(r, 55) ? 1 : mostly_small(r, 5);
    s->stride_width = random_chance(r, 55) ? 1 : mostly_small(r, 5);
    s->dilation_height = random_chance(r, 65) ? 1 : mostly_small(r, 6);
    s->dilation_width = random_chance(r, 65) ? 1 : mostly_small(r, 6);
}

/* None, or what keeps the size, or anything up to beyond the kernel. */
static size_t draw_pad(random_source *r, size_t kernel, size_t dilation) {
    const size_t reach = (kernel - 1) * dilation, kind = random_below(r, 10);
    return kind < 4 ? 0 : kind < 7 ? reach / 2 : random_below(r, reach + kernel + 3);
}

static void draw_padding(corr2d_spec *s, random_source *r) {
    s->pad_top = draw_pad(r, s->kernel_height, s->dilation_height);
    s->pad_bottom = random_chance(r, 50) ? s->pad_top : draw_pad(r, s->kernel_height, s->dilation_height);
    s->pad_left = draw_pad(r, s->kernel_width, s->dilation_width);
    s->pad_right = random_chance(r, 50) ? s->pad_left : draw_pad(r, s->kernel_width, s->dilation_width);
}

static void draw_map(corr2d_spec *s, random_source *r) {
    s->in_height = random_between(r, 1, random_chance(r, 70) ? 12 : 40);
    s->in_width = random_between(r, 1, random_chance(r, 70) ? 20 : 70);
    s->batch = random_chance(r, 70) ? 1 : random_between(r, 2, 4);
}

static void draw_channels(corr2d_spec *s, random_source *r) {
    s->in_channels = random_between(r, 1, random_chance(r, 50) ? 9 : 67);
    s->out_channels = random_between(r, 1, random_chance(r, 30) ? 9 : 67);
}

static void draw_result(test_layer *layer, random_source *r) {
    corr2d_spec *const s = &layer->spec;
    s->activation = (corr2d_activation)random_below(r, 3);
    if (s->activation == CORR2D_CLAMP) {
        s->clamp_min = (float)random_below(r, 5) * 0.5f - 1.5f;
        s->clamp_max = s->clamp_min + (float)random_below(r, 4);
    }
    s->accumulate = random_chance(r, 25);
    layer->bias = random_chance(r, 60);
    layer->fill = random_chance(r, 60) ? FILL_REAL : FILL_INTEGER;
}

static void draw_dense(corr2d_spec *s, random_source *r) {
    draw_channels(s, r);
    draw_map(s, r);
    draw_kernel(s, r);
    draw_padding(s, r);
}

static void draw_pointwise(corr2d_spec *s, random_source *r) {
    draw_channels(s, r);
    draw_map(s, r);
    s->kernel_height = s->kernel_width = s->dilation_height = s->dilation_width = 1;
    s->stride_height = random_chance(r, 80) ? 1 : random_between(r, 2, 3);
    s->stride_width = random_chance(r, 80) ? 1 : random_between(r, 2, 3);
    if (random_chance(r, 20)) draw_padding(s, r);
}

static void draw_grouped(corr2d_spec *s, random_source *r) {
    draw_dense(s, r);
    s->groups = random_between(r, 2, 8);
    s->in_channels = s->groups * random_between(r, 1, 9);
    s->out_channels = s->groups * random_between(r, 1, random_chance(r, 80) ? 9 : 35);
}

static void draw_depthwise(corr2d_spec *s, random_source *r) {
    draw_dense(s, r);
    s->groups = s->in_channels = random_between(r, 1, 67);
    s->out_channels = s->groups * (random_chance(r, 60) ? 1 : random_between(r, 2, 4));
}

static void draw_narrow(corr2d_spec *s, random_source *r) {
    const size_t kind = random_below(r, 3);
    if (random_chance(r, 60))
        draw_dense(s, r);
    else if (random_chance(r, 50))
        draw_pointwise(s, r);
    else
        draw_depthwise(s, r);
    if (kind != 0) s->in_height = 1;
    if (kind != 1) s->in_width = 1;
}

static void draw_long(corr2d_spec *s, random_source *r) {
    draw_dense(s, r);
    s->batch = 1;
    s->in_channels = random_between(r, 1, 3);
    s->out_channels = random_between(r, 1, 6);
    if (random_chance(r, 25)) s->groups = s->out_channels = s->in_channels;
    s->in_width = random_between(r, 1000, 5000);
    s->in_height = random_between(r, 1, 4);
    if (random_chance(r, 75)) return;
    s->in_width = s->in_height;
    s->in_height = 1000;
}

static void draw_deep(corr2d_spec *s, random_source *r) {
    if (random_chance(r, 50))
        draw_dense(s, r);
    else
        draw_pointwise(s, r);
    const bool pointwise = s->kernel_height * s->kernel_width == 1;
    s->batch = 1;
    s->in_height = random_between(r, 1, 6);
    s->in_width = random_between(r, 1, 9);
    s->in_channels = pointwise ? random_between(r, 300, 1100) : random_between(r, 70, 600);
    s->out_channels = random_between(r, 1, 35);
}

static void draw_usual_kernel(corr2d_spec *s, random_source *r) {
    static const size_t kernels[] = {1, 3, 3, 5, 5, 7};
    s->kernel_height = kernels[random_below(r, sizeof kernels / sizeof *kernels)];
    s->kernel_width = random_chance(r, 85) ? s->kernel_height : random_between(r, 1, 7);
    s->stride_height = random_between(r, 1, 2);
    s->stride_width = random_chance(r, 85) ? s->stride_height : random_between(r, 1, 3);
    s->dilation_height = s->dilation_width = random_chance(r, 80) ? 1 : random_between(r, 2, 3);
    s->pad_top = s->pad_left = random_chance(r, 75) ? s->kernel_height / 2 : random_below(r, s->kernel_height / 2 + 2);
    s->pad_bottom = random_chance(r, 70) ? s->pad_top : random_below(r, s->kernel_height / 2 + 2);
    s->pad_right = random_chance(r, 70) ? s->pad_left : random_below(r, s->kernel_width / 2 + 2);
}

static void draw_usual_channels(corr2d_spec *s, random_source *r) {
    const size_t kind = random_below(r, 3);
    s->groups = kind == 0 ? random_between(r, 1, 40) : kind == 1 ? random_between(r, 2, 8) : 1;
    s->in_channels = s->groups * (kind == 0 ? 1 : random_between(r, 1, kind == 1 ? 16 : 50));
    s->out_channels = s->groups * (kind == 0 && random_chance(r, 60) ? 1 : random_between(r, 1, kind == 0 ? 3 : 16));
    if (kind == 2) s->out_channels = random_chance(r, 65) ? 8 * random_between(r, 1, 8) : random_between(r, 1, 70);
    if (kind == 2 && random_chance(r, 8)) s->out_channels = random_between(r, 190, 330);
}

static void draw_usual(corr2d_spec *s, random_source *r) {
    const bool wide = random_chance(r, 25);
    draw_usual_channels(s, r);
    draw_usual_kernel(s, r);
    s->batch = random_chance(r, 85) ? 1 : 2;
    s->in_height = random_between(r, 1, wide ? 36 : 14);
    s->in_width = random_chance(r, 50) ? s->in_height : random_between(r, 1, wide ? 60 : 18);
}

/* Grows the map where the kernel is larger than all of it with its padding. */
static void make_room(corr2d_spec *s) {
    const size_t height = (s->kernel_height - 1) * s->dilation_height + 1;
    const size_t width = (s->kernel_width - 1) * s->dilation_width + 1;
    if (s->in_height + s->pad_top + s->pad_bottom < height) s->in_height = height - s->pad_top - s->pad_bottom;
    if (s->in_width + s->pad_left + s->pad_right < width) s->in_width = width - s->pad_left - s->pad_right;
}

static size_t work(const test_layer *layer) { return layer_y_count(layer) * layer_taps(layer); }

/* Halves a size of the layer, or a pair of paddings. Channels stay as they are in groups, input channels if deep. */
static void halve_one(corr2d_spec *s, bool deep, random_source *r) {
    size_t *const sizes[] = {&s->batch, &s->in_height, &s->in_width, &s->out_channels, &s->in_channels};
    if (random_chance(r, 20)) {
        s->pad_top /= 2;
        s->pad_bottom /= 2;
        s->pad_left /= 2;
        s->pad_right /= 2;
    } else {
        size_t *const size = sizes[random_below(r, s->groups > 1 ? 3 : deep ? 4 : 5)];
        *size = (*size + 1) / 2;
    }
}

test_layer layer_random(test_family family, uint64_t seed) {
    static void (*const draw[FAMILIES])(corr2d_spec *, random_source *) = {
        draw_dense, draw_pointwise, draw_grouped, draw_depthwise, draw_narrow, draw_long, draw_deep, draw_usual};
    const size_t most = family >= FAMILY_LONG ? LONG_WORK : SHORT_WORK;
    random_source source = {seed + ((uint64_t)family << 56)};
    test_layer layer = {.seed = seed, .family = family_name(family)};
    draw[family](&layer.spec, &source);
    draw_result(&layer, &source);
    for (;;) {
        make_room(&layer.spec);
        layer = layer_complete(layer);
        if (work(&layer) <= most) return layer;
        halve_one(&layer.spec, family == FAMILY_DEEP, &source);
    }
}
