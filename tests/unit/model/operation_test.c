/* SPDX-License-Identifier: Apache-2.0 */
#include "model/operation.h"

#include "../base/suite.h"

START_TEST(names)
{
	ck_assert_str_eq(operation_kind_name(OPERATION_CREATE), "create");
	ck_assert_str_eq(operation_kind_name(OPERATION_DESTROY), "destroy");
	ck_assert_str_eq(operation_kind_name(OPERATION_INJECT), "inject");
	ck_assert_str_eq(operation_kind_name((enum operation_kind)0), "unknown");
	ck_assert_str_eq(operation_state_name(OPERATION_DUE), "due");
	ck_assert_str_eq(operation_state_name(OPERATION_DONE), "done");
	ck_assert_str_eq(operation_state_name(OPERATION_FAILED), "failed");
	ck_assert_str_eq(operation_state_name(OPERATION_CANCELLED), "cancelled");
	ck_assert_str_eq(operation_state_name((enum operation_state)0), "unknown");
}
END_TEST

SUITE_MAIN("operation", names)
