# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # work and headroom are daemon.sh's and check-input.sh's
#
# Sourced by check-input.sh: bodies and definitions that are too large or too deep, and definitions
# that are no YAML of ours.

# repeat N TEXT
repeat()
{
	head -c "$(($1 * ${#2}))" < <(yes "$2" | tr -d '\n')
}

large_bodies()
{
	local mib=1048576
	{ printf '{"name": "'; repeat "$((mib - 12))" x; printf '"}'; } >"$work/body"
	row "a body of exactly 1 MiB" \
		'422 name: field "name" in pool: the text has 1048564 bytes; at most 63 are possible; for example demo' \
		"$(asked POST pools "$work/body")"
	{ printf '{"name": "'; repeat "$((mib - 11))" x; printf '"}'; } >"$work/body"
	row "a body of 1 MiB and a byte" "413: the request body is longer than the limit of 1 MiB" \
		"$(asked POST pools "$work/body")"
	head -c 20000000 /dev/zero >"$work/body"
	row "a body of 20 MB" "413: the request body is longer than the limit of 1 MiB" \
		"$(asked POST pools "$work/body")"
	{ repeat 32 '['; repeat 32 ']'; } >"$work/body"
	row "arrays 32 deep" "422: the request body must be a JSON object" "$(asked POST pools "$work/body")"
	{ repeat 33 '['; repeat 33 ']'; } >"$work/body"
	row "arrays 33 deep" \
		"400: the request body is not accepted: line 1, column 33: nested deeper than 32 levels" \
		"$(asked POST pools "$work/body")"
	repeat 1000000 '[' >"$work/body"
	row "a million brackets" \
		"400: the request body is not accepted: line 1, column 33: nested deeper than 32 levels" \
		"$(asked POST pools "$work/body")"
	repeat 150000 '{"a":' >"$work/body"
	row "objects without an end" \
		"400: the request body is not accepted: line 1, column 161: nested deeper than 32 levels" \
		"$(asked POST pools "$work/body")"
	{ printf '{'; for i in {1..40000}; do printf '"k%s":1,' "$i"; done; printf '"name":"x"}'; } >"$work/body"
	row "forty thousand fields" "422 k1: unknown field \"k1\" in pool; known fields: name, type, strategy, on_no_room, queue_timeout, keepalive_expiration, dry_run" "$(asked POST pools "$work/body")"
	{ printf '{"name":"x","provider":"local","max_instances":'; repeat 100000 9; printf '}'; } >"$work/body"
	row "a number of 100,000 digits" \
		"400: the request body is not valid JSON: line 1, column 100047: too big integer" \
		"$(asked POST provider-configs "$work/body")"
	{ printf '{"'; repeat 100000 k; printf '":1}'; } >"$work/body"
	row "a field's name of 100,000 bytes" "422 kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: unknown field \"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\" in pool; known fields: name, type, strategy, on_no_room, queue_timeout, keepalive_expiration, dry_run" "$(asked POST pools "$work/body")"
	row "a path's part of 300 bytes" "404: there is nothing at /api/v1/pools/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" "$(asked GET "pools/$(repeat 300 x)")"
}

# defined WHAT EXPECTED: what apply says of $work/d.yaml, its path as FILE.
defined()
{
	local seen
	seen=$(timeout 60 "$headroom" apply -f "$work/d.yaml" 2>&1 </dev/null)
	row "definition: $1" "$2" "$? $(printf '%s\n' "${seen//"$work/d.yaml"/FILE}" | tr '\n' '~')"
}

# define WHAT EXPECTED TEXT (printf's escapes)
define()
{
	printf '%b' "$3" >"$work/d.yaml"
	defined "$1" "$2"
}

bad_definitions()
{
	define "an empty file" "1 headroom: FILE holds no definition~" ''
	define "comments only" "1 headroom: FILE holds no definition~" '# nothing\n'
	define "a list" "1 headroom: FILE, definition 1: a definition must be a mapping with kind and name~" '- kind: pool\n  name: q\n'
	define "text" "1 headroom: FILE, definition 1: a definition must be a mapping with kind and name~" 'pool q\n'
	define "no kind" "1 headroom: FILE, definition 1: kind is missing; known kinds are zone, provider-config, pool, autoscale-config~" 'name: q\n'
	define "an unknown kind" "1 headroom: FILE, definition 1: unknown kind \"pond\"; known kinds are zone, provider-config, pool, autoscale-config~" 'kind: pond\nname: q\n'
	define "no name" "1 headroom: FILE, definition 1: name is missing~  a good value: demo~" 'kind: pool\n'
	define "a name that is a number" "1 headroom: FILE, definition 1: name must be text; put it in quotes: name: \"...\"~  a good value: demo~" 'kind: pool\nname: 7\n'
	define "a tab" "1 headroom: FILE, line 2 column 1: found a tab character that violates indentation~" 'kind: pool\n\tname: q\n'
	define "an anchor" "1 headroom: FILE, line 2 column 7: anchors are not accepted~" 'kind: pool\nname: &a q\n'
	define "an alias" "1 headroom: FILE, line 2 column 7: aliases are not accepted~" 'kind: pool\nname: *a\n'
	define "a bomb of aliases" "1 headroom: FILE, line 1 column 4: anchors are not accepted~" 'a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\n'
	define "a merge key" "1 headroom: FILE, definition 1 (pool \"q\"): unknown field \"<<\" in pool; known fields: name, type, strategy, on_no_room, queue_timeout, keepalive_expiration, dry_run~" 'kind: pool\nname: q\n<<: {strategy: pack}\n'
	define "a tag" "1 headroom: FILE, line 2 column 7: tags are not accepted~" 'kind: pool\nname: !!python/object/apply:os.system ["id"]\n'
	define "a key twice" "1 headroom: FILE, line 3 column 1: the key \"name\" stands here a second time~" 'kind: pool\nname: q\nname: r\n'
	define "a key that is a list" "1 headroom: FILE, line 2 column 3: a key must be text~" 'kind: pool\n? [a]\n: b\n'
	define "one thing twice" "1 headroom: FILE, definition 2: pool \"q\" is defined already, by FILE, definition 1; remove one or give it another name~" 'kind: pool\nname: q\n---\nkind: pool\nname: q\n'
	define "a second document that is wrong" "1 headroom: FILE, definition 2 (pool \"r\"): field \"strategy\" in pool: \"up\" is none of spread, pack~pool q created~" 'kind: pool\nname: q\n---\nkind: pool\nname: r\nstrategy: up\n'
	define "an indentation" "1 headroom: FILE, line 2 column 7: mapping values are not allowed in this context~" 'kind: pool\n  name: q\n'
	define "an open quote" "1 headroom: FILE, line 3 column 1: found unexpected end of stream~" 'kind: pool\nname: "q\n'
	define "an open list" "1 headroom: FILE, line 3 column 1: did not find expected ',' or ']'~" 'kind: pool\nname: [q\n'
	define "not UTF-8" "1 headroom: FILE, line 2 column 8: not text in UTF-8~" 'kind: pool\nname: \xc3\x28\n'
	define "a NUL byte" "1 headroom: FILE, line 2 column 8: not text in UTF-8~" 'kind: pool\nname: a\x00b\n'
	define "a NUL escaped" "1 headroom: FILE, line 2 column 7: the NUL character is not accepted~" 'kind: pool\nname: "a\\0b"\n'
	define "a lone surrogate" "1 headroom: FILE, line 2 column 10: found invalid Unicode character escape code~" 'kind: pool\nname: "\\ud800"\n'
	define "a directive" "1 headroom: FILE, line 1 column 1: found incompatible YAML document~" '%YAML 9.9\n---\nkind: pool\nname: q\n'
	define "a byte order mark" "0 pool q unchanged~" '\xef\xbb\xbfkind: pool\nname: q\n'
	define "yes is no boolean" "1 headroom: FILE, definition 1 (pool \"q\"): field \"dry_run\" in pool: expected true or false without quotes, not the text \"yes\"~" 'kind: pool\nname: q\ndry_run: yes\n'
	define "octal is text" "1 headroom: FILE, definition 1 (provider-config \"q\"): field \"max_instances\" in provider-config: expected an integer, not the text \"010\"; write 10 without quotes~" 'kind: provider-config\nname: q\nprovider: local\nmax_instances: 010\n'
	define "beyond 64 bits" "1 headroom: FILE, definition 1 (provider-config \"q\"): field \"max_instances\" in provider-config: expected an integer, not the text \"9223372036854775808\"; for example 10~" 'kind: provider-config\nname: q\nprovider: local\nmax_instances: 9223372036854775808\n'
	define "a script of no file" "1 headroom: FILE, definition 1, startup_script_file: cannot read /nowhere: No such file or directory~" 'kind: autoscale-config\nname: a\nstartup_script_file: /nowhere\n'
	define "a script that is a device" "1 headroom: FILE, definition 1, startup_script_file: /dev/zero is over 4 MiB: no definition is that long~" 'kind: autoscale-config\nname: a\nstartup_script_file: /dev/zero\n'
	define "a script that is a folder" "1 headroom: FILE, definition 1, startup_script_file: cannot read /: Is a directory~" 'kind: autoscale-config\nname: a\nstartup_script_file: /\n'
	{ printf 'a: '; repeat 33 '['; repeat 33 ']'; } >"$work/d.yaml"
	defined "33 deep" "1 headroom: FILE, line 1 column 36: nested more than 32 deep~"
	{ printf 'a: '; repeat 1000000 '['; } >"$work/d.yaml"
	defined "a million brackets" "1 headroom: FILE, line 1 column 36: nested more than 32 deep~"
	{ for i in {1..1000}; do printf '%*s- \n' "$i" ''; done; } >"$work/d.yaml"
	defined "1,000 indentations" "1 headroom: FILE, line 34 column 35: nested more than 32 deep~"
	{ printf 'kind: pool\nname: '; repeat 4200000 x; } >"$work/d.yaml"
	defined "over 4 MiB" "1 headroom: FILE is over 4 MiB: no definition is that long~"
	{ printf 'kind: pool\nname: '; repeat 2000000 x; } >"$work/d.yaml"
	defined "a name of 2 MB" "1 headroom: FILE, definition 1: the name has 2000000 bytes; at most 63 are possible~  a good value: demo~"
	{ printf 'kind: autoscale-config\nname: a\npool: p\nstartup_script: '; repeat 2000000 x; } >"$work/d.yaml"
	defined "over 1 MiB for the daemon" "1 headroom: FILE, definition 1 (autoscale-config \"a\"): the request body is longer than the limit of 1 MiB~"
	head -c 100000 "$headroomd" >"$work/d.yaml"
	defined "a program" "1 headroom: FILE, line 1 column 1: not text in UTF-8~"


	row "pools that came of all this" "p q" "$("$headroom" -o name pool list | tr '\n' ' ' | sed 's/ $//')"
	"$headroom" pool delete q >/dev/null || fail "pool delete"
}
