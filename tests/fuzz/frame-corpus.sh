#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The corpus of frames, as regressions.
exec "$HEADROOM_BUILDDIR/tests/fuzz/frame_corpus" "$HEADROOM_SRCDIR/tests/fuzz/frame"
