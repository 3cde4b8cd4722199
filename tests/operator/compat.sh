#!/usr/bin/env bash
# The calls of the deployed pages, by a client of our own, against gateway, stand-ins and backend.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/operator.sh"
command -v node >/dev/null || { echo 'skipped: there is no node' && exit 77; }

start_upstream 0 0 --deployed --command-ms 0
start_gateway
start_operator

answers() {
  node "$TESTS_DIR/operator/compat.mjs" "$OPERATOR" "$TOKEN" "$CONTROL" >"$WORK/report" 2>&1
  local code=$?
  grep -v '^#\|duration_ms\|^  ---\|^  \.\.\.\|type: ' "$WORK/report"
  return $code
}
check 'the deployed pages find what they read' answers
end_operator
finish
