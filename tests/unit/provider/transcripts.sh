#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The dispatcher's tests, run inline and by process just before, must have got the same answers, word
# for word. What is left out is listed here, with the reason.
set -u
folder=$HEADROOM_BUILDDIR/tests/unit/provider
status=0
lines=0
# behind_an_open, hanging_call: a hang costs a worker inline, and a process otherwise.
# parallel_up_to_its_concurrency: which call comes first is the scheduler's.
# edited_under_full_load: inline has fewer workers than it needs.
# cancelled: its deadline is met by the request or by the call, whichever comes first.
permitted="behind_an_open hanging_call edited_under_full_load cancelled parallel_up_to_its_concurrency"

for suite in "" _faults _http _learnt _services _sim _local; do
	inline=$folder/inline$suite.transcript
	process=$folder/process$suite.transcript
	# Left out of the build, or skipped for want of what servers of module local are made with.
	if [ "$suite" = _local ] && [ ! -e "$inline" ] && [ ! -e "$process" ]; then
		echo "inline_local and process_local did not run"
		continue
	fi
	if [ ! -s "$inline" ] || [ ! -s "$process" ]; then
		echo "$inline or $process is missing: run the two tests first"
		exit 1
	fi
	if ! diff -u "$inline" "$process"; then
		echo "inline$suite and process$suite differ as above"
		status=1
	fi
	lines=$((lines + $(grep -cE '^[0-9]' "$inline")))
	while read -r _ _ test; do
		case " $permitted " in
		*" $test "*) ;;
		*)
			echo "$test is left out of the transcript, which this script does not permit"
			status=1
			;;
		esac
	done < <(grep '^left out:' "$inline")
done
# A comparison of nothing would always succeed.
if [ $lines -lt 60 ]; then
	echo "only $lines answers were compared"
	status=1
fi
echo "$lines answers are the same inline and by process"
exit $status
