/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The average cost of a wake, and how many turns that is on this machine. */
#include "libparallel/base/patience.h"

#include <pthread.h>
#include <sched.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/settings.h"

enum {
    /* Until the first wake has been measured; on virtual machines 40 to 160 us were seen. */
    USUAL_WAKE_NS = 50000,
    /* A wake that took longer had to wait for a processor, which is not its cost. */
    LONGEST_WAKE_NS = 200000,
    SHORTEST_WAKE_NS = 5000,
    /* Each sample has the weight of one in so many: a dozen wakes settle it. */
    AVERAGE_OVER = 8,
    /* Turns between two looks take 1 to 10 us; a millisecond is a quarter of the shortest slice of a scheduler. */
    INTERRUPTED_NS = 1000000,
    SPINNING_NS = 1000000000,
    CALIBRATION_TURNS = 256,
    /* Two threads that answer one another sleep in turn for ever if each looks for less than the other's wake takes; with
     * the average alone half the wakes do. */
    WAKES_LOOKED_FOR = 2,
};

enum { WAIT_AUTO, WAIT_SPIN, WAIT_SLEEP };

static _Atomic uint32_t wake_ns = USUAL_WAKE_NS; /* relaxed: a number that publishes nothing */
_Atomic uint32_t pl_patience_turns_;
static uint32_t turn_ps;                         /* how long one takes, in picoseconds */
static int choice;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool has_one_processor;

/* At the start: whoever looks first later may be bound to one of several by then. */
__attribute__((constructor)) static void count_processors(void)
{
    cpu_set_t ours;
    has_one_processor = sched_getaffinity(0, sizeof ours, &ours) == 0 && CPU_COUNT(&ours) == 1;
}

uint32_t pl_patience_turns_of(uint64_t ns)
{
    return (uint32_t)(ns * 1000 / turn_ps + 1);
}

/* The shortest of a few tries, so that an interruption does not count. */
static void measure_turn(void)
{
    uint64_t shortest_ns = UINT64_MAX;
    for (int attempt = 0; attempt < 4; attempt++) {
        uint64_t begin = pl_clock_now_ns();
        for (int turn = 0; turn < CALIBRATION_TURNS; turn++)
            pl_spin_pause();
        uint64_t took_ns = pl_clock_now_ns() - begin;
        shortest_ns = took_ns < shortest_ns ? took_ns : shortest_ns;
    }
    turn_ps = (uint32_t)(shortest_ns * 1000 / CALIBRATION_TURNS) + 1;
}

static void choose(void)
{
    choice = pl_setting_choice(PL_SETTING_WAIT);
    measure_turn();
    if (choice == WAIT_AUTO && has_one_processor) /* whom it waits for cannot run meanwhile */
        choice = WAIT_SLEEP;
    if (choice != WAIT_SLEEP)
        /* Release: publishes `choice` to whoever finds turns and asks nobody. */
        pl_store_release(&pl_patience_turns_,
                         pl_patience_turns_of(choice == WAIT_SPIN ? SPINNING_NS : WAKES_LOOKED_FOR * USUAL_WAKE_NS));
}

uint32_t pl_patience_choose(void)
{
    pthread_once(&once, choose);
    return pl_load_relaxed(&pl_patience_turns_); /* relaxed: after the choice */
}

void pl_patience_note_wake(uint64_t called_ns)
{
    pthread_once(&once, choose);
    if (choice != WAIT_AUTO)
        return;
    uint64_t took_ns = pl_clock_now_ns() - called_ns;
    took_ns = took_ns < LONGEST_WAKE_NS ? took_ns : LONGEST_WAKE_NS;
    took_ns = took_ns > SHORTEST_WAKE_NS ? took_ns : SHORTEST_WAKE_NS;
    /* Not one step: of two samples at a time one may be lost. */
    uint32_t average = pl_load_relaxed(&wake_ns);
    average = (uint32_t)((average * (AVERAGE_OVER - UINT64_C(1)) + took_ns) / AVERAGE_OVER);
    pl_store_relaxed(&wake_ns, average);
    pl_store_release(&pl_patience_turns_, pl_patience_turns_of((uint64_t)WAKES_LOOKED_FOR * average));
}

bool pl_patience_is_interrupted(uint64_t *looked_ns)
{
    uint64_t now = pl_clock_now_ns();
    bool is_late = *looked_ns != 0 && now - *looked_ns > INTERRUPTED_NS;
    *looked_ns = now;
    if (!is_late)
        return false;
    pthread_once(&once, choose); /* this thread may be the first that asks, while another one chooses */
    return choice == WAIT_AUTO;
}
