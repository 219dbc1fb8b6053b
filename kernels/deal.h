/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a layer is dealt to parts. Its panels are cut into bands, about equal, and its strips into lines: a few rows or,
 * where a strip is one row, columns. Lines are counted band after band, and in each through all units; a part gets
 * some that follow each other. Few bands read x few times; many are a finer grain, and a part reads fewer weights.
 */
#ifndef CORR2D_DEAL_H
#define CORR2D_DEAL_H

#include "kernels/plan.h"

typedef struct corr2d_deal {
    size_t bands;
    bool across;        /* lines are columns */
    size_t step;        /* rows or columns of a line, about */
    size_t pieces;      /* lines of a row, where they are no whole ones; else 1 */
    size_t strip_lines; /* of a strip; rows' last strip may have fewer */
    size_t plane_lines; /* of an image's unit group, in each band */
    size_t band_lines;
    size_t band_cost; /* what reading x costs each band, in output channels */
} corr2d_deal;

/* Lines of the strips that begin at this row. */
size_t corr2d_deal_lines(const corr2d_plan *plan, const corr2d_deal *deal, size_t row);

/* Where a line of a strip of so many lines begins: its column, or its pixel, counted row by row. */
size_t corr2d_deal_start(const corr2d_plan *plan, const corr2d_deal *deal, const corr2d_rectangle *strip, size_t line,
                         size_t lines);

corr2d_deal corr2d_deal_for(const corr2d_plan *plan, size_t parts);

/* A part's first line. That of `parts` is where the last part's end. */
size_t corr2d_deal_first(const corr2d_plan *plan, const corr2d_deal *deal, size_t part, size_t parts);

/* The first panel of a band. That of `bands` is where the last one's end. */
size_t corr2d_deal_panel(const corr2d_plan *plan, const corr2d_deal *deal, size_t band);

#endif
