#!/usr/bin/env bash
# CONTRACT §7: the faults of the reference stack that ours must not have, each by its name. The one of
# names that do not resolve at start needs names of its own: tests/faults/comings_and_goings.sh.
source "$(dirname "$0")/../lib.sh"

readonly JSON='content-type: application/json'

redis_speaks_resp() {
  operator GET /operator/status
  expect_json '.components.redis.status == "ok" and .status == "ok"'
  expect_json '.components.redis.port == $port' --argjson port "$REDIS_PORT"
}

always_session_id_and_response() {
  local key
  for key in response reply message; do
    tune "{\"reply_key\":\"$key\"}"
    chat '{"message":"hello"}'
    expect_json '(.session_id | type == "string" and length > 0) and (.response | type) == "string"'
  done
  tune '{"reply_key":"response"}'
  fault switch no_text
  chat '{"message":"hello"}'
  expect_json '(.session_id | length > 0) and .response == "madre heard: hello"'
  heal
}

falls_back_on_any_status() {
  local kind
  for kind in 404 429 500 503; do
    fault switch "$kind"
    chat '{"message":"hello"}'
    expect_status 200
    expect_json '.metadata == ({source: "madre_fallback", reason: "switch_error"} + .metadata)'
    heal
  done
}

no_200_with_an_error() {
  operator GET /operator/session/nobody
  expect_status 404
  fault madre refuse
  operator GET /operator/power/state
  expect_status 503
  fault switch refuse
  chat '{"message":"hello"}'
  expect_status 503
  heal
}

hang_costs_the_limit() {
  fault switch hang
  chat '{"message":"hello"}'
  expect_status 200
  expect_json '.metadata.reason == "switch_timeout"'
  expect_within 1000
  heal
}

# Both probes take the whole limit; one after the other they would take twice as long.
looks_side_by_side() {
  fault madre hang
  operator GET /operator/status
  expect_json '.components.madre.status == "unreachable"'
  ((ELAPSED_MS < 4000)) || unmet "two looks with a limit of 2 s took $ELAPSED_MS ms"
  heal
}

active_count_counts() {
  operator POST /operator/power/window/open -H "$JSON" -d '{"services":["mcp"],"mode":"hold"}'
  operator GET /operator/status
  expect_json '.windows.active_count == 1 and .windows.policy == "operative_core"'
  operator POST /operator/power/window/close
}

ports_are_those_in_use() {
  operator GET /operator/status
  expect_json '.components | [.tentaculo_link.port, .madre.port, .switch.port] == $ports' \
    --argjson ports "[$(port_of "$BASE"),$(port_of "$MADRE"),$(port_of "$SWITCH_URL")]"
}

token_before_body() {
  reset_counts
  anonymous POST /operator/chat/ask -H "$JSON" -d '{'
  expect_status 401
  anonymous POST /operator/chat/ask -H "$JSON" -d '{' -H 'x-vx11-token: wrong'
  expect_status 403
  expect_count .total 0
}

open_switch_breaker() {
  local try
  fault switch refuse
  for try in 1 2 3; do chat "{\"message\":\"$try\"}"; done
  heal
  operator GET /operator/status
  expect_json '.components.switch.reason == "circuit_open"'
}

circuit_closes_without_a_chat() {
  open_switch_breaker
  reset_counts
  eventually 30 switch_is_available || unmet "switch stays $(jq -c .components.switch "$BODY")"
  expect_count .switch.total 0
}
switch_is_available() {
  operator GET /operator/status
  jq -e '.components.switch.status == "available"' "$BODY" >/dev/null
}

strangers_trip_nothing() {
  local try
  fault madre 500
  for try in {1..10}; do
    anonymous GET /operator/status
    expect_status 401
    operator GET /operator/status
    expect_status 200
  done
  operator GET /vx11/circuit-breaker/status
  expect_json '[.breakers[] | .state == "closed" and .failure_count == 0] | all'
  heal
}

# switch hangs while the probe is on its way, so that all the others find it half-open.
half_open_lets_one_through() {
  fault switch refuse
  chat '{"message":"1"}' && chat '{"message":"2"}' && chat '{"message":"3"}'
  fault switch hang
  reset_counts
  eventually 30 switch_is_available || unmet "switch stays $(jq -c .components.switch "$BODY")"
  expect_equal answers "$(side_by_side 8 /operator/chat/ask -H "$JSON" -d '{"message":"hello"}')" \
    '8 200'
  expect_count .switch.total 1
  heal
}

survives_a_restart() {
  SESSIONS=sqlite:$WORK/sessions.db restart_gateway
  chat '{"message":"hello","session_id":"kept"}'
  SESSIONS=sqlite:$WORK/sessions.db restart_gateway
  operator GET /operator/session/kept
  expect_status 200
  expect_json '.message_count == 2 and .messages[0].content == "hello"'
}

# again COMMAND…: before a gateway whose breakers are new.
again() {
  restart_gateway --config "$CONFIG" --redis "redis://127.0.0.1:$REDIS_PORT"
  "$@"
}

start_upstream
start_redis
config <<TOML
[server]
threads = 32
[switch]
limit = "1s"
breaker.open_for = "1s"
[madre.breaker]
failures_to_open = 1000
TOML
start_gateway --config "$CONFIG" --redis "redis://127.0.0.1:$REDIS_PORT"

check "§7 not: redis probed over HTTP, so status never becomes ok" redis_speaks_resp
check "§7 not: replies without session_id or response" always_session_id_and_response
check "§7 not: no fallback when switch answers 4xx/5xx" again falls_back_on_any_status
check "§7 not: 200 with an error body where the contract says 503 or 404" again no_200_with_an_error
check "§7 not: a hang of the switch costs 20 s" again hang_costs_the_limit
check "§7 not: checks one after the other" looks_side_by_side
check "§7 not: active_count always 0" active_count_counts
check "§7 not: ports hard-coded in answers" ports_are_those_in_use
check "§7 not: body parsed before the token is checked" token_before_body
check "§7 not: status says circuit_open for ever unless a chat probes it" \
  again circuit_closes_without_a_chat
check "§7 not: unauthenticated status calls that trip breakers" again strangers_trip_nothing
check "§7 not: half-open lets every waiting call through" again half_open_lets_one_through
check "§7 not: sessions lost at restart" survives_a_restart
finish
