/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The library's side of the settings: one enumerator for each row of the table in settings.c, and a typed reader. */
#ifndef LIBPARALLEL_BASE_SETTINGS_H
#define LIBPARALLEL_BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include <libparallel/settings.h>

enum pl_setting {
    PL_SETTING_EXECUTOR,
    PL_SETTING_WORKERS,
    PL_SETTING_PLACES,
    PL_SETTING_PROGRESS,
    PL_SETTING_SHARED_SPACE,
    PL_SETTING_SHOW_PLACES,
    PL_SETTING_WAIT,
    PL_SETTING_QUIET,
    PL_SETTING_COUNT
};

/* A worker count beyond this is a typing error: Linux itself allows 4 194 304 threads and processes (PID_MAX_LIMIT). */
#define PL_LARGEST_COUNT 4194304

/* The value in force of a setting of each type: the environment's if it is set and well-formed, else the default.
 * Malformed values are reported by parallel_settings_check(), which every open calls. */
bool pl_setting_flag(enum pl_setting setting);
size_t pl_setting_count(enum pl_setting setting);      /* 0: not set */
int pl_setting_choice(enum pl_setting setting);        /* index in the row's choices; 0: not set */
const char *pl_setting_text(enum pl_setting setting);  /* NULL: not set */

#endif
