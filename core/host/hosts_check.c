/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for hosts: each a host's name in which values of settings may stand. */
#include "host/hosts_check.h"

#include <ctype.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/refusal.h"

#define HOSTS_MAX 256
#define TEXT_MAX 1024
#define STRIDE_MAX 4096
#define FAULT_SIZE 128
#define RULE_SIZE_MINOR_0 sizeof(struct hr_host_rule)

static int copy_hosts(struct module *m, struct hr_error *err)
{
	const char *todo =
		"build the module again with .hosts_stride = sizeof(struct hr_host_rule)";
	const struct hr_provider *p = &m->provider;
	size_t n = p->n_hosts, stride = p->hosts_stride;

	if (!p->hosts)
		return refusal_set(
			err, m->id, m->path, "set .hosts and .n_hosts and build the module again",
			"it says that it has rules for %zu hosts, but the table is missing", n);
	if (n > HOSTS_MAX)
		return refusal_set(
			err, m->id, m->path,
			"correct .n_hosts or have fewer, and build the module again",
			"it says that it has rules for %zu hosts, at most %d are accepted", n,
			HOSTS_MAX);
	if (stride < RULE_SIZE_MINOR_0 || stride > STRIDE_MAX ||
	    stride % alignof(struct hr_host_rule) != 0)
		return refusal_set(err, m->id, m->path, todo,
				   "a rule for hosts has %zu bytes, %zu to %d are accepted", stride,
				   RULE_SIZE_MINOR_0, STRIDE_MAX);
	m->hosts = calloc(n, sizeof(*m->hosts));
	if (!m->hosts)
		return error_no_memory(err, "copying a module's hosts");
	for (size_t i = 0; i < n; i++)
		memcpy(&m->hosts[i], (const char *)p->hosts + i * stride, sizeof(*m->hosts));
	return 0;
}

/* One whose value is a word; above all no secret. */
static bool is_setting(const struct module *m, const char *key, size_t len)
{
	for (size_t i = 0; i < m->schema.n_rows; i++)
		if (strlen(m->rows[i].key) == len && memcmp(m->rows[i].key, key, len) == 0)
			return m->rows[i].type == HR_TYPE_STRING || m->rows[i].type == HR_TYPE_ENUM;
	return false;
}

/* Host characters, and keys of settings in braces. false: ret_fault says what is wrong. */
static bool is_pattern(const struct module *m, const char *text, char ret_fault[FAULT_SIZE])
{
	size_t len = strnlen(text, TEXT_MAX + 1), n;

	if (len == 0 || len > TEXT_MAX)
		return text_format(ret_fault, FAULT_SIZE, "it has %s",
				   len == 0 ? "no text" : "more than 1024 bytes"),
		       false;
	while (*text != '\0') {
		n = strcspn(text + 1, "}");
		if (*text == '{' && text[1 + n] == '\0')
			return text_copy(ret_fault, FAULT_SIZE, "a brace is not closed"), false;
		if (*text == '{' && !is_setting(m, text + 1, n))
			return text_format(ret_fault, FAULT_SIZE,
					   "\"%.*s\" is none of its settings of the types string "
					   "and enum",
					   n < 64 ? (int)n : 64, text + 1),
			       false;
		if (*text != '{' && !strchr("abcdefghijklmnopqrstuvwxyz0123456789-.:", *text))
			return text_format(ret_fault, FAULT_SIZE,
					   isgraph((unsigned char)*text)
						   ? "a host's name has no \"%c\""
						   : "a host's name has no byte 0x%02x",
					   (unsigned char)*text),
			       false;
		text += *text == '{' ? n + 2 : 1;
	}
	return true;
}

static bool is_condition(const struct module *m, const char *text)
{
	const char *equals = strchr(text, '=');

	return strnlen(text, TEXT_MAX + 1) <= TEXT_MAX && equals &&
	       is_setting(m, text, (size_t)(equals - text));
}

int hosts_check(struct module *m, struct hr_error *err)
{
	const char *todo = "correct the table and build the module again";
	char fault[FAULT_SIZE];

	if (m->provider.n_hosts == 0)
		return 0;
	if (copy_hosts(m, err) != 0)
		return -1;
	for (size_t i = 0; i < m->provider.n_hosts; i++) {
		const struct hr_host_rule *rule = &m->hosts[i];

		if (!rule->pattern)
			return refusal_set(err, m->id, m->path, todo,
					   "its rule %zu for hosts has no pattern", i + 1);
		if (!is_pattern(m, rule->pattern, fault))
			return refusal_set(err, m->id, m->path, todo,
					   "the pattern of its rule %zu for hosts, \"%.64s\": %s",
					   i + 1, rule->pattern, fault);
		if (rule->only_when && !is_condition(m, rule->only_when))
			return refusal_set(
				err, m->id, m->path, todo,
				"its rule %zu for hosts depends on \"%.64s\", which is no "
				"setting=value",
				i + 1, rule->only_when);
	}
	return 0;
}
