# SPDX-License-Identifier: BSD-3-Clause
if HAVE_CHECK
base_tests = \
	tests/base/error_messages_are_cut_not_lost
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)

endif
