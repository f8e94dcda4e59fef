/* SPDX-License-Identifier: Apache-2.0 */
/* Documents (zone, pool, provider config, autoscale config) and their revisions. */
#ifndef HR_STORE_DOCUMENT_ROWS_H
#define HR_STORE_DOCUMENT_ROWS_H

#include "model/document.h"
#include "store/store.h"

/* Inserts (revision 1) or replaces. document->revision is the expected present one (0: must not
 * exist yet) and is raised; HR_CONFLICT otherwise, also when the name is taken. secrets (object:
 * dotted path -> text, may be NULL: keep what is stored) are encrypted apart; the body holds "***"
 * in their places. The old revision is kept while a server refers to it. */
int document_put(struct tx *tx, struct document *document, const json_t *secrets,
		 struct hr_error *err);

/* HR_NOT_FOUND names kind and key. The caller clears *ret. */
int document_get(struct tx *tx, enum document_kind kind, const char *id, struct document *ret,
		 struct hr_error *err);
int document_get_by_name(struct tx *tx, enum document_kind kind, const char *name,
			 struct document *ret, struct hr_error *err);
/* By name or id. */
int document_find(struct tx *tx, enum document_kind kind, const char *name_or_id,
		  struct document *ret, struct hr_error *err);
/* An older revision too. */
int document_get_revision(struct tx *tx, enum document_kind kind, const char *id, int64_t revision,
			  struct document *ret, struct hr_error *err);

/* All of a kind after the name `after` ("" from the start), by name, at most limit. The caller
 * frees with document_list_free. */
int document_list(struct tx *tx, enum document_kind kind, const char *after, int limit,
		  struct document **ret_documents, size_t *ret_n, struct hr_error *err);
/* Of these only those that name the document `names`: a pool's configs, say. */
int document_list_naming(struct tx *tx, enum document_kind kind, const char *names,
			 const char *after, int limit, struct document **ret_documents,
			 size_t *ret_n, struct hr_error *err);
void document_list_free(struct document *documents, size_t n);

/* HR_CONFLICT names what still refers to it (documents, servers not gone, sessions not ended). */
int document_delete(struct tx *tx, enum document_kind kind, const char *id, struct hr_error *err);

/* The secrets of a document, decrypted (object: dotted path -> text); the caller wipes and frees. */
int document_secrets(struct tx *tx, enum document_kind kind, const char *id, json_t **ret_secrets,
		     struct hr_error *err);

/* State that the planner keeps about an autoscale config. Survives restarts. */
struct config_state {
	int64_t surplus_since_ms; /* 0: none */
	int64_t surplus_floor;
	int64_t last_planned_ms;
	int64_t paused_until_ms; /* 0: not; MS_NEVER: until edited */
	int64_t pause_step;      /* doublings so far */
	char pause_reason[256];
	int64_t failures; /* servers in a row that never got ready */
};
int config_state_get(struct tx *tx, const char *config_id, struct config_state *ret,
		     struct hr_error *err);
int config_state_put(struct tx *tx, const char *config_id, const struct config_state *state,
		     struct hr_error *err);

/* State of an account. instances counts its servers that are not gone. */
struct account_state {
	int64_t instances;
	int64_t paused_until_ms;
	int64_t pause_step;
	char pause_reason[256];
};
int account_state_get(struct tx *tx, const char *provider_config_id, struct account_state *ret,
		      struct hr_error *err);
/* Writes all but instances, which only server rows change. */
int account_state_put(struct tx *tx, const char *provider_config_id,
		      const struct account_state *state, struct hr_error *err);

#endif
