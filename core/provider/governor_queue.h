/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the governor: accounts, their keys, and what waits at each. Data only: nothing here sends or
 * answers. One thread. */
#ifndef HR_PROVIDER_GOVERNOR_QUEUE_H
#define HR_PROVIDER_GOVERNOR_QUEUE_H

#include "provider/budget.h"
#include "provider/governor.h"

struct governor_key;

/* A request that waits, or is at the inner dispatcher. */
struct governor_entry {
	struct governor_entry *next;
	struct governor_key *key;
	struct governor_member *member;   /* while it waits */
	struct dispatch_request *request; /* NULL once it went through */
	struct dispatch_answer *answer;   /* made beforehand, so that it is never lost; likewise */
	uint64_t ticket;
	uint64_t number;     /* rising with arrival */
	bool is_stamped;     /* received_ms is known: a step came since */
	int64_t received_ms; /* monotonic */
	bool is_probe;
};

struct governor_list {
	struct governor_entry *first, *last;
	unsigned n;
};

struct governor_key {
	struct governor_key *next;
	char text[ACCOUNT_KEY_SIZE];
	struct budget budget;
	struct breaker breaker;
	struct governor_list waiting[GOVERNOR_URGENCIES];
	unsigned n_accounts;
	unsigned n_in_flight;
	unsigned turn; /* counts to GOVERNOR_OLDEST_EVERY */
	uint64_t sent, throttled, late, refused;
};

/* An account that was opened. */
struct governor_member {
	struct governor_member *next;
	char id[ID_SIZE];
	struct governor_key *key;
	unsigned waiting[GOVERNOR_URGENCIES];
};

struct governor_queues {
	struct governor_key *keys;
	struct governor_member *members;
	struct governor_entry *in_flight;
	uint64_t last_number;
};

struct governor_member *governor_member_find(const struct governor_queues *queues, const char *id);

/* A new member for governor_member_join, in no list. NULL: no memory. */
struct governor_member *governor_member_new(const char *id);

/* The key of that text, made when it is new (closed, full, as of now_ms). NULL: no memory. */
struct governor_key *governor_key_get(struct governor_queues *queues, const char *text,
				      const struct governor_options *options, int64_t now_ms);

/* The member (new or known) is at this key from now on; what waits of its account moves along. */
void governor_member_join(struct governor_queues *queues, struct governor_member *member,
			  struct governor_key *key);

/* Forgets the member. Nothing of it waits any more. */
void governor_member_remove(struct governor_queues *queues, struct governor_member *member);

/* Frees the keys that nobody needs: no account, nothing waiting, nothing in flight. */
void governor_keys_sweep(struct governor_queues *queues);

/* Copies the request to the end of its urgency's list. -1: no memory. */
int governor_queue_add(struct governor_queues *queues, struct governor_member *member,
		       const struct dispatch_request *request);

/* Which goes next by urgency, age and turn; NULL: none waits. It stays. */
struct governor_entry *governor_queue_next(const struct governor_key *key);

/* Out of its list. */
void governor_queue_remove(struct governor_entry *entry);

/* A removed entry is at the inner dispatcher now: its request is freed. */
void governor_flight_begin(struct governor_queues *queues, struct governor_entry *entry);

/* The entry of that ticket, out of the list; NULL: none. */
struct governor_entry *governor_flight_end(struct governor_queues *queues, uint64_t ticket);

void governor_entry_free(struct governor_entry *entry);

/* Frees all, entries that are left included. */
void governor_queues_clear(struct governor_queues *queues);

#endif
