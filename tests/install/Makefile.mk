# SPDX-License-Identifier: BSD-3-Clause
dist_check_SCRIPTS += tests/install/an_installed_copy_works.sh
TESTS += tests/install/an_installed_copy_works.sh
