/* SPDX-License-Identifier: Apache-2.0 */
/* The module of plugins/sim, run as the module host runs any, but with nothing under its HTTP service:
 * a request of its is noted, and whoever plays the operation answers it when he likes. Then the
 * operation is played again from its beginning, with the answers that there are, until it needs none
 * that is missing. A module that asked for other things the second time could not be played so. */
#ifndef HR_SIM_MODULE_H
#define HR_SIM_MODULE_H

#include "provider/dispatch.h"

/* A request of the module's, and how it ended. */
struct module_request {
	char *method, *url, *authorization, *content_type, *body; /* "": none */
	size_t body_len;
	/* To be filled in before the operation is played again. */
	struct hr_error error; /* class 0: there is an answer: */
	int status;
	char *answer; /* owned */
	int64_t retry_after_ms;
	char request_id[32];
	bool is_second; /* the answer is one to its second delivery */
};

/* An operation under way. */
struct module_talk {
	struct module_request *requests; /* the last one waits, while `waits` */
	size_t n, at;
	bool waits;
};

struct module_account;

/* HR_OK or the class of *ret_error. The caller closes *ret_account. */
int32_t module_open(const struct dispatch_request *request, const char *url, const char *key,
		    struct module_account **ret_account, uint64_t *ret_capabilities,
		    struct hr_error *ret_error);
void module_close(struct module_account *account);

/* The installation's mark, which the module puts on all that it makes. */
#define MODULE_INSTALLATION "simulation"

/* The answer (dispatch_answer_free), or NULL: the talk's last request is to be answered first. */
struct dispatch_answer *module_play(struct module_account *account,
				    const struct dispatch_request *request,
				    struct module_talk *talk);
void module_talk_clear(struct module_talk *talk);

#endif
