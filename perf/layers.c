/* SPDX-License-Identifier: Apache-2.0 */
#include "layers.h"

#include "memory.h"

#include <errno.h>
#include <glob.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char columns[] = "network,layer,n,ci,h,w,co,kh,kw,stride_h,stride_w,pad_t,pad_b,pad_l,pad_r,dil_h,dil_w,"
                              "groups,count";

enum { TEXT_FIELDS = 2, FIELDS = 19, FIRST_PAD = 9, LAST_PAD = 12, SIZE_LIMIT = 1 << 20 }; /* pads: of the numbers */

/* Where a number came from, for messages. */
typedef struct place {
    const char *file;
    size_t line;
} place;

static bool complain(place at, const char *what, const char *value) {
    if (at.line != 0)
        fprintf(stderr, "corr2d_perf: %s:%zu: %s '%s'\n", at.file, at.line, what, value);
    else
        fprintf(stderr, "corr2d_perf: %s: %s '%s'\n", at.file, what, value);
    return false;
}

const char *layer_class_name(layer_class kind) {
    static const char *const names[CLASS_COUNT] = {"depthwise", "grouped",  "first",   "strided",
                                                   "fc",        "1x1",      "3x3",     "kxk",
                                                   "ragged",    ">50 MMAC", "<1 MMAC", "ungrouped"};
    return names[kind];
}

layer_class layer_main_class(const layer *l) {
    const layer_shape *s = &l->shape;
    if (s->groups > 1) return s->groups == s->ci ? CLASS_DEPTHWISE : CLASS_GROUPED;
    if (s->h == 1 && s->w == 1 && s->kh == 1 && s->kw == 1) return CLASS_FC;
    if (s->ci <= 4) return CLASS_FIRST;
    if (s->stride_h > 1 || s->stride_w > 1) return CLASS_STRIDED;
    if (s->kh == 1 && s->kw == 1) return CLASS_1X1;
    return s->kh == 3 && s->kw == 3 ? CLASS_3X3 : CLASS_KXK;
}

bool layer_is(const layer *l, layer_class kind) {
    switch (kind) {
    case CLASS_RAGGED: return l->ow % 8 != 0;
    case CLASS_LARGE: return l->macs > 50e6;
    case CLASS_SMALL: return l->macs < 1e6;
    case CLASS_UNGROUPED: return l->shape.groups == 1;
    default: return layer_main_class(l) == kind;
    }
}

corr2d_spec layer_spec(const layer_shape *s, corr2d_layout layout) {
    return (corr2d_spec){
        .batch = s->n,
        .in_channels = s->ci,
        .in_height = s->h,
        .in_width = s->w,
        .out_channels = s->co,
        .kernel_height = s->kh,
        .kernel_width = s->kw,
        .stride_height = s->stride_h,
        .stride_width = s->stride_w,
        .dilation_height = s->dil_h,
        .dilation_width = s->dil_w,
        .pad_top = s->pad_t,
        .pad_bottom = s->pad_b,
        .pad_left = s->pad_l,
        .pad_right = s->pad_r,
        .groups = s->groups,
        .layout = layout,
    };
}

size_t layer_x_size(const layer *l) { return l->shape.n * l->shape.ci * l->shape.h * l->shape.w; }

size_t layer_y_size(const layer *l) { return l->shape.n * l->shape.co * l->oh * l->ow; }

size_t layer_weights_size(const layer *l) {
    return l->shape.co * (l->shape.ci / l->shape.groups) * l->shape.kh * l->shape.kw;
}

/* Appends what printf would write, and returns the new end. */
#define APPEND(at, end, ...) ((at) += snprintf((at), (size_t)((end) - (at)), __VA_ARGS__))

static void write_pair(char **at, const char *end, char letter, size_t a, size_t b, size_t usual) {
    if (a == usual && b == usual) return;
    if (a == b)
        APPEND(*at, end, ":%c%zu", letter, a);
    else
        APPEND(*at, end, ":%c%zux%zu", letter, a, b);
}

static void write_text(char *text, size_t size, const layer_shape *s) {
    char *at = text;
    const char *end = text + size;
    if (s->n != 1) APPEND(at, end, "%zux", s->n);
    APPEND(at, end, "%zux%zux%zu:%zu:%zux%zu", s->ci, s->h, s->w, s->co, s->kh, s->kw);
    write_pair(&at, end, 's', s->stride_h, s->stride_w, 1);
    if (s->pad_t == s->pad_b && s->pad_l == s->pad_r)
        write_pair(&at, end, 'p', s->pad_t, s->pad_l, 0);
    else
        APPEND(at, end, ":p%zux%zux%zux%zu", s->pad_t, s->pad_b, s->pad_l, s->pad_r);
    write_pair(&at, end, 'd', s->dil_h, s->dil_w, 1);
    if (s->groups != 1) APPEND(at, end, ":g%zu", s->groups);
}

/* A layer's index in the set, which gains it if it is new; false with a message where the sizes contradict. */
static bool intern_layer(layer_set *set, const layer_shape *shape, place at, size_t *index) {
    layer l = {.shape = *shape};
    corr2d_spec spec = layer_spec(shape, CORR2D_NCHW);
    corr2d_status status = corr2d_output_size(&spec, &l.oh, &l.ow);
    write_text(l.text, sizeof l.text, shape);
    if (status == CORR2D_OK && (shape->ci % shape->groups != 0 || shape->co % shape->groups != 0))
        return complain(at, "the groups must divide both channel counts:", l.text);
    if (status == CORR2D_INVALID_ARGUMENT) return complain(at, "the kernel is larger than the padded input:", l.text);
    if (status != CORR2D_OK) return complain(at, corr2d_status_string(status), l.text);
    for (*index = 0; *index < set->layer_count; ++*index)
        if (memcmp(&set->layers[*index].shape, shape, sizeof *shape) == 0) return true;
    l.macs = (double)layer_weights_size(&l) * (double)(shape->n * l.oh * l.ow);
    set->layers = grow(set->layers, set->layer_count, sizeof l);
    set->layers[set->layer_count++] = l;
    return true;
}

static network *intern_network(layer_set *set, const char *name) {
    for (size_t i = 0; i < set->network_count; i++)
        if (strcmp(set->networks[i].name, name) == 0) return &set->networks[i];
    set->networks = grow(set->networks, set->network_count, sizeof *set->networks);
    network *net = &set->networks[set->network_count++];
    *net = (network){.name = copy_text(name)};
    return net;
}

static bool add_use(layer_set *set, const char *net_name, const char *name, const layer_shape *shape, size_t count,
                    place at) {
    layer_use use = {.count = count};
    if (!intern_layer(set, shape, at, &use.layer)) return false;
    use.name = copy_text(name);
    network *net = intern_network(set, net_name);
    net->uses = grow(net->uses, net->use_count, sizeof use);
    net->uses[net->use_count++] = use;
    return true;
}

/* Reads a number of at most SIZE_LIMIT and moves *text behind it. */
static bool read_number(const char **text, size_t least, size_t *value) {
    char *end;
    if (**text < '0' || **text > '9') return false;
    errno = 0;
    unsigned long long number = strtoull(*text, &end, 10);
    *text = end;
    *value = (size_t)number;
    return errno == 0 && number >= least && number <= SIZE_LIMIT;
}

static bool complain_column(place at, size_t column, size_t least, const char *value) {
    const char *name = columns;
    char what[64];
    while (column-- > 0) name = strchr(name, ',') + 1;
    snprintf(what, sizeof what, "%.*s: no number from %zu to %d:", (int)strcspn(name, ","), name, least, SIZE_LIMIT);
    return complain(at, what, value);
}

static size_t split(char *line, char **fields, size_t limit) {
    size_t count = 0;
    for (char *at = line; at != NULL && count < limit;) fields[count++] = strsep(&at, ",");
    return count;
}

/* The numbers' order is that of layer_shape's fields, with the count last. */
static bool read_row(layer_set *set, char *line, place at) {
    char *fields[FIELDS + 1];
    size_t numbers[FIELDS - TEXT_FIELDS];
    size_t count = split(line, fields, FIELDS + 1);
    if (count != FIELDS) return complain(at, "wrong number of fields, expected", columns);
    for (size_t i = 0; i < FIELDS - TEXT_FIELDS; i++) {
        const char *text = fields[i + TEXT_FIELDS];
        size_t least = i < FIRST_PAD || i > LAST_PAD;
        if (!read_number(&text, least, &numbers[i]) || *text != '\0')
            return complain_column(at, i + TEXT_FIELDS, least, fields[i + TEXT_FIELDS]);
    }
    layer_shape shape;
    _Static_assert(sizeof shape == (FIELDS - TEXT_FIELDS - 1) * sizeof(size_t), "one number for each field");
    memcpy(&shape, numbers, sizeof shape);
    return add_use(set, fields[0], fields[1], &shape, numbers[FIELDS - TEXT_FIELDS - 1], at);
}

static bool read_lines(layer_set *set, FILE *file, const char *name) {
    char *line = NULL;
    size_t room = 0;
    bool good = true;
    place at = {name, 0};
    while (good && getline(&line, &room, file) >= 0) {
        at.line++;
        line[strcspn(line, "\r\n")] = '\0';
        if (at.line == 1 && strcmp(line, columns) != 0)
            good = complain(at, "the first line must be", columns);
        else if (at.line > 1 && line[0] != '\0')
            good = read_row(set, line, at);
    }
    if (good && at.line == 0) good = complain(at, "empty, the first line must be", columns);
    free(line);
    return good;
}

static bool read_file(layer_set *set, const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) return complain((place){path, 0}, "cannot be read:", strerror(errno));
    bool good = read_lines(set, file, path);
    fclose(file);
    return good;
}

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

bool layers_add_list(layer_set *set, const char *name_or_file) {
    if (strchr(name_or_file, '/') != NULL || ends_with(name_or_file, ".csv")) return read_file(set, name_or_file);
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.csv", CORR2D_PERF_LAYERS, name_or_file);
    if (access(path, R_OK) == 0) return read_file(set, path);
    return complain((place){CORR2D_PERF_LAYERS, 0}, "no such list in this folder:", name_or_file);
}

bool layers_add_all(layer_set *set) {
    glob_t found;
    if (glob(CORR2D_PERF_LAYERS "/*.csv", 0, NULL, &found) != 0)
        return complain((place){CORR2D_PERF_LAYERS, 0}, "no layer list matches", "*.csv");
    bool good = true;
    for (size_t i = 0; good && i < found.gl_pathc; i++) good = read_file(set, found.gl_pathv[i]);
    globfree(&found);
    return good;
}

/* Numbers with an x between, at least one and at most `most`; returns how many, 0 on an error. */
static size_t read_sizes(const char **text, size_t least, size_t *values, size_t most) {
    for (size_t count = 0; count < most;) {
        if (!read_number(text, least, &values[count++])) return 0;
        if (**text != 'x') return count;
        ++*text;
    }
    return 0;
}

/* One number for both directions, or two. */
static bool read_pair(const char **text, size_t *rows, size_t *cols) {
    size_t values[2];
    size_t count = read_sizes(text, 1, values, 2);
    *rows = values[0];
    *cols = values[count == 2];
    return count != 0;
}

/* One number for all sides; two: top and bottom, left and right; four: top, bottom, left, right. */
static bool read_padding(const char **text, layer_shape *s) {
    size_t v[4];
    size_t count = read_sizes(text, 0, v, 4);
    if (count == 0 || count == 3) return false;
    s->pad_t = v[0];
    s->pad_b = count == 4 ? v[1] : v[0];
    s->pad_l = v[count / 2];
    s->pad_r = v[count - 1];
    return true;
}

static bool read_option(const char **text, layer_shape *s) {
    switch (*(*text)++) {
    case 's': return read_pair(text, &s->stride_h, &s->stride_w);
    case 'd': return read_pair(text, &s->dil_h, &s->dil_w);
    case 'p': return read_padding(text, s);
    case 'g': return read_sizes(text, 1, &s->groups, 1) == 1;
    default: return false;
    }
}

static bool read_shape(const char *text, layer_shape *s) {
    size_t v[4];
    size_t count = read_sizes(&text, 1, v, 4);
    if (count < 3 || *text++ != ':') return false;
    size_t first = count - 3;
    *s = (layer_shape){.n = count == 4 ? v[0] : 1,
                       .ci = v[first],
                       .h = v[first + 1],
                       .w = v[first + 2],
                       .stride_h = 1,
                       .stride_w = 1,
                       .dil_h = 1,
                       .dil_w = 1,
                       .groups = 1};
    if (read_sizes(&text, 1, &s->co, 1) != 1 || *text++ != ':' || !read_pair(&text, &s->kh, &s->kw)) return false;
    while (*text == ':') {
        text++;
        if (!read_option(&text, s)) return false;
    }
    return *text == '\0';
}

bool layers_add_shape(layer_set *set, const char *text) {
    layer_shape shape;
    place at = {"--layer", 0};
    if (!read_shape(text, &shape)) return complain(at, "expected [Nx]CxHxW:CO:KHxKW[:sS][:pP][:dD][:gG], got", text);
    return add_use(set, "command line", text, &shape, 1, at);
}

static bool use_matches(const regex_t *regex, const layer_set *set, const network *net, const layer_use *use) {
    char text[512];
    const layer *l = &set->layers[use->layer];
    snprintf(text, sizeof text, "%s/%s %s %s", net->name, use->name, l->text, layer_class_name(layer_main_class(l)));
    return regexec(regex, text, 0, NULL, 0) == 0;
}

static void keep_matches(layer_set *set, const regex_t *regex) {
    for (size_t i = 0; i < set->network_count; i++) {
        network *net = &set->networks[i];
        size_t kept = 0;
        for (size_t j = 0; j < net->use_count; j++) {
            if (use_matches(regex, set, net, &net->uses[j]))
                net->uses[kept++] = net->uses[j];
            else
                free(net->uses[j].name);
        }
        net->use_count = kept;
    }
}

bool layers_filter(layer_set *set, const char *pattern) {
    regex_t regex;
    int error = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);
    if (error != 0) {
        char message[128];
        regerror(error, &regex, message, sizeof message);
        return complain((place){"--filter", 0}, message, pattern);
    }
    keep_matches(set, &regex);
    regfree(&regex);
    return true;
}

void layers_free(layer_set *set) {
    for (size_t i = 0; i < set->network_count; i++) {
        for (size_t j = 0; j < set->networks[i].use_count; j++) free(set->networks[i].uses[j].name);
        free(set->networks[i].uses);
        free(set->networks[i].name);
    }
    free(set->networks);
    free(set->layers);
}
