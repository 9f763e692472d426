/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Marks: numbered counters by which a test and the calls that it submits force a schedule, also across processes: they
 * lie in shared memory that is mapped before any executor opens. A mark is made, and waited for; a gate is a mark that
 * calls wait for and the test makes once. */
#ifndef TESTS_EXECUTORS_MARKS_H
#define TESTS_EXECUTORS_MARKS_H

#include <stdbool.h>
#include <stdint.h>

enum { MARK_COUNT = 64 };

/* A fresh page, all marks at 0. Called for each property before it begins. */
void map_marks(void);
void unmap_marks(void);

/* Counts a mark up by one, and wakes who waits for it. Returns the new number. Async-signal-safe. */
uint32_t make_mark(int mark);

/* Waits until the mark has been made at least so many times. */
void wait_for_mark(int mark, uint32_t times);

/* How often it has been made. */
uint32_t marks_made(int mark);

/* A word in the same memory for whatever a test wants to bring home. */
void set_note(int note, int64_t value);
int64_t get_note(int note);

#endif
