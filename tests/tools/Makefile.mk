# SPDX-License-Identifier: BSD-3-Clause
tools_tests = \
	tests/tools/headers_compile_alone.sh \
	tests/tools/layers_are_kept.sh \
	tests/tools/library_can_be_loaded_late.sh \
	tests/tools/library_exports_its_interface_only.sh \
	tests/tools/parallel_info_tells_what_is_in_force.sh
dist_check_SCRIPTS += $(tools_tests)
TESTS += $(tools_tests)
