/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/kernel_view.h"
#include "tests/support/property.h"

static _Atomic pid_t threads[2];

PARALLEL_LOOP(meet, (pid_t, caller), i)
{
    (void)i;
    atomic_store(&threads[gettid() != caller], gettid());
    while (atomic_load(&threads[0]) == 0 || atomic_load(&threads[1]) == 0)
        usleep(0);
}

/* Many loops, so that the helper has taken to watching for them; then none, and it falls asleep. */
PROPERTY(soon_after_the_last_loop)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:2,places=none", &executor), 0);
    parallel_loop_options options;
    memset(&options, 0, sizeof options);
    options.executor = executor;
    options.grain = 1;
    for (int series = 0; series < 10; series++) {
        for (int round = 0; round < 1000; round++) {
            atomic_store(&threads[0], 0);
            atomic_store(&threads[1], 0);
            ck_assert_int_eq(meet_run_with(&options, 0, 2, gettid()), 0);
        }
        wait_until_asleep(atomic_load(&threads[1]), NULL);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTIES(soon_after_the_last_loop)
