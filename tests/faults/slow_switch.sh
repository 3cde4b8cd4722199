#!/usr/bin/env bash
# CONTRACT §8.4: a switch that hangs or is slow. Madre is asked beside it, its calls are observed to
# their own limit, and only what they end with opens its breaker.
source "$(dirname "$0")/../lib.sh"

# Real times, as the frontends have them: callers that wait five seconds, and the default `auto`,
# which is four seconds while fewer than ten answers are known. Only the limit of a try is shorter
# than the default, so that the calls run out while the test waits.
readonly CALLER_SECONDS=5

impatient_chat() { # NUMBER
  curl --noproxy '*' -sS --max-time "$CALLER_SECONDS" -H "x-vx11-token: $TOKEN" \
    -H 'content-type: application/json' --data-binary '{"message":"hello"}' \
    "$BASE/operator/chat/ask" >"$WORK/chat.$1" 2>"$WORK/chat.$1.err"
}

ten_impatient_callers_are_answered() {
  local pids=() number
  for number in {1..10}; do
    impatient_chat "$number" &
    pids+=($!)
  done
  wait "${pids[@]}"
  for number in {1..10}; do
    jq -es 'length == 1 and (.[0].metadata | .source == "madre_fallback" and .reason == "switch_slow"
        and (.attempts | map(.outcome) == ["overtaken", "answered"]))' "$WORK/chat.$number" >/dev/null ||
      unmet "chat $number: $(cat "$WORK/chat.$number" "$WORK/chat.$number.err")"
  done
}

breaker_is() { # NAME STATE
  operator GET /vx11/circuit-breaker/status
  jq -e --arg name "$1" --arg state "$2" '.breakers[$name].state == $state' "$BODY" >/dev/null
}

opens_after_the_limit() {
  eventually 30 breaker_is switch open || unmet "the breaker of switch does not open: $(cat "$BODY")"
}

then_costs_nothing() {
  chat '{"message":"hello"}'
  expect_status 200
  expect_json '.metadata | .source == "madre_fallback" and .reason == "switch_circuit_open"'
}

# A slow model: every answer takes longer than the time after which madre is asked.
slow_answers_are_not_held_against_switch() {
  local number
  for number in {1..6}; do
    chat '{"message":"hello"}'
    expect_json '.metadata.reason == "switch_slow"'
  done
  eventually 30 all_have_ended || unmet "calls of switch are still under way"
  breaker_is switch closed || unmet "the breaker is not closed: $(cat "$BODY")"
  jq -e '.breakers.switch.failure_count == 0' "$BODY" >/dev/null || unmet "counted: $(cat "$BODY")"
}
all_have_ended() { [[ $(count '.switch["POST /switch/route-v5"]') -ge 6 ]] && sleep 1; }

departed_callers_are_not_held_against_switch() {
  local number
  reset_counts
  for number in {1..4}; do
    chat '{"message":"hello"}' --max-time 0.2
  done
  sleep 2 # twice the limit of a try: a call that was kept has failed by now
  (($(count '.switch["POST /switch/route-v5"] // 0') >= 1)) || unmet "no chat reached switch"
  breaker_is switch closed || unmet "the breaker is not closed: $(cat "$BODY")"
  jq -e '.breakers.switch.failure_count == 0' "$BODY" >/dev/null || unmet "counted: $(cat "$BODY")"
}

start_upstream
fault switch hang
config <<TOML
[switch]
limit = "6s"
TOML
start_gateway --config "$CONFIG"
check "at a hung switch ten callers of five seconds are all answered by madre" \
  ten_impatient_callers_are_answered
check "three calls that have run out their limit open the breaker" opens_after_the_limit
check "then a chat does not wait for switch any more" then_costs_nothing
end_gateway

heal
reset_counts
fault switch slow '"ms":700'
config <<TOML
[chat]
fallback_after = "300ms"
TOML
start_gateway --config "$CONFIG"
check "answers that are always slow are overtaken, and not held against switch" \
  slow_answers_are_not_held_against_switch
end_gateway

heal
fault switch hang
config <<TOML
[switch]
limit = "1s"
TOML
start_gateway --config "$CONFIG"
check "callers who leave before that time are not held against switch" \
  departed_callers_are_not_held_against_switch
finish
