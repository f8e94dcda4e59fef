#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Servers without a check-in run when their port speaks their protocol: at once where sshd is there; never
# where it is and RDP is wanted; and at machines of headroom-sim, whose port is closed, once a real sshd is
# started on it. All probes go through one process, which can make no connection itself.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
. "$HEADROOM_SRCDIR/tests/support/sim.sh"
needs bwrap sshd ssh-keygen jq curl
sshd_pid=
probe_cleanup()
{
	local status=$?
	if [ -n "$sshd_pid" ]; then
		kill -KILL "$sshd_pid" 2>/dev/null
		wait "$sshd_pid" 2>/dev/null
	fi
	(exit "$status")
	sim_cleanup
}
trap probe_cleanup EXIT
trap 'exit 1' INT TERM

# server_of POOL FIELD
server_of()
{
	"$headroom" -o json server list --pool "$1" | jq -r "map(select(.state != \"gone\"))[0].$2 // empty"
}

stage_has()
{
	case $(server_of "$1" stage) in *"$2"*) ;; *) return 1 ;; esac
}

# events KIND: their messages
events()
{
	"$headroom" -o json event list --limit 200 2>/dev/null | jq -r --arg kind "$1" '.[] | select(.kind == $kind).message'
}

has_failed()
{
	failure=$(events server.failed | grep -F "$1")
	[ -n "$failure" ]
}

# pool NAME PROVIDER TYPE MORE
pool()
{
	printf -- '---\nkind: pool\nname: %s\n---\nkind: autoscale-config\nname: %s\npool: %s\nzone: here\n' "$1" "$1" "$1"
	printf 'provider_config: %s\nconnection_type: %s\nminimum_available_sessions: 1\n%b' "$2" "$3" "${4-}"
}

daemon_prepare
sim_start --seed 4 --set red.key=red-key
sed -i "s|^path = .*|path = $HEADROOM_BUILDDIR/plugins/sim/.libs:$HEADROOM_BUILDDIR/plugins/local/.libs|" "$work/headroom.conf"
printf '\n[engine]\nprobe_every = 1s\n' >>"$work/headroom.conf"
daemon_start || fail "the daemon did not start"
port_ssh=$(port_free)
# Another's: what is started at the late server's port is nothing to the servers that are not asked.
port_unasked=$(port_free)
while [ "$port_unasked" = "$port_ssh" ]; do port_unasked=$(port_free); done
{
	printf 'kind: zone\nname: here\n---\nkind: provider-config\nname: this-machine\nprovider: local\n'
	printf -- '---\nkind: provider-config\nname: red\nprovider: sim\nsettings:\n  url: %s\n  key: red-key\n' "$sim_url"
	pool right this-machine SSH
	pool wrong this-machine RDP 'provision_timeout: 1m\nboot_timeout: 4s\n'
	pool late red SSH "connection_port: $port_ssh\nstartup_script: none\n"
	pool unasked red SSH "connection_port: $port_unasked\nstartup_script: none\nprobe: false\n"
} >"$work/pools.yaml"
"$headroom" apply -f "$work/pools.yaml" >/dev/null || fail "apply"

wait_for 60 "a server with an sshd runs" servers_running_is right 1
expect "the reason of what runs" "$(events server.running)" "SSH-2.0-OpenSSH_"
wait_for 60 "a server that is not to be probed runs" servers_running_is unasked 1
wait_for 60 "the closed port is seen" stage_has late "no SSH yet at port $port_ssh: Connection refused"
servers_running_is late 0 || fail "a server runs whose port is closed"
wait_for 60 "the server that speaks SSH instead of RDP fails" has_failed "boot_timeout of 4 s (no RDP yet at port"
expect "the reason of what fails" "$failure" 'it answers "SSH-2.0-OpenSSH_'
servers_running_is wrong 0 || fail "a server runs that does not speak its protocol"

# One process for all, with no privileges; as root it has a user of its own.
hosts=$(pgrep -P "$daemon_pid" -f -- '--builtin probe')
[ "$(wc -w <<<"$hosts")" = 1 ] || fail "processes of the built-in module: $hosts"
sanitized || [ "$(awk '$1 == "Seccomp:" { print $2 }' "/proc/$hosts/status")" = 2 ] || fail "the prober runs without a filter"
[ "$(awk '$1 == "Uid:" { print $2 }' "/proc/$hosts/status")" != 0 ] || fail "the prober runs as root"

# Killed, it is started again, and the late server is found.
kill -KILL "$hosts"
address=$(server_of late address)
ssh-keygen -q -t ed25519 -N '' -f "$work/host_key" || fail "ssh-keygen"
sshd_words=(-D -e -f /dev/null -o "HostKey=$work/host_key" -o "ListenAddress=$address:$port_ssh" -o PidFile=none)
# Sets sshd_pid.
late_sshd()
{
	if [ "$(id -u)" = 0 ] && [ ! -d /run/sshd ]; then
		# As another user sshd needs no folder of the system's.
		chmod 711 "$work" && chown 65534 "$work/host_key"
		setpriv --reuid 65534 --regid 65534 --clear-groups "$(command -v sshd)" "${sshd_words[@]}" 2>"$work/sshd.log" &
	else
		"$(command -v sshd)" "${sshd_words[@]}" 2>"$work/sshd.log" &
	fi
	sshd_pid=$!
}
late_sshd
wait_for 60 "the late server runs" servers_running_is late 1
# Its client would want the host key, which only a check-in brings: the API is asked.
"$headroom" -o json session request --pool late --user ana >/dev/null 2>&1
late=$("$headroom" -o json server list --pool late | jq -r 'map(select(.sessions == 1)) | length')
[ "$late" = 1 ] || fail "the late server takes no session"

# It runs, and its port falls silent: nobody is put on it until it speaks again.
health_is()
{
	[ "$("$headroom" -o json server list --pool late | jq -r 'map(select(.sessions == 1))[0].health')" = "$1" ]
}

kill -KILL "$sshd_pid"
wait "$sshd_pid" 2>/dev/null
wait_for 60 "a running server whose port is closed is seen" health_is unanswered
expect "the reason of what does not answer" "$(events server.unanswered)" "no SSH at port $port_ssh: Connection refused"
late_sshd
wait_for 60 "it is seen to speak again" health_is good
expect "what is told of it" "$(events server.answers)" "answers at port $port_ssh again"
! events server.unanswered | grep -qv "at port $port_ssh:" || fail "servers that speak are called silent: $(events server.unanswered)"
say "probe: right, wrong, late and unasked are told apart; one that falls silent takes nobody in"
