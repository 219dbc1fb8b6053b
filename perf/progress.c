/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

void progress_show(size_t done, size_t all, const char *what, double seconds_left) {
    if (isatty(STDERR_FILENO)) fprintf(stderr, "\r\033[K[%3zu/%zu] %3.0f s left  %.60s", done, all, seconds_left, what);
}

void progress_clear(void) {
    if (isatty(STDERR_FILENO)) fputs("\r\033[K", stderr);
}
