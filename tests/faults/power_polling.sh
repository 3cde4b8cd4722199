#!/usr/bin/env bash
# CONTRACT §8.3: a breaker for each purpose. Power requests that time out can never take the chat
# away, and a good answer of madre lets the breakers of her other purposes probe at once.
source "$(dirname "$0")/../lib.sh"

state_of() { # NAME
  operator GET /vx11/circuit-breaker/status
  jq -r --arg name "$1" '.breakers[$name].state' "$BODY"
}

polls_open_madre_power() {
  local number
  for number in {1..4}; do
    operator GET /operator/power/state
    expect_status 503
  done
  expect_equal "the breaker of power requests" "$(state_of madre_power)" open
  expect_equal "the breaker of chats" "$(state_of madre)" closed
  operator GET /operator/power/state
  expect_json '.module == "madre" and .reason == "circuit_open"'
  expect_header Retry-After '^[0-9]+$'
}

chat_is_answered_by_madre() {
  chat '{"message":"hello"}'
  expect_status 200
  expect_json '.metadata.source == "madre_fallback"'
}

power_probes_at_once() {
  expect_equal "the breaker of power requests" "$(state_of madre_power)" half_open
  operator GET /operator/power/state
  expect_status 200
  expect_equal "… after a good answer" "$(state_of madre_power)" closed
}

failed_chats_leave_power_alone() {
  local number
  for number in {1..4}; do
    chat '{"message":"hello"}'
    expect_status 503
  done
  expect_equal "the breaker of chats" "$(state_of madre)" open
  operator GET /operator/power/state
  expect_status 200
  expect_equal "the breaker of chats, after the power state" "$(state_of madre)" half_open
}

are_in_the_metrics() {
  local name
  operator GET /metrics
  for name in switch madre madre_power; do
    grep -q "^vx11_circuit_state{breaker=\"$name\",state=\"[a-z_]*\"} 1$" "$BODY" ||
      unmet "no breaker $name in the metrics"
  done
}

start_upstream
start_gateway
fault switch 503
check "switch, madre and madre_power are in the metrics" are_in_the_metrics
fault madre hang '"path":"/madre/power"'
check "polls that time out open the breaker of power requests alone" polls_open_madre_power
heal
fault switch 503
check "madre still answers chats" chat_is_answered_by_madre
check "that answer lets power requests probe at once" power_probes_at_once
fault madre 500 '"path":"/madre/chat"'
check "failed chats leave power requests alone, whose answers let chats probe" \
  failed_chats_leave_power_alone
finish
