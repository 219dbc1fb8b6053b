/* SPDX-License-Identifier: Apache-2.0 */
/* A session as text on stdout, for a terminal 110 columns wide. */
#ifndef CORR2D_PERF_REPORT_H
#define CORR2D_PERF_REPORT_H

#include "machine.h"
#include "measure.h"

void report_machine(const session *s, const machine *m);
void report_head(const session *s, const network *net);
void report_layer(const session *s, const layer_use *use);
void report_total(const session *s, const network *net);
void report_summary(const session *s);

/* The engines that the table singles out; the count of engines where there is none. */
size_t find_engine(const session *s, const char *name);

/* Speed of engine a over that of engine b on a layer; 0 unless both were timed. */
double speed_ratio(const session *s, size_t l, size_t a, size_t b);

/* Speed of the first engine over that of the fastest peer, whose conversions are not counted; 0 without both. */
double best_peer_ratio(const session *s, size_t l);

#endif
