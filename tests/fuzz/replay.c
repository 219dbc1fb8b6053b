/* SPDX-License-Identifier: Apache-2.0 */
/* replay FOLDER...: runs a fuzz target on every file of the folders, without a fuzzer, with any compiler. */
#include "tests/fuzz/target.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_BYTES = 1 << 16 };

static void replay_file(const char *path) {
    static uint8_t data[MOST_BYTES];
    FILE *const file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    const size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    fprintf(stderr, "%s\r", path);
    LLVMFuzzerTestOneInput(data, size);
}

static size_t replay_folder(const char *folder) {
    DIR *const listing = opendir(folder);
    size_t files = 0;
    if (!listing) {
        perror(folder);
        exit(EXIT_FAILURE);
    }
    for (struct dirent *entry; (entry = readdir(listing));) {
        char path[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        replay_file(path);
        files++;
    }
    closedir(listing);
    return files;
}

int main(int count, char **arguments) {
    size_t files = 0;
    for (int i = 1; i < count; i++) files += replay_folder(arguments[i]);
    printf("\n%zu inputs: ok\n", files);
    return files ? EXIT_SUCCESS : EXIT_FAILURE;
}
