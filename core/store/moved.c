/* SPDX-License-Identifier: Apache-2.0 */
/* A store that was moved, copied or put back: what is said of it, and a person's word that it is the right one.
 * How it is noticed: installation.c, newest.c. */
#include "base/clock.h"
#include "base/text.h"
#include "store/operation_rows.h"
#include "store/store_parts.h"
#include "store/tx.h"

/* A database that a person took for the right one is that far beyond all copies of before, also those that
 * the file did not tell of any more before a power cut: whichever is put back next is behind it. */
#define CONFIRMED_AHEAD 1000000

bool store_moved(const struct store *store)
{
	return store_moved_how(store) != NULL;
}

/* A folder that was moved may hold a database from a backup: nothing is said of the one without the other. */
const char *store_moved_how(const struct store *store)
{
	if (store->installation.moved)
		return store->restored[0] ? "moved or copied, and headroom.db perhaps put back "
					    "from a backup"
					  : "moved or copied";
	return store->restored[0] ? "put back from a backup" : NULL;
}

const char *store_moved_why(const struct store *store)
{
	if (store->installation.moved && store->restored[0])
		return "moved or copied, and headroom.db perhaps put back from a backup; if "
		       "nothing uses another: headroomd --confirm-moved";
	if (store->installation.moved)
		return "the state folder was moved or copied; when nothing uses the old one any "
		       "more: headroomd --confirm-moved";
	return store->restored[0] ? "headroom.db was put back from a backup; when it is the one to "
				    "go on with: headroomd --confirm-moved"
				  : NULL;
}

void store_moved_tell(const struct store *store, char *ret_text, size_t size)
{
	bool moved = store->installation.moved;

	if (store->restored[0])
		text_format(
			ret_text, size,
			"%s%s%s%s. Nothing is made or destroyed, plans are only told of. Put back "
			"the newest headroom.db that there is; or, if this is the one%s, say so: "
			"headroomd --confirm-moved. Then instances that it does not know are "
			"destroyed as unclaimed, and sessions that it does not know are over",
			moved ? "the state folder " : "", moved ? store->folder : "",
			moved ? " was moved or copied since it was made; and " : "",
			store->restored, moved ? " and nothing uses the old one any more" : "");
	else
		text_format(ret_text, size,
			    "the state folder %s was moved or copied since it was made: nothing is "
			    "made or destroyed, plans are only told of. When nothing uses the old "
			    "one any more: headroomd --confirm-moved",
			    store->folder);
}

struct confirmation {
	const struct store *store;
	uint64_t commits;
	int64_t now_ms;
};

static int confirm_moved(struct tx *tx, void *arg, struct hr_error *err)
{
	const struct confirmation *confirmation = arg;
	const struct store *store = confirmation->store;
	struct event event = {.at_ms = confirmation->now_ms, .kind = "installation.confirmed"};

	if (store_moved(store)) {
		text_format(event.message, sizeof(event.message),
			    "%s was %s, and a person says that it is the one to go on with "
			    "(headroomd --confirm-moved)",
			    store->folder, store_moved_how(store));
		if (event_add(tx, &event, err) < 0)
			return -1;
	}
	if (store->restored[0] && installation_count(tx->sql, confirmation->commits, err) < 0)
		return -1;
	return installation_confirm(tx->sql, store->folder, err);
}

int store_confirm_moved(struct store *store, struct hr_error *err)
{
	struct confirmation confirmation = {
		.store = store, .commits = store->commits, .now_ms = clock_now().wall_ms};

	if (confirmation.commits < store->newest.commits)
		confirmation.commits = store->newest.commits;
	confirmation.commits += CONFIRMED_AHEAD;
	/* The file first: after a crash between the two the database is behind it, and is confirmed again. */
	if (store->restored[0] && newest_make(&store->newest, confirmation.commits, err) != 0)
		return -1;
	if (store_write(store, confirm_moved, &confirmation, err) != 0)
		return -1;
	if (store->restored[0])
		store->commits = confirmation.commits;
	store->restored[0] = '\0';
	store->installation.moved = false;
	return 0;
}
