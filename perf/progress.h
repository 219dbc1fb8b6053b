/* SPDX-License-Identifier: Apache-2.0 */
/* One line on stderr with a bar that tells how far the work is; nothing at all where stderr is no terminal. */
#ifndef CORR2D_PERF_PROGRESS_H
#define CORR2D_PERF_PROGRESS_H

#include <stddef.h>

void progress_show(size_t done, size_t all, const char *what, double seconds_left);

/* Takes the line away: before anything else is printed, and at the end. */
void progress_clear(void);

#endif
