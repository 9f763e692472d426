/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the kernel says about the test's own process: its children, its threads, the time they used, and whether one
 * of them sleeps. Tests build their schedules and their "nothing is left" checks on these, never on elapsed time. */
#ifndef TESTS_SUPPORT_KERNEL_VIEW_H
#define TESTS_SUPPORT_KERNEL_VIEW_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The number of children of this process, zombies included: what was not reaped is left over as well. Up to `capacity`
 * of them are stored in `children`, which may be NULL with capacity 0. */
size_t current_children(pid_t children[], size_t capacity);

/* From now on a process whose parent dies becomes this process's child, if it descends from it, so that
 * current_children() sees orphans too. Call it before anything is started. */
void adopt_orphans(void);

/* Waits until every child has ended, reaping what ends, so that orphans in the middle of their death do not count as
 * survivors. A child that stays alive makes this hang, until the property's time limit says so. */
void wait_until_no_child_is_left(void);

/* The number of threads of this process. The thread sanitizer runs one of its own, at the latest from the first
 * pthread_create() on: compare differences, after a first thread has come and gone. A thread that has just been joined may
 * still count for a moment, hence the wait. */
size_t thread_count(void);
void wait_until_thread_count_is(size_t count);

/* CPU time of all threads of `process` since it started, in user and kernel mode; 0 means this process. */
uint64_t cpu_time_used_ns(pid_t process);

/* Waits until `thread` (a gettid() of this process, or a child of one thread) sleeps in a futex call on `word`; NULL: in
 * any system call. What it will see there is settled then: it sleeps until somebody wakes it. */
void wait_until_asleep(pid_t thread, const void *word);

#endif
