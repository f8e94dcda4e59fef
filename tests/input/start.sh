# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # work, headroomd, headroom, input and row are daemon.sh's and check-input.sh's
#
# Sourced by check-input.sh: what a daemon meets when it starts: databases, keys, modes, locks. Each time
# it must say what is wrong, or start and have everything.

state=
kept=

# Puts the state back as it was when the last good daemon had stopped.
state_restore()
{
	rm -rf "$state"
	cp -a "$kept" "$state"
}

# refuses WHAT EXPECTED: a start ends at once with this message; its folder is STATE.
refuses()
{
	local seen status
	seen=$(timeout 60 "$headroomd" --config "$work/headroom.conf" 2>&1 </dev/null)
	status=$?
	seen=$(grep '^headroomd: ' <<<"$seen" | tail -n 1 | sed -e 's/^headroomd: //' -e "s|$state|STATE|g" -e "s|$work|WORK|g")
	row "start: $1" "$2" "$status $seen"
	[ "$status" = 1 ] || row "start: $1: it ends" "1" "$status"
	state_restore
}

# starts WHAT: it starts, and has what was there.
starts()
{
	daemon_start || fail "$1: the daemon did not start"
	row "start: $1" "p z c" "$("$headroom" -o name pool list) $("$headroom" -o name zone list) $("$headroom" -o name provider-config list)"
	daemon_stop
	state_restore
}

# flip FILE OFFSET COUNT: that many bytes of it become 0x5a.
flip()
{
	head -c "$3" /dev/zero | tr '\0' Z | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# As another user where the test runs as root, for whom modes are nothing.
as_nobody()
{
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all -- "$@"
	else
		"$@"
	fi
}

bad_starts()
{
	local db=$work/state/headroom.db known
	state=$work/state
	kept=$work/kept
	daemon_stop
	cp -a "$state" "$kept"
	[ ! -e "$db-wal" ] || fail "the write-ahead log is left after an orderly stop"

	starts "everything as it was"
	printf 'This is a letter to the administrator, and no database at all: %0100d' 7 >"$db"
	refuses "no database" "1 STATE/headroom.db is not a database; move it away, or put back a copy of the real one"
	: >"$db"
	refuses "an empty database beside accounts" "1 STATE/headroom.db is missing or empty, but STATE/accounts shows that there was one: a new one would know none of its servers; put back a backup of it, or move STATE/accounts away to begin anew"
	head -c 4096 "$kept/headroom.db" >"$db"
	refuses "a database cut after its first page" "1 STATE/headroom.db is damaged (database disk image is malformed); put back a backup of it, or save what is left with: sqlite3 STATE/headroom.db .recover"
	head -c "$(($(stat -c %s "$kept/headroom.db") / 2))" "$kept/headroom.db" >"$db"
	refuses "a database cut in the middle" "1 STATE/headroom.db is damaged (database disk image is malformed); put back a backup of it, or save what is left with: sqlite3 STATE/headroom.db .recover"
	flip "$db" 0 16
	refuses "a database without its magic" "1 STATE/headroom.db is not a database; move it away, or put back a copy of the real one"
	flip "$db" 16 2
	refuses "a database with a strange page size" "1 STATE/headroom.db is not a database; move it away, or put back a copy of the real one"
	flip "$db" 4096 120000
	refuses "a database with pages flipped" "1 STATE/headroom.db is damaged (database disk image is malformed); put back a backup of it, or save what is left with: sqlite3 STATE/headroom.db .recover"
	known=$("$HEADROOM_BUILDDIR/tests/support/schema_version" "$db")
	"$HEADROOM_BUILDDIR/tests/support/schema_version" "$db" 999 || fail "schema_version"
	refuses "a newer schema" "1 STATE/headroom.db has schema version 999, this headroomd knows versions up to $known; start the newer headroomd that wrote it, or put back a copy from before its upgrade"
	"$HEADROOM_BUILDDIR/tests/support/schema_version" "$db" 0 || fail "schema_version"
	refuses "schema version 0" "1 STATE/headroom.db has schema version 0, which never was; put back a backup of it"
	row "start: the schema's version" "$known" "$("$HEADROOM_BUILDDIR/tests/support/schema_version" "$db")"
	rm -f "$db"-*
	head -c 50000 /dev/urandom >"$db-wal"
	starts "garbage for a write-ahead log"
	: >"$db-wal"
	starts "an empty write-ahead log"
	head -c 32768 /dev/urandom >"$db-shm"
	starts "garbage for shared memory"
	rm "$db"
	refuses "no database beside accounts" "1 STATE/headroom.db is missing or empty, but STATE/accounts shows that there was one: a new one would know none of its servers; put back a backup of it, or move STATE/accounts away to begin anew"
	mv "$db" "$db.away" && mkdir "$db"
	refuses "a folder for a database" "1 cannot open STATE/headroom.db (the daemon's user needs to read and write it and its folder): Is a directory"
	rm "$db" && ln -s /dev/null "$db"
	refuses "a device for a database" "1 cannot read or write STATE/headroom.db (disk I/O error, SQLite error 1034); look at the disk and the system's log"

	rm "$state/master.key"
	refuses "no master key" "1 the master key file STATE/master.key is missing; the store's secrets cannot be read without it: put back a copy of it (setting master_key)"
	head -c 32 /dev/urandom >"$state/master.key"
	refuses "another master key" "1 the master key file STATE/master.key is not this store's; put back the file that the store was made with (setting master_key)"
	head -c 31 /dev/urandom >"$state/master.key"
	refuses "a master key that is short" "1 the master key file STATE/master.key holds 31 bytes, a key is 32; put back a copy of the right file"
	: >"$state/master.key"
	refuses "an empty master key" "1 the master key file STATE/master.key holds 0 bytes, a key is 32; put back a copy of the right file"
	rm "$state/master.key" && mkdir "$state/master.key"
	refuses "a folder for a master key" "1 the master key STATE/master.key is not a file (setting master_key)"
	rm "$state/master.key" && ln -s "$state/master.key" "$state/master.key"
	refuses "a master key that is a circle of links" "1 cannot open the master key file STATE/master.key (setting master_key): Too many levels of symbolic links"
	chmod 640 "$state/master.key"
	refuses "a master key for the group" "1 the master key file STATE/master.key may be read by others (mode 0640); run: chmod 600 STATE/master.key"
	locked
	config_file
	other_user
}

locked()
{
	local holder hold_in
	coproc HOLD { exec "$input/hold_lock" "$work/state/headroom.db"; }
	holder=$HOLD_PID
	hold_in=${HOLD[1]}
	read -r -u "${HOLD[0]}" _
	refuses_held "locked by another program" "1 STATE/headroom.db is locked by another program; end whatever has it open (such as an sqlite3 shell)"
	exec {hold_in}>&-
	wait "$holder" 2>/dev/null
	state_restore
	starts "after the lock was let go"
}

# As refuses, but what is held open stays.
refuses_held()
{
	local seen status
	seen=$(timeout 60 "$headroomd" --config "$work/headroom.conf" 2>&1 </dev/null)
	status=$?
	row "start: $1" "$2" "$status $(grep '^headroomd: ' <<<"$seen" | tail -n 1 | sed -e 's/^headroomd: //' -e "s|$state|STATE|g")"
}

# configured WHAT EXPECTED CONTENT (printf's escapes): a configuration file of this content.
configured()
{
	local seen status
	printf '%b' "$3" >"$work/bad.conf"
	seen=$(timeout 60 "$headroomd" --config "$work/bad.conf" 2>&1 </dev/null)
	status=$?
	row "configuration: $1" "$2" "$status $(sed -e 's/^headroomd: //' -e "s|$work|WORK|g" <<<"$seen" | tail -n 1)"
}

config_file()
{
	configured "not UTF-8" "1 WORK/bad.conf:2: the line is not valid UTF-8 text" '[server]\nlisten = \xff\xfe\n'
	configured "a NUL" "1 WORK/bad.conf:2: the line is not valid UTF-8 text" '[server]\nlisten = 127.0.0.1:1\x00\n'
	configured "no section" "1 WORK/bad.conf:1: key \"listen\" stands before the first section; put a line such as [server] above it" 'listen = 127.0.0.1:1\n'
	configured "an unknown section" "1 WORK/bad.conf:2: unknown section [sever]; did you mean [server]?" '[sever]\nlisten = 127.0.0.1:1\n'
	configured "a section not closed" "1 WORK/bad.conf:1: a section starts with \"[\" and must end with \"]\", such as [server]" '[server\n'
	configured "a key twice" "1 WORK/bad.conf:3: key \"listen\" in section [server] stands on line 2 already; keep one of the two" '[server]\nlisten = 127.0.0.1:1\nlisten = 127.0.0.1:2\n'
	configured "no equals sign" "1 WORK/bad.conf:2: \"listen\" is neither a section in brackets, \"key = value\" nor a comment after \"#\"" '[server]\nlisten\n'
	configured "an empty value" "1 WORK/bad.conf:2: key \"listen\" in section [server]: the text is empty; for example 127.0.0.1:8460" '[server]\nlisten =\n'
	configured "a line of 100,000 bytes" "1 WORK/bad.conf:2: key \"listen\" in section [server]: the text has 100000 bytes; at most 255 are possible; for example 127.0.0.1:8460" "[server]\\nlisten = $(repeat 100000 x)\\n"
	configured "a binary" "1 WORK/bad.conf:1: the line is not valid UTF-8 text" '\x7fELF\x02\x01\x01\x00\x00'
	mkdir -p "$work/folder.conf"
	row "configuration: a folder" "headroomd: WORK/folder.conf: is not a regular file" "$("$headroomd" --config "$work/folder.conf" 2>&1 | sed "s|$work|WORK|g")"
}

# The daemon as a user who may not.
other_user()
{
	local others
	if [ "$(id -u)" != 0 ] || ! as_nobody true 2>/dev/null; then
		say "other users: only where the test is root"
		return 0
	fi
	# A copy: another user cannot reach what lies in quickstart's build folder, which is its owner's alone.
	others=$work/headroomd-of-others
	cp "$(real_program)" "$others" || fail "no copy of $headroomd"
	chmod 711 "$work"
	chmod 644 "$work/headroom.conf"
	as_says "state of another user" "1 cannot write the lock file STATE/headroomd.pid (the daemon's user needs to write it and its folder): Permission denied"
	chown -R 65534:65534 "$state"
	chmod 500 "$state"
	as_says "a folder that is read-only" "1 STATE/headroom.db may only be read here (attempt to write a readonly database); if the daemon should write, check owner and mode of the file and its folder"
	chown -R 65534:65534 "$state"
	chmod 400 "$state/headroom.db"
	as_says "a database that is read-only" "1 cannot open STATE/headroom.db (the daemon's user needs to read and write it and its folder): Permission denied"
	chown -R 65534:65534 "$state"
	chmod 000 "$state/headroom.db"
	as_says "a database that cannot be read" "1 cannot open STATE/headroom.db (the daemon's user needs to read and write it and its folder): Permission denied"
	chown -R 65534:65534 "$state"
	chmod 000 "$state/master.key"
	as_says "a master key that cannot be read" "1 cannot open the master key file STATE/master.key (setting master_key): Permission denied"
	chown -R 65534:65534 "$state"
	as_says "a socket's folder that is another's" "1 cannot listen on the socket WORK/headroom.sock: Permission denied"
	chmod 600 "$work/headroom.conf"
	as_says "a configuration that cannot be read" "1 WORK/headroom.conf: cannot be read: Permission denied; check its owner and mode"
	chmod 700 "$work"
}

as_says()
{
	local seen status
	seen=$(as_nobody timeout 60 "$others" --config "$work/headroom.conf" 2>&1 </dev/null)
	status=$?
	row "start: $1" "$2" "$status $(grep '^headroomd: ' <<<"$seen" | tail -n 1 | sed -e 's/^headroomd: //' -e "s|$state|STATE|g" -e "s|$work|WORK|g")"
	chmod 700 "$state"
	state_restore
}
