/* SPDX-License-Identifier: Apache-2.0 */
/* Changes the user that the calling thread touches files as. By plain system calls: they concern
 * one thread, where the library's functions for users concern all. */
#include "host/owner.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_setfsuid32
#define SET_FSUID SYS_setfsuid32
#define SET_FSGID SYS_setfsgid32
#else
#define SET_FSUID SYS_setfsuid
#define SET_FSGID SYS_setfsgid
#endif

/* Without root's rights on files the way to the folder may be closed (a state folder below one of
 * mode 0700). Passing and reading stays allowed; writing is the user's only. */
static void keep_way_open(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) != 0)
		return;
	data[0].effective |= data[0].permitted & (1u << CAP_DAC_READ_SEARCH);
	syscall(SYS_capset, &header, data);
}

bool owner_enter_alone(const struct state_folder *folder)
{
	if (!folder || folder->fd < 0 || folder->uid == 0 || geteuid() != 0)
		return false;
	/* No user has this number: it changes nothing and tells who it is. */
	if ((uid_t)syscall(SET_FSUID, (uid_t)-1) == folder->uid)
		return false;
	syscall(SET_FSGID, folder->gid);
	syscall(SET_FSUID, folder->uid);
	return true;
}

bool owner_enter(const struct state_folder *folder)
{
	bool entered = owner_enter_alone(folder);

	if (entered)
		keep_way_open();
	return entered;
}

void owner_leave(bool entered)
{
	if (!entered)
		return;
	syscall(SET_FSUID, 0);
	syscall(SET_FSGID, getegid());
}
