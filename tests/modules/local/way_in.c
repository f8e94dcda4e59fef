/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, the startup script and ssh for the tests of the module local; see fixture.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

void key_make(void)
{
	FILE *stream;
	char path[1024];

	snprintf(key_path, sizeof(key_path), "%s/key", base);
	ck_assert_int_eq(run("ssh-keygen -q -t ed25519 -N '' -C '' -f %s", key_path), 0);
	snprintf(path, sizeof(path), "%s.pub", key_path);
	stream = fopen(path, "re");
	ck_assert_ptr_nonnull(stream);
	ck_assert_ptr_nonnull(fgets(public_key, sizeof(public_key), stream));
	public_key[strcspn(public_key, "\n")] = '\0';
	fclose(stream);
}

static void append(char **at, const char *text, size_t n)
{
	ck_assert(*at + n < script + sizeof(script) - 1);
	memcpy(*at, text, n);
	*at += n;
	**at = '\0';
}

/* Fills script with the template, rendered as the daemon does it. */
void script_render(const char *user, unsigned checkin_port)
{
	char text[32768], path[1024], url[128], *out = script;
	const struct {
		const char *tag, *value;
	} tags[] = {{"{connection_username}", user},
		    {"{ssh_key}", public_key},
		    {"{checkin_url}", url},
		    {"{checkin_jwt}", TOKEN}};
	const char *at = text;
	FILE *stream;

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/api/set_server_status", checkin_port);
	snprintf(path, sizeof(path), "%s/templates/scripts/local-ssh.sh",
		 getenv("HEADROOM_SRCDIR"));
	stream = fopen(path, "re");
	ck_assert_ptr_nonnull(stream);
	text[fread(text, 1, sizeof(text) - 1, stream)] = '\0';
	fclose(stream);
	while (*at) {
		size_t tag = 0;

		while (tag < 4 && strncmp(at, tags[tag].tag, strlen(tags[tag].tag)) != 0)
			tag++;
		if (tag < 4) {
			append(&out, tags[tag].value, strlen(tags[tag].value));
			at += strlen(tags[tag].tag);
		} else {
			bool brace = *at == '{' || *at == '}';

			ck_assert_msg(!brace || at[1] == *at, "a single brace: %.40s", at);
			append(&out, at, 1);
			at += brace ? 2 : 1;
		}
	}
}

/* known_hosts from the server's own host key, so that host checking is on. */
void known_hosts_write(unsigned port)
{
	ck_assert_int_eq(run("printf '[127.0.0.1]:%%s ' %u >%s/known_hosts; "
			     "cut -d' ' -f1,2 %s/servers/%s/root/etc/ssh/ssh_host_ed25519_key.pub "
			     ">>%s/known_hosts",
			     port, base, state, id, base),
			 0);
}

int ssh(const char *options, const char *user, unsigned port, const char *command)
{
	return run("timeout 30 ssh -F none %s -i %s -o IdentitiesOnly=yes -o BatchMode=yes "
		   "-o StrictHostKeyChecking=yes -o UserKnownHostsFile=%s/known_hosts -p %u "
		   "%s@127.0.0.1 '%s' >%s/out 2>%s/err </dev/null",
		   options, key_path, base, port, user, command, base, base);
}

const char *out_text(const char *name)
{
	static char text[4096];
	char path[1024];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/%s", base, name);
	stream = fopen(path, "re");
	ck_assert_ptr_nonnull(stream);
	text[fread(text, 1, sizeof(text) - 1, stream)] = '\0';
	fclose(stream);
	return text;
}

void wait_for_script(const char *words)
{
	struct answers answers;

	for (int i = 0; i < 600; i++) {
		answers = status_of(id);
		if (strstr(answers.text, words))
			return;
		pause_ms(50);
	}
	run("cat %s/servers/%s/script.log >&2", state, id);
	ck_abort_msg("script: %s", answers.text);
}
