/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The parking protocol (parking.md) as a model for the checker SPIN, which tries every interleaving of the steps of
 * libparallel/base/parking_lot.c. tests/base/parking_model.sh runs it.
 *
 * Tasks may take forever: a worker that found work may stay busy with it until the end. So what must hold when nothing
 * moves any more is not only that somebody is awake, but that nobody sleeps while a task waits.
 *
 * Checked:
 *  - at the end (no process can move): no task waits while a worker sleeps, and the lock is free;
 *  - a worker that returns from sleep() or leave() is off the stack, and the stack never holds it twice;
 *  - parked_count is the length of the stack whenever the lock is free.
 *
 * Not checked: memory orders (SPIN's memory is sequentially consistent; parking.md argues for those).
 *
 * The mutations break the protocol on purpose, to show that the model notices:
 *  MUTATION_NO_RECHECK        a worker sleeps without looking for work once more after enter();
 *  MUTATION_LATE_CALL         wake_one() sets is_called after it has released the lock;
 *  MUTATION_WAKE_KEPT         a worker that left in vain keeps the wake that was aimed at it;
 *  MUTATION_NO_COMPARE        the kernel sleeps a worker without comparing its word first. */

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef PUBLISHERS
#define PUBLISHERS 2
#endif
#ifndef TASKS_EACH
#define TASKS_EACH 1    /* a publisher's */
#endif
#ifndef TIMEOUTS_EACH
#define TIMEOUTS_EACH 1 /* sleeps of a worker that may have a deadline; which ones is tried out */
#endif

byte waiting_tasks;      /* published, not yet taken by a worker */
byte parked_count;
byte stack[WORKERS];     /* the parked, the last one at stack[depth - 1] */
byte depth;
bool is_locked;
bool is_parked[WORKERS];
bool is_called[WORKERS];
bool is_asleep[WORKERS]; /* in the kernel's queue for is_called[] */
byte ended_publishers;

inline lock()
{
    atomic { !is_locked -> is_locked = true }
}

inline unlock()
{
    atomic { assert(parked_count == depth); is_locked = false }
}

/* Takes `worker` off the stack, wherever it stands. What only the lock's holder sees is one step. */
inline unlink(worker)
{
    d_step {
        assert(is_parked[worker]);
        position = 0;
        do
        :: position < depth && stack[position] != worker -> position++
        :: else -> break
        od;
        assert(position < depth);
        do
        :: position + 1 < depth -> stack[position] = stack[position + 1]; position++
        :: else -> break
        od;
        depth--;
        stack[depth] = 0;
        position = 0;
        is_parked[worker] = false
    }
    parked_count--
}

inline enter(self)
{
    lock();
    d_step {
        assert(!is_parked[self]);
        is_called[self] = false;
        stack[depth] = self;
        depth++;
        is_parked[self] = true
    }
    parked_count++;
    unlock()
}

/* Sets was_parked. */
inline leave(self)
{
    lock();
    was_parked = is_parked[self];
    if
    :: was_parked -> unlink(self)
    :: else
    fi;
    unlock();
    assert(!is_parked[self])
}

/* The kernel compares the word and queues the caller in one step. Sets timed_out. */
inline futex_wait(self)
{
    timed_out = false;
    atomic {
        if
#ifdef MUTATION_NO_COMPARE
        :: is_asleep[self] = true
#else
        :: !is_called[self] -> is_asleep[self] = true
        :: else
#endif
        fi
    }
end_asleep:
    if
    :: atomic { !is_asleep[self] -> skip }
    :: atomic { is_asleep[self] && has_deadline -> is_asleep[self] = false; timed_out = true }
    fi
}

/* A wake that finds nobody in the queue does nothing; one that comes late wakes the next sleep, which sleeps on. */
inline wake_one()
{
    if
    :: parked_count == 0
    :: else ->
        called = WORKERS;
        lock();
        if
        :: depth == 0
        :: else ->
            called = stack[depth - 1];
            unlink(called);
#ifndef MUTATION_LATE_CALL
            is_called[called] = true
#endif
        fi;
        unlock();
        if
        :: called < WORKERS ->
#ifdef MUTATION_LATE_CALL
            is_called[called] = true;
#endif
            is_asleep[called] = false
        :: else
        fi;
        called = 0
    fi
}

/* Takes a task; continues after it with `found` set, or never, if the task takes forever. */
inline look_for_work()
{
    atomic {
        if
        :: waiting_tasks > 0 -> waiting_tasks--; found = true
        :: else -> found = false
        fi
    }
}

inline run_task()
{
    if
    :: skip
    :: goto end_busy
    fi
}

active [WORKERS] proctype worker()
{
    byte position, called, timeouts_left = TIMEOUTS_EACH;
    bool found, was_parked, has_deadline, timed_out;

    do
    ::  look_for_work();
        if
        :: found -> run_task()
        :: else ->
            enter(_pid);
#ifdef MUTATION_NO_RECHECK
            found = false;
#else
            look_for_work();
#endif
            if
            :: found ->
                leave(_pid);
#ifndef MUTATION_WAKE_KEPT
                if
                :: !was_parked && waiting_tasks > 0 -> wake_one()
                :: else
                fi;
#endif
                run_task()
            :: else -> /* sleep() */
                if
                :: has_deadline = false
                :: timeouts_left > 0 -> timeouts_left--; has_deadline = true
                fi;
                do
                :: is_called[_pid] -> break
                :: else ->
                    futex_wait(_pid);
                    if
                    :: timed_out -> leave(_pid); break
                    :: else
                    fi
                od;
                assert(!is_parked[_pid]);
                has_deadline = false;
                timed_out = false
            fi;
            was_parked = false
        fi
    od;
end_busy:
    false
}

active [PUBLISHERS] proctype publisher()
{
    byte position, called, published;

    do
    :: published < TASKS_EACH ->
        waiting_tasks++;
        wake_one();
        published++
    :: else -> break
    od;
    ended_publishers++
}

/* Runs when nothing else can. */
active proctype observer()
{
    byte index;
    bool somebody_sleeps;

    timeout;
    atomic {
        do
        :: index < WORKERS -> somebody_sleeps = somebody_sleeps || is_asleep[index]; index++
        :: else -> break
        od;
        assert(!is_locked);
        assert(ended_publishers == PUBLISHERS);
        assert(waiting_tasks == 0 || !somebody_sleeps)
    }
}
