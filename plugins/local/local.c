/* SPDX-License-Identifier: Apache-2.0 */
/* Module "local": servers on this machine, each a process tree with a folder and an sshd of its
 * own. Here: the descriptor, the settings, open and close. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"
#include "protocol.h"
#include "report.h"

static const char *const isolation_choices[] = {"auto", "namespaces", "supervisor", NULL};

static const struct hr_setting settings[] = {
	{
		.key = "address",
		.type = HR_TYPE_STRING,
		.default_value = "127.0.0.1",
		.pattern = "127\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}|::1",
		.group = "Network",
		.title = "Loopback address",
		.help = "The loopback address on which the servers' sshd listen, each on a free port.",
		.example = "127.0.0.1",
	},
	{
		.key = "isolation",
		.type = HR_TYPE_ENUM,
		.default_value = "auto",
		.choices = isolation_choices,
		.group = "Isolation",
		.title = "Isolation",
		.help = "namespaces: each server sees its own processes and files only (needs "
			"bubblewrap and user namespaces). supervisor: a process tree without "
			"walls, for machines that have none. auto: namespaces where they work, "
			"else supervisor.",
		.example = "namespaces",
	},
	{
		.key = "sshd",
		.type = HR_TYPE_STRING,
		.default_value = "/usr/sbin/sshd",
		.pattern = "/.+",
		.maximum = 255,
		.group = "Programs",
		.title = "SSH server",
		.help = "Path of OpenSSH's sshd, which lets sessions into the servers.",
		.example = "/usr/sbin/sshd",
	},
	{
		.key = "bwrap",
		.type = HR_TYPE_STRING,
		.default_value = "/usr/bin/bwrap",
		.pattern = "/.+",
		.maximum = 255,
		.group = "Programs",
		.title = "Bubblewrap",
		.help = "Path of bubblewrap's bwrap, which makes the servers' namespaces.",
		.example = "/usr/bin/bwrap",
	},
	{
		.key = "helper",
		.type = HR_TYPE_STRING,
		.flags = HR_SETTING_ADVANCED,
		.pattern = "/.+",
		.maximum = 1023,
		.group = "Programs",
		.title = "Server program",
		.help = "Path of headroom-local-server, which is process 1 of each server. Without "
			"it the one beside the module is taken, else the installed one.",
		.example = "/usr/libexec/headroom/headroom-local-server",
	},
};

static const struct hr_field fields[] = {
	{HR_OPEN_INSTALLATION, HR_TYPE_STRING, offsetof(struct hr_account, installation)},
	{HR_OPEN_ACCOUNT, HR_TYPE_STRING, offsetof(struct hr_account, config)},
	{HR_OPEN_STATE_DIR, HR_TYPE_STRING, offsetof(struct hr_account, state_path)},
	HR_FIELD(struct hr_account, address, HR_TYPE_STRING),
	HR_FIELD(struct hr_account, isolation, HR_TYPE_ENUM),
	HR_FIELD(struct hr_account, sshd, HR_TYPE_STRING),
	HR_FIELD(struct hr_account, bwrap, HR_TYPE_STRING),
	HR_FIELD(struct hr_account, helper, HR_TYPE_STRING),
};

static void account_free(struct hr_account *account)
{
	if (!account)
		return;
	if (account->state_fd >= 0)
		close(account->state_fd);
	hr_settings_free(account);
}

static bool is_loopback(const char *text)
{
	struct in_addr four;
	struct in6_addr six;

	if (inet_pton(AF_INET, text, &four) == 1)
		return (ntohl(four.s_addr) >> 24) == 127;
	return inet_pton(AF_INET6, text, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static int32_t folder_attach(struct hr_account *account, const struct hr_call *call)
{
	struct stat st;

	account->state_fd =
		open(account->state_path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (account->state_fd < 0 || fstat(account->state_fd, &st))
		return hr_fail(call, HR_INVALID, NULL,
			       "The account's folder '%s' cannot be opened: %s. The daemon makes "
			       "it below its state folder: check the rights there.",
			       account->state_path, strerrordesc_np(errno));
	account->uid = st.st_uid;
	account->gid = st.st_gid;
	return HR_OK;
}

static int32_t services_find(struct hr_account *account, const struct hr_host *host,
			     const struct hr_call *call)
{
	account->log = host->service(host, HR_LOG_SERVICE);
	account->clock = host->service(host, HR_CLOCK_SERVICE);
	account->process = host->service(host, HR_PROCESS_SERVICE);
	if (!account->clock)
		return hr_fail(call, HR_UNSUPPORTED, NULL,
			       "The host does not offer the service " HR_CLOCK_SERVICE ".");
	if (!account->process || account->process->size < sizeof(*account->process))
		return hr_fail(
			call, HR_UNSUPPORTED, NULL,
			"The host does not let this module start processes (no service " HR_PROCESS_SERVICE
			"): 'local' must be named in the daemon's "
			"setting local_modules.");
	return HR_OK;
}

static int32_t account_open(const struct hr_host *host, const struct hr_call *call,
			    const struct hr_open *request, struct hr_account **ret_account)
{
	struct hr_account *account = hr_settings_new(call, request, sizeof(*account), fields,
						     sizeof(fields) / sizeof(fields[0]));
	int32_t result;

	if (!account)
		return HR_INTERNAL;
	account->state_fd = -1;
	if (!account->helper)
		account->helper = SERVER_PROGRAM;
	if (account->helper[0] != '/' && strcmp(account->helper, SERVER_PROGRAM) != 0) {
		result = hr_fail(call, HR_INVALID, "helper", "'%s' is not an absolute path.",
				 account->helper);
	} else if (!is_loopback(account->address)) {
		result = hr_fail(call, HR_INVALID, "address",
				 "'%s' is not a loopback address: give one such as 127.0.0.1 "
				 "or ::1.",
				 account->address);
	} else {
		result = services_find(account, host, call);
		if (result == HR_OK)
			result = folder_attach(account, call);
	}
	if (result != HR_OK) {
		account_free(account);
		return result;
	}
	*ret_account = account;
	return HR_OK;
}

HR_EXPORT const struct hr_provider HR_PROVIDER_SYMBOL = {
	HR_PROVIDER_HEADER,
	.thread_model = HR_THREADS_PARALLEL,
	.id = "local",
	.title = "This machine",
	.version = HEADROOM_VERSION,
	.vendor = "Headroom",
	.url = "https://headroom.example",
	.licence = "Apache-2.0",
	.capabilities = HR_CAP_CREATES_ONCE | HR_CAP_ABSENT_ONE_LOOK,
	.profile = HR_PROFILE_LOCAL,
	.settings = settings,
	.n_settings = sizeof(settings) / sizeof(settings[0]),
	.settings_stride = sizeof(settings[0]),
	.linux_scripts = HR_SCRIPT_AT_CREATE,
	.script_max = 1u << 20,
	.open = account_open,
	.close = account_free,
	.check = account_check,
	.create = server_create,
	.status = servers_status,
	.list = servers_list,
	.destroy = server_destroy,
	/* Nobody but this machine is asked: the budget only keeps it from being swamped. */
	.rate_per_minute = 6000,
	.rate_burst = 200,
};
