#!/usr/bin/env bash
# CONTRACT §1.4 and §3: switch, then madre, then an honest error; every reason; the breaker of §5.
source "$(dirname "$0")/../lib.sh"

falls_back_because() { # REASON KIND [MEMBERS]
  fault switch "$2" "${3-}"
  chat '{"message":"hello","session_id":"session-001"}'
  expect_status 200
  expect_json '.session_id == "session-001" and .response == "madre heard: hello"
    and .metadata.source == "madre_fallback" and .metadata.reason == $reason' --arg reason "$1"
  heal
}

# Three consecutive 500 open it; from then on switch gets no requests.
open_breaker_falls_back() {
  local try
  fault switch 500
  for try in 1 2 3; do
    chat '{"message":"hello"}'
    expect_json '.metadata.reason == "switch_error"'
  done
  heal
  reset_counts
  chat "{\"message\":\"after $try\"}"
  expect_status 200
  expect_json '.metadata.source == "madre_fallback" and .metadata.reason == "switch_circuit_open"'
  expect_count .switch.total 0
}

two_failures_do_not_open() {
  fault switch 500 '"times":2'
  chat '{"message":"1"}'
  chat '{"message":"2"}'
  chat '{"message":"3"}'
  expect_json '.metadata.source == "switch"'
  fault switch 500 '"times":2'
  chat '{"message":"4"}'
  chat '{"message":"5"}'
  chat '{"message":"6"}'
  expect_json '.metadata.source == "switch"'
}

# 4xx is about the request or the load, and does not count as a failure of switch.
is_neutral() { # KIND
  local try
  for try in {1..5}; do
    fault switch "$1"
    chat "{\"message\":\"$try\"}"
    expect_json '.metadata.reason == "switch_error"'
    heal
  done
  chat '{"message":"now"}'
  expect_json '.metadata.source == "switch"'
}

is_offline_with() { # REASON
  expect_status 503
  expect_header content-type '^application/json'
  expect_header retry-after '^[1-9][0-9]*$'
  expect_json '.status == "service_offline" and .module == "switch" and .reason == $reason
    and .message == "Chat service temporarily unavailable"' --arg reason "$1"
}

no_upstream_answers() {
  fault switch 500
  fault madre 500 '"path":"/madre/chat"'
  chat '{"message":"hello","session_id":"session-503"}'
  is_offline_with error
  expect_json '.session_id == "session-503"'
  chat '{"message":"hello"}'
  expect_json '.session_id | test("^[0-9a-f-]{36}$")'
  heal
}

no_upstream_answers_circuit_open() {
  local try
  fault switch 500
  fault madre 500 '"path":"/madre/chat"'
  for try in {1..4}; do chat "{\"message\":\"$try\"}"; done
  is_offline_with circuit_open
  heal
}

says_nothing_of_the_upstream() {
  fault switch html
  fault madre html
  chat '{"message":"hello"}'
  expect_status 503
  ! grep -qiE 'doctype|sign in|http://|127\.0\.0\.1' "$BODY" || unmet "$(cat "$BODY")"
  heal
}

retry_after_is_passed_on() {
  fault switch 429 '"retry_after":17'
  fault madre 429 '"retry_after":23'
  chat '{"message":"hello"}'
  is_offline_with error
  expect_header retry-after '^(17|23)$'
  heal
}

rejected_requests_are_neutral() {
  local try
  for try in {1..5}; do chat '{"message":""}'; done
  chat "{\"message\":\"$try\"}"
  expect_json '.metadata.source == "switch"'
}

config <<TOML
[switch]
limit = "400ms"
[madre]
limit = "400ms"
[chat]
deadline = "1500ms"
TOML
start_upstream

# again COMMAND…: before a gateway whose breakers are new.
again() {
  restart_gateway --config "$CONFIG"
  "$@"
}

check "reason switch_unreachable" again falls_back_because switch_unreachable refuse
check "reason switch_timeout" again falls_back_because switch_timeout hang
check "reason switch_error: 500" again falls_back_because switch_error 500
check "reason switch_error: 404" falls_back_because switch_error 404
check "reason switch_error: 302, not followed" falls_back_because switch_error redirect
check "reason switch_invalid_reply" again falls_back_because switch_invalid_reply html
check "reason switch_circuit_open: 3 consecutive failures open it" again open_breaker_falls_back
check "two failures and a success do not open it" again two_failures_do_not_open
check "neutral: 404" again is_neutral 404
check "neutral: 429" again is_neutral 429
check "neutral: our own rejections" again rejected_requests_are_neutral
check "503 when no upstream could answer, session_id and Retry-After" again no_upstream_answers
check "503 reason circuit_open" again no_upstream_answers_circuit_open
check "503 says nothing that an upstream said, and no address" again says_nothing_of_the_upstream
check "429 and its Retry-After are passed to the decision" again retry_after_is_passed_on
finish
