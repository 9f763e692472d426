# SPDX-License-Identifier: BSD-3-Clause
docs_tests = \
	tests/docs/man_pages_agree_with_the_tree.sh \
	tests/docs/readme_agrees_with_the_tree.sh \
	tests/docs/readme_programs_run.sh
dist_check_SCRIPTS += $(docs_tests)
TESTS += $(docs_tests)
