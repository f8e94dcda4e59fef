/* SPDX-License-Identifier: Apache-2.0 */
/* Nouns, verbs, other words for them, and what was probably meant. */
#include "cli/command_names.h"

#include <string.h>

#include "base/text.h"

#define CANDIDATES_MAX 64

/* Another word's meaning; NULL: it is none. */
static const char *meaning(const char *noun, const char *verb)
{
	const char *word = verb != NULL ? verb : noun;

	for (const struct command_alias *a = command_aliases; a->noun != NULL; a++) {
		const char *other = a->verb != NULL ? a->verb : a->noun;

		if ((a->verb != NULL) == (verb != NULL) && strcmp(other, word) == 0 &&
		    strcmp(a->noun, noun) == 0)
			return a->means;
	}
	return NULL;
}

static void refuse(struct hr_error *err, const char *what, const char *word, const char *near,
		   const char *noun)
{
	char shown[128];

	text_copy(shown, sizeof(shown), word);
	terminal_safe(shown, false);
	error_set(err, HR_INVALID, "%s \"%s\"%s%s%s; see: headroom help%s%s", what, shown,
		  near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
		  near != NULL ? "\"?" : "", noun[0] != '\0' ? " " : "", noun);
}

const char *command_noun(const char *word, struct hr_error *err)
{
	const char *candidates[CANDIDATES_MAX] = {"help"};
	const char *means = meaning(word, NULL);
	size_t n = 1;

	if (means != NULL)
		word = means;
	for (const struct command *c = command_table; c->noun != NULL; c++) {
		if (strcmp(c->noun, word) == 0)
			return c->noun;
		if (n < CANDIDATES_MAX - 1)
			candidates[n++] = c->noun;
	}
	for (const struct command_alias *a = command_aliases; a->noun != NULL; a++)
		if (a->verb == NULL && n < CANDIDATES_MAX - 1)
			candidates[n++] = a->noun;
	refuse(err, "unknown command", word, text_nearest(word, candidates), "");
	return NULL;
}

static void refuse_verb(const char *noun, const char *verb, struct hr_error *err)
{
	const char *candidates[CANDIDATES_MAX] = {NULL};
	char all[256] = "";
	size_t n = 0;

	for (const struct command *c = command_table; c->noun != NULL; c++) {
		size_t used = strlen(all);

		if (strcmp(c->noun, noun) != 0 || n == CANDIDATES_MAX - 1)
			continue;
		candidates[n++] = c->verb;
		text_format(all + used, sizeof(all) - used, "%s%s", used > 0 ? ", " : "", c->verb);
	}
	for (const struct command_alias *a = command_aliases; a->noun != NULL; a++)
		if (a->verb != NULL && strcmp(a->noun, noun) == 0 && n < CANDIDATES_MAX - 1)
			candidates[n++] = a->verb;
	if (verb != NULL)
		refuse(err, "unknown verb", verb, text_nearest(verb, candidates), noun);
	else
		error_set(err, HR_INVALID,
			  "a verb is missing after \"%s\": %s; see: headroom help %s", noun, all,
			  noun);
}

const struct command *command_find(const char *noun, const char *verb, struct hr_error *err)
{
	const char *means = verb != NULL ? meaning(noun, verb) : NULL;

	for (const struct command *c = command_table; c->noun != NULL; c++)
		if (strcmp(c->noun, noun) == 0 &&
		    (c->verb == NULL ||
		     (verb != NULL && strcmp(c->verb, means != NULL ? means : verb) == 0)))
			return c;
	refuse_verb(noun, verb, err);
	return NULL;
}
