# SPDX-License-Identifier: BSD-3-Clause
# The simulator of bench/simulate, which these programs have inside.
if HAVE_CHECK
simulate_tests = \
	tests/simulate/simulated_work_runs_once
check_PROGRAMS += $(simulate_tests)
TESTS += $(simulate_tests)

tests_simulate_simulated_work_runs_once_SOURCES = tests/simulate/simulated_work_runs_once.c $(simulation_sources)
tests_simulate_simulated_work_runs_once_LDFLAGS = $(AM_LDFLAGS) $(simulation_ldflags)
tests_simulate_simulated_work_runs_once_LDADD = $(LDADD) -lm
endif
