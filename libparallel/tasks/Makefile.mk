# SPDX-License-Identifier: BSD-3-Clause
libparallel_sources += \
	libparallel/tasks/scope.c \
	libparallel/tasks/scope.h
