/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay CORPUS...                runs a fuzz target on every input, without a fuzzer, with any compiler
 * replay --unpack FOLDER CORPUS   writes each input into a file of the folder instead, for the fuzzer
 *
 * A corpus is a text, a line of hexadecimal digits for each input, or a folder with a file for each.
 */
#include "tests/fuzz/target.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 4096 };

/* One input. */
typedef struct input {
    uint8_t data[MOST_BYTES];
    size_t size;
} input;

static const char *unpack_folder; /* NULL: run them */
static size_t inputs;

static FILE *open_or_exit(const char *path, const char *mode) {
    FILE *const file = fopen(path, mode);
    if (file) return file;
    perror(path);
    exit(EXIT_FAILURE);
}

static void unpack(const input *in) {
    char path[MOST_BYTES];
    snprintf(path, sizeof path, "%s/%05zu", unpack_folder, inputs);
    FILE *const file = open_or_exit(path, "wb");
    fwrite(in->data, 1, in->size, file);
    fclose(file);
}

/* Its name is printed first, for the case that it is the last. */
static void replay(const input *in, const char *path, size_t number) {
    inputs++;
    if (unpack_folder) {
        unpack(in);
        return;
    }
    fprintf(stderr, "%s:%zu\r", path, number);
    LLVMFuzzerTestOneInput(in->data, in->size);
}

static input from_line(const char *line) {
    input in = {.size = 0};
    unsigned byte;
    for (; in.size < MOST_BYTES && sscanf(line, "%2x", &byte) == 1; line += 2) in.data[in.size++] = (uint8_t)byte;
    return in;
}

static void replay_text(const char *path) {
    static char line[2 * MOST_BYTES + 2];
    FILE *const file = open_or_exit(path, "r");
    for (size_t number = 1; fgets(line, sizeof line, file); number++) {
        const input in = from_line(line);
        if (*line != '#') replay(&in, path, number);
    }
    fclose(file);
}

static void replay_file(const char *path) {
    FILE *const file = open_or_exit(path, "rb");
    input in;
    in.size = fread(in.data, 1, sizeof in.data, file);
    fclose(file);
    replay(&in, path, 0);
}

static void replay_folder(DIR *listing, const char *folder) {
    for (struct dirent *entry; (entry = readdir(listing));) {
        char path[MOST_BYTES];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        replay_file(path);
    }
    closedir(listing);
}

int main(int count, char **arguments) {
    int first = 1;
    if (count > 2 && strcmp(arguments[1], "--unpack") == 0) {
        unpack_folder = arguments[2];
        first = 3;
    }
    for (int i = first; i < count; i++) {
        DIR *const listing = opendir(arguments[i]);
        if (listing)
            replay_folder(listing, arguments[i]);
        else
            replay_text(arguments[i]);
    }
    printf("%zu inputs: ok\n", inputs);
    return inputs ? EXIT_SUCCESS : EXIT_FAILURE;
}
