/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The name of a code address of this process. */
#ifndef LIBPARALLEL_WORKERS_SYMBOL_H
#define LIBPARALLEL_WORKERS_SYMBOL_H

#include <stddef.h>
#include <stdint.h>

/* Writes "function+0x1c (parse.c:57)", with the line of source if it can be had (source_line.h); else "function+0x1c", or
 * with the object's file name behind it, "function+0x1c (libm.so.6)", if that is not the program itself; where no function is known, "program+0x4010", the place in the object, as addr2line
 * wants it; "0x1234" for no code. Returns the length it has or would have, as snprintf does. Reads the
 * object's file; any thread. */
int pl_symbol_format(uintptr_t address, char *text, size_t size);

#endif
