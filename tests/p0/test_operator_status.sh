#!/usr/bin/env bash
# GET /operator/status: authorization, content, and that it wakes no service.
source "$(dirname "$0")/gateway.sh"

says_how_every_component_is() {
  operator GET /operator/status
  expect_status 200
  expect_header content-type '^application/json'
  expect_json '.status | IN("ok", "degraded", "offline")'
  expect_json '.components | has("tentaculo_link", "madre", "redis", "switch")'
  expect_json '[.components[].status | IN("ok", "available", "degraded", "unreachable", "offline",
    "unknown")] | all'
  expect_json '[.components[].port | type == "number" and . > 0] | all'
  expect_json '.components.tentaculo_link.status == "ok"'
  expect_json '.components.madre.status as $madre | .windows | (.policy |
    IN("solo_madre", "operative_core", "full") or (. == "unknown" and $madre != "ok"))
    and (.active_count | type == "number" and . >= 0)'
}

# A gateway started elsewhere gives no access to switch's counters: only the answer is checked.
never_calls_switch() {
  [[ -z $CONTROL ]] || reset_counts
  operator GET /operator/status
  expect_status 200
  expect_json '.components.switch | .status == "available"
    or (.status == "offline" and (.reason | IN("circuit_open", "not_configured")))'
  expect_json '.components.madre.status != "ok" or .status != "offline"'
  [[ -z $CONTROL ]] || expect_count '.switch | "\(.total) \(.connections)"' '0 0'
}

check "status: 401 without a token, 403 with a wrong one" needs_token GET /operator/status
check "status: tentaculo_link, madre, redis, switch, each with status and port; windows" \
  says_how_every_component_is
check "status: switch is read from its circuit breaker and never called" never_calls_switch
finish
