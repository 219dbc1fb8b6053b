/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory between two pages that may not be touched.
 *
 *   | no access |gap| bytes          ...     spare | no access |      GUARD_FRONT
 *   | no access | spare     ...          bytes |gap| no access |      GUARD_BACK
 *
 * With a gap of 0 the bytes lie flush against the page; a gap moves them off it, for other alignments. All bytes are
 * 0xff at first, which is a NaN to whoever reads floats; guarded_intact looks at the gap and the spare bytes.
 */
#ifndef TESTS_GUARDED_H
#define TESTS_GUARDED_H

#include <stdbool.h>
#include <stddef.h>

typedef enum guard_side { GUARD_FRONT, GUARD_BACK } guard_side;

typedef struct guarded {
    void *data;         /* the usable bytes */
    size_t size;        /* how many */
    unsigned char *map; /* everything, no-access pages included */
    size_t mapped;
} guarded;

/* size may be 0. Ends the process where there is no memory. */
guarded guarded_allocate(size_t size, guard_side side, size_t gap);

/* Whether the bytes around the usable ones are as they were made. */
bool guarded_intact(const guarded *memory);

/* From now on a write to it is a fault. */
void guarded_protect(const guarded *memory);

/* From now on any access to it is a fault. */
void guarded_revoke(const guarded *memory);

/* Gives it back. */
void guarded_free(guarded *memory);

/* Should the process fault from now on, the text is printed first. It must live until the next call. */
void guarded_explain_faults(const char *text);

#endif
