/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The line before the slots of a processes executor (process-line.md) as a model for the checker SPIN, which tries every
 * interleaving of the steps of libparallel/executors/{process_line.h,process_slots.c,process_dispatch.c,process_collect.c}.
 * tests/executors/line_model.sh runs it.
 *
 * Submitters put tasks into free slots, or in line; whoever has the role of refilling takes them from there; one who collects
 * ends what is out, keeps some of it, and returns slots. That workers make the calls, and that somebody looks when one has
 * ended, is for process-worker.pml.
 *
 * Checked: a slot is never taken twice, nor is one taken where there is none; and at the end (no process can move) every task
 * has ended, so none stands in line beside a free slot.
 *
 * Not checked: memory orders (SPIN's memory is sequentially consistent; process-line.md argues for the fences), the order of
 * the tasks, shutdown.
 *
 * The mutations break the protocol on purpose, to show that the model notices:
 *  MUTATION_NO_LOOK          who enters the line does not look for a free slot afterwards;
 *  MUTATION_NO_SECOND_LOOK   who has refilled does not look again after the role is free;
 *  MUTATION_EARLY_LOOK       who collects looks at the line before he returns slots, and not afterwards. */

#ifndef SUBMITTERS
#define SUBMITTERS 2
#endif
#ifndef TASKS_EACH
#define TASKS_EACH 2
#endif
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef KEPT_LIMIT
#define KEPT_LIMIT 2 /* no more than SLOTS */
#endif

#define TASKS (SUBMITTERS * TASKS_EACH)

bool lock, door, refilling;
byte entered, left;          /* the line */
byte stock = SLOTS;          /* free slots: here, ... */
byte returned, fetched;      /* ... or in the ring */
byte out, kept, ended;

inline acquire(word)
{
    atomic { !word -> word = true }
}

/* In the order of pl_line_length(). */
inline look_at_line()
{
    seen = left;
    seen = entered - seen
}

/* In the order of pl_processes_count_free(). */
inline look_at_slots()
{
    seen = fetched;
    seen = returned - seen;
    seen = seen + stock
}

/* Under the lock, and there is one. */
inline take_slot()
{
    amount = returned - fetched;
    stock = stock + amount;
    fetched = fetched + amount;
    assert(stock > 0);
    stock--;
    out++;
    assert(out + kept <= SLOTS);
    amount = 0
}

inline refill()
{
    do
    ::  look_at_slots();
        if
        :: seen == 0 -> break
        :: else
        fi;
        look_at_line();
        if
        :: seen == 0 -> break
        :: else
        fi;
        atomic { /* tried for */
            if
            :: refilling -> break
            :: else -> refilling = true
            fi
        }
        do
        ::  acquire(lock);
            look_at_slots();
            if
            :: seen > 0 -> look_at_line()
            :: else
            fi;
            if
            :: seen > 0 -> left++; take_slot(); lock = false
            :: else -> lock = false; break
            fi
        od;
        refilling = false;
#ifdef MUTATION_NO_SECOND_LOOK
        break
#endif
    od;
    seen = 0
}

inline give_back()
{
    amount = kept;
    kept = 0; /* before they are returned: whoever counts what is out counts too much rather than too little */
    returned = returned + amount;
    amount = 0
}

active [SUBMITTERS] proctype submitter()
{
    byte tasks, seen, amount;

    do
    :: tasks < TASKS_EACH ->
        tasks++;
        look_at_line();
        if
        :: seen == 0 ->
            acquire(lock);
            look_at_slots();
            if
            :: seen > 0 ->
                look_at_line();
                if
                :: seen == 0 -> take_slot(); lock = false; goto sent
                :: else
                fi
            :: else
            fi;
            lock = false
        :: else
        fi;
        acquire(door);
        entered++;
        door = false;
#ifndef MUTATION_NO_LOOK
        refill();
#endif
sent:   seen = 0
    :: else -> break
    od
}

active proctype collector()
{
    byte seen, amount;
    bool has_found;

    do
    :: out > 0 ->
#ifdef MUTATION_EARLY_LOOK
        look_at_line();
#endif
        has_found = false;
        do /* some of what is there, at least one */
        :: atomic { out > 0 -> out--; kept++; ended++; has_found = true }
            if
            :: kept == KEPT_LIMIT -> give_back()
            :: else
            fi
        :: has_found -> break
        od;
#ifndef MUTATION_EARLY_LOOK
        look_at_line();
#endif
        if
        :: seen > 0 -> give_back(); refill()
        :: else
        fi;
        seen = 0
    :: timeout ->
        assert(ended == TASKS && left == entered && !lock && !door && !refilling);
        break
    od
}
