#!/usr/bin/env bash
# POST /operator/chat/ask with Accept: text/event-stream: pieces as they come, then done or error.
source "$(dirname "$0")/../lib.sh"

# stream JSON [CURL-ARGUMENT…]: asks for events.
stream() {
  local body=$1
  shift
  operator POST /operator/chat/ask -N -H 'content-type: application/json' \
    -H 'accept: text/event-stream' -d "$body" "$@"
}

# The data of the events of that name, a line each.
data_of() { awk -v want="event: $1" '/^event: /{e=$0} /^data: /{if (e == want) print substr($0, 7)}' "$BODY"; }
expect_events() { # NAME COUNT
  expect_equal "number of $1 events" "$(data_of "$1" | wc -l)" "$2"
}
expect_data() { # NAME FILTER: true of every event of that name
  data_of "$1" | jq -es "length > 0 and all(.[]; $2)" >/dev/null || unmet "$1: not so: $2$(echo; cat "$BODY")"
}

words_come_as_the_switch_sends_them() {
  stream '{"message":"one two three","session_id":"s-1"}'
  expect_status 200
  expect_header content-type 'text/event-stream; charset=utf-8'
  expect_header cache-control 'no-store, no-transform'
  expect_equal 'events with an id' "$(grep -c '^id: [0-9]' "$BODY")" "$(grep -c '^event: ' "$BODY")"
  expect_equal text "$(data_of message | jq -rs 'map(.delta) | join("")' | xargs)" 'switch heard: one two three'
  expect_events done 1
  expect_data done '.session_id == "s-1" and .degraded == false and .metadata.source == "switch" and .metadata.attempts[0].outcome == "answered"'
}
the_turn_is_stored_whole() {
  operator GET /operator/session/s-1
  expect_json '.message_count == 2 and (.messages[1].content | startswith("switch heard: one two"))'
}
the_switch_is_asked_for_events() { expect_last '.switch.headers.accept | contains("text/event-stream")'; }

plain_json_becomes_one_event() {
  tune '{"stream":false}'
  stream '{"message":"plain"}'
  expect_events message 1
  expect_data message '.delta == "switch heard: plain"'
  expect_events done 1
  tune '{"stream":true}'
}

falls_back_before_the_first_piece() { # KIND REASON
  fault switch "$1" '"after":0'
  stream '{"message":"fall"}'
  expect_status 200
  expect_data message '.delta == "madre heard: fall"'
  expect_data done ".degraded and .metadata.source == \"madre_fallback\" and .metadata.reason == \"$2\""
  heal
}

breaks_after_the_first_piece() { # KIND REASON
  fault switch "$1"
  stream '{"message":"a b c d e","session_id":"broken"}'
  expect_status 200
  expect_events message 2
  expect_events done 0
  expect_data error ".status == \"service_offline\" and .module == \"switch\" and .reason == \"$2\" and .session_id == \"broken\""
  expect_data error '.complete == false and .attempts[0].outcome == "'"$2"'"'
  heal
  operator GET /operator/session/broken
  expect_json '.messages[-1] | .role == "assistant" and .metadata.complete == false and (.content | length) > 0'
}
a_stream_is_not_asked_for_twice() {
  reset_counts
  stream '{"message":"again"}' -H 'last-event-id: 3'
  expect_status 204
  expect_equal 'calls to switch' "$(count .switch.total)" 0
}

no_upstream_answers() {
  fault switch 500
  fault madre 500
  stream '{"message":"x","session_id":"none"}'
  expect_status 503
  expect_header content-type 'application/json'
  expect_header retry-after '^[0-9]+$'
  expect_json '.status == "service_offline" and .session_id == "none"'
  heal
}

refusals_are_json() {
  anonymous POST /operator/chat/ask -H 'accept: text/event-stream' -H 'content-type: application/json' -d '{}'
  expect_status 401
  stream '{"message":""}'
  expect_status 422
}

breaks_count_against_the_breaker() {
  local try
  fault switch stream_break
  for try in 1 2 3; do stream "{\"message\":\"a b c $try\"}"; done
  heal
  stream '{"message":"now"}'
  expect_data done '.metadata.reason == "switch_circuit_open"'
}

a_client_who_leaves_cancels_the_upstream() {
  fault switch stream_stall
  reset_counts
  stream '{"message":"a b c d e f"}' --max-time 1
  eventually 10 upstream_was_let_go || unmet "abandoned: $(count .switch.abandoned)"
  heal
  operator GET /vx11/circuit-breaker/status
  expect_json '.breakers.switch.failure_count == 0'
}
upstream_was_let_go() { [[ $(count .switch.abandoned) == 1 ]]; }

config <<TOML
[chat]
stream_silence = "400ms"
TOML
start_upstream
tune '{"stream":true}'
start_gateway --config "$CONFIG"

check "words come as the switch sends them, then done with session and metadata" words_come_as_the_switch_sends_them
check "the turn is stored as one" the_turn_is_stored_whole
check "the switch is asked for an event stream" the_switch_is_asked_for_events
check "a plain JSON answer becomes one event" plain_json_becomes_one_event
check "fallback before the first piece: 500" falls_back_before_the_first_piece 500 switch_error
check "fallback before the first piece: refused" falls_back_before_the_first_piece refuse switch_unreachable
check "refusals are answered as JSON" refusals_are_json
check "no upstream answers: 503 as JSON" no_upstream_answers
restart_gateway --config "$CONFIG"
check "a stream that breaks ends with an error event, and its turn is marked incomplete" breaks_after_the_first_piece stream_break invalid_reply
check "a client that connects again after a stream does not repeat the chat" a_stream_is_not_asked_for_twice
check "a silent stall ends with an error event" breaks_after_the_first_piece stream_stall timeout
restart_gateway --config "$CONFIG"
check "broken streams count against the breaker" breaks_count_against_the_breaker
config <<TOML
[chat]
stream_silence = "60s"
TOML
restart_gateway --config "$CONFIG"
check "a disconnect cancels the upstream call, neutrally" a_client_who_leaves_cancels_the_upstream
finish
