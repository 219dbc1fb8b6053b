/* SPDX-License-Identifier: Apache-2.0 */
/* Where and with what a run was made. */
#ifndef CORR2D_PERF_MACHINE_H
#define CORR2D_PERF_MACHINE_H

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

#endif
