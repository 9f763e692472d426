# SPDX-License-Identifier: BSD-3-Clause
EXTRA_DIST += tests/memory/space.h
dist_check_SCRIPTS += \
	tests/memory/queue_model.sh
TESTS += \
	tests/memory/queue_model.sh

if HAVE_CHECK
memory_tests = \
	tests/memory/a_kill_in_a_queue_harms_nobody \
	tests/memory/a_kill_in_the_allocator_harms_nobody \
	tests/memory/a_killed_waker_holds_up_nobody \
	tests/memory/freed_memory_goes_back \
	tests/memory/limits_are_errors_not_signals \
	tests/memory/mutex_survives_its_owner \
	tests/memory/queue_keeps_order_and_loses_nothing \
	tests/memory/queue_waits_and_closes \
	tests/memory/semaphore_event_and_barrier_wait \
	tests/memory/shared_blocks_are_zeroed_and_apart \
	tests/memory/shared_memory_has_one_address \
	tests/memory/shared_misuse_is_refused \
	tests/memory/slab_slots_have_one_owner
check_PROGRAMS += $(memory_tests)
TESTS += $(memory_tests)

tests_memory_freed_memory_goes_back_LDADD = $(public_ldadd)
tests_memory_shared_blocks_are_zeroed_and_apart_LDADD = $(public_ldadd)
tests_memory_shared_misuse_is_refused_LDADD = $(public_ldadd)
endif
