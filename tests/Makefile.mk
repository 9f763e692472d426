# SPDX-License-Identifier: BSD-3-Clause
# A unit test links the internal build and sees every symbol; a test of the public interface links what users link.
# Without a line of its own a test is a unit test (LDADD in Makefile.am); a public one says
# `tests_floor_name_LDADD = $(public_ldadd)`.
public_ldadd = libparallel.la $(CHECK_LIBS)

EXTRA_DIST += tests/support/property.h

AM_TESTS_ENVIRONMENT = \
	srcdir='$(srcdir)' builddir='$(builddir)' top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' \
	CC='$(CC)' CXX='$(CXX)' SANITIZER='$(SANITIZER)' SANITIZER_FLAGS='$(SANITIZER_FLAGS)' \
	OPENMP_CFLAGS='$(OPENMP_CFLAGS)' OPENMP_CXXFLAGS='$(OPENMP_CXXFLAGS)'; \
	export srcdir builddir top_srcdir top_builddir CC CXX SANITIZER SANITIZER_FLAGS \
	OPENMP_CFLAGS OPENMP_CXXFLAGS;

include tests/base/Makefile.mk
include tests/tasks/Makefile.mk
