# SPDX-License-Identifier: BSD-3-Clause
# The conformance suite. A new row is a file here and a line in ROWS of suite.h; a new kind of executor is a file here
# that says what it can do, and its name in executors_kinds.
executors_suite = \
	tests/executors/as_completed.c \
	tests/executors/callbacks.c \
	tests/executors/calls.c \
	tests/executors/calls.h \
	tests/executors/cancel.c \
	tests/executors/kind.h \
	tests/executors/marks.c \
	tests/executors/marks.h \
	tests/executors/outcome.c \
	tests/executors/submit.c \
	tests/executors/suite.c \
	tests/executors/suite.h \
	tests/executors/wait_modes.c

if HAVE_CHECK
executors_kinds = \
	tests/executors/fork \
	tests/executors/serial \
	tests/executors/threads
check_PROGRAMS += $(executors_kinds)
TESTS += $(executors_kinds)

tests_executors_fork_SOURCES = tests/executors/fork.c $(executors_suite)
tests_executors_fork_LDADD = $(public_ldadd)
tests_executors_serial_SOURCES = tests/executors/serial.c $(executors_suite)
tests_executors_serial_LDADD = $(public_ldadd)
tests_executors_threads_SOURCES = tests/executors/threads.c $(executors_suite)
tests_executors_threads_LDADD = $(public_ldadd)

# What is special about one kind.
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
endif
