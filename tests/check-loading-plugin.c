/* SPDX-License-Identifier: Apache-2.0 */
/* A shared object with a static copy of the library inside. */
#include <corr2d.h>

CORR2D_API const char *plugin_variant(void);
CORR2D_API corr2d_status plugin_multi_in(const float *x, size_t ci, size_t h, size_t w, const float *k, size_t kh,
                                         size_t kw, float *y);

const char *plugin_variant(void) { return corr2d_variant(); }

corr2d_status plugin_multi_in(const float *x, size_t ci, size_t h, size_t w, const float *k, size_t kh, size_t kw,
                              float *y) {
    return corr2d_multi_in(x, ci, h, w, k, kh, kw, y);
}
