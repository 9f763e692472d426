/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The split deque of spawned calls (spawning.md) as a model for the checker SPIN, which tries every interleaving of the
 * steps of libparallel/deque.h and libparallel/executors/deque.c. tests/executors/spawning_model.sh runs it.
 *
 * Cast: one owner, who spawns, syncs, spins until what it has spawned has begun, or waits at a sync for a stolen call; and
 * thieves, who look, ask, publish by force, steal, go to sleep, and may find other work, TASKS times. What the owner does next is
 * tried out, and so is whether a stolen call, or the other work, ever ends: it may wait for any call. SECTIONS times the owner
 * begins a task inside its task, and ends it when it has synced what that one has spawned.
 *
 * Memory: the owner's stores to `top` go to a buffer of BUFFER entries, from which they reach memory at any later moment,
 * in order (TSO). Read-modify-writes of the owner and the barrier of a thief (membarrier) empty it. What a spawn stores to
 * records[] is in the entry of its store to `top`, a release, which it may not pass; a change of section without the lock is an
 * entry of its own. All other steps of the protocol are read-modify-writes, stores under the lock, or loads; but for Y4's, to a
 * slot that nobody fills before the owner has had the lock.
 *
 * Checked:
 *  - no call begins twice, and a sync returns only when its call has run, by the owner or by its thief;
 *  - a call that becomes public is given to the task that has spawned it, and who looks for that one reads no section that has
 *    been left;
 *  - a slot is given only to a call when it is free, and only the thief of a call says there that it is done;
 *  - when nothing moves any more: the lock is free, nobody sleeps who is owed a wake, and no worker sleeps while there is
 *    a call that nobody has begun. So an owner that spins on its calls is helped as long as there is anybody left.
 *
 * Not modelled: sections in a section, and that what stands in one goes through the store buffer, too, before what makes it
 * known; the deques of the thieves (an owner that waits spawns as if it had found something there to run); how
 * parking works inside (parking.md), and that a worker may be refused because enough are awake (threads.md).
 *
 * The mutations break the protocol on purpose, to show that the model notices:
 *  MUTATION_NO_BARRIER        a publication by force goes without the membarrier (T2);
 *  MUTATION_TOP_NOT_REREAD    it keeps what it has taken, whatever `top` shows after the barrier (T3);
 *  MUTATION_FILL_FIRST        it fills the slots (T4) before it knows what it may keep (T3);
 *  MUTATION_SPLIT_BEFORE_TOP  a sync reads the split (Y2) before it lowers the top (Y1);
 *  MUTATION_SLOT_REUSED       an owner that waits for a stolen call spawns into the slot of that call;
 *  MUTATION_LEFT_UNASKED      a sync leaves the split above the top (Y4) though no request stands;
 *  MUTATION_SPLIT_LEFT        a spawn that answers does not lower the split that was left above it;
 *  MUTATION_FORCE_UNSEEN      it takes for left what a thief has published by force meanwhile;
 *  MUTATION_SECTION_UNLOCKED  a task begins and ends without the lock while there are records;
 *  MUTATION_BLIND_WAIT        an owner goes to sleep at a sync without the swap that tells its thief;
 *  MUTATION_REQUEST_LOST      an owner with nothing to give takes the request away;
 *  MUTATION_REQUEST_TAKEN     an answer takes it away though others still sleep;
 *  MUTATION_NO_REQUEST        a thief goes to sleep without asking the owner;
 *  MUTATION_NO_LAST_LOOK      it goes to sleep without looking once more;
 *  MUTATION_LATE_BARRIER      its last look comes before the barrier;
 *  MUTATION_LEFT_FOR_GOOD     a thief that has found other work does not look what was left to it when it searched;
 *  MUTATION_REST_LEFT         a thief that leaves calls behind calls nobody. */

#ifndef THIEVES
#define THIEVES 1
#endif
#ifndef SPAWNS
#define SPAWNS 3 /* in all */
#endif
#ifndef DEPTH
#define DEPTH 2  /* spawned and not synced, at once */
#endif
#ifndef BUFFER
#define BUFFER 2
#endif
#ifndef TASKS
#define TASKS 0
#endif
#ifndef SECTIONS
#define SECTIONS 0
#endif

/* Marks of a slot; a record is RECORD + the number of its call. */
#define EMPTY  0
#define DONE   1
#define STOLEN 2
#define WAITED 3
#define RECORD 4

#define NOBODY 255

/* Memory. */
byte top;
byte records[DEPTH];
byte split;
bool is_requested = true;
byte slots[DEPTH];
bool is_locked;

/* The owner's store buffer, oldest first: values of top, and of records[top - 1] where the store is a spawn's. */
byte buffered_top[BUFFER];
byte buffered_record[BUFFER]; /* NOBODY: top alone */
byte buffered;

#if SECTIONS > 0
/* Sections: the outer one is there all the time, and holds each record but those from `first_inner` on while `section` says
 * that there is an inner one. */
bool section;
byte first_inner;
bool is_inner_alive;        /* the frame that holds it */
bool is_of_inner[SPAWNS];   /* who has spawned the call, in truth */
bool buffered_section[BUFFER];
bool is_of_section[BUFFER]; /* the entry stores to `section`, not to `top` */
#endif

/* Who sleeps. */
bool is_parked[THIEVES];
byte searching = THIEVES;
byte tasks = TASKS;    /* other work that nobody has begun */
bool is_left;          /* calls were left to whoever searched */
bool owner_is_asleep;
byte awaited = NOBODY; /* the call that a sleeping owner waits for */
bool completions;      /* its futex word; one wait at a time, so it need not count */

/* What has become of each call. */
byte spawned;          /* calls 0 .. spawned - 1 exist */
bool has_begun[SPAWNS];
bool is_finished[SPAWNS];

/* ---- Memory ---- */

inline drain_one()
{
    d_step {
#if SECTIONS > 0
        if
        :: is_of_section[0] -> section = buffered_section[0]
        :: else
        fi;
        if
        :: !is_of_section[0] -> top = buffered_top[0]
        :: else
        fi;
#else
        top = buffered_top[0];
#endif
        if
        :: buffered_record[0] != NOBODY -> records[top - 1] = buffered_record[0]
        :: else
        fi;
        at = 1;
        do
        :: at < buffered ->
            buffered_top[at - 1] = buffered_top[at];
            buffered_record[at - 1] = buffered_record[at];
#if SECTIONS > 0
            buffered_section[at - 1] = buffered_section[at];
            is_of_section[at - 1] = is_of_section[at];
#endif
            at++
        :: else -> break
        od;
        buffered--;
        buffered_top[buffered] = 0;
        buffered_record[buffered] = 0;
#if SECTIONS > 0
        buffered_section[buffered] = false;
        is_of_section[buffered] = false;
#endif
        at = 0
    }
}

inline drain()
{
    do
    :: buffered > 0 -> drain_one()
    :: else -> break
    od
}

inline barrier()
{
    atomic { drain() }
}

inline store_top(value, record)
{
    atomic {
        buffered < BUFFER ->
        buffered_top[buffered] = value;
        buffered_record[buffered] = record;
        buffered++
    }
}

active proctype memory()
{
    byte at;

    do
    :: atomic { buffered > 0 -> drain_one() }
    od
}

/* ---- Both sides ---- */

/* Calls somebody, unless somebody searches; who is called is searching at once. */
inline call_worker()
{
    d_step {
        if
        :: searching == 0 ->
            at = 0;
            do
            :: at < THIEVES && !is_parked[at] -> at++
            :: else -> break
            od;
            if
            :: at < THIEVES -> is_parked[at] = false; searching++
            :: else
            fi;
            at = 0
        :: else
        fi
    }
}

/* Sets `is_left` unless all are awake: who searches may find other work. */
inline call_thief()
{
    d_step {
        at = 0;
        do
        :: at < THIEVES && !is_parked[at] -> at++
        :: else -> break
        od;
        is_left = is_left || at < THIEVES;
        at = 0
    }
    call_worker()
}

/* Sets `found` if there is a call that nobody has begun, as far as memory shows. */
inline look_at_slots()
{
    d_step {
        found = false;
        at = 0;
        do
        :: at < split -> found = found || slots[at] >= RECORD; at++
        :: else -> break
        od;
        at = 0
    }
}

inline look_for_work()
{
    seen = top;
    found = seen > split;
    if
    :: found
    :: else -> look_at_slots()
    fi;
    seen = 0
}

/* Under the lock; a thief may see some of them. */
inline fill_slots(from, to)
{
    index = from;
    do
    :: index < to ->
#if SECTIONS > 0
        is_inner_seen = section;
#endif
        atomic {
#if SECTIONS > 0
            assert(!is_inner_seen || is_inner_alive);
            assert(is_of_inner[records[index]] == (is_inner_seen && index >= first_inner));
            is_inner_seen = false;
#endif
            assert(slots[index] == EMPTY);
            slots[index] = RECORD + records[index];
            index++
        }
    :: else -> break
    od;
    index = 0
}

/* ---- The owner ---- */

/* The owner keeps the calls that it has spawned on a stack of its own: HELD, or AWAITED, which its thief has. TOP is what it
 * takes for `top`, and AWAITED_SLOT the slot of the topmost call if it is AWAITED. */
#define HELD    0
#define AWAITED 1

#ifdef MUTATION_SLOT_REUSED
#define TOP          (mine - reused)
#define AWAITED_SLOT (mine - reused)
#else
#define TOP          mine
#define AWAITED_SLOT (mine - 1)
#endif

inline lock_by_owner()
{
    atomic { !is_locked -> is_locked = true; drain() }
}

/* Under the lock: the older half of what is private, which begins at `from`, at least one. */
inline publish(from)
{
    if
    :: TOP > from ->
        last = from + (TOP - from + 1) / 2;
        fill_slots(from, last);
        d_step { split = last; is_requested = false; has_published = true; last = 0 }
    :: else ->
#ifdef MUTATION_REQUEST_LOST
        is_requested = false
#endif
    fi
}

inline call_if_published()
{
    if
    :: has_published ->
        has_published = false;
        call_thief();
#ifndef MUTATION_REQUEST_TAKEN
        d_step { /* the request stands while anybody sleeps */
            at = 0;
            do
            :: at < THIEVES && !is_parked[at] -> at++
            :: else -> break
            od;
            is_requested = is_requested || at < THIEVES;
            at = 0
        }
#endif
    :: else
    fi
}

inline spawn()
{
    atomic {
        calls[mine] = spawned;
        state[mine] = HELD;
#if SECTIONS > 0
        is_of_inner[spawned] = is_inside;
#endif
        spawned++;
        mine++;
        store_top(TOP, calls[mine - 1]) /* P1, P2 */
    }
    if
    :: is_requested -> /* P3 */
        lock_by_owner();
#ifdef MUTATION_SPLIT_LEFT
        first = split;
#elif defined(MUTATION_FORCE_UNSEEN)
        first = (TOP - 1 < split -> TOP - 1 : split);
#else
        first = (TOP - 1 < split && slots[TOP - 1] == EMPTY -> TOP - 1 : split);
#endif
        publish(first);
        d_step { is_locked = false; first = 0 }
        call_if_published()
    :: else
    fi
}

#if SECTIONS > 0
inline change_section(value)
{
    if
#ifndef MUTATION_SECTION_UNLOCKED
    :: TOP > 0 ->
        lock_by_owner();
        section = value;
        is_locked = false
#endif
    :: else ->
        atomic {
            buffered < BUFFER ->
            buffered_section[buffered] = value;
            is_of_section[buffered] = true;
            buffered_record[buffered] = NOBODY;
            buffered++
        }
    fi
}

inline enter_section()
{
    d_step { entered++; is_inside = true; first_inner = TOP; is_inner_alive = true }
    change_section(true)
}

inline leave_section()
{
    change_section(false);
    d_step { is_inside = false; is_inner_alive = false }
}
#endif

/* At a sync, after mine - 1. */
inline run_by_owner()
{
    d_step {
        assert(!has_begun[calls[mine]]);
        has_begun[calls[mine]] = true;
        is_finished[calls[mine]] = true;
        calls[mine] = 0
    }
}

inline take_back_by_lock()
{
    lock_by_owner();
    if
    :: is_requested -> publish(split)
    :: else
    fi;
    is_ours = TOP >= split;
    if
    :: is_ours -> is_locked = false
    :: else ->
        assert(split == TOP + 1 || is_requested);
        d_step {
            slot = slots[TOP];
            slots[TOP] = EMPTY;
            is_ours = slot >= RECORD;
            assert(!is_ours || slot - RECORD == calls[mine]);
            assert(is_ours || slot == STOLEN || slot == DONE)
        }
#ifndef MUTATION_SLOT_REUSED
        if
        :: is_ours || slot == DONE -> split = TOP
        :: else
        fi;
#else
        split = TOP;
#endif
        is_locked = false
    fi;
    call_if_published();
    if
    :: is_ours -> run_by_owner()
    :: !is_ours && slot == DONE -> d_step { assert(is_finished[calls[mine]]); calls[mine] = 0 }
    :: else ->
        atomic {
            state[mine] = AWAITED;
            mine++;
#ifdef MUTATION_SLOT_REUSED
            reused++
#else
            store_top(TOP, NOBODY)
#endif
        }
    fi;
    d_step { slot = 0; is_ours = false }
}

inline take_back()
{
#ifndef MUTATION_LEFT_UNASKED
    is_simple = is_requested && TOP < split;
#else
    is_simple = TOP < split;
#endif
    if
    :: d_step { is_simple && slots[TOP] == DONE -> /* Y4 */
            assert(is_finished[calls[mine]]);
            slots[TOP] = EMPTY;
            calls[mine] = 0;
            is_simple = false
        }
    :: d_step { !is_simple || slots[TOP] != DONE -> is_simple = false } take_back_by_lock()
    fi
}

inline sync()
{
#ifdef MUTATION_SPLIT_BEFORE_TOP
    is_private = TOP - 1 >= split && !is_requested;
    atomic { mine--; store_top(TOP, NOBODY) }
#else
    atomic { mine--; store_top(TOP, NOBODY) }  /* Y1 */
    is_private = TOP >= split && !is_requested; /* Y2 */
#endif
    if
    :: is_private -> is_private = false; run_by_owner()
    :: else -> take_back()
    fi
}

/* The topmost call is AWAITED and has come back. */
inline clear()
{
    d_step {
        assert(is_finished[calls[mine - 1]]);
        slots[AWAITED_SLOT] = EMPTY
    }
    atomic {
        mine--;
        state[mine] = HELD;
        calls[mine] = 0;
#ifdef MUTATION_SLOT_REUSED
        reused--
#else
        store_top(TOP, NOBODY)
#endif
    }
    lock_by_owner();
    split = TOP;
    is_locked = false
}

inline sleep_until_back()
{
    /* Stops to count as awake; its own last look. */
    is_requested = true;
    barrier();
    look_for_work();
    if
    :: found -> found = false; call_thief()
    :: else
    fi;
    completions = false;
    atomic {
#ifndef MUTATION_BLIND_WAIT
        drain();
#endif
        is_private = slots[AWAITED_SLOT] != DONE; /* so it sleeps */
#ifndef MUTATION_BLIND_WAIT
        if
        :: is_private -> slots[AWAITED_SLOT] = WAITED
        :: else
        fi
#endif
    }
    if
    :: is_private ->
        atomic {
            is_private = false;
            if
            :: !completions -> owner_is_asleep = true; awaited = calls[mine - 1]
            :: else
            fi
        }
        atomic { !owner_is_asleep -> awaited = NOBODY }
    :: else
    fi
}

/* The lowest call that the task at hand has spawned. */
#if SECTIONS > 0
#define FIRST (is_inside -> first_inner : 0)
#else
#define FIRST 0
#endif

active proctype owner()
{
    byte at, index, first, last, mine, slot, seen;
    byte calls[DEPTH], state[DEPTH];
    bool has_published, is_ours, is_private, is_simple, found;
#ifdef MUTATION_SLOT_REUSED
    byte reused;
#endif
#if SECTIONS > 0
    byte entered;
    bool is_inside, is_inner_seen;
#endif

    do
#if SECTIONS > 0
    :: entered < SECTIONS && !is_inside -> enter_section()
    :: is_inside && mine == first_inner -> leave_section()
#endif
    :: spawned < SPAWNS && mine < DEPTH -> spawn()
    :: mine > FIRST && state[mine - 1] == HELD -> sync()
    :: mine > FIRST && state[mine - 1] == HELD && !has_begun[calls[mine - 1]] ->
        has_begun[calls[mine - 1]] /* spins, without a step in the library */
    :: mine > FIRST && state[mine - 1] == AWAITED && slots[AWAITED_SLOT] == DONE -> clear()
    :: mine > FIRST && state[mine - 1] == AWAITED && slots[AWAITED_SLOT] != DONE -> sleep_until_back()
#if SECTIONS > 0
    :: spawned == SPAWNS && mine == 0 && !is_inside -> break
#else
    :: spawned == SPAWNS && mine == 0 -> break
#endif
    od;
    atomic {
        drain();
        assert(top == 0);
        do
        :: index < SPAWNS -> assert(is_finished[index] && (index >= DEPTH || slots[index] == EMPTY)); index++
        :: else -> break
        od
    }
}

/* ---- Thieves ---- */

/* Sets `found` if something has become public. */
inline publish_by_force()
{
    found = false;
    if
    :: atomic { top > split && !is_locked -> is_locked = true }
        seen = top;
        first = split;
        if
        :: seen > first ->
            last = first + (seen - first + 1) / 2;
            split = last;   /* T1 */
#ifndef MUTATION_NO_BARRIER
            barrier();      /* T2 */
#endif
#ifdef MUTATION_FILL_FIRST
            fill_slots(first, last);
#endif
#ifndef MUTATION_TOP_NOT_REREAD
            seen = top;     /* T3 */
            if
            :: seen < last ->
                last = (seen > first -> seen : first);
                split = last
            :: else
            fi;
#endif
#ifndef MUTATION_FILL_FIRST
            fill_slots(first, last); /* T4 */
#endif
            found = last > first
        :: else
        fi;
        d_step { is_locked = false; seen = 0; first = 0; last = 0 }
    :: else
    fi
}

/* After it has stopped to count as searching. */
inline look_for_left()
{
#ifndef MUTATION_LEFT_FOR_GOOD
    if
    :: d_step { is_left -> is_left = false }
        look_for_work();
        if
        :: found -> found = false; call_thief()
        :: else
        fi
    :: else
    fi
#else
    skip
#endif
}

inline take_task()
{
    searching--;
    look_for_left();
    if
    :: skip -> false /* it never ends */
    :: skip
    fi;
    searching++
}

inline steal_and_run()
{
    /* become_busy() */
    searching--;
    last = split;
    call = NOBODY;
    do
    :: index < last && call == NOBODY ->
        d_step {
            if
            :: slots[index] >= RECORD -> call = slots[index] - RECORD; slots[index] = STOLEN
            :: else -> index++
            fi
        }
    :: else -> break
    od;
    last = 0;
    if
    :: call != NOBODY ->
#ifndef MUTATION_REST_LEFT
        look_for_work();
        if
        :: found -> found = false; call_thief()
        :: else -> look_for_left()
        fi;
#endif
        d_step { assert(!has_begun[call]); has_begun[call] = true }
        if
        :: skip -> false /* it never ends */
        :: skip
        fi;
        d_step { is_finished[call] = true; call = NOBODY }
        d_step {
            call = slots[index];
            slots[index] = DONE;
            assert(call == EMPTY || call == STOLEN || call == WAITED)
        }
        if
        :: call == WAITED -> completions = true; owner_is_asleep = false
        :: else
        fi
    :: else -> look_for_left()
    fi;
    d_step { index = 0; call = 0 }
    searching++
}

inline park()
{
    is_parked[self] = true;  /* W1 */
    searching--;             /* W2 */
#ifndef MUTATION_NO_REQUEST
    is_requested = true;
#endif
#ifdef MUTATION_LATE_BARRIER
    look_for_work();
    barrier();
#else
    barrier();
#ifdef MUTATION_NO_LAST_LOOK
    found = false;
#else
    look_for_work();         /* W3 */
#endif
#endif
    if
    :: found -> found = false; call_thief()
    :: else
    fi;
    !is_parked[self]
}

active [THIEVES] proctype thief()
{
    byte self = _pid - 2; /* after memory and owner */
    byte at, index, seen, first, last, call;
    bool found;
#if SECTIONS > 0
    bool is_inner_seen;
#endif

    do
    :: atomic { tasks > 0 -> tasks-- } take_task()
    :: look_at_slots();
        if
        :: found
        :: else ->
            is_requested = true;
            publish_by_force()
        fi;
        if
        :: found -> found = false; steal_and_run()
        :: else -> park()
        fi
    od
}

/* Runs when nothing else can. */
active proctype observer()
{
    byte index;
    bool somebody_sleeps;

    timeout;
    atomic {
        assert(!is_locked);
        assert(awaited == NOBODY || !is_finished[awaited]);
        do
        :: index < THIEVES -> somebody_sleeps = somebody_sleeps || is_parked[index]; index++
        :: else -> break
        od;
        index = 0;
        do
        :: index < spawned -> assert(has_begun[index] || !somebody_sleeps); index++
        :: else -> break
        od
    }
}
