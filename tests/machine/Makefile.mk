# SPDX-License-Identifier: BSD-3-Clause
EXTRA_DIST += tests/machine/machines.h

if HAVE_CHECK
machine_tests = \
	tests/machine/absurd_counts_are_refused \
	tests/machine/lists_are_read_as_hwloc_reads_them \
	tests/machine/places_follow_the_policy \
	tests/machine/workers_fill_every_core_before_they_share
check_PROGRAMS += $(machine_tests)
TESTS += $(machine_tests)
endif
