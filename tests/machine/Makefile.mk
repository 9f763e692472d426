# SPDX-License-Identifier: BSD-3-Clause
EXTRA_DIST += tests/machine/machines.h

if HAVE_CHECK
machine_tests = \
	tests/machine/absurd_counts_are_refused \
	tests/machine/binding_is_read_back \
	tests/machine/cgroup_counts_kills_for_memory \
	tests/machine/cgroup_quota_is_the_tightest_above_us \
	tests/machine/cpu_sets_print_as_lists \
	tests/machine/creating_is_all_or_nothing \
	tests/machine/fast_cores_come_first \
	tests/machine/limit_is_that_of_the_start \
	tests/machine/limit_tells_its_reasons \
	tests/machine/lines_say_where_a_worker_is \
	tests/machine/lists_are_read_as_hwloc_reads_them \
	tests/machine/memory_belongs_to_the_node_of_its_place \
	tests/machine/only_what_is_ours_is_used \
	tests/machine/order_is_nearest_first \
	tests/machine/places_follow_the_policy \
	tests/machine/recorded_machines_are_placed \
	tests/machine/settings_reach_placement \
	tests/machine/topology_is_loaded_once \
	tests/machine/two_workers_on_one_core_are_reported \
	tests/machine/waiters_make_way_for_bound_workers \
	tests/machine/workers_fill_every_core_before_they_share
check_PROGRAMS += $(machine_tests)
TESTS += $(machine_tests)

tests_machine_binding_is_read_back_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=sched_getaffinity -Wl,--wrap=sched_setaffinity
tests_machine_waiters_make_way_for_bound_workers_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sched_getcpu \
	-Wl,--wrap=sched_getaffinity -Wl,--wrap=sched_setaffinity -Wl,--wrap=pl_clock_now_ns
tests_machine_creating_is_all_or_nothing_LDFLAGS = $(AM_LDFLAGS) $(failing_allocation_ldflags)
tests_machine_limit_tells_its_reasons_CPPFLAGS = $(AM_CPPFLAGS) $(HWLOC_CFLAGS)
tests_machine_only_what_is_ours_is_used_CPPFLAGS = $(AM_CPPFLAGS) $(HWLOC_CFLAGS)
tests_machine_limit_is_that_of_the_start_LDADD = $(public_ldadd)
endif
