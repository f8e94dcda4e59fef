/* SPDX-License-Identifier: Apache-2.0 */
/* An account of the module: its settings, its folder and the host's services. Not here: what is
 * done with them. */
#ifndef LOCAL_ACCOUNT_H
#define LOCAL_ACCOUNT_H

#include <sys/types.h>

#include <headroom/clock.h>
#include <headroom/log.h>
#include <headroom/process.h>
#include <headroom/provider.h>

struct hr_account {
	const struct hr_log_service *log;
	const struct hr_clock_service *clock;
	const struct hr_process_service *process;
	const char *installation;
	const char *config;
	const char *address;
	const char *isolation;
	const char *sshd;
	const char *bwrap;
	/* headroom-local-server: its name, or the absolute path of the setting. */
	const char *helper;
	const char *state_path;
	int state_fd;
	uid_t uid; /* owner of the state folder: the uid that servers run with */
	gid_t gid;
};

/* The operations, by file: create.c, look.c, destroy.c, check.c. */
int32_t server_create(struct hr_account *account, const struct hr_call *call,
		      const struct hr_step *step);
int32_t server_destroy(struct hr_account *account, const struct hr_call *call,
		       const struct hr_step *step);
int32_t servers_status(struct hr_account *account, const struct hr_call *call,
		       const struct hr_status *request, const struct hr_instance_sink *sink);
int32_t servers_list(struct hr_account *account, const struct hr_call *call,
		     const struct hr_list *request, const struct hr_instance_sink *sink);
int32_t account_check(struct hr_account *account, const struct hr_call *call,
		      const struct hr_check_sink *sink);

#endif
