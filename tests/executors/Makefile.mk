# SPDX-License-Identifier: BSD-3-Clause
# The conformance suite. A new row is a file here and a line in ROWS of suite.h; a new kind of executor is a file here
# that says what it can do, and its name in executors_kinds.
executors_suite = \
	tests/executors/as_completed.c \
	tests/executors/bounded_queue.c \
	tests/executors/callbacks.c \
	tests/executors/calls.c \
	tests/executors/calls.h \
	tests/executors/cancel.c \
	tests/executors/chain.c \
	tests/executors/chain_rows.c \
	tests/executors/fd.c \
	tests/executors/initializer.c \
	tests/executors/kind.h \
	tests/executors/map.c \
	tests/executors/marks.c \
	tests/executors/marks.h \
	tests/executors/names.c \
	tests/executors/nested_wait.c \
	tests/executors/outcome.c \
	tests/executors/promise.c \
	tests/executors/resize.c \
	tests/executors/resources.c \
	tests/executors/reuse_of_idle_workers.c \
	tests/executors/shutdown.c \
	tests/executors/submit.c \
	tests/executors/suite.c \
	tests/executors/suite.h \
	tests/executors/wait_modes.c \
	tests/executors/worker_counts.c

dist_check_SCRIPTS += \
	tests/executors/line_model.sh \
	tests/executors/process_model.sh \
	tests/executors/processes_spawn_from_any_program.sh \
	tests/executors/spawning_model.sh
TESTS += \
	tests/executors/line_model.sh \
	tests/executors/process_model.sh \
	tests/executors/processes_spawn_from_any_program.sh \
	tests/executors/spawning_model.sh

if HAVE_CHECK
executors_kinds = \
	tests/executors/fork \
	tests/executors/processes \
	tests/executors/processes_spawned \
	tests/executors/serial \
	tests/executors/threads
executors_tests = \
	tests/executors/a_waiter_shares_its_cpu_with_its_worker \
	tests/executors/bursts_wake_one_worker \
	tests/executors/calls_run_where_they_wish \
	tests/executors/forked_child_has_executors_of_its_own \
	tests/executors/program_ends_after_what_was_submitted \
	tests/executors/statistics_count_what_was_stolen \
	tests/executors/unseen_errors_are_reported_once \
	tests/executors/workers_are_where_the_placement_says \
	tests/executors/workers_block_signals_from_outside
check_PROGRAMS += $(executors_kinds) $(executors_tests)
TESTS += $(executors_kinds) $(executors_tests)

tests_executors_a_waiter_shares_its_cpu_with_its_worker_SOURCES = \
	tests/executors/a_waiter_shares_its_cpu_with_its_worker.c $(suite_calls)
tests_executors_bursts_wake_one_worker_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pl_parking_lot_wake_apart
tests_executors_calls_run_where_they_wish_SOURCES = tests/executors/calls_run_where_they_wish.c $(suite_calls)
tests_executors_calls_run_where_they_wish_LDADD = $(public_ldadd)
tests_executors_fork_SOURCES = tests/executors/fork.c $(executors_suite)
tests_executors_fork_LDADD = $(public_ldadd)
tests_executors_processes_SOURCES = tests/executors/processes.c $(executors_suite)
tests_executors_processes_LDADD = $(public_ldadd)
tests_executors_processes_spawned_SOURCES = tests/executors/processes_spawned.c $(executors_suite)
tests_executors_processes_spawned_LDADD = $(public_ldadd)
tests_executors_serial_SOURCES = tests/executors/serial.c $(executors_suite)
tests_executors_serial_LDADD = $(public_ldadd)
tests_executors_statistics_count_what_was_stolen_LDADD = $(public_ldadd)
tests_executors_threads_SOURCES = tests/executors/threads.c $(executors_suite)
tests_executors_threads_LDADD = $(public_ldadd)

# A process for each call.
fork_tests = \
	tests/executors/fork_call_can_be_ended \
	tests/executors/fork_call_dies_alone \
	tests/executors/fork_call_works_on_a_copy \
	tests/executors/fork_child_is_a_serial_program \
	tests/executors/fork_leaves_nobody_behind
check_PROGRAMS += $(fork_tests)
TESTS += $(fork_tests)
tests_executors_fork_call_can_be_ended_LDADD = $(public_ldadd)
tests_executors_fork_call_dies_alone_LDADD = $(public_ldadd) -lm
tests_executors_fork_call_works_on_a_copy_LDADD = $(public_ldadd)
tests_executors_fork_child_is_a_serial_program_LDADD = $(public_ldadd)
tests_executors_fork_leaves_nobody_behind_LDADD = $(public_ldadd)

if OPENMP_TESTABLE
check_PROGRAMS += tests/executors/fork_call_has_openmp_teams
TESTS += tests/executors/fork_call_has_openmp_teams
tests_executors_fork_call_has_openmp_teams_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
tests_executors_fork_call_has_openmp_teams_LDFLAGS = $(AM_LDFLAGS) $(OPENMP_CFLAGS)
tests_executors_fork_call_has_openmp_teams_LDADD = $(public_ldadd)
endif

# Worker processes and their deaths.
processes_tests = \
	tests/executors/a_group_without_memory_loses_one_call \
	tests/executors/loading_is_overtaken \
	tests/executors/no_process_to_be_had_is_an_error \
	tests/executors/output_is_tagged_or_captured \
	tests/executors/processes_carry_what_arguments_say \
	tests/executors/processes_die_with_their_program \
	tests/executors/processes_lose_one_call_at_most \
	tests/executors/processes_need_a_zygote \
	tests/executors/processes_serve_a_long_line \
	tests/executors/processes_start_as_asked \
	tests/executors/processes_storm \
	tests/executors/repeated_hint_takes_no_room \
	tests/executors/retried_call_can_be_cancelled \
	tests/executors/slots_are_decided_by_one_step \
	tests/executors/workers_ring_keeps_step \
	tests/executors/zygote_is_forked_lean
check_PROGRAMS += $(processes_tests)
TESTS += $(processes_tests)
tests_executors_a_group_without_memory_loses_one_call_LDADD = $(public_ldadd)
tests_executors_loading_is_overtaken_SOURCES = tests/executors/loading_is_overtaken.c $(suite_calls)
tests_executors_loading_is_overtaken_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pl_parcel_load
tests_executors_no_process_to_be_had_is_an_error_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=fork
tests_executors_output_is_tagged_or_captured_LDADD = $(public_ldadd)
tests_executors_processes_carry_what_arguments_say_LDADD = $(public_ldadd)
tests_executors_processes_lose_one_call_at_most_LDADD = $(public_ldadd) -lm
tests_executors_processes_die_with_their_program_LDADD = $(public_ldadd)
tests_executors_processes_need_a_zygote_SOURCES = tests/executors/processes_need_a_zygote.c $(suite_calls)
tests_executors_processes_need_a_zygote_LDADD = $(public_ldadd)
tests_executors_processes_serve_a_long_line_SOURCES = tests/executors/processes_serve_a_long_line.c $(suite_calls)
tests_executors_processes_start_as_asked_LDADD = $(public_ldadd)
tests_executors_processes_storm_LDADD = $(public_ldadd)
suite_calls = tests/executors/calls.c tests/executors/calls.h tests/executors/marks.c tests/executors/marks.h
tests_executors_repeated_hint_takes_no_room_SOURCES = tests/executors/repeated_hint_takes_no_room.c $(suite_calls)
tests_executors_retried_call_can_be_cancelled_SOURCES = tests/executors/retried_call_can_be_cancelled.c $(suite_calls)
tests_executors_workers_ring_keeps_step_SOURCES = tests/executors/workers_ring_keeps_step.c $(suite_calls)
endif
