#!/usr/bin/env bash
# CONTRACT §3, GET /operator/status. Parallel checks and redis: tests/faults.
source "$(dirname "$0")/../lib.sh"

all_is_well() {
  operator GET /operator/status
  expect_status 200
  expect_json '.status == "ok"'
  expect_json '.components | .tentaculo_link.status == "ok" and .madre.status == "ok"
    and .redis.status == "ok" and .switch.status == "available"'
  expect_json '.windows == {policy: "solo_madre", active_count: 0}'
}

ports_are_the_real_ones() {
  operator GET /operator/status
  expect_json '.components | [.tentaculo_link.port, .madre.port, .redis.port, .switch.port] == $ports' \
    --argjson ports "[$(port_of "$BASE"),$(port_of "$MADRE"),$REDIS_PORT,$(port_of "$SWITCH_URL")]"
}

has_extras() {
  operator GET /operator/status
  expect_json '[.components[] | .latency_ms | type == "number" and . >= 0] | all'
  expect_json '[.components[] | .checked_at | test("^[0-9-]{10}T[0-9:]{8}\\.[0-9]{3}Z$")] | all'
  expect_json '.components | [.tentaculo_link.source, .madre.source, .redis.source, .switch.source]
    == ["self", "probe", "probe", "breaker"]'
}

open_switch_breaker() {
  local try
  fault switch refuse
  for try in 1 2 3; do chat "{\"message\":\"$try\"}"; done
  heal
}

open_circuit_leaves_ok() {
  open_switch_breaker
  reset_counts
  operator GET /operator/status
  expect_status 200
  expect_json '.components.switch | .status == "offline" and .reason == "circuit_open"
    and .port == $port' --argjson port "$(port_of "$SWITCH_URL")"
  expect_json '.status == "ok"'
  expect_count .switch.total 0
}

madre_is() { # STATUS KIND
  fault madre "$2"
  operator GET /operator/status
  expect_status 200
  expect_json '.components.madre.status == $status and .components.madre.port == $port' \
    --arg status "$1" --argjson port "$(port_of "$MADRE")"
  expect_json '.components.tentaculo_link.status == "ok" and .components.redis.status == "ok"'
  expect_json '.status == "degraded"'
  heal
}

has_a_safe_error() { # KIND REGULAR-EXPRESSION
  fault madre "$1"
  operator GET /operator/status
  expect_json '.components.madre.error | test($like) and (test("http|127\\.0\\.0\\.1") | not)' \
    --arg like "$2"
  heal
}

offline_without_any() {
  restart_gateway
  fault madre refuse
  operator GET /operator/status
  expect_status 200
  expect_json '.status == "offline" and .components.madre.status == "unreachable"'
  heal
}

redis_is_not_configured() {
  operator GET /operator/status
  expect_json '.components.redis | .status == "unknown" and .reason == "not_configured"
    and (.port | type == "number")'
  expect_json '.status == "ok"'
}

windows_are_counted() {
  operator POST /operator/power/window/open -H 'content-type: application/json' \
    -d '{"services":["hermes"],"ttl_sec":300,"mode":"ttl","reason":"test"}'
  expect_status 200
  operator GET /operator/status
  expect_json '.windows == {policy: "operative_core", active_count: 1}'
  operator POST /operator/power/window/close
  operator GET /operator/status
  expect_json '.windows == {policy: "solo_madre", active_count: 0}'
}

both_dialects_count_windows() {
  tune '{"dialect":"windowed"}'
  windows_are_counted
  tune '{"dialect":"operative"}'
}

# Madre answers so late that all requests arrive before the round ends. The number of rounds depends
# on the gateway's threads and the machine; without sharing there would be one per request.
one_round_for_many() {
  fault madre slow '"ms":1000'
  reset_counts
  expect_equal answers "$(side_by_side 8 /operator/status)" '8 200'
  local rounds
  rounds=$(count '.madre["GET /madre/power/state"]')
  ((rounds >= 1 && rounds <= 4)) || unmet "8 callers caused $rounds rounds"
  heal
}

# By default a round may be reused for 10 ms, so that pipelined calls cannot flood madre and Redis.
pipelined_calls_share_rounds() {
  local answers most rounds
  reset_counts
  read -r answers most <<<"$(pipelined 2000 /operator/status)"
  expect_equal answers "$answers" 2000
  rounds=$(count '.madre["GET /madre/power/state"]')
  ((rounds >= 1 && rounds <= most)) || unmet "$rounds rounds, at most $most"
}

round_is_reused() {
  restart_gateway --config "$CONFIG"
  reset_counts
  expect_equal answers "$(side_by_side 20 /operator/status)" '20 200'
  expect_count '.madre["GET /madre/power/state"]' 1
  operator GET /operator/status
  expect_json '.components.madre.source == "cache"'
}

config <<TOML
[status]
limit = "400ms"
TOML
start_upstream
start_redis
start_gateway --config "$CONFIG" --redis "redis://127.0.0.1:$REDIS_PORT"

check "200, everything ok, switch available, solo_madre" all_is_well
check "port is always present, and the real one" ports_are_the_real_ones
check "extra: latency_ms, checked_at, source self, probe, breaker" has_extras
check "madre unreachable (connection error) → degraded" madre_is unreachable refuse
check "madre unreachable (timeout) → degraded" madre_is unreachable hang
check "madre degraded → degraded" madre_is degraded 500
check "error holds a short safe text: refused" has_a_safe_error refuse '.'
check "error holds a short safe text: timeout after the limit" has_a_safe_error hang 'timeout'
check "switch offline, circuit_open; an open switch circuit alone leaves ok" open_circuit_leaves_ok
check "windows follow madre's" windows_are_counted
check "windows follow madre's, deployed dialect" both_dialects_count_windows
check "many callers at once cause one round of checks, not many" one_round_for_many
check "pipelined calls share rounds: at most one in 10 ms" pipelined_calls_share_rounds
check "offline when every required component but the gateway is not ok" offline_without_any
check "a redis that is not configured is unknown and counts for nothing" redis_is_not_configured
config <<TOML
[status]
reuse_for = "60s"
TOML
check "a round may be reused for a configurable age; source cache" round_is_reused
finish
