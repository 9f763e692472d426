# SPDX-License-Identifier: BSD-3-Clause
libparallel_sources += \
	libparallel/tasks/as_completed.c \
	libparallel/tasks/call.c \
	libparallel/tasks/callback.c \
	libparallel/tasks/chain.c \
	libparallel/tasks/chain.h \
	libparallel/tasks/completion_set.c \
	libparallel/tasks/future.c \
	libparallel/tasks/future.h \
	libparallel/tasks/map.c \
	libparallel/tasks/observer.c \
	libparallel/tasks/observer.h \
	libparallel/tasks/promise.c \
	libparallel/tasks/spawn.c \
	libparallel/tasks/spawn.h \
	libparallel/tasks/wait.c
