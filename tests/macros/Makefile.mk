# SPDX-License-Identifier: BSD-3-Clause
# Programs with inline loops, built three times: with the compiler's OpenMP flags, without them, and with them and
# -DPARALLEL_SERIAL. They link what users link.
if HAVE_CHECK
macros_tests = tests/macros/annotations_fit_any_signature
tests_macros_annotations_fit_any_signature_SOURCES = \
	tests/macros/annotations.h \
	tests/macros/annotations_fit_any_signature.c
tests_macros_annotations_fit_any_signature_LDADD = $(public_ldadd)

macros_tests += tests/macros/break_stops_at_the_lowest_index_without_openmp
tests_macros_break_stops_at_the_lowest_index_without_openmp_SOURCES = tests/macros/break_stops_at_the_lowest_index.c
tests_macros_break_stops_at_the_lowest_index_without_openmp_LDADD = $(public_ldadd)

macros_tests += tests/macros/every_integer_type_counts_right_without_openmp
tests_macros_every_integer_type_counts_right_without_openmp_SOURCES = tests/macros/every_integer_type_counts_right.c
tests_macros_every_integer_type_counts_right_without_openmp_LDADD = $(public_ldadd)

macros_tests += tests/macros/every_iteration_runs_once_without_openmp
tests_macros_every_iteration_runs_once_without_openmp_SOURCES = tests/macros/every_iteration_runs_once.c
tests_macros_every_iteration_runs_once_without_openmp_LDADD = $(public_ldadd)

macros_tests += tests/macros/every_operator_reduces_every_type_without_openmp
tests_macros_every_operator_reduces_every_type_without_openmp_SOURCES = tests/macros/every_operator_reduces_every_type.c
tests_macros_every_operator_reduces_every_type_without_openmp_LDADD = $(public_ldadd)

macros_tests += tests/macros/failure_is_that_of_the_lowest_index_without_openmp
tests_macros_failure_is_that_of_the_lowest_index_without_openmp_SOURCES = tests/macros/failure_is_that_of_the_lowest_index.c
tests_macros_failure_is_that_of_the_lowest_index_without_openmp_LDADD = $(public_ldadd)

macros_tests += tests/macros/loops_are_loops_in_cplusplus_without_openmp
tests_macros_loops_are_loops_in_cplusplus_without_openmp_SOURCES = tests/macros/loops_are_loops_in_cplusplus.cc
tests_macros_loops_are_loops_in_cplusplus_without_openmp_LDADD = $(public_ldadd)

macros_tests += tests/macros/reductions_have_the_same_bits_without_openmp
tests_macros_reductions_have_the_same_bits_without_openmp_SOURCES = tests/macros/reductions_have_the_same_bits.c
tests_macros_reductions_have_the_same_bits_without_openmp_LDADD = $(public_ldadd)

macros_tests += tests/macros/team_threads_live_in_their_places_without_openmp
tests_macros_team_threads_live_in_their_places_without_openmp_SOURCES = tests/macros/team_threads_live_in_their_places.c
tests_macros_team_threads_live_in_their_places_without_openmp_LDADD = $(public_ldadd)

if OPENMP_TESTABLE
macros_tests += tests/macros/break_stops_at_the_lowest_index
tests_macros_break_stops_at_the_lowest_index_SOURCES = tests/macros/break_stops_at_the_lowest_index.c
tests_macros_break_stops_at_the_lowest_index_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
tests_macros_break_stops_at_the_lowest_index_LDADD = $(public_ldadd)

macros_tests += tests/macros/break_stops_at_the_lowest_index_serially
tests_macros_break_stops_at_the_lowest_index_serially_SOURCES = tests/macros/break_stops_at_the_lowest_index.c
tests_macros_break_stops_at_the_lowest_index_serially_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS) -DPARALLEL_SERIAL
tests_macros_break_stops_at_the_lowest_index_serially_LDADD = $(public_ldadd)

macros_tests += tests/macros/every_integer_type_counts_right
tests_macros_every_integer_type_counts_right_SOURCES = tests/macros/every_integer_type_counts_right.c
tests_macros_every_integer_type_counts_right_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
tests_macros_every_integer_type_counts_right_LDADD = $(public_ldadd)

macros_tests += tests/macros/every_integer_type_counts_right_serially
tests_macros_every_integer_type_counts_right_serially_SOURCES = tests/macros/every_integer_type_counts_right.c
tests_macros_every_integer_type_counts_right_serially_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS) -DPARALLEL_SERIAL
tests_macros_every_integer_type_counts_right_serially_LDADD = $(public_ldadd)

macros_tests += tests/macros/every_iteration_runs_once
tests_macros_every_iteration_runs_once_SOURCES = tests/macros/every_iteration_runs_once.c
tests_macros_every_iteration_runs_once_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
tests_macros_every_iteration_runs_once_LDADD = $(public_ldadd)

macros_tests += tests/macros/every_iteration_runs_once_serially
tests_macros_every_iteration_runs_once_serially_SOURCES = tests/macros/every_iteration_runs_once.c
tests_macros_every_iteration_runs_once_serially_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS) -DPARALLEL_SERIAL
tests_macros_every_iteration_runs_once_serially_LDADD = $(public_ldadd)

macros_tests += tests/macros/every_operator_reduces_every_type
tests_macros_every_operator_reduces_every_type_SOURCES = tests/macros/every_operator_reduces_every_type.c
tests_macros_every_operator_reduces_every_type_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
tests_macros_every_operator_reduces_every_type_LDADD = $(public_ldadd)

macros_tests += tests/macros/every_operator_reduces_every_type_serially
tests_macros_every_operator_reduces_every_type_serially_SOURCES = tests/macros/every_operator_reduces_every_type.c
tests_macros_every_operator_reduces_every_type_serially_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS) -DPARALLEL_SERIAL
tests_macros_every_operator_reduces_every_type_serially_LDADD = $(public_ldadd)

macros_tests += tests/macros/failure_is_that_of_the_lowest_index
tests_macros_failure_is_that_of_the_lowest_index_SOURCES = tests/macros/failure_is_that_of_the_lowest_index.c
tests_macros_failure_is_that_of_the_lowest_index_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
tests_macros_failure_is_that_of_the_lowest_index_LDADD = $(public_ldadd)

macros_tests += tests/macros/failure_is_that_of_the_lowest_index_serially
tests_macros_failure_is_that_of_the_lowest_index_serially_SOURCES = tests/macros/failure_is_that_of_the_lowest_index.c
tests_macros_failure_is_that_of_the_lowest_index_serially_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS) -DPARALLEL_SERIAL
tests_macros_failure_is_that_of_the_lowest_index_serially_LDADD = $(public_ldadd)

macros_tests += tests/macros/loops_are_loops_in_cplusplus
tests_macros_loops_are_loops_in_cplusplus_SOURCES = tests/macros/loops_are_loops_in_cplusplus.cc
tests_macros_loops_are_loops_in_cplusplus_CXXFLAGS = $(AM_CXXFLAGS) $(OPENMP_CXXFLAGS)
tests_macros_loops_are_loops_in_cplusplus_LDADD = $(public_ldadd)

macros_tests += tests/macros/loops_are_loops_in_cplusplus_serially
tests_macros_loops_are_loops_in_cplusplus_serially_SOURCES = tests/macros/loops_are_loops_in_cplusplus.cc
tests_macros_loops_are_loops_in_cplusplus_serially_CXXFLAGS = $(AM_CXXFLAGS) $(OPENMP_CXXFLAGS) -DPARALLEL_SERIAL
tests_macros_loops_are_loops_in_cplusplus_serially_LDADD = $(public_ldadd)

macros_tests += tests/macros/reductions_have_the_same_bits
tests_macros_reductions_have_the_same_bits_SOURCES = tests/macros/reductions_have_the_same_bits.c
tests_macros_reductions_have_the_same_bits_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
tests_macros_reductions_have_the_same_bits_LDADD = $(public_ldadd)

macros_tests += tests/macros/reductions_have_the_same_bits_serially
tests_macros_reductions_have_the_same_bits_serially_SOURCES = tests/macros/reductions_have_the_same_bits.c
tests_macros_reductions_have_the_same_bits_serially_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS) -DPARALLEL_SERIAL
tests_macros_reductions_have_the_same_bits_serially_LDADD = $(public_ldadd)

macros_tests += tests/macros/team_threads_live_in_their_places
tests_macros_team_threads_live_in_their_places_SOURCES = tests/macros/team_threads_live_in_their_places.c
tests_macros_team_threads_live_in_their_places_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
tests_macros_team_threads_live_in_their_places_LDADD = $(public_ldadd)

macros_tests += tests/macros/team_threads_live_in_their_places_serially
tests_macros_team_threads_live_in_their_places_serially_SOURCES = tests/macros/team_threads_live_in_their_places.c
tests_macros_team_threads_live_in_their_places_serially_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS) -DPARALLEL_SERIAL
tests_macros_team_threads_live_in_their_places_serially_LDADD = $(public_ldadd)
endif

check_PROGRAMS += $(macros_tests)
TESTS += $(macros_tests)
endif

macros_scripts = \
	tests/macros/annotations_are_checked.sh \
	tests/macros/bodies_are_vectorised.sh \
	tests/macros/misuse_does_not_compile.sh
dist_check_SCRIPTS += $(macros_scripts)
TESTS += $(macros_scripts)
