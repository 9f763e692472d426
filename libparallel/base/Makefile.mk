# SPDX-License-Identifier: BSD-3-Clause
libparallel_sources += \
	libparallel/base/atomics.h \
	libparallel/base/clock.c \
	libparallel/base/clock.h \
	libparallel/base/copy.h \
	libparallel/base/error.c \
	libparallel/base/error.h \
	libparallel/base/fork.c \
	libparallel/base/fork.h \
	libparallel/base/futex.c \
	libparallel/base/futex.h \
	libparallel/base/latch.c \
	libparallel/base/latch.h \
	libparallel/base/lock.c \
	libparallel/base/lock.h \
	libparallel/base/parking_lot.c \
	libparallel/base/parking_lot.h \
	libparallel/base/patience.c \
	libparallel/base/patience.h \
	libparallel/base/random.c \
	libparallel/base/settings.c \
	libparallel/base/settings.h \
	libparallel/base/size.c \
	libparallel/base/size.h \
	libparallel/base/sum.c \
	libparallel/base/usage.c \
	libparallel/base/usage.h
