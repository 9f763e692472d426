/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What -Wl,--wrap=main puts in place of main() in a program that is linked with the static library. A file of its own, which
 * is linked only where it is asked for: elsewhere there is no __real_main. */
#include "libparallel/workers/main_hook.h"

#ifndef PIC
pl_main_function __real_main, __wrap_main;

int __wrap_main(int argc, char **argv, char **environment)
{
    parallel_main_hook(argc, argv);
    return __real_main(argc, argv, environment);
}
#endif
