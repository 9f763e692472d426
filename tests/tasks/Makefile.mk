# SPDX-License-Identifier: BSD-3-Clause
if HAVE_CHECK
tasks_tests = \
	tests/tasks/awaited_slots_are_not_used_again \
	tests/tasks/claims_hand_out_each_unit_once \
	tests/tasks/failure_belongs_to_the_innermost_scope \
	tests/tasks/memory_of_futures_goes_back \
	tests/tasks/published_calls_know_their_task \
	tests/tasks/spawned_call_belongs_to_its_task \
	tests/tasks/spawned_call_is_taken_from_a_busy_owner \
	tests/tasks/spawned_calls_are_made_once_each \
	tests/tasks/teams_are_as_large_as_pays
check_PROGRAMS += $(tasks_tests)
TESTS += $(tasks_tests)

tests_tasks_memory_of_futures_goes_back_LDADD = $(public_ldadd)
endif
