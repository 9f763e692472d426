/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Counts forks. The handler is registered when the library is loaded, so that no fork is missed; it does nothing in the
 * parent and one store in the child. A child made by vfork, clone or posix_spawn is not counted: it must not call the
 * library at all. */
#include "libparallel/base/fork.h"

#include <pthread.h>
#include <stddef.h>

_Atomic uint32_t pl_fork_count_;

static void count_in_child(void)
{
    pl_add_relaxed(&pl_fork_count_, 1); /* relaxed: the child has one thread */
}

__attribute__((constructor)) static void register_handler(void)
{
    pthread_atfork(NULL, NULL, count_in_child);
}
