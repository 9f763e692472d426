# SPDX-License-Identifier: BSD-3-Clause
libparallel_sources += \
	libparallel/tasks/array.c \
	libparallel/tasks/as_completed.c \
	libparallel/tasks/call.c \
	libparallel/tasks/callback.c \
	libparallel/tasks/chain.c \
	libparallel/tasks/chain.h \
	libparallel/tasks/chunk.c \
	libparallel/tasks/claiming.c \
	libparallel/tasks/claiming.h \
	libparallel/tasks/completion_set.c \
	libparallel/tasks/future.c \
	libparallel/tasks/future.h \
	libparallel/tasks/home.c \
	libparallel/tasks/home.h \
	libparallel/tasks/loop.c \
	libparallel/tasks/loop.h \
	libparallel/tasks/map.c \
	libparallel/tasks/named_loop.c \
	libparallel/tasks/named_run.c \
	libparallel/tasks/named_run.h \
	libparallel/tasks/observer.c \
	libparallel/tasks/observer.h \
	libparallel/tasks/pace.h \
	libparallel/tasks/plane.c \
	libparallel/tasks/plane.h \
	libparallel/tasks/promise.c \
	libparallel/tasks/reduce.c \
	libparallel/tasks/reduce.h \
	libparallel/tasks/spawn.c \
	libparallel/tasks/spawn.h \
	libparallel/tasks/team.c \
	libparallel/tasks/team.h \
	libparallel/tasks/wait.c
