# SPDX-License-Identifier: BSD-3-Clause
# The checks of configure.ac, one macro for each question.

# PL_WITH_HWLOC: --with-hwloc[=PREFIX]; 2.4 is the first version with CPU kinds (P- and E-cores).
AC_DEFUN([PL_WITH_HWLOC], [
  AC_ARG_WITH([hwloc], [AS_HELP_STRING([--with-hwloc=PREFIX], [hwloc installed below PREFIX])], [], [with_hwloc=yes])
  AS_CASE([$with_hwloc],
    [no], [AC_MSG_ERROR([libparallel cannot do without hwloc])],
    [yes], [],
    [PKG_CONFIG_PATH="$with_hwloc/lib/pkgconfig:$with_hwloc/lib64/pkgconfig:$PKG_CONFIG_PATH"
     export PKG_CONFIG_PATH])
  PKG_CHECK_MODULES([HWLOC], [hwloc >= 2.4], [],
    [AC_MSG_ERROR([hwloc 2.4 or later is required (Debian: libhwloc-dev)])])
  hwloc_version=`$PKG_CONFIG --modversion hwloc`
])

# PL_WITH_RANDOM123: headers only, and no pkg-config file; CPPFLAGS=-I... says where else they are.
AC_DEFUN([PL_WITH_RANDOM123], [
  AC_CHECK_HEADER([Random123/philox.h], [],
    [AC_MSG_ERROR([Random123 is required (Debian: librandom123-dev)])])
])

# PL_WITH_LIBDW: tells the source lines of crashes; its header here, the library itself when there is a crash.
AC_DEFUN([PL_WITH_LIBDW], [
  PKG_CHECK_EXISTS([libdw], [AC_CHECK_HEADER([elfutils/libdwfl.h], [have_libdw=yes], [have_libdw=no])], [have_libdw=no])
  AS_IF([test $have_libdw = yes], [AC_DEFINE([HAVE_LIBDW], [1], [Whether elfutils/libdwfl.h is there.])])
])

# PL_COMPILER_FLAGS: PL_CFLAGS and PL_CXXFLAGS hold the project's warnings; --enable-werror is for CI.
AC_DEFUN([PL_COMPILER_FLAGS], [
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [treat warnings as errors])], [], [enable_werror=no])
  PL_WARNINGS="-Wall -Wextra -Wshadow -Wconversion -Wpedantic"
  AS_IF([test "x$enable_werror" = xyes], [PL_WARNINGS="$PL_WARNINGS -Werror"])
  PL_CFLAGS="-std=gnu11 $PL_WARNINGS -Wstrict-prototypes -Wmissing-prototypes"
  PL_CXXFLAGS="-std=gnu++17 $PL_WARNINGS"
  AC_SUBST([PL_WARNINGS])
  AC_SUBST([PL_CFLAGS])
  AC_SUBST([PL_CXXFLAGS])
])

# PL_SANITIZER: --enable-sanitizer=address|thread|undefined
AC_DEFUN([PL_SANITIZER], [
  AC_ARG_ENABLE([sanitizer],
    [AS_HELP_STRING([--enable-sanitizer=KIND], [build with the address, thread or undefined sanitizer])],
    [], [enable_sanitizer=no])
  AS_CASE([$enable_sanitizer],
    [no], [SANITIZER_FLAGS=],
    [address|thread], [SANITIZER_FLAGS="-fsanitize=$enable_sanitizer -fno-omit-frame-pointer -g"],
    [undefined], [SANITIZER_FLAGS="-fsanitize=undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g"],
    [AC_MSG_ERROR([--enable-sanitizer=$enable_sanitizer: give address, thread or undefined])])
  AC_SUBST([SANITIZER_FLAGS])
  AC_SUBST([SANITIZER], [$enable_sanitizer])
  AM_CONDITIONAL([SANITIZED], [test "x$enable_sanitizer" != xno])
])

# PL_OPENMP: OPENMP_CFLAGS and OPENMP_CXXFLAGS for programs that use inline loops; the library links no OpenMP runtime.
AC_DEFUN([PL_OPENMP], [
  AC_LANG_PUSH([C])
  AC_OPENMP
  AC_LANG_POP([C])
  AC_LANG_PUSH([C++])
  AC_OPENMP
  AC_LANG_POP([C++])
  AM_CONDITIONAL([HAVE_OPENMP], [test -n "$OPENMP_CFLAGS"])
  AS_IF([$CC --version 2>/dev/null | grep -qi clang], [pl_openmp_runtime=libomp], [pl_openmp_runtime=libgomp])
  AC_SUBST([OPENMP_RUNTIME], [$pl_openmp_runtime])
  # gcc's libgomp is not instrumented, so the thread sanitizer reports falsely in inline loops; libomp brings Archer.
  AM_CONDITIONAL([OPENMP_TESTABLE],
    [test -n "$OPENMP_CFLAGS" && { test "x$enable_sanitizer" != xthread || test $pl_openmp_runtime = libomp; }])
])

# PL_OPTIONAL_LIBRARIES: what only tests and examples use.
AC_DEFUN([PL_OPTIONAL_LIBRARIES], [
  PKG_CHECK_MODULES([CHECK], [check >= 0.10], [have_check=yes], [have_check=no])
  AM_CONDITIONAL([HAVE_CHECK], [test $have_check = yes])
  PKG_CHECK_MODULES([LIBCRYPTO], [libcrypto >= 1.1], [have_libcrypto=yes], [have_libcrypto=no])
  AM_CONDITIONAL([HAVE_LIBCRYPTO], [test $have_libcrypto = yes])
  PKG_CHECK_MODULES([LIBPNG], [libpng], [have_libpng=yes], [have_libpng=no])
  AM_CONDITIONAL([HAVE_LIBPNG], [test $have_libpng = yes])
])

# PL_WITH_GNUPLOT: --with-gnuplot[=PROGRAM], for the plots of `make bench`; GNUPLOT is empty without it.
AC_DEFUN([PL_WITH_GNUPLOT], [
  AC_ARG_WITH([gnuplot], [AS_HELP_STRING([--with-gnuplot=PROGRAM], [draws the plots of make bench (default: if it is there)])],
    [], [with_gnuplot=auto])
  AS_CASE([$with_gnuplot],
    [no], [GNUPLOT=],
    [auto|yes], [AC_PATH_PROG([GNUPLOT], [gnuplot])],
    [AC_PATH_PROG([GNUPLOT], [$with_gnuplot])])
  AS_IF([test -z "$GNUPLOT" && test "x$with_gnuplot" != xno && test "x$with_gnuplot" != xauto],
    [AC_MSG_ERROR([--with-gnuplot=$with_gnuplot: not found])])
  AC_SUBST([GNUPLOT])
])
