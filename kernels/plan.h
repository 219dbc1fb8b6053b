/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan: how a layer is cut, and what was packed for it.
 *
 * The outputs of an image are cut into strips, rectangles of strip_height rows by strip_width columns, of which either
 * the height is 1 or the width is y's; output channels into panels; and input channels, where their sum is too long for
 * the first cache, into blocks. A unit is one strip of one image, and of one group where groups run by themselves. What
 * corr2d_run_part divides are the units' lines and panels: see deal.h.
 */
#ifndef CORR2D_PLAN_H
#define CORR2D_PLAN_H

#include "kernels/layer.h"
#include "kernels/sights.h"
#include "kernels/strip.h"
#include "kernels/variant.h"

typedef struct corr2d_path corr2d_path;

struct corr2d_plan {
    corr2d_layer layer;
    const char *variant;
    const corr2d_kernels *kernels; /* the variant's, or narrower ones */
    const corr2d_path *path;

    size_t strip_height, strip_width, strips_down, strips_across;
    size_t unit_groups;    /* groups that are units of their own: all, or fewer where a unit spans several */
    size_t unit_in;        /* input channels of a unit */
    size_t unit_channels;  /* output channels */
    size_t panels;         /* of a unit */
    size_t panel_channels; /* output channels in a panel, and ... */
    size_t panel_granule;  /* ... of what their packed number is a multiple, for the last panel of a group */
    size_t block;          /* input channels in a block; the last may have fewer */

    bool finite; /* all weights: then a tap in the padding changes nothing, and may be left out */
    corr2d_sights rows_seen, columns_seen; /* of tiles over channels */
    corr2d_sights columns_all;
    bool sevens; /* channel tiles: of rows of 7 outputs, which leave out columns of padding themselves */

    bool in_place;      /* x is read where it lies, as far as whole vectors go; otherwise each block is packed first */
    corr2d_strip strip; /* how */
    bool threes;        /* pixel tiles: x is not read where it lies, but packed by corr2d_threes_fn */
    bool rows_in_place; /* depthwise tiles: those that need nothing packed, and over channels leave out the padding */
    size_t workspace;   /* floats; 0 where nothing is packed */
    size_t stage, stage_pitch; /* channel tiles: where in it outputs for planes wait, and from pixel to pixel, or 0 */

    size_t offset_count, table_count, pixel_count, weight_count, bias_count;
    ptrdiff_t *offsets; /* pixel and depthwise tiles: of each tap of a block, in x or in the packed strip */
    corr2d_tap *table;  /* tiles over channels: the taps of a block, for each sight */
    ptrdiff_t *x_pixel; /* channel tiles: of each pixel of a strip, and again of each sight's columns alone, likewise */
    ptrdiff_t *y_pixel; /* channel tiles: of each pixel of a strip, in y */
    float *weights;     /* see corr2d_weights_pack */
    float *bias;        /* see corr2d_bias_pack */
};

/* Some panels of one unit. */
typedef struct corr2d_job {
    const corr2d_plan *plan;
    const float *x; /* the image and, where groups are units, the group */
    float *y;       /* likewise, at the strip's first output */
    float *workspace;
    size_t group;
    corr2d_rectangle out;
    size_t skip, left;  /* pixels of its first row and of its last one that are not computed: channel tiles only */
    size_t first, last; /* panels */
} corr2d_job;

/* What runs once for a plan, with what only that calls: small rather than fast. */
#define CORR2D_COLD __attribute__((cold))

/* One way to run a layer. */
struct corr2d_path {
    void (*cut)(corr2d_plan *plan, bool *overflow); /* fills in all that follows from the layer and the kernels */
    void (*fill)(corr2d_plan *plan);                /* the tables, once there is memory for them */
    void (*run)(const corr2d_job *job);
};

/* Dense layers, and those with one input channel to a group; vectors over pixels, and over output channels. */
extern const corr2d_path corr2d_path_pixel, corr2d_path_channel;
extern const corr2d_path corr2d_path_depthwise_pixel, corr2d_path_depthwise_channel;

/* Room behind a packed strip, since pixel tiles read whole vectors. */
#define CORR2D_STRIP_SLACK (CORR2D_MAX_VECTORS * CORR2D_MAX_LANES)

/* More weights than this, in floats, may be in no near cache: they are fetched before they are needed. */
#define CORR2D_FAR_WEIGHTS (256u << 10)

/* Inside what the caller gives the workspace is aligned to this many bytes. */
#define CORR2D_ALIGNMENT 64

extern const float corr2d_zeros[CORR2D_ZEROS];

/* Makes a plan that runs on these kernels. */
corr2d_status corr2d_plan_make(corr2d_plan **plan, const corr2d_spec *spec, const corr2d_kernels *kernels,
                               const float *weights, const float *bias);

/* Whether depthwise tiles can read a layer's planes where they lie. */
bool corr2d_rows_fit(const corr2d_layer *layer, const corr2d_kernels *kernels, bool finite);

/*
 * For the paths: cuts y into strips of at most so many pixels and about equal, so that parts are, rows whole where they
 * fit, and then so many rows that a strip's pixels are a multiple of `unit`, if no more than fit are. Rows that do not
 * fit are cut to a multiple of `unit`.
 */
void corr2d_plan_set_strips(corr2d_plan *plan, size_t pixels, size_t unit);

/* The groups of few channels that channel tiles compute at once, a vector of outputs; 1 where none go together. */
size_t corr2d_groups_together(const corr2d_layer *layer, const corr2d_kernels *kernels);

/* Sets the panels, and what the packed weights and bias take. */
void corr2d_plan_set_panels(corr2d_plan *plan, size_t channels, size_t granule, bool *overflow);

/* The input channels of a block of at most about so many taps, all blocks about equal. */
size_t corr2d_plan_block(const corr2d_layer *layer, size_t taps);

/* Where a tap of a block lies seen from a pixel, in x or in the packed strip. */
ptrdiff_t corr2d_plan_offset(const corr2d_plan *plan, corr2d_place at);

/* From an input channel to the next one there. */
ptrdiff_t corr2d_plan_channel(const corr2d_plan *plan);

/* Fills the table of all taps of a block. */
void corr2d_plan_fill_offsets(const corr2d_plan *plan);

/* How many of a panel's output channels are real. */
static inline size_t corr2d_panel_channels(const corr2d_plan *plan, size_t panel) {
    const size_t left = plan->unit_channels - panel * plan->panel_channels;
    return left < plan->panel_channels ? left : plan->panel_channels;
}

#endif
