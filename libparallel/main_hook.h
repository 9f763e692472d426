/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How worker processes are kept from main(). With start=spawn (executor.h) the library runs the program a second time, and
 * that run ends in a helper of the library's in place of main(). A program that is linked with the shared library need not
 * do anything for it. One that is linked with the static library links with -Wl,--wrap=main as well, or calls this: */
#ifndef LIBPARALLEL_MAIN_HOOK_H
#define LIBPARALLEL_MAIN_HOOK_H

#include <libparallel/compiler.h>

PARALLEL_BEGIN_C

/* To be called first of all in main(), with its arguments, which must stay where they are. In a second run of the program it
 * does not return; in any other it does nothing but note that it was called. The main thread, once. */
PARALLEL_API void parallel_main_hook(int argc, char **argv);

PARALLEL_END_C

#endif
