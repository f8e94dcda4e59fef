/* SPDX-License-Identifier: Apache-2.0 */
/* The four kinds of thing that administrators write: zone, pool, provider config, autoscale config.
 * Each is a JSON document, validated by its schema and versioned. A document stored holds its
 * references as ids; documents shown hold them as names. */
#ifndef HR_MODEL_DOCUMENT_H
#define HR_MODEL_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"
#include "base/id.h"
#include "schema/schema.h"

/* In the order in which they may refer to one another: a kind refers to lower ones only. */
enum document_kind {
	DOCUMENT_ZONE,
	DOCUMENT_PROVIDER_CONFIG,
	DOCUMENT_POOL,
	DOCUMENT_AUTOSCALE_CONFIG,
	DOCUMENT_KINDS
};

#define NAME_SIZE 64

struct document {
	enum document_kind kind;
	char id[ID_SIZE];
	char name[NAME_SIZE]; /* [a-z0-9][a-z0-9-]{0,62}, unique in its kind */
	int64_t revision;     /* from 1; raised by each change */
	int64_t created_ms;
	int64_t changed_ms;
	json_t *body; /* normalised, references as ids, secrets still in plain; owned */
};

/* "zone", "provider-config", "pool", "autoscale-config"; and what the API's path says in plural:
 * "zones", "provider-configs", "pools", "autoscale-configs". */
const char *document_kind_name(enum document_kind kind);
const char *document_kind_plural(enum document_kind kind);
/* By either form; -1: none. */
int document_kind_find(const char *name);

/* The kind's own table. A provider config's holds, under "settings", what the module's table says
 * (checked where the module is known: provider floor). */
const struct schema *document_schema(enum document_kind kind);

/* Fields of the kind that name another object (HR_ROLE_REFERENCE): the kind that row's key names
 * ("pool", "zone", "provider_config"); -1 for other rows. */
int document_reference_kind(const struct hr_setting *row);

/* Schema and the rules between fields (minimum above maximum, VNC with more than one session, …).
 * References are still names or ids as given. HR_INVALID with field and example. */
int document_normalize(enum document_kind kind, const json_t *input, unsigned flags,
		       json_t **ret_body, struct hr_error *err);

/* A copy to show: secrets are "***", also those under a provider config's "settings", by the
 * module's own table. module_settings NULL (module not known): everything in there is "***".
 * NULL: no memory. */
json_t *document_mask(enum document_kind kind, const json_t *body,
		      const struct schema *module_settings);

/* Gives up the body and zeroes the rest. */
void document_clear(struct document *document);

#endif
