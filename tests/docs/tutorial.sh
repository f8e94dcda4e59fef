#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Follows docs/vendors/tutorial.md word for word, in a folder of its own: a block is appended to or written into the
# file that the comment before it names, commands are run in order, in one shell. Of what is installed only what PATH
# and PKG_CONFIG_PATH lead to is used.
# Usage: tutorial.sh TUTORIAL.md

set -u
tutorial=$(cd "$(dirname "$1")" && pwd -P)/${1##*/}
work=$(mktemp -d) || exit 1
chmod 755 "$work"
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cd "$work" || exit 1
commands=0 listings=0

# Who types takes a moment until a server is up.
run()
{
	local end=$((SECONDS + 15))
	commands=$((commands + 1))
	echo "\$ $1"
	if [[ $1 == *'&' ]]; then
		eval "$1"
		return
	fi
	until eval "$1"; do
		[ "$SECONDS" -lt "$end" ] || { echo "tutorial: this command fails: $1"; exit 1; }
		sleep 0.5
	done
}

run_fails()
{
	commands=$((commands + 1))
	echo "\$ $1"
	! eval "$1" || { echo "tutorial: this command should fail: $1"; exit 1; }
}

what='' inside=
while IFS= read -r line <&3; do
	if [ -z "$inside" ]; then
		case $line in
		'<!-- '*' -->') what=${line#<!-- } what=${what% -->} ;;
		'```'*)
			inside=yes
			case $what in
			'write '*) listings=$((listings + 1)) && : >"${what#write }" ;;
			'append '*)
				listings=$((listings + 1)) file=${what#append }
				[ ! -s "$file" ] || echo >>"$file"
				;;
			esac
			;;
		esac
		continue
	fi
	if [ "$line" = '```' ]; then
		inside='' what=
		continue
	fi
	case $what in
	'append '* | 'write '*) printf '%s\n' "$line" >>"${what#* }" ;;
	run) [[ $line != '$ '* ]] || run "${line#$ }" ;;
	'run, fails') [[ $line != '$ '* ]] || run_fails "${line#$ }" ;;
	esac
done 3<"$tutorial"
if [ $commands -lt 15 ] || [ $listings -lt 10 ]; then
	echo "tutorial: only $commands commands and $listings listings were found"
	exit 1
fi
echo "tutorial: $commands commands, $listings listings"
