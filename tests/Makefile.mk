# SPDX-License-Identifier: BSD-3-Clause
# A unit test links the internal build and sees every symbol; a test of the public interface links what users link.
# Without a line of its own a test is a unit test (LDADD in Makefile.am); a public one says
# `tests_floor_name_LDADD = $(public_ldadd)`.
public_ldadd = libtest-support.la libparallel.la $(CHECK_LIBS)

# What tests share. It uses nothing of the library, so that either build of it can stand behind.
check_LTLIBRARIES += libtest-support.la
libtest_support_la_SOURCES = \
	tests/support/crashes.h \
	tests/support/failing_allocation.c \
	tests/support/failing_allocation.h \
	tests/support/give_up.h \
	tests/support/in_child.c \
	tests/support/in_child.h \
	tests/support/kernel_view.c \
	tests/support/kernel_view.h \
	tests/support/process_group.c \
	tests/support/process_group.h \
	tests/support/property.h \
	tests/support/sanitizer.h \
	tests/support/seed.c \
	tests/support/seed.h \
	tests/support/single_step.c \
	tests/support/single_step.h \
	tests/support/stepper.c \
	tests/support/stepper.h \
	tests/support/threads.c \
	tests/support/threads.h

# For a test that includes tests/support/failing_allocation.h.
failing_allocation_ldflags = \
	-Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=free \
	-Wl,--wrap=aligned_alloc -Wl,--wrap=posix_memalign -Wl,--wrap=strdup -Wl,--wrap=strndup

EXTRA_DIST += tests/support/model.sh tests/support/script.sh

# libomp is not instrumented; its Archer tool tells the thread sanitizer what synchronises, and asks for this option. Elsewhere
# it stays away: LeakSanitizer of clang 14 crashes on the thread-local variables of a library that was loaded later. What
# libomp itself allocates for a team and never frees is not the library's leak.
EXTRA_DIST += tests/support/libomp.suppressions
AM_TESTS_ENVIRONMENT = \
	srcdir='$(srcdir)' builddir='$(builddir)' top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' \
	CC='$(CC)' CXX='$(CXX)' SANITIZER='$(SANITIZER)' SANITIZER_FLAGS='$(SANITIZER_FLAGS)' \
	OPENMP_CFLAGS='$(OPENMP_CFLAGS)' OPENMP_CXXFLAGS='$(OPENMP_CXXFLAGS)' OPENMP_RUNTIME='$(OPENMP_RUNTIME)' \
	HWLOC_CFLAGS='$(HWLOC_CFLAGS)' \
	TSAN_OPTIONS="ignore_noninstrumented_modules=1 $$TSAN_OPTIONS" \
	LSAN_OPTIONS="suppressions=$(abs_srcdir)/tests/support/libomp.suppressions:print_suppressions=0:$$LSAN_OPTIONS"; \
	case '$(SANITIZER)' in thread) OMP_TOOL=enabled ;; *) OMP_TOOL=disabled ;; esac; \
	export OMP_TOOL srcdir builddir top_srcdir top_builddir CC CXX SANITIZER SANITIZER_FLAGS \
	OPENMP_CFLAGS OPENMP_CXXFLAGS OPENMP_RUNTIME HWLOC_CFLAGS TSAN_OPTIONS LSAN_OPTIONS;

include tests/base/Makefile.mk
include tests/docs/Makefile.mk
include tests/examples/Makefile.mk
include tests/executors/Makefile.mk
include tests/install/Makefile.mk
include tests/machine/Makefile.mk
include tests/macros/Makefile.mk
include tests/memory/Makefile.mk
include tests/simulate/Makefile.mk
include tests/tasks/Makefile.mk
include tests/tools/Makefile.mk
include tests/workers/Makefile.mk
