#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A vendor's first hour, with nothing of Headroom's but what is installed below DESTDIR: the headers by every
# standard; the template, built both ways and proved; a module in C++; one with its own OpenSSL (and jansson) inside;
# a daemon that lists them.
# Usage: vendor-hour.sh DESTDIR

set -u
[ $# -eq 1 ] || { echo "usage: vendor-hour.sh DESTDIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd -P)
destdir=$(cd "$1" && pwd -P) || exit 2
pc=$(find "$destdir" -name headroom-provider.pc | head -n 1)
[ -n "$pc" ] || { echo "vendor-hour: no headroom-provider.pc below $destdir" >&2; exit 2; }
prefix=${pc%/lib*/pkgconfig/*}
work=$(mktemp -d) || exit 1
daemon=
trap '[ -z "$daemon" ] || kill "$daemon"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
failed=0

# A tree that was moved is found by another prefix; where it is at home pkg-config needs no help.
mkdir -m 755 "$work/bin"
printf '#!/bin/sh\nexec %s --define-variable=prefix=%s "$@"\n' "$(command -v pkg-config)" "$prefix" >"$work/bin/pkg-config"
chmod 755 "$work/bin/pkg-config"
export PATH=$work/bin:$prefix/bin:$prefix/sbin:$PATH PKG_CONFIG_PATH=${pc%/*} ACLOCAL_PATH=$prefix/share/aclocal

export HEADROOM_PROVIDERS_HOST=$prefix/libexec/headroom/headroom-host

variable()
{
	pkg-config --variable="$1" headroom-provider
}

# step WHAT COMMAND…: its output only where it fails.
step()
{
	local what=$1 started=$SECONDS
	shift
	if "$@" >"$work/log" 2>&1; then
		echo "ok - $what ($((SECONDS - started)) s)"
	else
		failed=$((failed + 1))
		echo "not ok - $what"
		tail -n 40 "$work/log" | sed 's/^/   | /'
	fi
}

# One header alone, first and twice, by one compiler and standard.
header_compiles()
{
	local compiler=$1 standard=$2 language=$3 header status=0
	for header in "$prefix"/include/headroom/*.h; do
		header=headroom/${header##*/}
		printf '#include <%s>\n#include <%s>\n' "$header" "$header" >"$work/one.$language"
		# shellcheck disable=SC2046 # a list of words
		"$compiler" -std="$standard" -Wall -Wextra -Wpedantic -Werror $(pkg-config --cflags headroom-provider) \
			-fsyntax-only "$work/one.$language" || { echo "$header by $compiler -std=$standard"; status=1; }
	done
	return $status
}

headers()
{
	local standard status=0
	for standard in c99 c11; do
		header_compiles gcc $standard c || status=1
		! command -v clang >/dev/null || header_compiles clang $standard c || status=1
	done
	header_compiles g++ c++17 cc || status=1
	! command -v clang++ >/dev/null || header_compiles clang++ c++17 cc || status=1
	[ "$(wc -c <"$prefix/include/headroom/provider.h")" -lt 25600 ] || { echo "provider.h has 25 KB or more"; status=1; }
	return $status
}

new_module()
{
	cd "$work" || return 1
	headroom provider new acme || return 1
	! grep -rqiE 'sample' headroom-provider-acme || { echo "the template's own name is left"; return 1; }
	! headroom provider new acme || { echo "a folder that is there was written into"; return 1; }
	! headroom provider new Acme-1 || { echo "a name that is none was taken"; return 1; }
	[ ! -e headroom-provider-Acme-1 ]
}

plain_make()
{
	cd "$work/headroom-provider-acme" && make && make check && make install DESTDIR="$work/plain" || return 1
	module_is_alone acme.so && [ -s "$work/plain$(variable providerdir)/acme.json" ]
}

by_autotools()
{
	cd "$work/headroom-provider-acme" && autoreconf -fi && mkdir build && cd build && ../configure && make distcheck
}

# Nothing but the descriptor is seen from outside.
module_is_alone()
{
	local seen
	seen=$(nm -D --defined-only "$1" | awk '{ print $3 }')
	[[ $seen =~ ^headroom_provider_v[0-9]+$ ]] || { echo "$1 exports: $seen"; return 1; }
}

# link_module OUTPUT COMPILER WORDS…
link_module()
{
	local output=$1
	shift
	# shellcheck disable=SC2046 # a list of words
	"$@" -O2 -Wall -Wextra -Werror -fPIC -fvisibility=hidden -DHR_BUILDS_MODULE $(pkg-config --cflags headroom-provider) \
		-shared -Wl,-z,now -Wl,-z,relro -Wl,-z,defs "-Wl,--version-script=$(variable provider_map)" -o "$output" &&
		module_is_alone "$output"
}

# conforms NAME: $work/NAME.so, against the template's cloud.
conforms()
{
	cd "$work/headroom-provider-acme" || return 1
	sed "s/acme\.so/$1.so/" tests/conformance.sh >"$work/$1-conformance.sh"
	MODULE=$work/$1.so CLOUD=tests/cloud HOST=$(variable host) CONFORMANCE=$(variable conformance) \
		sh "$work/$1-conformance.sh"
}

in_cpp()
{
	# shellcheck disable=SC2046 # a list of words
	link_module "$work/cpp.so" g++ -std=c++17 -Wpedantic "$here/vendor/cpp.cc" \
		$(pkg-config --libs headroom-provider) && conforms cpp
}

# An OpenSSL of its own, and (JANSSON_ARCHIVE: a libjansson.a of position-independent code, which Debian's is
# not) a jansson.
with_own_libraries()
{
	local jansson=${JANSSON_ARCHIVE:--ljansson} inside=crypto
	[ -z "${JANSSON_ARCHIVE-}" ] || inside='crypto|jansson'
	sed 's/"acme"/"own"/' "$work/headroom-provider-acme/acme.c" >"$work/own.c"
	link_module "$work/own.so" gcc -std=c11 -DACME_VERSION='"0.1.0"' "$work/own.c" "$here/vendor/own_libraries.c" \
		"$(variable libdir)/libheadroom-sdk.a" "$jansson" "$(gcc -print-file-name=libcrypto.a)" -lpthread -ldl || return 1
	! readelf -d "$work/own.so" | grep -E "NEEDED.*($inside)" || { echo "they are not inside"; return 1; }
	conforms own
}

# A daemon of this tree, with the four modules in a folder of its own, lists them.
listed()
{
	local n=0 module
	mkdir -m 755 "$work/modules" && cp "$work"/{cpp,own}.so "$work/headroom-provider-acme/acme.so" "$work/modules" &&
		mkdir -m 700 "$work/state" || return 1
	cat >"$work/headroom.conf" <<-CONF
		[server]
		listen = 127.0.0.1:0
		socket = $work/socket
		[state]
		dir = $work/state
		[providers]
		path = $work/modules:$(variable providerdir)
	CONF
	headroomd --config "$work/headroom.conf" >"$work/daemon.log" 2>&1 &
	daemon=$!
	until [ -S "$work/socket" ]; do
		n=$((n + 1))
		[ "$n" -le 100 ] || { cat "$work/daemon.log"; return 1; }
		sleep 0.1
	done
	headroom --socket "$work/socket" provider list --all | tee "$work/list"
	kill "$daemon" && wait "$daemon"
	daemon=
	for module in acme cpp own local; do
		grep -q "^$module " "$work/list" || { echo "$module is not listed"; return 1; }
	done
	! grep -i refused "$work/list"
}

chmod 755 "$work"
step "every header alone, by C99, C11 and C++17, without a warning" headers
step "headroom provider new acme" new_module
step "make, make check, make install" plain_make
if command -v autoreconf libtoolize >/dev/null; then
	step "autoreconf, configure, make distcheck" by_autotools
else
	echo "ok - autotools # SKIP they are not installed"
fi
step "a module in C++" in_cpp
step "a module with its own OpenSSL${JANSSON_ARCHIVE+ and jansson} inside" with_own_libraries
step "a daemon lists them" listed
step "the tutorial, word for word" bash "$here/docs/tutorial.sh" "$here/../docs/vendors/tutorial.md"
[ "$failed" -eq 0 ] || { echo "vendor-hour: $failed steps failed"; exit 1; }
echo "vendor-hour: all steps passed"
