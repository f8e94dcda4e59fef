# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # what daemon.sh and check-kill.sh have
#
# Sourced by check-kill.sh: the kill points of this run. Daemon and host of the test's own build lie in
# $work/bin, beside their table of points.

kill_points=$HEADROOM_BUILDDIR/tests/kill/kill-points
operation_states=$HEADROOM_BUILDDIR/tests/kill/operation-states
points_dir=$HEADROOM_SRCDIR/tests/kill
declare -A met_operations # state of an operation -> how many kills met one in it

# points_prepare: after daemon_prepare. The daemon is the one with points from now on.
points_prepare()
{
	local program
	mkdir "$work/bin" "$work/look"
	for program in headroomd headroom-host; do
		cp "$HEADROOM_BUILDDIR/tests/kill/$program" "$work/bin/" || fail "no tests/kill/$program: make check-kill builds it"
	done
	headroomd=$work/bin/headroomd
	host_program=$work/bin/headroom-host
	table=$work/bin/kill-points
	bash "$points_dir/store-writes.sh" "$HEADROOM_SRCDIR" | "$kill_points" make "$table" || fail "the table of points"
	sed 's/#.*//; /^[[:space:]]*$/d' "$points_dir/unreached.txt" | cut -d' ' -f1 | sort >"$work/unreached"
	"$kill_points" show "$table" | cut -d' ' -f1 | sort >"$work/points"
	comm -13 "$work/points" "$work/unreached" >"$work/lost"
	[ ! -s "$work/lost" ] || fail "tests/kill/unreached.txt names what is no point: $(tr '\n' ' ' <"$work/lost")"
	points_named_exist
}

# A function that is renamed would no longer be provoked, and its point be missed by most seeds only.
points_named_exist()
{
	local name
	for name in $(sed -n '/^provoke()/,/^}/p' "$points_dir/check-kill.sh" | grep -oE '\*[:.][a-z_]+' | tr -d '*'); do
		grep -q "${name//./\\.}\$" "$work/points" || fail "provoke in check-kill.sh names what is no point: *$name"
	done
}

# points_share COUNT SEED: this run's points, at most COUNT of them, in $work/share. By consecutive seeds
# all are reached. POINT in the environment: those that it matches (grep -E), to look at one.
points_share()
{
	local all n from
	mapfile -t all < <(comm -23 "$work/points" "$work/unreached" | grep -E "${POINT:-.}")
	n=${#all[@]}
	[ "$n" -gt 0 ] || fail "no point matches $POINT"
	point_count=$n
	share=$1
	[ "$share" -lt "$n" ] || share=$n
	from=$((share * ($2 % n) % n))
	printf '%s\n' "${all[@]:from:share}" >"$work/share"
	[ $((from + share)) -le "$n" ] || printf '%s\n' "${all[@]:0:from+share-n}" >>"$work/share"
	sed -i '/^$/d' "$work/share"
}

# How often a point was passed (2) or killed at (3).
point_figure()
{
	"$kill_points" show "$table" 2>/dev/null | awk -v point="$1" -v column="$2" '$1 == point { print $column }'
}

point_arm()
{
	"$kill_points" arm "$table" "$1" "$2" || fail "arm $1"
}

point_hit()
{
	[ -z "$("$kill_points" armed "$table")" ]
}

# What operations were under way. The files of a daemon that was killed are looked at in a copy: opening
# would do what the next daemon has to do.
count_operations()
{
	local state n database=$work/state/headroom.db
	if [ -z "$daemon_pid" ]; then
		rm -f "$work"/look/*
		cp "$work"/state/headroom.db* "$work/look/"
		database=$work/look/headroom.db
	fi
	"$operation_states" "$database" >"$work/operations" || fail "operation-states"
	while read -r state n; do
		met_operations[$state]=$((${met_operations[$state]-0} + (n > 0)))
	done <"$work/operations"
}

# points_judge: the table, and that each of this run's points had its kill.
points_judge()
{
	"$kill_points" show "$table" >"$work/table" || fail "a point that nobody listed; see tests/kill/store-writes.sh"
	sort -o "$work/share" "$work/share"
	say "point | passed | kills"
	awk 'NR == FNR { unreached[$1] = 1; next }
		!($1 in unreached) { printf "  %-50s | %6d | %3d\n", $1, $2, $3 }' "$work/unreached" "$work/table"
	awk '$3 > 0 { print $1 }' "$work/table" | sort | comm -13 - "$work/share" >"$work/lost"
	[ ! -s "$work/lost" ] || fail "points without a kill: $(tr '\n' ' ' <"$work/lost")"
	awk '$2 > 0 { print $1 }' "$work/table" | sort | comm -12 - "$work/unreached" >"$work/lost"
	[ ! -s "$work/lost" ] || fail "points are reached that tests/kill/unreached.txt calls unreached: $(tr '\n' ' ' <"$work/lost")"
}
