#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A build without shared libraries (make check-preopened): the module local is in headroom-host, its archive
# stands for it, and everything that goes by a module's file goes by that one. That a pool runs with it is
# pool.sh's, which is run in the same build.

# shellcheck source=tests/support/daemon.sh
. "${HEADROOM_SRCDIR:?}/tests/support/daemon.sh"
needs curl jq nm
trap daemon_cleanup EXIT

host=$HEADROOM_BUILDDIR/headroom-host
archive=$HEADROOM_BUILDDIR/plugins/local/.libs/local.a
[ -f "$archive" ] || fail "this is no build with --disable-shared: there is no $archive"
[ ! -e "${archive%.a}.so" ] || fail "the module is a shared object as well"

# A name that both have would be the module's wherever the host means its own.
globals()
{
	nm --defined-only -g "$@" 2>/dev/null | awk '$2 ~ /^[A-Z]$/ { print $3 }' | sort -u
}
[ "$(globals "$archive" | wc -l)" -gt 10 ] || fail "nm finds nothing in $archive"
both=$(comm -12 <(globals "$archive") \
	<(globals "$HEADROOM_BUILDDIR"/core/lib{builtin,host,model,provider,schema,base}.a))
[ -z "$both" ] || fail "the module and the host both define: $both"

daemon_prepare
expect "described" "$("$host" --describe "$archive" --local)" '"module":"local"'
expect "not granted" "$("$host" --describe "$archive")" "which is not granted to it"

# An archive of another name, and one of that name that others may write.
mkdir -m 755 "$work/modules"
cp "$archive" "$work/modules/acme.a" && chmod 644 "$work/modules/acme.a"
expect "not linked in" "$("$host" --describe "$work/modules/acme.a")" \
	"it is an archive, and was not linked into this program"
cp "$archive" "$work/modules/local.a" && chmod 666 "$work/modules/local.a"
expect "written by others" "$("$host" --describe "$work/modules/local.a" --local)" \
	"others may write the file (mode 0666)"
rm "$work/modules/local.a"

# The daemon: by its manifest, with the archive's path; a stranger's is listed with the reason.
sed -i "s|^path = .*|path = $HEADROOM_BUILDDIR/plugins/local/.libs:$work/modules|" "$work/headroom.conf"
daemon_start || fail "the daemon does not start"
listed=$("$headroom" -o json provider list --all) || fail "provider list"
[ "$(jq -r '.[] | select(.id == "local") | .path' <<<"$listed")" = "$archive" ] ||
	fail "local is not listed by its archive: $listed"
expect "the other is listed" "$listed" "was not linked into this program"
[ "$(jq -r .file_sha256 "${archive%.a}.json")" = "$(sha256sum "$archive" | cut -d ' ' -f 1)" ] ||
	fail "the manifest is not of this archive"
daemon_stop

# Installed, it is the same.
make -C "$HEADROOM_BUILDDIR" -s install DESTDIR="$work/root" >"$work/install.log" 2>&1 ||
	fail "make install: $(tail -n 5 "$work/install.log")"
installed=$(find "$work/root" -name 'local.*' -printf '%f\n' | sort | tr '\n' ' ')
[ "$installed" = "local.a local.json " ] || fail "of the module are installed: $installed"
say "preopened: described, listed, refused, installed"
