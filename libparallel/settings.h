/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Settings come from environment variables, are read once, at first use, and stand in one table in
 * libparallel/base/settings.c. parallel-info --settings prints that table. */
#ifndef LIBPARALLEL_SETTINGS_H
#define LIBPARALLEL_SETTINGS_H

#include <stdio.h>

#include <libparallel/compiler.h>

PARALLEL_BEGIN_C

/* Checks every setting. 0, or PARALLEL_ESETTING: parallel_last_error() names the variable, its value and what it
 * expects; or PARALLEL_ENOMEMORY: a value could not be kept. Any thread. Opening an executor or a loop makes the same
 * check. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_settings_check(void);

/* Writes the table of settings to `stream`, two lines a setting: its name and meaning; its default and what it is set
 * to now. Any thread. */
PARALLEL_API void parallel_settings_print(FILE *stream);

PARALLEL_END_C

#endif
