#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# headroom-sim's API refuses what a real one refuses, each with status, code, field and request id; and its
# connections behave as the cloud wants: late, cut, silent, nonsense.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
. "$HEADROOM_SRCDIR/tests/support/sim.sh"
needs jq curl
trap 'sim_stop; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

key=red-key
refusals=0

# call ARGUMENT…: of curl, the last one a path. Prints the HTTP status; headers and body go to $work.
call()
{
	local path=${*: -1}
	printf 'header = "Authorization: %s %s"\n' "${scheme-Bearer}" "$key" |
		curl -sS -K - -D "$work/headers" -o "$work/answer" -w '%{http_code}' --max-time "${patience:-10}" \
			"${@:1:$#-1}" "$sim_url$path" 2>"$work/curl"
}

# post JSON [ARGUMENT…]
post()
{
	printf '%s' "$1" >"$work/body"
	shift
	call -H 'Content-Type: application/json' --data-binary @"$work/body" "$@" /v1/machines
}

# refused STATUS CODE FIELD COMMAND…
refused()
{
	local status=$1 code=$2 field=$3 got
	shift 3
	got=$("$@")
	[ "$got" = "$status" ] || fail "$*: status $got for $status: $(cat "$work/answer")"
	got=$(jq -r '"\(.error.code) \(.error.field // "") \(.error.message != "") \(has("request_id"))"' "$work/answer")
	[ "$got" = "$code $field true true" ] || fail "$*: not $code $field: $(cat "$work/answer")"
	refusals=$((refusals + 1))
}

# order FILTER: a good order, changed.
order()
{
	jq -cn '{token: "t1", name: "desk-1", zone: "north-1", size: "small", image: "debian-12", user_data: "x",
		marks: {installation: "inst", config: "conf", server: "s1"}}'" | $1"
}

text_of()
{
	head -c "$1" /dev/zero | tr '\0' "$2"
}

check_access()
{
	local key
	for key in '' wrong red-key2 RED-KEY; do
		refused 401 InvalidKey '' call /v1/account
	done
	refused 401 InvalidKey '' post "$(order .)"
	refused 401 InvalidKey '' post '{'
	refused 401 InvalidKey '' call -X DELETE /v1/machines/m-000001
	key=red-key
	scheme=Basic refused 401 InvalidKey '' call /v1/account
	scheme='' refused 401 InvalidKey '' call /v1/account
}

check_paths()
{
	refused 404 NotFound '' call /
	refused 404 NotFound '' call /v1/machine
	refused 404 NotFound '' call /v1/machines/m-1/x
	refused 405 MethodNotAllowed '' call -X PUT /v1/machines
	refused 405 MethodNotAllowed '' call /v1/machines/m-000001
	refused 405 MethodNotAllowed '' call -X POST /v1/account
}

check_creates()
{
	local field
	refused 415 UnsupportedMediaType '' call --data x /v1/machines
	refused 400 InvalidRequest '' post ''
	refused 400 InvalidRequest '' post '{"token": '
	refused 400 InvalidRequest '' post '[]'
	refused 400 InvalidRequest '' post '{"token": "a", "token": "b"}'
	refused 400 InvalidRequest colour post "$(order '.colour = "red"')"
	refused 400 InvalidRequest colour post "$(order '.marks.colour = "red"')"
	for field in token name zone size image user_data; do
		refused 400 InvalidRequest $field post "$(order "del(.$field)")"
		refused 400 InvalidRequest $field post "$(order ".$field = 7")"
	done
	for field in installation config server; do
		refused 400 InvalidRequest marks.$field post "$(order "del(.marks.$field)")"
		refused 400 InvalidRequest marks.$field post "$(order ".marks.$field = [1]")"
		refused 400 InvalidRequest marks.$field post "$(order ".marks.$field = \"A B\"")"
	done
	refused 400 InvalidRequest marks post "$(order '.marks = "x"')"
	refused 400 InvalidRequest zone post "$(order '.zone = "north-9"')"
	refused 400 InvalidRequest size post "$(order '.size = "huge"')"
	refused 400 InvalidRequest image post "$(order '.image = ""')"
	refused 400 InvalidRequest name post "$(order '.name = "Desk_1"')"
	refused 400 InvalidRequest name post "$(order ".name = \"$(text_of 64 a)\"")"
	refused 400 InvalidRequest token post "$(order '.token = ""')"
	refused 400 InvalidRequest token post "$(order ".token = \"$(text_of 64 a)\"")"
	order . | jq -c --rawfile data <(text_of 65537 a) '.user_data = $data' >"$work/large"
	refused 400 InvalidRequest user_data post "$(cat "$work/large")"
	text_of 600000 ' ' >"$work/large"
	refused 413 TooLarge '' call -H 'Content-Type: application/json' --data-binary @"$work/large" /v1/machines
	[ "$(sim_alive red)" = 0 ] || fail "a refused create made a machine"
}

check_looks()
{
	refused 400 InvalidRequest installation call /v1/machines
	refused 400 InvalidRequest installation call '/v1/machines?installation=A'
	refused 400 InvalidRequest page call '/v1/machines?installation=inst&page=2'
	refused 400 InvalidRequest page call '/v1/machines?installation=inst&page=after--1'
	refused 400 InvalidRequest limit call '/v1/machines?installation=inst&limit=0'
	refused 400 InvalidRequest limit call '/v1/machines?installation=inst&limit=1001'
	refused 400 InvalidRequest colour call '/v1/machines?installation=inst&colour=red'
	refused 400 InvalidRequest installation call '/v1/machines?ids=m-1&installation=inst'
	refused 400 InvalidRequest ids call '/v1/machines?ids='
	refused 400 InvalidRequest ids call "/v1/machines?ids=m-1$(text_of 100 , | sed 's/,/,m-1/g')"
	refused 400 InvalidRequest colour call '/v1/account?colour=red'
}

# What needs a machine.
check_machine()
{
	local id
	[ "$(post "$(order .)")" = 201 ] || fail "a good create: $(cat "$work/answer")"
	id=$(jq -r .id "$work/answer")
	refused 409 TokenReused '' post "$(order '.size = "large"')"
	refused 409 TokenReused '' post "$(order '.user_data = "y"')"
	refused 404 NotFound '' call -X DELETE /v1/machines/m-777777
	refused 412 OtherServer '' call -X DELETE "/v1/machines/$id?server=s2"
	refused 400 InvalidRequest force call -X DELETE "/v1/machines/$id?force=1"
	key=blue-key
	refused 404 NotFound '' call -X DELETE "/v1/machines/$id"
	key=red-key
	sim_set red.quota=1
	refused 403 QuotaExceeded '' post "$(order '.token = "t2"')"
	[ "$(call -X DELETE "/v1/machines/$id?server=s1")" = 200 ] || fail "a good destroy: $(cat "$work/answer")"
	refused 404 NotFound '' call -X DELETE "/v1/machines/$id?server=s1"
	sim_set red.quota=0
}

check_fates()
{
	local setting status code
	while read -r setting status code; do
		sim_set "$setting=1000"
		refused "$status" "$code" '' post "$(order '.token = "t3"')"
		sim_set "$setting=0"
	done <<-EOT
		fail_auth 401 InvalidKey
		fail_quota 403 QuotaExceeded
		fail_capacity 503 InsufficientCapacity
		fail_throttled 429 Throttled
		fail_conflict 409 Busy
		fail_transient 503 ServiceUnavailable
		fail_internal 500 InternalError
		fail_timeout 504 GatewayTimeout
	EOT
	sim_set rate=60 burst=1
	[ "$(call /v1/account)" = 200 ] || fail "the first of a burst: $(cat "$work/answer")"
	refused 429 Throttled '' call /v1/account
	grep -qi '^retry-after: 1' "$work/headers" || fail "Retry-After is not said: $(cat "$work/headers")"
	sim_set rate=0
	grep -qi '^x-request-id: req-' "$work/headers" || fail "no request id: $(cat "$work/headers")"
}

check_connections()
{
	local start
	sim_set unanswered=1000
	[ "$(post "$(order '.token = "t4"')")" = 000 ] || fail "an answer came: $(cat "$work/answer")"
	sim_set unanswered=0
	[ "$(post "$(order '.token = "t4"')")" = 201 ] || fail "the create that was not answered: $(cat "$work/answer")"
	sim_set garbage=1000
	[ "$(call /v1/account)" = 200 ] || fail "nonsense comes with 200"
	jq . "$work/answer" >/dev/null 2>&1 && fail "nonsense makes sense: $(cat "$work/answer")"
	sim_set garbage=0 hang=1000
	[ "$(patience=0.3 call /v1/account)" = 000 ] || fail "an answer came: $(cat "$work/answer")"
	# Half of those that hang were not done.
	for start in 1 2 3 4 5 6 7 8; do
		[ "$(patience=0.1 post "$(order ".token = \"hang-$start\"")")" = 000 ] || fail "an answer came: $(cat "$work/answer")"
		[ "$(patience=0.1 call -X DELETE /v1/machines/m-000001)" = 000 ] || fail "an answer came: $(cat "$work/answer")"
	done
	sim_set hang=0 latency=300
	start=$(date +%s%N)
	[ "$(call /v1/account)" = 200 ] || fail "late: $(cat "$work/answer")"
	[ $(($(date +%s%N) - start)) -ge 300000000 ] || fail "it came at once"
	sim_set latency=0
}

# The command line refuses, too.
check_commands()
{
	local line
	while read -r line; do
		# shellcheck disable=SC2086 # words
		"$sim" $line >/dev/null 2>"$work/complaint" && fail "headroom-sim $line was taken"
		[ -s "$work/complaint" ] || fail "headroom-sim $line: no word"
	done <<-EOT
		serve --books $work/books
		serve --books $work/books --listen 192.0.2.1
		serve --books $work/books --listen 127.0.0.1:x
		serve --books $work/books --listen 127.0.0.1 --set nonsense=1
		serve --books $work/nowhere/books --listen 127.0.0.1
		books --books $work/nowhere
		set --books $work/books
		busy --books $work/books nobody yes
		fly --books $work/books
	EOT
	"$sim" --help | grep -q checkin_never || fail "--help lacks the settings"
}

daemon_prepare
printf 'red-key\nmore\n' >"$work/key"
sim_start --set "red.key=@$work/key" --set blue.key=blue-key
[ "$(call /v1/account)" = 200 ] || fail "the good key: $(cat "$work/answer")"
check_access
check_paths
check_creates
check_looks
check_machine
check_fates
check_connections
check_commands
[ "$refusals" -ge 25 ] || fail "only $refusals refusals"
# It ends when it is told to, with a call that hangs, and goes on from its books.
sim_set hang=1000
call /v1/account >/dev/null &
sleep 0.3
sim_stop
wait
sim_start
sim_set hang=0
[ "$(call /v1/account)" = 200 ] || fail "after a restart: $(cat "$work/answer")"
[ ! -s "$work/sim.log" ] || fail "headroom-sim says: $(cat "$work/sim.log")"
say "headroom-sim: $refusals calls refused"
