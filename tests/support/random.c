/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/random.h"

#include <float.h>
#include <math.h>

uint64_t random_bits(random_source *source) {
    uint64_t z = source->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

size_t random_below(random_source *source, size_t bound) { return (size_t)(random_bits(source) % bound); }

size_t random_between(random_source *source, size_t low, size_t high) {
    return low + random_below(source, high - low + 1);
}

bool random_chance(random_source *source, unsigned percent) { return random_below(source, 100) < percent; }

static float real(random_source *source) { return (float)(random_bits(source) >> 40) * 0x1p-23f - 1.0f; }

static float integer(random_source *source) { return (float)random_below(source, 9) - 4.0f; }

static float special(random_source *source) {
    static const float values[] = {NAN,        INFINITY, -INFINITY,     0.0f,    -0.0f,    0x1p-149f,
                                   -0x1p-140f, FLT_MIN,  0x1.fffp-127f, FLT_MAX, -FLT_MAX, 1.0f};
    return random_chance(source, 80) ? real(source) : values[random_below(source, sizeof values / sizeof *values)];
}

const char *fill_name(fill_kind kind) {
    static const char *const names[FILL_KINDS] = {"real", "integer", "special"};
    return names[kind];
}

void fill(float *to, size_t count, fill_kind kind, random_source *source) {
    static float (*const values[FILL_KINDS])(random_source *) = {real, integer, special};
    for (size_t i = 0; i < count; i++) to[i] = values[kind](source);
}
