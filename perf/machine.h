/* SPDX-License-Identifier: Apache-2.0 */
/* Where and with what a run was made. */
#ifndef CORR2D_PERF_MACHINE_H
#define CORR2D_PERF_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct machine {
    char cpu[128];
    char system[128];
    char date[32]; /* UTC */
    long cores;
    double load;          /* the system's load average over a minute as the run starts: above 0 there was company */
    const char *compiler; /* name and version */
    const char *flags;
    const char *commit; /* as the build was configured; empty where it is not known */
} machine;

machine machine_facts(void);

/*
 * The file of the loaded shared object whose name begins with the prefix, and its bytes; this library's own, which is
 * not loaded, as the build made it. False where there is none.
 */
bool machine_library(const char *prefix, char *file, size_t size, size_t *bytes);

#endif
