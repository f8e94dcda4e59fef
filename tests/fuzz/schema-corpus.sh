#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# This corpus, as regressions.
exec "$HEADROOM_BUILDDIR/tests/fuzz/schema_corpus" "$HEADROOM_SRCDIR/tests/fuzz/schema"
