#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/vendors/reference.md is what the public headers say.
exec bash "${HEADROOM_SRCDIR:-.}/tests/docs/vendor-reference.sh" --check
