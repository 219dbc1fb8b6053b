/* SPDX-License-Identifier: Apache-2.0 */
/* A session as a file: everything as JSON, one line for each layer and engine as CSV; and two sessions compared. */
#ifndef CORR2D_PERF_RECORD_H
#define CORR2D_PERF_RECORD_H

#include "machine.h"
#include "measure.h"

/* Each prints a message and returns false where the file cannot be written. */
bool record_json(const session *s, const machine *m, const char *path);
bool record_csv(const session *s, const char *path);

/* An older session, read from its JSON. */
typedef struct record record;

/*
 * Prints a message, with the line where the JSON is at fault, and returns NULL where the file is not such a record or
 * tells of the other layout.
 */
record *record_read(const char *path, const session *s);
void record_free(record *old);

/* How an engine does on a layer, against the older session. */
typedef struct comparison {
    bool is_known;      /* timed in both sessions */
    double ratio;       /* new speed over old, both as shares of the peak measured beside them */
    double uncertainty; /* of the ratio, one standard deviation, relative */
} comparison;

comparison record_compare(const record *old, const session *s, size_t l, size_t e);

/* Slower by more than three standard deviations, and by more than 5 %. */
bool is_regression(comparison c);

/* Prints the ratios, and returns how many layers the variants (not the peers) are slower on beyond the noise. */
size_t record_report(const record *old, const session *s);

#endif
