#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The mistakes that an administrator makes first: each message says what is wrong, where, and what to do.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
trap daemon_cleanup EXIT
trap 'exit 1' INT TERM

# says WHAT STATUS MESSAGE COMMAND…: the command ends with this status, and what it says is exactly the message.
says()
{
	local what=$1 wanted_status=$2 wanted=$3 got status
	shift 3
	got=$("$@" 2>&1 </dev/null)
	status=$?
	[ "$got" = "$wanted" ] || fail "$what
wanted: $wanted
got:    $got"
	[ "$status" = "$wanted_status" ] || fail "$what: exit status $status, not $wanted_status"
	n_mistakes=$((n_mistakes + 1))
}

# definition NAME TEXT: a file of that name below $work; sets $file.
definition()
{
	file=$work/$1.yaml
	printf '%s\n' "$2" >"$file"
}

# apply_says WHAT TEXT MESSAGE: applying the text is refused with this message.
apply_says()
{
	definition "mistake" "$2"
	says "$1" 1 "headroom: $file, $3" "$headroom" apply -f "$file"
}

# daemon_says WHAT SED-EXPRESSION MESSAGE: a daemon with the changed configuration ends with this message.
daemon_says()
{
	local got status wanted=$3
	sed -e "$2" "$work/headroom.conf" >"$work/changed.conf"
	got=$(timeout 30 "$headroomd" --config "$work/changed.conf" 2>&1 </dev/null)
	status=$?
	# Log lines may come before.
	got=$(tail -n 1 <<<"$got")
	[ "$got" = "headroomd: $wanted" ] || fail "$1
wanted: headroomd: $wanted
got:    $got"
	[ "$status" = 1 ] || fail "$1: exit status $status, not 1"
	n_mistakes=$((n_mistakes + 1))
}

full_disk()
{
	"$headroom" pool list >/dev/full
}

config_of()
{
	cat <<-EOT
	kind: autoscale-config
	name: a
	pool: ${1-p}
	zone: z
	provider_config: c
	connection_type: SSH
	EOT
}

in_definitions()
{
	apply_says "a field that does not exist" 'kind: pool
name: q
strategyy: spread' 'definition 1 (pool "q"): unknown field "strategyy" in pool; did you mean "strategy"?'

	apply_says "a value of the wrong type" 'kind: provider-config
name: q
provider: local
max_instances: many' 'definition 1 (provider-config "q"): field "max_instances" in provider-config: expected an integer, not the text "many"; for example 10'

	apply_says "a number where text belongs" 'kind: pool
name: q
strategy: 5' 'definition 1 (pool "q"): field "strategy" in pool: expected text, not 5; the choices are spread, pack'

	apply_says "a pool that does not exist, in a config" "$(config_of nowhere)" \
		'definition 1 (autoscale-config "a"): field "pool" in autoscale-config: there is no pool "nowhere"; create it first, or see "headroom pool list"'

	apply_says "a value that is no choice" 'kind: pool
name: q
strategy: sideways' 'definition 1 (pool "q"): field "strategy" in pool: "sideways" is none of spread, pack'

	apply_says "a module that is not installed" 'kind: provider-config
name: q
provider: locale' "definition 1 (provider-config \"q\"): there is no provider module \"locale\" (did you mean \"local\"?): looked for locale.so in $HEADROOM_BUILDDIR/plugins/local/.libs; install it, or correct the name"

	apply_says "a script with a stray brace" "$(config_of)
startup_script: |
  #!/bin/sh
  if true; then { echo; }; fi" 'definition 1 (autoscale-config "a"): startup script, line 2, column 15: a single "{" that belongs to no tag; write "{{" where the script needs a brace
  field: startup_script'

	apply_says "a tag that does not exist" "$(config_of)
startup_script: |
  #!/bin/sh
  echo {sever_id}" 'definition 1 (autoscale-config "a"): startup script, line 2, column 6: {sever_id} is no tag; did you mean {server_id}? If braces are meant, double them: {{sever_id}}
  field: startup_script'

	apply_says "a minimum below zero" "$(config_of)
minimum_available_sessions: -1" 'definition 1 (autoscale-config "a"): field "minimum_available_sessions" in autoscale-config: -1 is too small; it must be from 0 to 100000; for example 2'

	definition mistake "$(config_of)
enabled: false
minimum_available_sessions: 5"
	says "a minimum above the maximum" 0 'autoscale-config a created
    warning: 5 sessions cannot be kept available: provider config "c" has max_instances 3, which is room for 3; raise that or lower minimum_available_sessions' \
		"$headroom" apply -f "$file"

	apply_says "a part above the whole" "$(config_of)
provision_timeout: 10m
boot_timeout: 20m" 'definition 1 (autoscale-config "a"): field "boot_timeout" in autoscale-config is 20m, above provision_timeout of 10m, which limits all phases together; lower the one or raise the other'

	definition mistake 'kind: pool
name: q
name: r'
	says "a key twice" 1 "headroom: $file, line 3 column 1: the key \"name\" stands here a second time" \
		"$headroom" apply -f "$file"
	[ "$("$headroom" -o name pool list)" = p ] || fail "a refused definition made a pool"
}

at_the_command_line()
{
	local wrong=$work/wrong url=http://127.0.0.1:$port
	says "a pool that does not exist, for a session" 4 'headroom: there is no pool "dmo"
  what there is: headroom pool list' "$headroom" session request --pool dmo --user ana
	says "a pool that does not exist" 4 'headroom: there is no pool "dmo"
  what there is: headroom pool list' "$headroom" pool show dmo
	says "a state that does not exist" 1 'headroom: "up" is no state of a server; there are planned, creating, booting, injecting, checking_in, running, draining, failed, destroying, gone, and all' "$headroom" server list --state up
	says "a command that does not exist" 2 'headroom: unknown command "pol"; did you mean "pool"?; see: headroom help' \
		"$headroom" pol list
	says "a verb that does not exist" 2 'headroom: unknown verb "lst"; did you mean "list"?; see: headroom help pool' \
		"$headroom" pool lst
	says "an option that does not exist" 2 'headroom: unknown option --server; see: headroom help' \
		"$headroom" --server "$url" pool list
	says "an option mistyped" 2 'headroom: unknown option --sokcet; did you mean --socket?; see: headroom help' \
		"$headroom" --sokcet="$work/none.sock" pool list
	says "no verb" 2 'headroom: a verb is missing after "pool": list, show, delete; see: headroom help pool' "$headroom" pool
	says "no user" 2 'headroom: missing --user; usage: headroom session request --pool POOL --user USER [--zone ZONE] [--kind KIND] [--wait]' \
		"$headroom" session request --pool p
	says "an output format that does not exist" 2 'headroom: -o takes table, json or name, not "xml"; see: headroom help' \
		"$headroom" -o xml pool list
	says "an option without its value" 2 'headroom: a value is missing after "--socket"; see: headroom help' \
		"$headroom" pool list --socket

	printf 'hr_%s\n' "$(head -c 43 /dev/zero | tr '\0' x)" >"$wrong"
	chmod 600 "$wrong"
	says "a wrong token" 1 'headroom: this access token is not known here; make one with: headroom token create' \
		"$headroom" --url "$url" --token-file "$wrong" pool list
	chmod 644 "$wrong"
	says "a token that others can read" 1 "headroom: token file $wrong can be read by others; run: chmod 600 $wrong" \
		"$headroom" --url "$url" --token-file "$wrong" pool list
	says "no token" 1 "headroom: $url needs an access token: name the file that holds it with --token-file or HEADROOM_TOKEN_FILE; on the daemon's machine, \"headroom token create\" makes one" \
		"$headroom" --url "$url" pool list
	says "a daemon that is not there" 3 "headroom: cannot reach headroomd at $work/none.sock (No such file or directory); is it running? start it, or name its socket with --socket or HEADROOM_SOCKET" \
		"$headroom" --socket="$work/none.sock" pool list
	says "output that cannot be written" 1 'headroom: cannot write to standard output: No space left on device' \
		full_disk
}

at_the_start()
{
	local long
	daemon_says "a port in use" "s|^dir = .*|dir = $work/state.b|; s|headroom.sock|b.sock|" \
		"cannot listen on 127.0.0.1:$port: another program uses this port; see who with \"ss -ltnp\", stop it, or set another \"listen\" address"
	daemon_says "a second daemon on the same state" "s|headroom.sock|b.sock|" \
		"the state folder $work/state is held by headroomd with pid $daemon_pid; stop that one first, or name another state folder"
	daemon_says "a second daemon on the same socket" "s|^dir = .*|dir = $work/state.b|; s|^listen.*|listen = 127.0.0.1:$(port_free)|" \
		"another daemon answers on $HEADROOM_SOCKET; stop it, or set another \"socket\" path"
	: >"$work/file"
	daemon_says "no place for the state folder" "s|^dir = .*|dir = $work/file/state|" \
		"cannot make the state folder $work/file/state (its parent must be there, and the daemon's user must be able to write it): Not a directory"
	# Root may write anywhere but where nobody may.
	if [ "$(id -u)" = 0 ]; then
		daemon_says "no rights on the state folder" "s|^dir = .*|dir = /proc/state|" \
			"cannot make the state folder /proc/state (its parent must be there, and the daemon's user must be able to write it): No such file or directory"
	else
		mkdir -m 500 "$work/closed"
		daemon_says "no rights on the state folder" "s|^dir = .*|dir = $work/closed/state|" \
			"cannot make the state folder $work/closed/state (its parent must be there, and the daemon's user must be able to write it): Permission denied"
	fi
	long=$work/$(printf 'x%.0s' {1..120})
	daemon_says "a socket's path that is too long" "s|^socket = .*|socket = $long|" \
		"$work/changed.conf:3: key \"socket\" in section [server]: the path has ${#long} bytes, a socket's has at most 107; choose a shorter one; for example /run/headroom/headroom.sock"
	daemon_says "a key that does not exist" "s|^listen|listn|" \
		"$work/changed.conf:2: unknown field \"listn\" in section [server]; did you mean \"listen\"?"
	daemon_says "a port that cannot be" "s|^listen.*|listen = 127.0.0.1:99999|" \
		"$work/changed.conf:2: key \"listen\" in section [server]: \"127.0.0.1:99999\" is not host:port with a port from 0 to 65535; for example 127.0.0.1:8460"
	says "a configuration that is not there" 1 "headroomd: $work/none.conf: there is no such file" \
		"$headroomd" --config "$work/none.conf"
	[ "$("$headroom" -o name pool list)" = p ] || fail "the first daemon suffered"
}

with_the_database()
{
	local known
	known=$("$HEADROOM_BUILDDIR/tests/support/schema_version" "$work/state/headroom.db") || fail "schema_version"
	"$HEADROOM_BUILDDIR/tests/support/schema_version" "$work/state/headroom.db" 999 || fail "schema_version"
	daemon_says "a database of a newer version" "" \
		"$work/state/headroom.db has schema version 999, this headroomd knows versions up to $known; start the newer headroomd that wrote it, or put back a copy from before its upgrade"
	"$HEADROOM_BUILDDIR/tests/support/schema_version" "$work/state/headroom.db" "$known" || fail "schema_version"
	chmod 644 "$work/state/master.key"
	daemon_says "a master key that others can read" "" \
		"the master key file $work/state/master.key may be read by others (mode 0644); run: chmod 600 $work/state/master.key"
	chmod 600 "$work/state/master.key"
	daemon_start || fail "the daemon does not start after all that"
	[ "$("$headroom" -o name pool list)" = p ] || fail "the pool is lost"
}

n_mistakes=0
daemon_prepare
daemon_start || fail "the daemon did not start"
definition base 'kind: zone
name: z
---
kind: provider-config
name: c
provider: local
max_instances: 3
---
kind: pool
name: p'
"$headroom" apply -f "$file" >/dev/null || fail "apply"
in_definitions
at_the_command_line
at_the_start
daemon_stop
with_the_database
say "mistakes: $n_mistakes messages are as they should be"
