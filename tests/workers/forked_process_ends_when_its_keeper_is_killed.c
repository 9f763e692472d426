/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Somebody kills the process between the program and its forked process: the wait ends all the same, without
 * a status, and nobody lives on. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "libparallel/workers/forked_process.h"
#include "libparallel/workers/side_clone.h"

#include "tests/support/kernel_view.h"
#include "tests/support/property.h"

static struct pl_forked_process process;
static int ends[2];

static void tell_keeper(void *context)
{
    (void)context;
    pid_t keeper = getppid();
    if (write(ends[1], &keeper, sizeof keeper) != sizeof keeper)
        _exit(1);
    for (;;)
        pause();
}

static void *kill_keeper(void *context)
{
    (void)context;
    pid_t keeper;
    ck_assert_int_eq(read(ends[0], &keeper, sizeof keeper), sizeof keeper);
    for (bool is_published = false; !is_published;) { /* until the keeper has said which child it has */
        pl_lock_acquire(&process.lock);
        is_published = process.pidfd >= 0;
        pl_lock_release(&process.lock);
    }
    ck_assert_int_eq(kill(keeper, SIGKILL), 0);
    return NULL;
}

PROPERTY(the_wait_ends)
{
    adopt_orphans();
    sigset_t mask;
    sigemptyset(&mask);
    pl_forked_process_init(&process, &mask);
    ck_assert_int_eq(pipe(ends), 0);
    pthread_t killer;
    ck_assert_int_eq(pthread_create(&killer, NULL, kill_keeper, NULL), 0);
    ck_assert_int_eq(pl_forked_process_run(&process, tell_keeper, NULL, 0), 0);
    ck_assert_int_eq(pthread_join(killer, NULL), 0);
    ck_assert(!process.end.is_status_known);
    ck_assert_int_gt(process.end.pid, 0);
    wait_until_no_child_is_left();
}
PROPERTY_END

int main(void)
{
    if (!PL_HAS_SIDE_CLONE) {
        printf("no keeper on this processor\n");
        return 77;
    }
    const TTest *const tests[] = {the_wait_ends};
    return property_run(__FILE__, tests, 1);
}
