#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Startup script for servers of module "local": gives the session's user a way in by SSH and
# checks in. Words in single braces are put in by Headroom; braces of the shell are doubled.
#
# The server's users all have one uid: the session's user is a second name for it. In a server
# without namespaces every path is below HEADROOM_SERVER_ROOT, otherwise that is empty.

set -u
umask 077

user='{connection_username}'
key='{ssh_key}'
url='{checkin_url}'
token='{checkin_jwt}'
root=${{HEADROOM_SERVER_ROOT-}}

# call STATUS MESSAGE PROGRESS [MORE_JSON]: one call; prints the HTTP status, 000 for none.
# The token, which the address holds too, goes in by standard input: a command line is for all to see.
call() {{
	printf 'url = "%s"\nheader = "Authorization: Bearer %s"\n' "$url" "$token" |
		curl --config - --silent --show-error --output /dev/null --noproxy '*' \
			--connect-timeout 5 --max-time 15 --write-out '%{{http_code}}' \
			--header 'Content-Type: application/json' --data \
			"{{\"status\":\"$1\",\"status_message\":\"$2\",\"status_progress\":\"$3\"${{4-}}}}"
}}

# check_in, with the same arguments: until it is taken, refused, or five minutes have passed.
check_in() {{
	local code end=$((SECONDS + 300))
	while :; do
		code=$(call "$@")
		case $code in
		2*) return 0 ;;
		408 | 425 | 429) ;;
		4*)
			echo "check-in refused: HTTP status $code" >&2
			return 1
			;;
		esac
		if [ "$SECONDS" -ge "$end" ]; then
			echo "check-in failed for five minutes, last HTTP status $code" >&2
			return 1
		fi
		sleep 2
	done
}}

progress() {{
	echo "$1"
	call starting "$1" "$2" >/dev/null || true
}}

fail() {{
	echo "failed: $1" >&2
	check_in failed "$1" 100
	exit 1
}}

case $user in
'' | -* | *[!a-zA-Z0-9_.-]*) fail 'connection_username is not one for this server: it takes letters, digits, _ . and -; choose another in the autoscale config' ;;
esac
case $key in
ssh-*' '* | ecdsa-*' '*) ;;
*) fail 'The public key for the connection is missing: the pool needs one.' ;;
esac

progress 'adding the user' 40
uid=$(id -u) gid=$(id -g) home=$root/home/$user known=
while IFS=: read -r name _ its_uid _ _ its_home _; do
	if [ "$name" = "$user" ]; then
		known=$its_uid:$its_home
	fi
done <"$root/etc/passwd" || fail 'The file /etc/passwd cannot be read.'
if [ -z "$known" ]; then
	# Above the server's own name: the first name of a uid is the one that programs show.
	others=$(<"$root/etc/passwd") &&
		printf '%s\n%s\n' "$user:x:$uid:$gid::$home:${{SHELL:-/bin/sh}}" "$others" \
			>"$root/etc/passwd" || fail 'The user cannot be added to /etc/passwd.'
elif [ "$known" != "$uid:$home" ]; then
	fail "connection_username '$user' is taken in this server; choose another in the autoscale config"
fi

progress 'preparing the home folder' 60
mkdir -p "$home/.ssh" && printf '%s\n' "$key" >"$home/.ssh/authorized_keys" ||
	fail 'The home folder cannot be made.'
head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$home/nonce" ||
	fail 'The nonce cannot be written.'

read -r kind host_key _ <"$root/etc/ssh/ssh_host_ed25519_key.pub" ||
	fail 'The host key cannot be read.'
check_in running 'ready' 100 ",\"ssh_host_key\":\"$kind $host_key\"" || exit 1
echo 'checked in'
