# SPDX-License-Identifier: BSD-3-Clause
if HAVE_CHECK
workers_tests = \
	tests/workers/forked_process_dies_with_its_program \
	tests/workers/forked_process_ends_when_its_keeper_is_killed \
	tests/workers/forked_process_is_a_whole_process \
	tests/workers/forked_process_is_unseen_by_wait \
	tests/workers/joined_threads_are_not_counted \
	tests/workers/process_ends_are_told_in_words \
	tests/workers/symbols_of_static_functions_are_known \
	tests/workers/zygotes_end_with_their_successors
check_PROGRAMS += $(workers_tests)
TESTS += $(workers_tests)
tests_workers_process_ends_are_told_in_words_LDADD = $(LDADD) -lm
endif
