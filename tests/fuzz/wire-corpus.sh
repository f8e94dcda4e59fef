#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The corpus of the channel's messages, as regressions; each message of the table has a seed in it.
"$HEADROOM_BUILDDIR/tests/fuzz/wire_seeds" --check "$HEADROOM_SRCDIR/tests/fuzz/wire" || exit 1
exec "$HEADROOM_BUILDDIR/tests/fuzz/wire_corpus" "$HEADROOM_SRCDIR/tests/fuzz/wire"
