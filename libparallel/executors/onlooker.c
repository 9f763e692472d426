/* SPDX-License-Identifier: BSD-3-Clause
 *
 * When an onlooker looks first. A short call begins and ends in the line that its waiter looks at: who looks in between takes
 * it away from the worker, which then has to fetch it once more to end the call, and so the waiter, twice the time of a line's way
 * from one processor to another each. Measured: a round trip of 650 ns where a word there and back takes 300, and of 380 if the
 * first look comes 180 ns after the submission, just after the end. Later it costs what it is late. How long that is depends on
 * the processors and the calls, so each thread learns it. */
#include "libparallel/executors/onlooker.h"

#include <sched.h>

#include "libparallel/base/patience.h"
#include "libparallel/machine/crowd.h"

/* The first look is not put off for longer: who waits for a longer call is not late by much. */
#define LONGEST_PUT_OFF_NS 400

/* An end that comes so soon after the first look was met by it. */
enum { SOON_TURNS = 64 };

/* Looks in time before it is tried whether an earlier one would be, too. A look that is too early costs about 25 turns, a late
 * one what it is late; where one of 17 is too early, the two are about level. Measured, on a processor whose round trips vary
 * more: 385 ns with one of 17 or of 9, 410 with one of 33, 490 with one of a hundred. */
enum { LOOKS_BEFORE_EARLIER = 16 };

struct habit {
    uint32_t put_off; /* turns */
    uint32_t looks;   /* in time, since it was changed */
};

static _Thread_local struct habit habit __attribute__((tls_model("initial-exec")));

static void note_look_in_time(void)
{
    if (++habit.looks < LOOKS_BEFORE_EARLIER || habit.put_off == 0)
        return;
    habit.looks = 0;
    habit.put_off--;
}

static void note_early_look(void)
{
    habit.looks = 0;
    if (habit.put_off < pl_patience_turns_of(LONGEST_PUT_OFF_NS))
        habit.put_off++;
}

static bool put_off_first_look(struct pl_latch *latch, uint32_t turns)
{
    uint32_t put_off = habit.put_off < turns ? habit.put_off : turns;
    for (uint32_t turn = 0; turn < put_off; turn++)
        pl_spin_pause();
    bool is_open = pl_latch_is_open(latch);
    if (is_open)
        note_look_in_time();
    return is_open;
}

bool pl_onlooker_spin(struct pl_latch *latch, uint32_t turns)
{
    uint64_t looked_ns = 0;
    if (pl_latch_is_open(latch) || put_off_first_look(latch, turns))
        return true;
    for (uint32_t turn = 1; turn <= turns; turn++) {
        /* Not at first: most waits end before anybody asks who else needs the CPU. */
        bool is_time = turn % PL_PATIENCE_TURNS_OF_YIELD == 0;
        if (is_time && pl_patience_is_interrupted(&looked_ns))
            break;
        if (is_time && !pl_crowd_step_aside()) {
            sched_yield();
            turn += PL_PATIENCE_TURNS_OF_YIELD - 1;
        } else {
            pl_spin_pause();
        }
        if (!pl_latch_is_open(latch))
            continue;
        if (turn <= SOON_TURNS)
            note_early_look();
        return true;
    }
    return pl_latch_is_open(latch);
}
