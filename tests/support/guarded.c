/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/guarded.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { UNTOUCHED = 0xff };

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static void need(bool done, const char *what) {
    if (done) return;
    perror(what);
    exit(EXIT_FAILURE);
}

static void set_access(const guarded *memory, int access) {
    const size_t page = page_size(), room = memory->mapped - 2 * page;
    need(room == 0 || mprotect(memory->map + page, room, access) == 0, "mprotect");
}

guarded guarded_allocate(size_t size, guard_side side, size_t gap) {
    const size_t page = page_size(), room = (size + gap + page - 1) / page * page;
    guarded memory = {.size = size, .mapped = room + 2 * page};
    void *const map = mmap(NULL, memory.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(map != MAP_FAILED, "mmap");
    memory.map = map;
    set_access(&memory, PROT_READ | PROT_WRITE);
    memset(memory.map + page, UNTOUCHED, room);
    memory.data = memory.map + page + (side == GUARD_FRONT ? gap : room - gap - size);
    return memory;
}

static bool untouched(const unsigned char *from, const unsigned char *end) {
    while (from < end && *from == UNTOUCHED) from++;
    return from == end;
}

bool guarded_intact(const guarded *memory) {
    const unsigned char *const data = memory->data;
    const size_t page = page_size();
    return untouched(memory->map + page, data) && untouched(data + memory->size, memory->map + memory->mapped - page);
}

void guarded_protect(const guarded *memory) { set_access(memory, PROT_READ); }

void guarded_revoke(const guarded *memory) { set_access(memory, PROT_NONE); }

void guarded_free(guarded *memory) {
    if (memory->map) need(munmap(memory->map, memory->mapped) == 0, "munmap");
    *memory = (guarded){0};
}

static const char *volatile explanation;

/* The faulting instruction runs once more afterwards, and ends the process. */
static void explain(int signal_number) {
    const char *const text = explanation;
    if (write(STDERR_FILENO, text, strlen(text)) < 0) _exit(EXIT_FAILURE);
    signal(signal_number, SIG_DFL);
}

void guarded_explain_faults(const char *text) {
    if (!explanation) {
        signal(SIGSEGV, explain);
        signal(SIGBUS, explain);
    }
    explanation = text;
}
