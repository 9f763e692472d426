# SPDX-License-Identifier: BSD-3-Clause
dist_check_SCRIPTS += \
	tests/base/parking_model.sh
TESTS += \
	tests/base/parking_model.sh

if HAVE_CHECK
base_tests = \
	tests/base/error_messages_are_cut_not_lost \
	tests/base/parking_late_wake_spares_the_next_parking
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)

# Tests that force a schedule at a call that the library makes.
tests_base_parking_late_wake_spares_the_next_parking_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pthread_mutex_unlock
endif
