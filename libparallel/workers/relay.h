/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The relay: a thread that passes on what worker processes write to stdout and stderr, line by line, to the program's own,
 * with the worker's name and pid before each line:
 *
 *     worker 1200, stdout --pipe--+
 *     worker 1200, stderr --pipe--+--> relay --> program's stdout:  "[parallel-0 1200] reading a.txt"
 *     worker 1201, stdout --pipe--+         \--> program's stderr
 *
 * Lines of several workers are not mixed, and of a worker that dies no byte is lost that it had written: the pipe has it. A
 * program that does not take its output holds up the workers that write, as it would without the relay; nobody else. A
 * line longer than some kilobyte is passed on in pieces. */
#ifndef LIBPARALLEL_WORKERS_RELAY_H
#define LIBPARALLEL_WORKERS_RELAY_H

struct pl_relay;

/* The two pipes of one worker process. */
struct pl_relay_channel;

/* The caller owns *relay. PARALLEL_ENOMEMORY, PARALLEL_ESYSTEM, PARALLEL_EWORKER: no thread to be had. */
int pl_relay_start(struct pl_relay **relay);

/* Passes on all that stands in pipes, and ends the thread. No worker writes any more. NULL does nothing. */
void pl_relay_stop(struct pl_relay *relay);

/* A channel for a worker of that name; `ends` receives where its stdout and stderr go: the relay's, until it is finished.
 * NULL and the calling thread's last error: PARALLEL_ENOMEMORY, PARALLEL_ESYSTEM. Any thread. */
struct pl_relay_channel *pl_relay_open(struct pl_relay *relay, const char *name, int ends[2]);

/* The worker has ended, or was never started. What is left in its pipes is still passed on. Any thread. */
void pl_relay_finish(struct pl_relay *relay, struct pl_relay_channel *channel);

/* In the worker, before anything else is written to these ends: says whose they are. */
void pl_relay_greet(const int ends[2]);

#endif
