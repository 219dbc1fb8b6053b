/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corr2d: direct multi-channel 2-D cross-correlation, deep learning's "convolution".
 *
 * For x of shape (batch, in_channels, in_height, in_width), weights k of shape
 * (out_channels, in_channels / groups, kernel_height, kernel_width) and bias b of shape (out_channels),
 *
 *   y[n][o][i][j] = act( b[o] + sum over c, u, v of
 *       k[o][c][u][v] * x[n][g * in_channels / groups + c]
 *                        [i * stride_height + u * dilation_height - pad_top]
 *                        [j * stride_width  + v * dilation_width  - pad_left] )
 *
 * where g = o / (out_channels / groups) is o's group and x is +0.0 outside its edges. The result is
 * (in_height + pad_top + pad_bottom - dilation_height * (kernel_height - 1) - 1) / stride_height + 1
 * rows high, and likewise wide. The definition is that of section 2.2 of V. Dumoulin and F. Visin,
 * "A guide to convolution arithmetic for deep learning", arXiv:1603.07285, with the channels written out;
 * the kernel is not flipped, which is what makes it a cross-correlation.
 *
 * Numeric contract (f32). Every result is one chain of fused multiply-adds in the weights' order:
 * start from the bias (+0.0 without one; y + bias when accumulating); for c, then u, then v, ascending,
 * acc = fmaf(k, x, acc); then the activation; then + 0.0f, so that no result is -0.0. The bits are
 * therefore the same from every fused variant, layout, stride, thread split and tile. A tap in the padding
 * counts as x = +0.0. NaN passes through every activation; which NaN is not promised. The caller's
 * floating-point environment is never changed, and only round-to-nearest is relied on.
 *
 * Memory. x, weights, bias and y need no alignment beyond their element's, and nothing outside the elements
 * that the shapes and strides name is read or written. y must not overlap x, the workspace, or itself.
 *
 * Threads. A plan is immutable: any number of threads may run it at once, each with its own workspace.
 * No function keeps state between calls, prints, or aborts.
 *
 * Errors. Functions that return a status leave every output as it was unless the status is CORR2D_OK.
 */
#ifndef CORR2D_H
#define CORR2D_H

#include <stdbool.h>
#include <stddef.h>

#if defined(_WIN32) || !defined(__GNUC__)
#define CORR2D_API
#else
#define CORR2D_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define CORR2D_VERSION_MAJOR 0
#define CORR2D_VERSION_MINOR 1
#define CORR2D_VERSION_PATCH 0

typedef enum corr2d_status {
    CORR2D_OK = 0,
    CORR2D_INVALID_ARGUMENT, /* a null pointer, a zero size, a value outside its range, or values that contradict */
    CORR2D_UNSUPPORTED,      /* a type, layout or activation that this version does not know */
    CORR2D_SIZE_OVERFLOW,    /* some size or offset of the layer, in bytes, does not fit the address space */
    CORR2D_OUT_OF_MEMORY,    /* an allocation failed */
    CORR2D_UNKNOWN_VARIANT   /* no variant of that name in this build, or not for this CPU */
} corr2d_status;

/* A constant English sentence without a full stop; never NULL, also for a value that is no status. */
CORR2D_API const char *corr2d_status_string(corr2d_status status);

/* Element type of x, weights, bias and y. */
typedef enum corr2d_type {
    CORR2D_F32 = 0 /* IEEE 754 binary32 */
} corr2d_type;

/* Order of the dimensions of x and y in memory, outermost first. */
typedef enum corr2d_layout {
    CORR2D_NCHW = 0, /* batch, channel, row, column: "channels first" */
    CORR2D_NHWC      /* batch, row, column, channel: "channels last" */
} corr2d_layout;

/* Order of the dimensions of the weights in memory; they are always dense. The sum's order is c, u, v for both. */
typedef enum corr2d_weights {
    CORR2D_OIHW = 0, /* out_channels, in_channels / groups, kernel_height, kernel_width */
    CORR2D_OHWI      /* out_channels, kernel_height, kernel_width, in_channels / groups */
} corr2d_weights;

typedef enum corr2d_activation {
    CORR2D_IDENTITY = 0,
    CORR2D_RELU, /* negative results become +0.0 */
    CORR2D_CLAMP /* results below clamp_min become clamp_min, those above clamp_max become clamp_max */
} corr2d_activation;

/*
 * Distances between neighbours in each dimension, in elements. All four zero: dense in the spec's layout.
 * Otherwise each is taken as it stands, so that padded rows, a slice of the channels, or a crop of a bigger
 * tensor can be used where it lies. The distance of a dimension of size 1 does not matter.
 * x may overlap itself (a distance of 0 repeats an element); y must not: sorted by distance, each dimension's
 * distance must exceed the whole extent of those before it.
 */
typedef struct corr2d_strides {
    size_t batch, channel, row, column;
} corr2d_strides;

/* One layer, without its data. Zero-initialise it; a zero field means the default, given on the right. */
typedef struct corr2d_spec {
    size_t batch;                                      /* 1 */
    size_t in_channels, in_height, in_width;           /* none: must be given */
    size_t out_channels;                               /* none: must be given */
    size_t kernel_height, kernel_width;                /* 1 */
    size_t stride_height, stride_width;                /* 1 */
    size_t dilation_height, dilation_width;            /* 1: neighbouring taps touch */
    size_t pad_top, pad_bottom, pad_left, pad_right;   /* 0; may exceed the kernel's size */
    size_t groups;                                     /* 1; must divide both channel counts; in_channels: depthwise */
    corr2d_type type;                                  /* CORR2D_F32 */
    corr2d_layout layout;                              /* CORR2D_NCHW */
    corr2d_weights weights_layout;                     /* CORR2D_OIHW */
    corr2d_strides x_strides, y_strides;               /* dense */
    corr2d_activation activation;                      /* CORR2D_IDENTITY */
    float clamp_min, clamp_max;                        /* CORR2D_CLAMP only: not NaN, clamp_min <= clamp_max */
    bool accumulate;                                   /* false; true: each chain starts from y + bias, y a residual */
    const char *variant;                               /* NULL: the one picked at load, see corr2d_variant */
} corr2d_spec;

/*
 * Rows and columns of the result. Looks at the sizes, kernel, strides, dilations and padding alone, and
 * writes both or neither. CORR2D_INVALID_ARGUMENT where the dilated kernel is larger than the padded input.
 */
CORR2D_API corr2d_status corr2d_output_size(const corr2d_spec *spec, size_t *height, size_t *width);

/* A layer made ready to run: checked, its weights packed, its tiles chosen. Immutable, so shareable. */
typedef struct corr2d_plan corr2d_plan;

/*
 * Checks the spec, packs the weights and the bias, and stores a new plan in *plan. bias may be NULL (zeros). spec,
 * weights and bias are not referred to afterwards. On any error *plan keeps its value and nothing stays allocated.
 */
CORR2D_API corr2d_status corr2d_plan_create(corr2d_plan **plan, const corr2d_spec *spec, const void *weights,
                                            const void *bias);

/* Frees the plan; NULL is allowed. No run may be using it. */
CORR2D_API void corr2d_plan_destroy(corr2d_plan *plan);

/* Bytes that one call of corr2d_run or corr2d_run_part needs; 0 wherever possible, and for a NULL plan. */
CORR2D_API size_t corr2d_plan_workspace_size(const corr2d_plan *plan);

/* The variant that the plan runs on; NULL for a NULL plan. */
CORR2D_API const char *corr2d_plan_variant(const corr2d_plan *plan);

/*
 * Runs the whole layer on the calling thread: reads x, writes y (and first reads it when accumulating).
 * workspace: corr2d_plan_workspace_size bytes at any alignment, whose contents do not matter before and
 * mean nothing after, and with which no memory is allocated; or NULL, and it is allocated for this call.
 */
CORR2D_API corr2d_status corr2d_run(const corr2d_plan *plan, const void *x, void *y, void *workspace);

/*
 * Runs one of `parts` independent shares of the layer, part = 0 ... parts - 1, which together write every
 * element of y exactly once. Any part on any thread, in any order, with no barrier, but a workspace each. Any
 * pool takes it in three lines: OpenMP, pthreadpool, ggml's (ith, nth), TVM's (task_id, num_task), ...
 * With many parts some may have nothing to do, which is CORR2D_OK.
 */
CORR2D_API corr2d_status corr2d_run_part(const corr2d_plan *plan, const void *x, void *y, void *workspace, size_t part,
                                         size_t parts);

/*
 * How many parts, `most` at the most, are worth running at once: 1 for a small layer, whose threads would take longer
 * to wake than it takes to run. 1 for a NULL plan. Any other number of parts gives the same bits.
 */
CORR2D_API size_t corr2d_plan_parts(const corr2d_plan *plan, size_t most);

/*
 * Three plain functions: dense f32, no padding, stride 1, each one call that plans, runs and frees.
 *
 * corr2d_multi_in          x (ci, h, w), k (ci, kh, kw)     -> y (h - kh + 1, w - kw + 1):
 *                          correlates channel by channel and adds the channels up
 * corr2d_multi_in_out      x (ci, h, w), k (co, ci, kh, kw) -> y (co, h - kh + 1, w - kw + 1):
 *                          the above for each output channel
 * corr2d_multi_in_out_1x1  x (ci, h, w), k (co, ci), bias (co) or NULL -> y (co, h, w): the fully connected
 *                          layer at every pixel; the same bits as corr2d_multi_in_out with kh = kw = 1
 */
CORR2D_API corr2d_status corr2d_multi_in(const float *x, size_t ci, size_t h, size_t w, const float *k, size_t kh,
                                         size_t kw, float *y);
CORR2D_API corr2d_status corr2d_multi_in_out(const float *x, size_t ci, size_t h, size_t w, const float *k, size_t co,
                                             size_t kh, size_t kw, float *y);
CORR2D_API corr2d_status corr2d_multi_in_out_1x1(const float *x, size_t ci, size_t h, size_t w, const float *k,
                                                 size_t co, const float *bias, float *y);

/*
 * The variant picked when the library loaded: the best that this CPU can run, unless the environment variable
 * CORR2D_VARIANT (read once, at load, and never in a set-uid process) names another that it can run.
 */
CORR2D_API const char *corr2d_variant(void);

/* All variants that this build holds and this CPU can run, best first; NULL past the end. */
CORR2D_API const char *corr2d_variant_at(size_t index);

/*
 * Whether the named variant keeps the numeric contract to the bit. One that does not, for want of a fused
 * multiply-add in hardware, rounds each product, and stays within taps * 2^-23 * (|bias| + |y| + sum |k * x|) of the
 * exact result, y where it accumulates.
 * false for NULL and for a name that corr2d_variant_at does not give.
 */
CORR2D_API bool corr2d_variant_is_fused(const char *variant);

#ifdef __cplusplus
}
#endif

#endif
