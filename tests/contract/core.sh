#!/usr/bin/env bash
# CONTRACT §1.1 and §1.2: the single entrypoint, and SOLO_MADRE_CORE as what a bare machine has.
source "$(dirname "$0")/../lib.sh"

readonly JSON='content-type: application/json'

# All operator endpoints are served here; no answer redirects or names an upstream's address.
everything_is_here() {
  local method path
  while read -r method path; do
    operator "$method" "$path" -H "$JSON" -d '{"message":"hello","services":["mcp"],"mode":"hold"}'
    expect_status 200
    expect_no_header location
    ! grep -qE "$(port_of "$MADRE")/|$(port_of "$SWITCH_URL")/|http://" "$BODY" ||
      unmet "$path shows an upstream's address: $(cat "$BODY")"
  done <<'ENDPOINTS'
POST /operator/chat/ask
POST /operator/chat
GET /operator/status
GET /operator/power/state
GET /operator/power/status
GET /operator/power/policy/solo_madre/status
POST /operator/power/window/open
POST /operator/power/window/close
POST /operator/power/policy/solo_madre/apply
POST /operator/power/service/hermes/restart
GET /vx11/circuit-breaker/status
ENDPOINTS
}

upstreams_are_not_reachable_through_it() {
  local path
  for path in /madre/chat /switch/route-v5 /madre/power/window/open \
    /operator/../madre/power/window/open /operator/power/..%2F..%2Fmadre%2Fchat; do
    operator POST "$path" --path-as-is -H "$JSON" -d '{"message":"x","services":["mcp"]}'
    [[ $STATUS == 404 || $STATUS == 405 ]] || unmet "$path is answered with $STATUS"
  done
  expect_count .total 0
}

redirects_are_not_handed_on() {
  fault madre redirect
  operator GET /operator/power/state
  expect_status 503
  expect_no_header location
  heal
}

embedded_status() {
  operator GET /operator/status
  expect_status 200
  expect_json '.status == "ok" and .windows == {policy: "solo_madre", active_count: 0}'
  expect_json '.components | .madre.status == "ok" and .tentaculo_link.status == "ok"
    and .redis == ({status: "unknown", reason: "not_configured"} + .redis)
    and .switch.status == "offline"'
  expect_json '[.components[].port | type == "number" and . > 0] | all'
}

embedded_power() {
  operator GET /operator/power/state
  expect_status 200
  expect_json '.policy == "solo_madre" and .active_windows == []
    and (.running_services | contains(["madre", "tentaculo_link"]))
    and (.available_services | index("switch") != null)'
}

embedded_chat() {
  chat '{"message":"hello","session_id":"session-001"}'
  expect_status 200
  expect_json '.session_id == "session-001" and (.response | test("madre"; "i"))
    and .metadata.source == "madre_fallback" and (.metadata.reason | test("^switch_"))'
}

embedded_session() {
  operator GET /operator/session/session-001
  expect_status 200
  expect_json '.message_count == 2'
}

# Madre is up, and switch was never started.
missing_switch_is_normal_life() {
  fault switch refuse
  operator GET /operator/status
  expect_json '.status == "ok"'
  local try
  for try in {1..5}; do
    chat "{\"message\":\"$try\"}"
    expect_status 200
    expect_json '.metadata.source == "madre_fallback"'
  done
  operator GET /operator/status
  expect_json '.status == "ok" and .components.switch.status == "offline"'
  heal
}

stops_in_peace() { # SIGNAL
  stop gateway "$1"
  expect_equal "exit code" "$EXIT_CODE" 0
}

start_gateway
check "SOLO_MADRE_CORE by default: status is ok with nothing configured" embedded_status
check "SOLO_MADRE_CORE by default: power state" embedded_power
check "a chat is always answered, by the embedded madre too" embedded_chat
check "… and remembered" embedded_session
check "SIGTERM: ends with 0" stops_in_peace TERM

start_upstream
start_gateway
check "single entrypoint: it does not pass paths on" upstreams_are_not_reachable_through_it
check "single entrypoint: all an operator needs, no address of another service" everything_is_here
check "single entrypoint: a redirect of an upstream ends here" redirects_are_not_handed_on
check "a missing switch is normal operation, not an incident" missing_switch_is_normal_life
check "SIGINT: ends with 0" stops_in_peace INT
finish
