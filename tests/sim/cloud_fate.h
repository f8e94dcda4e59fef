/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a call before it does anything. */
#ifndef HR_SIM_CLOUD_FATE_H
#define HR_SIM_CLOUD_FATE_H

#include "cloud_settings.h"

enum cloud_kind { KIND_CHECK, KIND_CREATE, KIND_LOOK, KIND_LIST, KIND_DESTROY };

/* A call under way: its parts that every kind has. */
struct cloud_work {
	struct cloud *cloud;
	const struct cloud_call *call;
	enum cloud_kind kind;
	struct cloud_behaviour behaviour;
	struct cloud_answer *answer;
};

/* Within a transaction: account, request id, latency and delivery into the answer. Whether the call
 * is to take effect; if not, the answer is complete. Its code may say that the call failed though it
 * takes effect: then it stays so. */
bool cloud_fate_meet(struct cloud_work *work);

/* Code and message into the answer; gives false. */
bool cloud_refuse(struct cloud_answer *answer, enum cloud_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
