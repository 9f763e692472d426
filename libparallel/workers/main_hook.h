/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The hook before main(), where a second run leaves the program's path (second_run.h), and where a first one leaves its
 * arguments. It is there by one of three ways:
 *
 *     __libc_start_main   of the shared library, which comes before libc's and calls it
 *     __wrap_main         of the static library, with -Wl,--wrap=main
 *     parallel_main_hook  called by main() itself */
#ifndef LIBPARALLEL_WORKERS_MAIN_HOOK_H
#define LIBPARALLEL_WORKERS_MAIN_HOOK_H

#include <stdbool.h>

#include <libparallel/main_hook.h>

/* False: a second run would be a run of main(). */
bool pl_main_hook_is_installed(void);

/* argv as it is now, NULL if there is none. */
char **pl_main_hook_arguments(void);

/* What the program is entered by, if it is linked so. */
typedef int pl_main_function(int argc, char **argv, char **environment);

#endif
