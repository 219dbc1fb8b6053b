/* SPDX-License-Identifier: Apache-2.0 */
/* corr2d_output_size gives as many rows and columns as the kernel has places to stand. */
#include <corr2d.h>

#include <criterion/criterion.h>
#include <stdint.h>

typedef struct axis {
    size_t in, kernel, stride, dilation, before, after;
} axis;

/* By trying every place in the padded input. */
static size_t places(axis a) {
    size_t count = 0;
    for (size_t at = 0; at + (a.kernel - 1) * a.dilation < a.in + a.before + a.after; at += a.stride) count++;
    return count;
}

static corr2d_spec spec_of(axis rows, axis columns) {
    return (corr2d_spec){.in_height = rows.in,
                         .in_width = columns.in,
                         .kernel_height = rows.kernel,
                         .kernel_width = columns.kernel,
                         .stride_height = rows.stride,
                         .stride_width = columns.stride,
                         .dilation_height = rows.dilation,
                         .dilation_width = columns.dilation,
                         .pad_top = rows.before,
                         .pad_bottom = rows.after,
                         .pad_left = columns.before,
                         .pad_right = columns.after};
}

static void assert_size(axis rows, axis columns) {
    const corr2d_spec spec = spec_of(rows, columns);
    const bool fits = places(rows) && places(columns);
    size_t height = 77, width = 78;
    const corr2d_status status = corr2d_output_size(&spec, &height, &width);
    cr_assert(status == (fits ? CORR2D_OK : CORR2D_INVALID_ARGUMENT));
    cr_assert(height == (fits ? places(rows) : 77) && width == (fits ? places(columns) : 78),
              "%zux%zu for in %zu kernel %zu stride %zu dilation %zu pad %zu %zu", height, width, rows.in, rows.kernel,
              rows.stride, rows.dilation, rows.before, rows.after);
}

/* The index-th of all axes of in 1 ... 9, kernel 1 ... 4, stride 1 ... 4, dilation 1 ... 3, padding 0 ... 5. */
static axis axis_at(size_t index) {
    axis a = {0};
    a.in = 1 + index % 9;
    a.kernel = 1 + (index /= 9) % 4;
    a.stride = 1 + (index /= 4) % 4;
    a.dilation = 1 + (index /= 4) % 3;
    a.before = (index /= 3) % 6;
    a.after = index / 6 % 6;
    return a;
}

enum { AXES = 9 * 4 * 4 * 3 * 6 * 6 };

Test(output_size, counts_the_kernels_places_on_both_axes, .timeout = 60) {
    for (size_t i = 0; i < AXES; i++) assert_size(axis_at(i), axis_at((i * 7919 + 13) % AXES));
}

Test(output_size, takes_zero_for_one, .timeout = 60) {
    const corr2d_spec spec = {.in_height = 5, .in_width = 8};
    size_t height = 0, width = 0;
    cr_assert(corr2d_output_size(&spec, &height, &width) == CORR2D_OK);
    cr_assert(height == 5 && width == 8);
}

Test(output_size, of_a_stride_larger_than_the_map_is_one, .timeout = 60) {
    const corr2d_spec spec = {.in_height = 5, .in_width = 8, .stride_height = SIZE_MAX, .stride_width = 8};
    size_t height = 0, width = 0;
    cr_assert(corr2d_output_size(&spec, &height, &width) == CORR2D_OK);
    cr_assert(height == 1 && width == 1);
}
