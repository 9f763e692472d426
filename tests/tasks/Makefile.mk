# SPDX-License-Identifier: BSD-3-Clause
if HAVE_CHECK
tasks_tests = \
	tests/tasks/failure_belongs_to_the_innermost_scope
check_PROGRAMS += $(tasks_tests)
TESTS += $(tasks_tests)

endif
