#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The corpus of the channel's messages, as regressions.
exec "$HEADROOM_BUILDDIR/tests/fuzz/wire_corpus" "$HEADROOM_SRCDIR/tests/fuzz/wire"
