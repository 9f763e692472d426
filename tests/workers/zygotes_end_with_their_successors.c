/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A zygote that was killed a moment before it is stopped has a successor, of which the program has not yet heard. It is
 * told to end too. */
#include <signal.h>
#include <unistd.h>

#include "libparallel/workers/zygote.h"
#include "tests/support/process_group.h"
#include "tests/support/property.h"

PROPERTY(a_successor_nobody_has_seen_is_ended)
{
    ck_assert_int_eq(setpgid(0, 0), 0);
    struct pl_zygote zygote;
    ck_assert_int_eq(pl_zygote_start(&zygote), 0);
    pid_t asleep;
    while (processes_of_group(getpid(), "parallel-spare", &asleep, 1) != 1)
        usleep(100); /* a zygote has a standby a moment after it is in charge */
    ck_assert_int_eq(kill(pl_load_acquire(&zygote.board->pid), SIGKILL), 0);
    while (pl_load_acquire(&zygote.board->epoch) == 1)
        usleep(100);
    while (processes_of_group(getpid(), "parallel-spare", &asleep, 1) != 1)
        usleep(100);
    pl_zygote_stop(&zygote);
    ck_assert_uint_eq(processes_of_group(getpid(), "parallel-", &asleep, 1), 0);
}
PROPERTY_END

PROPERTIES(a_successor_nobody_has_seen_is_ended)
