# SPDX-License-Identifier: BSD-3-Clause
# Programs with inline loops, one a line and without the ending: each is built three times, with the compiler's OpenMP
# flags, without them, and with them and -DPARALLEL_SERIAL. They link what users link.
macros_c_loops = \
	tests/macros/array_pages_lie_with_their_shares \
	tests/macros/break_stops_at_the_lowest_index \
	tests/macros/compensated_sums_lose_nothing \
	tests/macros/every_integer_type_counts_right \
	tests/macros/every_iteration_runs_once \
	tests/macros/every_operator_reduces_every_type \
	tests/macros/failure_is_that_of_the_lowest_index \
	tests/macros/named_loops_run_every_iteration_once \
	tests/macros/named_loops_stop_and_fail_at_the_lowest_index \
	tests/macros/named_reductions_have_the_same_bits \
	tests/macros/planes_are_covered_in_tiles \
	tests/macros/progress_is_shown_of_every_loop \
	tests/macros/reductions_have_the_same_bits \
	tests/macros/short_loops_read_no_clock \
	tests/macros/short_loops_run_every_iteration_once \
	tests/macros/steps_are_those_of_the_serial_loop \
	tests/macros/team_threads_live_in_their_places \
	tests/macros/vectorised_reductions_are_right
macros_cxx_loops = \
	tests/macros/loops_are_loops_in_cplusplus \
	tests/macros/named_loops_fit_any_capture
macros_loops = $(macros_c_loops) $(macros_cxx_loops)

# The same, but not with -DPARALLEL_SERIAL: they ask for processes.
macros_process_loops = \
	tests/macros/process_loops_reduce_to_the_same_bits \
	tests/macros/process_loops_run_in_children \
	tests/macros/process_loops_stop_and_fail_at_the_lowest_index \
	tests/macros/process_loops_survive_their_children
EXTRA_DIST += $(macros_c_loops:=.c) $(macros_cxx_loops:=.cc) $(macros_process_loops:=.c) tests/macros/process_loops.h

if HAVE_CHECK
macros_loop_tests = $(macros_loops:=_without_openmp) $(macros_process_loops:=_without_openmp)
if OPENMP_TESTABLE
macros_loop_tests += $(macros_loops:=_with_openmp) $(macros_loops:=_serially) $(macros_process_loops:=_with_openmp)
endif
check_DATA += $(macros_loop_tests)
TESTS += $(macros_loop_tests)

# Not with -DPARALLEL_SERIAL: they ask for threads.
macros_named_loop_tests = \
	tests/macros/named_loops_are_cancelled_through_their_futures \
	tests/macros/named_loops_leave_their_workers_asleep \
	tests/macros/named_loops_reach_processes_through_shared_memory \
	tests/macros/named_loops_share_their_iterations
check_PROGRAMS += $(macros_named_loop_tests)
TESTS += $(macros_named_loop_tests)
tests_macros_named_loops_are_cancelled_through_their_futures_LDADD = $(public_ldadd)
tests_macros_named_loops_leave_their_workers_asleep_LDADD = $(public_ldadd)
tests_macros_named_loops_reach_processes_through_shared_memory_LDADD = $(public_ldadd)
tests_macros_named_loops_share_their_iterations_LDADD = $(public_ldadd)

check_PROGRAMS += tests/macros/annotations_fit_any_signature
TESTS += tests/macros/annotations_fit_any_signature
tests_macros_annotations_fit_any_signature_SOURCES = \
	tests/macros/annotations.h \
	tests/macros/annotations_fit_any_signature.c
tests_macros_annotations_fit_any_signature_LDADD = $(public_ldadd)

check_PROGRAMS += tests/macros/compensated_sums_survive_fast_math
TESTS += tests/macros/compensated_sums_survive_fast_math
tests_macros_compensated_sums_survive_fast_math_SOURCES = tests/macros/compensated_sums_lose_nothing.c
tests_macros_compensated_sums_survive_fast_math_CFLAGS = $(AM_CFLAGS) -O3 -ffast-math
tests_macros_compensated_sums_survive_fast_math_LDADD = $(public_ldadd)
endif

# Automake would want a stanza for each of the three.
macros_libraries = libtest-support.la libparallel.la
macros_c = $(CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) $(AM_CFLAGS) $(CFLAGS)
macros_cxx = $(CXX) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) $(AM_CXXFLAGS) $(CXXFLAGS)
macros_compile = -MMD -MP -MT $@ -MF $@.d -c -o $@.o $<
macros_link = $(LIBTOOL) $(AM_V_lt) --mode=link --tag
macros_linked = $(AM_LDFLAGS) $(LDFLAGS) -o $@ $@.o $(public_ldadd) $(LIBS)
%_without_openmp: %.c $(macros_libraries)
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(macros_c) $(macros_compile)
	$(AM_V_at)$(macros_link)=CC $(macros_c) $(macros_linked)
%_with_openmp: %.c $(macros_libraries)
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(macros_c) $(OPENMP_CFLAGS) $(macros_compile)
	$(AM_V_at)$(macros_link)=CC $(macros_c) $(OPENMP_CFLAGS) $(macros_linked)
%_serially: %.c $(macros_libraries)
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(macros_c) $(OPENMP_CFLAGS) -DPARALLEL_SERIAL $(macros_compile)
	$(AM_V_at)$(macros_link)=CC $(macros_c) $(OPENMP_CFLAGS) $(macros_linked)
%_without_openmp: %.cc $(macros_libraries)
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(macros_cxx) $(macros_compile)
	$(AM_V_at)$(macros_link)=CXX $(macros_cxx) $(macros_linked)
%_with_openmp: %.cc $(macros_libraries)
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(macros_cxx) $(OPENMP_CXXFLAGS) $(macros_compile)
	$(AM_V_at)$(macros_link)=CXX $(macros_cxx) $(OPENMP_CXXFLAGS) $(macros_linked)
%_serially: %.cc $(macros_libraries)
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(macros_cxx) $(OPENMP_CXXFLAGS) -DPARALLEL_SERIAL $(macros_compile)
	$(AM_V_at)$(macros_link)=CXX $(macros_cxx) $(OPENMP_CXXFLAGS) $(macros_linked)
-include $(wildcard tests/macros/*.d)

macros_variants = $(macros_loops:=_without_openmp) $(macros_loops:=_with_openmp) $(macros_loops:=_serially) \
	$(macros_process_loops:=_without_openmp) $(macros_process_loops:=_with_openmp)
CLEANFILES += $(macros_variants) $(macros_variants:=.o) $(macros_variants:=.d)

macros_scripts = \
	tests/macros/annotations_are_checked.sh \
	tests/macros/bodies_are_vectorised.sh \
	tests/macros/misuse_does_not_compile.sh \
	tests/macros/spawned_calls_are_elided.sh
dist_check_SCRIPTS += $(macros_scripts)
TESTS += $(macros_scripts)
