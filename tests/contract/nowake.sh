#!/usr/bin/env bash
# CONTRACT §1.5: asking for status or power state never calls switch or any sleeping service. Proven
# by the counters of the upstream itself, of requests and of accepted connections.
source "$(dirname "$0")/../lib.sh"

readonly LOOKING=(/operator/status /operator/power/state /operator/power/status
  /operator/power/policy/solo_madre/status /vx11/circuit-breaker/status /health /livez /readyz /metrics)

looking_is_answered() { # COUNT PATH
  expect_equal answers "$(side_by_side "$1" "$2")" "$1 200"
}

switch_was_never_called() {
  expect_count '.switch | "\(.total) requests, \(.connections) connections, \(.open) open"' \
    '0 requests, 0 connections, 0 open'
}

# Madre decides what wakes; only read-only requests may reach it.
madre_was_only_read() {
  local asked
  asked=$(count '.madre | keys - ["total", "connections", "open", "abandoned"] | sort | .[]')
  expect_equal "what madre was asked" "$asked" "GET /madre/power/policy/solo_madre/status
GET /madre/power/state
GET /madre/power/status"
}

nothing_woke_up() {
  operator GET /operator/power/state
  expect_json '.policy == "solo_madre" and .active_windows == []
    and (.running_services | sort) == ["madre", "redis", "tentaculo_link"]'
}

# Upstream faults must not make the gateway probe sleeping services either.
looks_at_faulty_madre() { # KIND
  fault madre "$1"
  expect_equal "status answers" "$(side_by_side 20 /operator/status)" '20 200'
  expect_equal "power/state answers" "$(side_by_side 20 /operator/power/state)" '20 503'
  heal
}

# A half-open breaker is probed by a chat, never by a status request.
open_breaker_is_only_read() {
  local try
  fault switch refuse
  for try in 1 2 3; do chat "{\"message\":\"$try\"}"; done
  heal
  reset_counts
  eventually 30 switch_is_available || unmet "switch stays $(jq -c .components.switch "$BODY")"
  expect_equal answers "$(side_by_side 50 /operator/status)" '50 200'
  switch_was_never_called
}
switch_is_available() {
  operator GET /operator/status
  jq -e '.components.switch.status == "available"' "$BODY" >/dev/null
}

config <<TOML
[server]
threads = 32
[status]
limit = "500ms"
[switch.breaker]
open_for = "300ms"
TOML
start_upstream
start_gateway --config "$CONFIG"

for dialect in operative windowed; do
  reset_counts
  tune "{\"dialect\":\"$dialect\"}"
  check "$dialect dialect: 300 × GET /operator/status" looking_is_answered 300 /operator/status
  check "$dialect dialect: 300 × GET /operator/power/state" looking_is_answered 300 /operator/power/state
  for path in "${LOOKING[@]:2}"; do
    check "$dialect dialect: 20 × GET $path" looking_is_answered 20 "$path"
  done
  check "$dialect dialect: switch has had no request and no connection" switch_was_never_called
  check "$dialect dialect: madre was only read" madre_was_only_read
  check "$dialect dialect: nothing woke up" nothing_woke_up
done
for kind in refuse hang 500 html; do
  check "madre with fault $kind: 20 × status, 20 × power/state" looks_at_faulty_madre $kind
done
check "switch has still had no request and no connection" switch_was_never_called
check "an open breaker is only read, half-open too" open_breaker_is_only_read
finish
