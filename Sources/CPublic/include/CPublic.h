// The files of Public/, as they were when the program was built.
#pragma once

#include <stddef.h>

/// A file: its path below Public/, and its content, which lives as long as the program.
struct public_file {
    const char *name;
    const unsigned char *bytes;
    size_t count;
};

/// How many files there are.
size_t public_file_count(void);

/// A file by its number, from 0 to one less than the count.
struct public_file public_file_at(size_t index);
