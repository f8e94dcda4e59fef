#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The corpus of messages to the spawner, as regressions.
"$HEADROOM_BUILDDIR/tests/fuzz/spawner_seeds" --check "$HEADROOM_SRCDIR/tests/fuzz/spawner" || exit 1
exec "$HEADROOM_BUILDDIR/tests/fuzz/spawner_corpus" "$HEADROOM_SRCDIR/tests/fuzz/spawner"
