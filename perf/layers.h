/* SPDX-License-Identifier: Apache-2.0 */
/* What is measured: the distinct layers of the lists, and which networks use each of them. */
#ifndef CORR2D_PERF_LAYERS_H
#define CORR2D_PERF_LAYERS_H

#include <corr2d.h>

#include <stdbool.h>
#include <stddef.h>

/* A layer's sizes. Every field is given: no zero stands for a default, but for the padding. */
typedef struct layer_shape {
    size_t n, ci, h, w, co, kh, kw;
    size_t stride_h, stride_w, pad_t, pad_b, pad_l, pad_r, dil_h, dil_w, groups;
} layer_shape;

/* Classes a layer belongs to: one of the first eight, and any of the others. */
typedef enum layer_class {
    CLASS_DEPTHWISE,
    CLASS_GROUPED,
    CLASS_FIRST, /* at most 4 input channels */
    CLASS_STRIDED,
    CLASS_FC, /* 1x1 on a map of one pixel: fully connected */
    CLASS_1X1,
    CLASS_3X3,
    CLASS_KXK,    /* any other kernel */
    CLASS_RAGGED, /* the output's width is no multiple of 8 */
    CLASS_LARGE,  /* more than 50 MMAC */
    CLASS_SMALL,  /* less than 1 MMAC */
    CLASS_UNGROUPED,
    CLASS_COUNT
} layer_class;

typedef struct layer {
    layer_shape shape;
    size_t oh, ow; /* the output's rows and columns */
    double macs;   /* multiply-adds, those with padding included */
    char text[96]; /* the shape as --layer takes it */
} layer;

/* One line of a list. */
typedef struct layer_use {
    char *name;
    size_t layer; /* index into layer_set.layers */
    size_t count; /* times the network runs it */
} layer_use;

typedef struct network {
    char *name;
    layer_use *uses;
    size_t use_count;
} network;

typedef struct layer_set {
    layer *layers;
    size_t layer_count;
    network *networks;
    size_t network_count;
} layer_set;

/*
 * Each of these adds to the set and returns true, or prints what is wrong (with the file and the line) and
 * returns false. A name is that of a list in the folder of lists; anything with a slash or ending in .csv is a file.
 */
bool layers_add_list(layer_set *set, const char *name_or_file);
bool layers_add_shape(layer_set *set, const char *text);
bool layers_add_all(layer_set *set);

/* Keeps the uses for which the extended regular expression matches "network/layer shape class". */
bool layers_filter(layer_set *set, const char *regex);

void layers_free(layer_set *set);

bool layer_is(const layer *l, layer_class kind);
layer_class layer_main_class(const layer *l);
const char *layer_class_name(layer_class kind);

/* The spec of the layer with dense tensors. */
corr2d_spec layer_spec(const layer_shape *s, corr2d_layout layout);

/* Elements of each tensor. */
size_t layer_x_size(const layer *l);
size_t layer_y_size(const layer *l);
size_t layer_weights_size(const layer *l);

#endif
