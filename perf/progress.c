/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

enum { WIDTH = 24 };

static const char full[WIDTH + 1] = "########################", empty[WIDTH + 1] = "........................";

void progress_show(size_t done, size_t all, const char *what, double seconds_left) {
    int filled = (int)(WIDTH * done / all);
    if (!isatty(STDERR_FILENO)) return;
    fprintf(stderr, "\r\033[K[%.*s%.*s] %zu/%zu  %.0f s left  %.40s", filled, full, WIDTH - filled, empty, done, all,
            seconds_left, what);
}

void progress_clear(void) {
    if (isatty(STDERR_FILENO)) fputs("\r\033[K", stderr);
}
