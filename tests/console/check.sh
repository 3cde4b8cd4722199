#!/usr/bin/env bash
# Types, lint and unit tests of the console. Left out without its packages, which scripts/prepare installs.
set -euo pipefail
cd "$(dirname "$0")/../../examples/operator/console"
[[ -d node_modules/vitest ]] || exit 77
exec npm run --silent check
