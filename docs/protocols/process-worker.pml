/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Calls, outcomes and deaths of worker processes (process-worker.md) as a model for the checker SPIN, which tries every
 * interleaving of the steps of libparallel/executors/{slot.h,crew.c,process_*.c}, with a worker that is killed or stopped
 * between any two of them. tests/executors/process_model.sh runs it.
 *
 * Each call has a slot of its own, or with REUSE all have the same one, one after the other. A worker's number is new with each life of its seat. Workers are started on demand, and
 * sleep as soon as they find no hint. Nobody spins: that would only look more often.
 *
 * Checked:
 *  - each call ends once, and is made once, or with retries at most once more for each death;
 *  - no call fails but for the death of the worker that ran it, and none for a kill that was meant for another call;
 *  - at the end (no process can move) every call has ended, but those that a stopped worker holds, and no lock is held;
 *  - only a stopped worker needs the tick: deaths, also of workers that were woken and are killed before they look, do not.
 *
 * Not checked: memory orders (SPIN's memory is sequentially consistent), the death of the zygote, the wrap-around of
 * numbers and of the ring of hints, so that a hint is read in one step; executors that share a hub, several submitters,
 * shutdown, maps, queue=, and that what has ended is given back later.
 *
 * The mutations break the protocol on purpose, to show that the model notices:
 *  MUTATION_NO_RECHECK      a worker sleeps without looking for a hint once more after it has set its bit;
 *  MUTATION_NO_CALL         after a death nobody is woken for what the dead was woken for;
 *  MUTATION_NO_REPEAT       hints that a dead worker took are not given anew;
 *  MUTATION_BLIND_CLAIM     a worker claims by a hint of a call that has been claimed before;
 *  MUTATION_BLIND_FINISH    a worker finishes by a plain store, though its call may have been stopped;
 *  MUTATION_NO_LAST_LOOK    who asks for the bell does not look once more;
 *  MUTATION_NO_RING         the zygote does not ring for a death;
 *  MUTATION_NO_WATCH        a submitter does not see to it that somebody looks;
 *  MUTATION_ALL_SETTLED     each hint says that all earlier calls have ended;
 *  MUTATION_EARLY_CELL      a worker writes the cell before the slot is DONE;
 *  MUTATION_NO_UNANNOUNCED  the tick waits for the cell of a call that is done;
 *  MUTATION_NO_OTHER        the tick orders no other worker where the only one is stopped;
 *  MUTATION_NO_GENERATION   after a death a slot that is DONE is taken for the end of the call that is out. */

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef CALLS
#define CALLS 2
#endif
#ifndef DEATHS
#define DEATHS 1 /* by somebody else's hand, at any step */
#endif
#ifndef STOPS
#define STOPS 0 /* SIGSTOP at any step, and perhaps SIGCONT later; the tick is there only with them */
#endif
#ifndef KILLS
#define KILLS 0 /* calls that the program stops and has killed, or withdraws if nobody has begun them */
#endif
#ifndef RETRIES
#define RETRIES 0 /* of each call */
#endif
#ifndef WAITERS
#define WAITERS 0 /* threads that collect for a while */
#endif

#ifdef REUSE /* not with RETRIES: a call is told by its generation */
#define SLOTS 1
#define SLOT(call) 0
#define CALL(c, its_generation) ((its_generation) - 1)
#else
#define SLOTS CALLS
#define SLOT(call) call
#define CALL(c, its_generation) c
#endif

#define HINTS (CALLS * (2 + DEATHS + STOPS + RETRIES) + 2) /* no ring: more are never given */

mtype = { UNUSED, RUNNING, DONE, STOPPED, WITHDRAWN };
mtype = { EMPTY, LIVES, ENDED };

/* ---- Shared memory ---- */

mtype state[SLOTS] = UNUSED; /* the slot's word: state, ... */
byte number[SLOTS];          /* ... the number of the worker, ... */
byte generation[SLOTS];      /* ... and the call's generation */
byte hints[HINTS];
byte hint_generation[HINTS];
bool is_settled[HINTS];
byte head, tail;
bool has_bit[WORKERS];         /* `sleepers` */
bool is_asleep[WORKERS];     /* futex words */
byte cells[WORKERS * 4];     /* cells of each worker's last life; more are not written */
byte cell_generation[WORKERS * 4];
byte written[WORKERS];
bool wants_bell;
byte bell;
mtype life[WORKERS] = EMPTY; /* LIVES from the order on */
byte life_number[WORKERS];

/* ---- The kernel ---- */

bool sleeps[WORKERS];        /* in the queue for is_asleep[] */
bool collector_sleeps;
bool is_killed[WORKERS];
bool is_stopped[WORKERS];

/* ---- The program ---- */

bool lock, collecting;
byte lookers;                /* 1: the collector, 2: a waiter */
byte unfinished, in_slots, staffed;
bool is_staffed[WORKERS];
byte position[WORKERS];      /* in the cells */
byte last_hint[SLOTS];
byte published[SLOTS];       /* the generation of the last call that was */
byte out[SLOTS];             /* the same while the call is out; 0: it has ended */
byte next_number;
byte retries_left[SLOTS];
bool was_stopped[SLOTS];
bool submitter_is_through;

/* ---- What is checked ---- */

byte made[CALLS];
byte ends[CALLS];
byte casualties, blows;      /* deaths that somebody brought about */
byte killed_for[WORKERS];    /* the call, + 1, that the program has the worker killed for */
byte quiet_ticks;
bool has_settled;

inline acquire(word)
{
    atomic { !word -> word = true }
}

/* The futex wake and the word before it are two steps: the bell must be read before the last look. */
inline ring()
{
    bell++;
    collector_sleeps = false
}

#define IS_PENDING(c) (generation[c] != published[c])
#define IS_OUT_AND(c, what) (out[c] != 0 && out[c] == generation[c] && state[c] == (what))

/* Under the lock. */
inline give_hint(c, others)
{
    atomic {
        assert(tail < HINTS);
        hints[tail] = c;
        hint_generation[tail] = published[c];
#ifdef MUTATION_ALL_SETTLED
        is_settled[tail] = true;
#else
        is_settled[tail] = others == 0;
#endif
        last_hint[c] = tail;
        tail++
    }
}

inline count_sleepers()
{
    d_step {
        count = 0;
        i = 0;
        do
        :: i < WORKERS -> count = count + (has_bit[i] -> 1 : 0); i++
        :: else -> break
        od;
        i = 0
    }
}

/* Under the lock. Sets i to a sleeper whose bit has been taken, or to WORKERS. */
inline take_some_bit()
{
    d_step {
        i = 0;
        do
        :: i < WORKERS && !has_bit[i] -> i++
        :: else -> break
        od;
        if
        :: i < WORKERS -> has_bit[i] = false
        :: else
        fi
    }
}

inline wake_taken()
{
    is_asleep[i] = false;
    sleeps[i] = false;
    i = 0
}

/* Under the lock. Sets i to the seat that gets a worker, or to WORKERS. */
inline order_one()
{
    d_step {
        i = 0;
        do
        :: i < WORKERS && is_staffed[i] -> i++
        :: else -> break
        od;
        if
        :: i < WORKERS ->
            assert(life[i] == EMPTY);
            next_number++;
            life_number[i] = next_number;
            is_asleep[i] = false;
            is_staffed[i] = true;
            staffed++;
            life[i] = LIVES
        :: else
        fi
    }
}

inline call_workers()
{
    acquire(lock);
    do
    ::  count_sleepers();
        if
        :: staffed - count >= in_slots -> break
        :: else
        fi;
        if
        :: count > 0 ->
            take_some_bit();
            if
            :: i < WORKERS -> wake_taken()
            :: else /* it woke by itself */
            fi
        :: else ->
            order_one();
            if
            :: i == WORKERS -> break
            :: else
            fi
        fi
    od;
    atomic { i = 0; count = 0; lock = false }
}

inline repeat_hints()
{
    acquire(lock);
    c = 0;
    do
    :: c < SLOTS ->
        if
        :: IS_PENDING(c) && last_hint[c] < head -> give_hint(c, 1)
        :: else
        fi;
        c++
    :: else -> break
    od;
    atomic { c = 0; lock = false }
}

inline write_cell()
{
    atomic {
        assert(written[_pid] < 4);
        cells[_pid * 4 + written[_pid]] = c;
        cell_generation[_pid * 4 + written[_pid]] = generation_seen;
        written[_pid]++
    }
}

/* ---- The worker, and the zygote that waits for it ---- */

active [WORKERS] proctype worker() provided (!is_stopped[_pid])
{
    byte seen, c, generation_seen, last;
    bool found, is_owing;

begin:
    atomic { life[_pid] == LIVES -> written[_pid] = 0 }
    {
        do
        ::  if /* announce, before the next claim or sleep; what is settled is owed no ring */
            :: is_owing ->
                atomic {
                    seen = head;
                    if
                    :: seen < tail && is_settled[seen] -> assert(ends[last] == 1); goto rung
                    :: else
                    fi
                }
                if
                :: wants_bell ->
                    atomic {
                        if
                        :: wants_bell -> wants_bell = false
                        :: else -> goto rung
                        fi
                    }
                    ring()
                :: else
                fi;
rung:           atomic { is_owing = false; last = 0 }
            :: else
            fi;
            /* claim */
            found = false;
            do
            ::  atomic { seen = head; if :: seen < tail :: else -> break fi }
                atomic {
                    if
                    :: head == seen -> head++; c = hints[seen]; generation_seen = hint_generation[seen]
                    :: else -> goto again
                    fi
                }
                atomic {
                    if
#ifdef MUTATION_BLIND_CLAIM
                    :: true ->
#else
                    :: generation[c] + 1 == generation_seen ->
#endif
                        state[c] = RUNNING; number[c] = life_number[_pid]; generation[c] = generation_seen;
                        found = true; break
                    :: else
                    fi
                }
again:          skip
            od;
            if
            :: found ->
                atomic {
                    made[CALL(c, generation_seen)]++;
                    quiet_ticks = 0;
                    assert(made[CALL(c, generation_seen)] <= 1 + RETRIES)
                }
#ifdef MUTATION_EARLY_CELL
                write_cell();
#endif
#ifdef MUTATION_BLIND_FINISH
                atomic { state[c] = DONE; number[c] = life_number[_pid] }
#else
                atomic { /* finish */
                    if
                    :: state[c] == RUNNING && number[c] == life_number[_pid] && generation[c] == generation_seen ->
                        state[c] = DONE
                    :: else -> assert(state[c] == STOPPED && number[c] == life_number[_pid]); goto await
                    fi
                }
#endif
#ifndef MUTATION_EARLY_CELL
                write_cell();
#endif
                atomic { is_owing = true; last = CALL(c, generation_seen); c = 0; generation_seen = 0 }
            :: else -> /* sleep */
                is_asleep[_pid] = true;
                has_bit[_pid] = true;
                if
#ifdef MUTATION_NO_RECHECK
                :: true ->
#else
                :: head < tail
                :: else ->
#endif
                    do
                    ::  atomic { if :: is_asleep[_pid] -> sleeps[_pid] = true :: else -> break fi }
                        !sleeps[_pid]
                    od
                fi;
                has_bit[_pid] = false
            fi
        od;
await:
        false
    } unless { is_killed[_pid] };
    /* The kernel tears it down; the zygote has waited for it. */
    atomic {
        is_killed[_pid] = false; sleeps[_pid] = false; c = 0; seen = 0; generation_seen = 0; found = false;
        is_owing = false; last = 0;
        life[_pid] = ENDED
    }
#ifndef MUTATION_NO_RING
    ring();
#endif
    goto begin
}

/* ---- Collecting: under `collecting` ---- */

inline end_call(c)
{
    atomic {
        assert(out[c] != 0 && ends[CALL(c, out[c])] == 0);
        ends[CALL(c, out[c])]++;
        out[c] = 0;
        quiet_ticks = 0
    }
    atomic { in_slots--; unfinished-- }
}

inline drain()
{
    do
    :: atomic { position[w] < written[w] -> c = cells[w * 4 + position[w]]; position[w]++; has_found = true }
        if
        :: out[c] != 0 && out[c] == cell_generation[w * 4 + position[w] - 1] ->
            /* This is not looked at. */
            assert(state[c] == DONE && number[c] == life_number[w] && generation[c] == out[c]);
            end_call(c)
        :: else
        fi;
        c = 0
    :: atomic { position[w] >= written[w] -> break }
    od
}

inline look_at_slots()
{
    c = 0;
    do
    :: c < SLOTS ->
        if
#ifdef MUTATION_NO_GENERATION
        :: number[c] == life_number[w] && out[c] != 0 && state[c] == DONE ->
#else
        :: number[c] == life_number[w] && IS_OUT_AND(c, DONE) ->
#endif
            assert(made[CALL(c, out[c])] > 0);
            end_call(c)
        :: number[c] == life_number[w] && (IS_OUT_AND(c, RUNNING) || IS_OUT_AND(c, STOPPED)) ->
            if
            :: retries_left[c] > 0 && !was_stopped[c] ->
                retries_left[c]--;
                acquire(lock);
                atomic { published[c]++; out[c] = published[c] }
                give_hint(c, unfinished - 1);
                lock = false
            :: else ->
                casualties++;
                assert(casualties <= blows);
                assert(killed_for[w] == 0 || killed_for[w] == CALL(c, out[c]) + 1);
                end_call(c)
            fi
        :: else
        fi;
        c++
    :: else -> break
    od;
    c = 0
}

inline bury()
{
    drain();
    look_at_slots();
    has_bit[w] = false;
    acquire(lock);
    atomic { is_staffed[w] = false; staffed--; position[w] = 0; written[w] = 0; killed_for[w] = 0; life[w] = EMPTY }
    lock = false;
#ifndef MUTATION_NO_REPEAT
    repeat_hints()
#endif
}

inline collect_all()
{
    atomic { has_found = false; has_buried = false; w = 0 }
    do
    :: w < WORKERS ->
        if
        :: is_staffed[w] ->
            is_dead = life[w] == ENDED;
            drain();
            if
            :: is_dead -> has_buried = true; bury()
            :: else
            fi;
            is_dead = false
        :: else
        fi;
        w++
    :: else -> break
    od;
    w = 0;
    if
#ifdef MUTATION_NO_CALL
    :: has_found && head < tail -> call_workers()
#else
    :: has_buried || (has_found && head < tail) -> call_workers()
#endif
    :: else
    fi
}

inline ask_for_the_bell()
{
    if
    :: unfinished > 0 -> wants_bell = true
    :: else
    fi
}

#define IS_HELD(c) (IS_OUT_AND(c, RUNNING) && HAS_STOPPED(c))
#define HAS_SETTLED(call) (ends[call] == 1 || IS_HELD(SLOT(call)))
#ifdef REUSE
#define IS_THROUGH (submitter_is_through || IS_HELD(0)) /* it waits for the slot */
#else
#define IS_THROUGH submitter_is_through
#endif
#define HAS_STOPPED(c) ((is_stopped[0] && number[c] == life_number[0]) || \
                        (WORKERS > 1 && is_stopped[1 % WORKERS] && number[c] == life_number[1 % WORKERS]))

inline tick()
{
#ifndef MUTATION_NO_UNANNOUNCED
    c = 0;
    do
    :: c < SLOTS ->
        if
        :: IS_OUT_AND(c, DONE) -> assert(made[CALL(c, out[c])] > 0); end_call(c)
        :: else
        fi;
        c++
    :: else -> break
    od;
#endif
    repeat_hints();
    call_workers();
    if
    :: head == head_at_tick && head < tail ->
        acquire(lock);
        has_woken = false;
        do
        ::  take_some_bit();
            if
            :: i < WORKERS -> has_woken = true; wake_taken()
            :: else -> break
            fi
        od;
#ifndef MUTATION_NO_OTHER
        if
        :: !has_woken -> order_one()
        :: else
        fi;
#endif
        atomic { i = 0; has_woken = false; lock = false }
    :: else
    fi;
    head_at_tick = head
}

active proctype collector()
{
    byte w, c, i, count, was_looking, bell_seen, head_at_tick;
    bool has_found, has_buried, is_dead, has_woken;

    do
    ::  lookers = lookers | 1;
        bell_seen = bell;
        atomic { was_looking = lookers; lookers = lookers & 2; has_found = false; has_buried = false }
        if
        :: was_looking & 2 /* a waiter looks, and asks for the bell when it stops */
        :: else ->
            acquire(collecting);
            if
            :: was_looking == 1 -> ask_for_the_bell()
            :: else
            fi;
#ifndef MUTATION_NO_LAST_LOOK
            collect_all();
#endif
            collecting = false
        fi;
        if
        :: has_found || has_buried
        :: else ->
            atomic { if :: bell == bell_seen -> collector_sleeps = true :: else fi }
            if
            :: !collector_sleeps
            :: timeout ->
                /* Nothing moves any more. */
                atomic {
                    c = 0;
                    do
                    :: c < CALLS && HAS_SETTLED(c) -> c++
                    :: else -> break
                    od;
                    if
                    :: c == CALLS -> has_settled = true; assert(IS_THROUGH && !lock && !collecting); goto settled
                    :: else
                    fi;
                    c = 0;
                    assert(STOPS > 0 && quiet_ticks < 4);
                    quiet_ticks++;
                    collector_sleeps = false
                }
                acquire(collecting);
                tick();
                collecting = false
            fi
        fi;
        was_looking = 0
    od;
settled:
    skip
}

#if WAITERS > 0
active [WAITERS] proctype waiter()
{
    byte w, c, i, count, was_looking;
    bool has_found, has_buried, is_dead;

    acquire(collecting);
    lookers = lookers | 2;
    wants_bell = false;
    collect_all();
    atomic { was_looking = lookers; lookers = lookers & 1 }
    if
    :: was_looking == 2 ->
        ask_for_the_bell();
#ifndef MUTATION_NO_LAST_LOOK
        collect_all()
#endif
    :: else
    fi;
    collecting = false
}
#endif

active proctype submitter()
{
    byte c, i, count, call;

    do
    :: call < CALLS ->
#ifdef REUSE
        in_slots == 0 && !lock;
#endif
        count_sleepers(); /* where all sleep one is woken before there is a hint */
        if
        :: count > 0 && count == staffed ->
            take_some_bit();
            if
            :: i < WORKERS -> wake_taken()
            :: else -> i = 0
            fi
        :: else
        fi;
        count = 0;
        unfinished++;
#ifndef MUTATION_NO_WATCH
        if
        :: lookers == 0 && !wants_bell -> wants_bell = true
        :: else
        fi;
#endif
        acquire(lock);
        in_slots++;
        retries_left[SLOT(call)] = RETRIES;
        atomic { published[SLOT(call)]++; out[SLOT(call)] = published[SLOT(call)] }
        give_hint(SLOT(call), unfinished - 1);
        lock = false;
        call_workers();
        call++
    :: else -> break
    od;
    submitter_is_through = true
}

/* Where nothing moves, the collector is where it decides what that means. */
active proctype observer()
{
    timeout;
    assert(collector_sleeps || has_settled)
}

/* ---- Blows ---- */

inline select_seat(w)
{
    if
    :: w = 0
    :: WORKERS > 1 -> w = 1 % WORKERS
    fi
}

active proctype killer()
{
    byte w, deaths;

    do
    :: deaths < DEATHS ->
        select_seat(w);
        atomic {
            if
            :: life[w] == LIVES && !is_killed[w] -> is_killed[w] = true; is_stopped[w] = false; blows++
            :: else
            fi;
            deaths++
        }
    :: break
    od
}

#if STOPS > 0
active proctype stopper()
{
    byte w;

    select_seat(w);
    atomic {
        if
        :: life[w] == LIVES && !is_killed[w] -> is_stopped[w] = true
        :: else
        fi
    }
    if
    :: is_stopped[w] = false
    :: true -> /* after the tick has done without the worker what it can */
        quiet_ticks > 0 -> is_stopped[w] = false
    :: skip /* for ever */
    fi
}
#endif

#if KILLS > 0
/* parallel_future_kill(), or a limit of time. */
active [KILLS] proctype stopping_caller()
{
    byte c, w, victim;

    if
    :: c = 0
    :: SLOTS > 1 -> c = 1 % SLOTS
    fi;
    acquire(lock);
    if
    :: atomic { IS_PENDING(c) -> state[c] = WITHDRAWN; number[c] = 0; generation[c] = published[c] } ->
        end_call(c)
    :: atomic { state[c] == RUNNING && !IS_PENDING(c) -> victim = number[c]; state[c] = STOPPED; was_stopped[c] = true } ->
        w = 0;
        do
        :: w < WORKERS ->
            atomic {
                if
                :: is_staffed[w] && life_number[w] == victim && life[w] == LIVES && !is_killed[w] ->
                    is_killed[w] = true; is_stopped[w] = false; blows++; killed_for[w] = CALL(c, generation[c]) + 1
                :: else
                fi
            }
            w++
        :: else -> break
        od
    :: else
    fi;
    lock = false
}
#endif
