/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A program that is linked with the shared library takes __libc_start_main from it, for the linker finds it there before it
 * comes to libc, and keeps its version (LIBPARALLEL_0) in mind. It is the last function that runs before the program's
 * own constructors; so what is put in place of main() runs after them.
 *
 * Not in the static library: a static program has no other __libc_start_main beside this one. */
#include "libparallel/workers/main_hook.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/workers/second_run.h"

static bool is_installed; /* both written before the program has threads of its own */
static char **arguments;

void parallel_main_hook(int argc, char **argv)
{
    (void)argc;
    is_installed = true;
    arguments = argv;
    pl_second_run_take_over();
}

bool pl_main_hook_is_installed(void)
{
    return is_installed;
}

char **pl_main_hook_arguments(void)
{
    return arguments;
}

#ifdef PIC
static pl_main_function *real_main;

static int main_after_hook(int argc, char **argv, char **environment)
{
    parallel_main_hook(argc, argv);
    return real_main(argc, argv, environment);
}

typedef int start_function(pl_main_function *program, int argc, char **argv, void (*initialize)(void),
                           void (*finalize)(void), void (*loader_finalize)(void), void *stack_end);

start_function __libc_start_main PARALLEL_API;

/* As libc declares it; the same since its first version. */
int __libc_start_main(pl_main_function *program, int argc, char **argv, void (*initialize)(void), void (*finalize)(void),
                      void (*loader_finalize)(void), void *stack_end)
{
    void *found = dlsym(RTLD_NEXT, "__libc_start_main");
    start_function *start;
    if (found == NULL)
        abort(); /* there is no libc */
    memcpy(&start, &found, sizeof start); /* ISO C knows no conversion */
    real_main = program;
    return start(main_after_hook, argc, argv, initialize, finalize, loader_finalize, stack_end);
}
#endif
