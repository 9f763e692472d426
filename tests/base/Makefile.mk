# SPDX-License-Identifier: BSD-3-Clause
dist_check_SCRIPTS += \
	tests/base/parking_model.sh
TESTS += \
	tests/base/parking_model.sh

if HAVE_CHECK
base_tests = \
	tests/base/deadlines_of_odd_durations \
	tests/base/error_messages_are_cut_not_lost \
	tests/base/fail_each_allocation_names_the_fault \
	tests/base/forks_are_counted \
	tests/base/futex_deadline_is_absolute \
	tests/base/futex_wait_returns_at_once_when_the_word_differs \
	tests/base/futex_wait_survives_a_signal_storm \
	tests/base/futex_wake_counts_its_sleepers \
	tests/base/futex_wake_may_come_after_the_end_of_its_word \
	tests/base/futex_wakes_across_processes \
	tests/base/kernel_view_tells_what_is_left \
	tests/base/last_errors_belong_to_their_threads \
	tests/base/latch_deadline_and_poll \
	tests/base/latch_may_be_freed_by_its_waiter \
	tests/base/latch_is_touched_once_to_open \
	tests/base/latch_opens_for_every_waiter \
	tests/base/lock_excludes \
	tests/base/parking_late_wake_spares_the_next_parking \
	tests/base/parking_loses_no_wake \
	tests/base/parking_prefers_another_cpu \
	tests/base/parking_wake_races_leave_and_deadline \
	tests/base/parking_wakes_every_parked_worker \
	tests/base/parking_wakes_the_last_parked_first \
	tests/base/random_bounds_are_without_bias \
	tests/base/random_numbers_are_known \
	tests/base/patience_follows_the_wakes \
	tests/base/reporter_receives_each_line \
	tests/base/reports_come_from_forked_children \
	tests/base/settings_are_read_once \
	tests/base/settings_name_what_is_malformed \
	tests/base/settings_print_lists_each_row \
	tests/base/settings_report_failed_allocations \
	tests/base/sizes_are_read_whole
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)

tests_base_fail_each_allocation_names_the_fault_LDFLAGS = $(AM_LDFLAGS) $(failing_allocation_ldflags)
tests_base_settings_report_failed_allocations_LDFLAGS = $(AM_LDFLAGS) $(failing_allocation_ldflags)

# Tests that force a schedule at a call that the library makes.
tests_base_latch_may_be_freed_by_its_waiter_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pl_futex_wait -Wl,--wrap=pl_futex_wake
tests_base_parking_late_wake_spares_the_next_parking_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pthread_mutex_unlock
tests_base_parking_wake_races_leave_and_deadline_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pl_futex_wait
tests_base_reports_come_from_forked_children_LDFLAGS = \
	$(AM_LDFLAGS) -Wl,--wrap=pthread_mutex_lock -Wl,--wrap=pthread_mutex_unlock
endif
