#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make-manifest.sh HEADROOM-HOST NAME.so NAME.json: writes down what a module says of itself, with the
# file's digest, for core/provider/manifest.c. Where the module or the program cannot be run here (a cross
# build, say) there is no manifest afterwards, and the daemon asks the module.

set -u
[ $# -eq 3 ] || { echo "usage: make-manifest.sh HEADROOM-HOST NAME.so NAME.json" >&2; exit 2; }
host=$1 module=$2 manifest=$3
name=${module##*/}

rm -f "$manifest"
# A copy in a folder of our own: headroom-host takes no module from one that others may write, and the
# build's folder may be such a one.
work=$(mktemp -d "${manifest%/*}/manifest.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cp "$module" "$work/$name" && chmod 644 "$work/$name" || exit 1
if "$host" --describe "$(cd "$work" && pwd -P)/$name" --local >"$work/said" 2>"$work/trouble"; then
	chmod 644 "$work/said" && mv "$work/said" "$manifest"
else
	echo "no manifest for $name: $host cannot describe it here: $(cat "$work/trouble" "$work/said" | tail -n 1)"
fi
