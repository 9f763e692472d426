/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The line of source that a code address comes from. */
#ifndef LIBPARALLEL_WORKERS_SOURCE_LINE_H
#define LIBPARALLEL_WORKERS_SOURCE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes "parse.c:57", without folders, for an address in the object file at `path`, which lies `bias` above where it was
 * linked to. False, and nothing written: the code was compiled without -g, what tells lines is
 * not installed, or they do not fit. Reads files, which takes milliseconds; asks no server. Any thread. */
bool pl_source_line_format(const char *path, uintptr_t bias, uintptr_t address, char *text, size_t size);

#endif
