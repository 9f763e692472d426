/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The queue's cells and rings (queue.md) as a model for the checker SPIN, which tries every interleaving of the steps of
 * libparallel/memory/cell_ring.c, with processes that die between any two of them. tests/memory/queue_model.sh runs it.
 *
 * Producers push, consumers pop until the queue is closed and empty, somebody closes it at any moment, whoever finds no
 * free cell recovers those of the dead. Waiting is a guard here: bell.md says why it may be.
 *
 * Checked:
 *  - items are taken in the order in which they were published, each once, and whole;
 *  - nobody turns in circles: an entry that fits neither round means that another has moved the count on;
 *  - at the end (no process can move) nobody waits, and if a consumer lives, what was published has been taken;
 *  - then every cell is in the line of free cells, or in that of an unconsumed queue, once all of the dead are recovered.
 *
 * Not checked: memory orders (SPIN's memory is sequentially consistent), and tickets that come round.
 *
 * The mutations break the protocol on purpose, to show that the model notices:
 *  MUTATION_ONE_ENTRY_MORE   a ring has one entry more than there are cells, not two;
 *  MUTATION_LATE_WORD        the cell's word is written after the entry;
 *  MUTATION_ONE_LOOK         a recovery does not look at the entry again once the holder is known to be dead;
 *  MUTATION_TAKE_BY_STORE    a taker writes the cell's word without comparing;
 *  MUTATION_EARLY_RETURN     a consumer gives its cell back before it has read the item;
 *  MUTATION_MARK_IS_PASSED   closing moves the tail on over its mark. */

#ifndef CELLS
#define CELLS 1
#endif
#ifndef PRODUCERS
#define PRODUCERS 1
#endif
#ifndef PUSHES_EACH
#define PUSHES_EACH 2
#endif
#ifndef CONSUMERS
#define CONSUMERS 2
#endif
#ifndef DEATHS
#define DEATHS 1
#endif

#ifdef MUTATION_ONE_ENTRY_MORE
#define ENTRIES (CELLS + 1)
#else
#define ENTRIES (CELLS + 2)
#endif
#define MOST_TICKETS (ENTRIES + PRODUCERS * PUSHES_EACH + 1)
#define CLOSED_MARK  CELLS
#define PROCESSES    (PRODUCERS + CONSUMERS + 2)
#define NOBODY       PROCESSES

/* Places of a cell; the rings are numbered as the places of what is in them. */
#define FREE  0
#define READY 1
#define HELD  2

/* Results. */
#define OK     0
#define NONE   1
#define CLOSED 2

#define AT(ring, a_ticket) ((ring) * ENTRIES + (a_ticket) % ENTRIES)

/* Tickets begin at ENTRIES, so that the round before has some. */
byte head[2], tail[2];
byte entry_ticket[2 * ENTRIES], entry_cell[2 * ENTRIES];
byte cell_place[CELLS], cell_ticket[CELLS], cell_holder[CELLS];
byte payload[CELLS];
bool is_dead[PROCESSES + 1];
byte deaths;

/* What nobody in the protocol sees. */
byte item_of_ticket[MOST_TICKETS], last_item, last_taken, published_count, taken_count, live_consumers;

#define IS_FULL(ring)   (entry_ticket[AT(ring, head[ring])] == head[ring])
#define IS_CLOSED       (entry_ticket[AT(READY, tail[READY])] == tail[READY] && \
                         entry_cell[AT(READY, tail[READY])] == CLOSED_MARK)
#define IS_IN_LINE_OF(a_place, a_ticket, c) (a_place != HELD && \
    entry_cell[AT(a_place % 2, a_ticket)] == c && entry_ticket[AT(a_place % 2, a_ticket)] == a_ticket)
#define IS_IN_LINE(c)     IS_IN_LINE_OF(cell_place[c], cell_ticket[c], c)
#define IS_LOST(c)      (is_dead[cell_holder[c]] && !IS_IN_LINE(c))
#if CELLS == 1
#define SOME_ARE_LOST   IS_LOST(0)
#else
#define SOME_ARE_LOST   (IS_LOST(0) || IS_LOST(1))
#endif

/* After a step that others can see. A death after one that only reads is, to the others, the one before it. */
inline may_die()
{
    if
    :: skip
    :: atomic { may_be_killed && deaths < DEATHS -> deaths++; is_dead[_pid] = true; goto end_dead }
    fi
}

inline help(counter, seen)
{
    atomic {
        if
        :: counter == seen -> counter++
        :: else
        fi
    }
}

/* Sets result, and cell and ticket if it is OK. */
inline take(ring)
{
    do
    ::  ticket = head[ring];
        atomic {
            found_ticket = entry_ticket[AT(ring, ticket)];
            cell = entry_cell[AT(ring, ticket)];
            assert(found_ticket == ticket || found_ticket == ticket - ENTRIES || head[ring] != ticket)
        }
        if
        :: found_ticket == ticket - ENTRIES -> result = NONE; break
        :: found_ticket == ticket && cell == CLOSED_MARK -> result = CLOSED; break
        :: found_ticket == ticket && cell != CLOSED_MARK ->
            /* The read of the word and its swap are one step here: if it changed in between, the cell is taken. */
#ifdef MUTATION_TAKE_BY_STORE
            is_taken = !(cell_place[cell] == ring && cell_ticket[cell] == ticket);
#endif
            atomic {
#ifndef MUTATION_TAKE_BY_STORE
                is_taken = !(cell_place[cell] == ring && cell_ticket[cell] == ticket);
#endif
                if
                :: is_taken
                :: else ->
                    cell_place[cell] = HELD;
                    cell_holder[cell] = _pid;
                    if
                    :: ring == READY ->
                        assert(ticket > last_taken);
                        last_taken = ticket;
                        taken_count++
                    :: else
                    fi
                fi
            }
            if
            :: is_taken
            :: else -> may_die()
            fi;
            help(head[ring], ticket);
            if
            :: is_taken
            :: else -> may_die(); result = OK; break
            fi
        :: else
        fi
    od;
    is_taken = false;
    found_ticket = 0;
    if
    :: result == OK
    :: else -> cell = 0; ticket = 0
    fi
}

inline write_word(ring)
{
    atomic {
        if
        :: cell != CLOSED_MARK ->
            cell_place[cell] = ring;
            cell_ticket[cell] = ticket;
            cell_holder[cell] = _pid
        :: else
        fi
    }
}

/* Puts `cell`, or the mark, at the end of the line. Sets result. */
inline append(ring)
{
    do
    ::  ticket = tail[ring];
        atomic {
            found_ticket = entry_ticket[AT(ring, ticket)];
            found_cell = entry_cell[AT(ring, ticket)];
            assert(found_ticket == ticket || found_ticket == ticket - ENTRIES || tail[ring] != ticket)
        }
        if
        :: found_ticket == ticket && found_cell == CLOSED_MARK -> result = CLOSED; break
        :: found_ticket == ticket && found_cell != CLOSED_MARK -> help(tail[ring], ticket)
        :: found_ticket == ticket - ENTRIES ->
#ifndef MUTATION_LATE_WORD
            write_word(ring);
            may_die();
#endif
            atomic {
                if
                :: entry_ticket[AT(ring, ticket)] == found_ticket && entry_cell[AT(ring, ticket)] == found_cell ->
                    entry_ticket[AT(ring, ticket)] = ticket;
                    entry_cell[AT(ring, ticket)] = cell;
                    result = OK;
                    if
                    :: ring == READY && cell != CLOSED_MARK ->
                        item_of_ticket[ticket] = payload[cell];
                        published_count++
                    :: else
                    fi
                :: else -> result = NONE
                fi
            }
            if
            :: result == OK ->
                may_die();
#ifdef MUTATION_LATE_WORD
                write_word(ring);
#endif
#ifndef MUTATION_MARK_IS_PASSED
                if
                :: cell != CLOSED_MARK -> help(tail[ring], ticket)
                :: else
                fi;
#else
                help(tail[ring], ticket);
#endif
                break
            :: else
            fi
        :: else
        fi
    od;
    found_ticket = 0;
    found_cell = 0;
    ticket = 0
}

/* Recovers `lost` if it is; then it is free again. Uses cell. */
inline recover()
{
    atomic {
        place = cell_place[lost];
        old_ticket = cell_ticket[lost];
        old_holder = cell_holder[lost]
    }
    if
    :: IS_IN_LINE_OF(place, old_ticket, lost)
    :: else ->
        if
        :: !is_dead[old_holder]
        :: is_dead[old_holder] ->
            if
#ifndef MUTATION_ONE_LOOK
            :: IS_IN_LINE_OF(place, old_ticket, lost)
            :: else ->
#else
            :: true ->
#endif
                atomic {
                    if
                    :: cell_place[lost] == place && cell_ticket[lost] == old_ticket && cell_holder[lost] == old_holder ->
                        cell_place[lost] = HELD;
                        cell_ticket[lost] = 0;
                        cell_holder[lost] = _pid;
                        result = OK
                    :: else -> result = NONE
                    fi
                }
                if
                :: result == OK -> cell = lost; may_die(); append(FREE); cell = 0
                :: else
                fi
            fi
        fi
    fi;
    place = 0;
    old_ticket = 0;
    old_holder = 0
}

#define LOCALS \
    byte ticket, found_ticket, cell, found_cell, result, lost, place, old_ticket, old_holder; \
    bool is_taken, may_be_killed

init {
    byte i;
    atomic {
        head[FREE] = ENTRIES;
        head[READY] = ENTRIES;
        tail[FREE] = ENTRIES + CELLS;
        tail[READY] = ENTRIES;
        do
        :: i < ENTRIES ->
            entry_ticket[ENTRIES + i] = i;
            entry_ticket[i] = i;
            if
            :: i < CELLS ->
                entry_ticket[AT(FREE, ENTRIES + i)] = ENTRIES + i;
                entry_cell[AT(FREE, ENTRIES + i)] = i;
                cell_place[i] = FREE;
                cell_ticket[i] = ENTRIES + i;
                cell_holder[i] = NOBODY
            :: else
            fi;
            i++
        :: else -> break
        od;
        live_consumers = CONSUMERS;
        i = 0;
        do
        :: i < PRODUCERS -> run producer(); i++
        :: else -> break
        od;
        i = 0;
        do
        :: i < CONSUMERS -> run consumer(); i++
        :: else -> break
        od;
        run closer();
        i = 0
    }
    LOCALS;
    timeout;
    /* Nobody moves any more: all have ended, or this is an invalid end. */
    do
    :: lost < CELLS -> recover(); lost++
    :: else -> break
    od;
    lost = 0;
    do
    :: lost < CELLS -> assert(IS_IN_LINE(lost)); lost++
    :: else -> break
    od;
    assert(live_consumers == 0 || published_count == taken_count);
    goto end;
end_dead:
    assert(false);
end:
    skip
}

proctype producer()
{
    LOCALS;
    byte pushed;

    may_be_killed = true;
    do
    :: pushed < PUSHES_EACH ->
        take(FREE);
        do
        :: result == OK -> break
        :: else ->
            lost = 0;
            do
            :: lost < CELLS -> recover(); lost++
            :: else -> lost = 0; break
            od;
            if
            :: IS_CLOSED -> goto end_dead
            :: else
            fi;
            take(FREE);
            if
            :: result == OK
            :: else -> atomic { IS_FULL(FREE) || IS_CLOSED || SOME_ARE_LOST -> skip }
            fi
        od;
        atomic { last_item++; payload[cell] = last_item }
        append(READY);
        if
        :: result == CLOSED -> append(FREE); break
        :: else
        fi;
        cell = 0;
        pushed++
    :: else -> break
    od;
end_dead:
    skip
}

proctype consumer()
{
    LOCALS;
    byte taken_ticket;

    may_be_killed = true;
    do
    ::  take(READY);
        if
        :: result == CLOSED -> goto end
        :: result == NONE -> atomic { IS_FULL(READY) -> skip }
        :: else ->
            taken_ticket = ticket;
#ifdef MUTATION_EARLY_RETURN
            lost = cell;
            append(FREE);
            assert(payload[lost] == item_of_ticket[taken_ticket]);
            lost = 0;
#else
            assert(payload[cell] == item_of_ticket[taken_ticket]);
            append(FREE);
#endif
            cell = 0;
            taken_ticket = 0
        fi
    od;
end_dead:
    live_consumers--;
end:
    skip
}

/* Does not die: who would close the queue then? */
proctype closer()
{
    LOCALS;

    cell = CLOSED_MARK;
    append(READY);
    goto end;
end_dead:
    assert(false);
end:
    skip
}
