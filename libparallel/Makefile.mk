# SPDX-License-Identifier: BSD-3-Clause
# The same sources are built twice: libparallel.la exports parallel_* alone; libparallel-internal.la shows every
# symbol to the unit tests.
lib_LTLIBRARIES += libparallel.la
check_LTLIBRARIES += libparallel-internal.la

libparallelincludedir = $(includedir)/libparallel
libparallelinclude_HEADERS = \
	libparallel/array.h \
	libparallel/as_completed.h \
	libparallel/barrier.h \
	libparallel/compiler.h \
	libparallel/deadline.h \
	libparallel/deque.h \
	libparallel/error.h \
	libparallel/event.h \
	libparallel/executor.h \
	libparallel/failure.h \
	libparallel/function.h \
	libparallel/future.h \
	libparallel/loop.h \
	libparallel/main_hook.h \
	libparallel/map.h \
	libparallel/mutex.h \
	libparallel/named_loop.h \
	libparallel/placement.h \
	libparallel/queue.h \
	libparallel/random.h \
	libparallel/reduce.h \
	libparallel/resources.h \
	libparallel/scope.h \
	libparallel/semaphore.h \
	libparallel/settings.h \
	libparallel/shared.h \
	libparallel/statistics.h \
	libparallel/sum.h \
	libparallel/topology.h \
	libparallel/wait.h

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = libparallel/libparallel.pc

libparallel_sources =
include libparallel/base/Makefile.mk
include libparallel/memory/Makefile.mk
include libparallel/report/Makefile.mk
include libparallel/machine/Makefile.mk
include libparallel/workers/Makefile.mk
include libparallel/executors/Makefile.mk
include libparallel/tasks/Makefile.mk

EXTRA_DIST += libparallel/libparallel.map
libparallel_la_SOURCES = $(libparallel_sources)
libparallel_la_CFLAGS = $(AM_CFLAGS) $(HWLOC_CFLAGS) -fvisibility=hidden
libparallel_la_LIBADD = $(HWLOC_LIBS)
libparallel_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 \
	-Wl,--version-script=$(srcdir)/libparallel/libparallel.map
EXTRA_libparallel_la_DEPENDENCIES = libparallel/libparallel.map

libparallel_internal_la_SOURCES = $(libparallel_sources)
libparallel_internal_la_CFLAGS = $(AM_CFLAGS) $(HWLOC_CFLAGS)
libparallel_internal_la_LIBADD = $(HWLOC_LIBS)
libparallel_internal_la_LDFLAGS = $(AM_LDFLAGS)
