/* SPDX-License-Identifier: Apache-2.0 */
/* Names of an operation's kinds and states. */
#include "model/operation.h"

const char *operation_kind_name(enum operation_kind kind)
{
	switch (kind) {
	case OPERATION_CREATE: return "create";
	case OPERATION_DESTROY: return "destroy";
	case OPERATION_INJECT: return "inject";
	}
	return "unknown";
}

const char *operation_state_name(enum operation_state state)
{
	switch (state) {
	case OPERATION_DUE: return "due";
	case OPERATION_DONE: return "done";
	case OPERATION_FAILED: return "failed";
	case OPERATION_CANCELLED: return "cancelled";
	}
	return "unknown";
}
