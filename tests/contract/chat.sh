#!/usr/bin/env bash
# CONTRACT §3, POST /operator/chat/ask: request, answers of switch and of madre, what upstreams get.
source "$(dirname "$0")/../lib.sh"

answered_by_switch() {
  chat '{"message":"hello","session_id":"session-001"}'
  expect_status 200
  expect_header content-type '^application/json'
  expect_json '.session_id == "session-001" and .response == "switch heard: hello"
    and .metadata.source == "switch" and (.metadata | has("reason") | not)'
}

answered_by_madre() {
  fault switch refuse
  chat '{"message":"hello","session_id":"session-002"}'
  expect_status 200
  expect_json '.session_id == "session-002" and .response == "madre heard: hello"
    and .metadata.source == "madre_fallback" and .metadata.reason == "switch_unreachable"'
  heal
}

older_twin() {
  operator POST /operator/chat -H 'content-type: application/json' \
    -d '{"message":"hello","session_id":"session-003"}'
  expect_status 200
  expect_json '.session_id == "session-003" and .response == "switch heard: hello"'
}

has_extras() {
  chat '{"message":"hello"}'
  expect_json '.degraded == false'
  expect_json '.metadata.attempts | length == 1 and .[0].name == "switch"
    and (.[0].outcome | type == "string") and (.[0].elapsed_ms | type == "number" and . >= 0)'
  fault switch 500
  chat '{"message":"hello"}'
  expect_json '.degraded == true and [.metadata.attempts[].name] == ["switch", "madre"]'
  expect_json '.metadata.attempts[0].outcome | test("error")'
  heal
}

upstream_extras() {
  chat '{"message":"hello"}'
  expect_json '.metadata.upstream | .model == "vx11-stub" and .provider == "local"'
  fault switch refuse
  chat '{"message":"hello"}'
  expect_json '.metadata.upstream.queue_id | test("^q-")'
  heal
}

# An upstream's own words must not pass for the gateway's.
extras_stay_below() {
  chat '{"message":"hello"}'
  expect_json '(keys - ["degraded", "metadata", "response", "session_id"]) == []'
  expect_json '(.metadata | keys) - ["attempts", "reason", "source", "upstream"] == []'
}

shows_no_address() {
  fault switch refuse
  chat '{"message":"hello"}'
  ! grep -qE "127\.0\.0\.1|http://|$(port_of "$SWITCH_URL")" "$BODY" || unmet "$(cat "$BODY")"
  heal
}

id_is_echoed() { # ID
  chat "$(jq -nc --arg id "$1" '{message: "hello", session_id: $id}')"
  expect_status 200
  expect_json '.session_id == $id' --arg id "$1"
}

id_is_made() { # BODY
  chat "$1"
  expect_status 200
  expect_json '.session_id | test("^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")'
}

ids_differ() {
  local first
  chat '{"message":"hello"}' && first=$(jq -r .session_id "$BODY")
  chat '{"message":"hello"}'
  expect_json '.session_id != $first' --arg first "$first"
}

default_user_is_local() {
  chat '{"message":"hello","session_id":"nobody"}'
  operator GET /operator/session/nobody
  expect_json '.user_id == "local"'
}

optional_members() {
  chat '{"message":"hello","session_id":"all","user_id":"ada","mode":"fast","metadata":{"k":[1]}}'
  expect_status 200
  expect_last '.switch.body | fromjson | .metadata.k == [1]'
  operator GET /operator/session/all
  expect_json '.user_id == "ada"'
}

unknown_members_are_ignored() {
  chat '{"message":"hello","surprise":{"a":[1,2,{"message":"no"}]},"stream":null}'
  expect_status 200
  expect_json '.response == "switch heard: hello"'
}

any_text_survives() {
  local text=$'quote " backslash \\ newline \n tab \t é 漢字 🦀 </script>'
  chat "$(jq -nc --arg text "$text" '{message: $text}')"
  expect_json '.response == "switch heard: " + $text' --arg text "$text"
}

what_switch_is_asked() {
  chat '{"message":"first","session_id":"asked","metadata":{"lang":"es"}}'
  chat '{"message":"second","session_id":"asked","metadata":{"lang":"es"}}'
  expect_last '.switch | .method == "POST" and .target == "/switch/route-v5"'
  expect_last '.switch.headers | .["x-vx11-token"] == $token and
    (.["content-type"] | test("^application/json"))' --arg token "$TOKEN"
  expect_last '.switch.body | fromjson | .prompt == "second" and .session_id == "asked"
    and .metadata.lang == "es" and (.metadata.context_summary |
      . == "user: first\nassistant: switch heard: first\nuser: second")'
}

what_madre_is_asked() {
  fault switch refuse
  chat '{"message":"hello","session_id":"asked-madre"}'
  expect_last '.madre | .method == "POST" and .target == "/madre/chat"'
  expect_last '.madre.headers["x-vx11-token"] == $token' --arg token "$TOKEN"
  expect_last '.madre.body | fromjson | .message == "hello" and .session_id == "asked-madre"
    and (.context | type == "object")'
  heal
}

text_is_under() { # KEY
  tune "{\"reply_key\":\"$1\"}"
  chat '{"message":"hello"}'
  expect_json '.response == "switch heard: hello" and .metadata.source == "switch"'
  tune '{"reply_key":"response"}'
}

start_upstream
start_gateway

check "200, answered by switch" answered_by_switch
check "200, answered by madre: madre_fallback with reason" answered_by_madre
check "POST /operator/chat: same handler" older_twin
check "extra: degraded, metadata.attempts with name, outcome, elapsed_ms" has_extras
check "whatever else the upstream said goes under metadata.upstream" upstream_extras
check "… and nowhere else" extras_stay_below
check "never a URL" shows_no_address
for id in session-001 'with space' 'a/b?c#d%20' 'ñandú 漢字 🦀' '"quoted\"' "$(printf 'x%.0s' {1..200})"; do
  check "session_id is echoed byte for byte: ${id:0:20}" id_is_echoed "$id"
done
check "session_id: when absent a UUID is made" id_is_made '{"message":"hello"}'
check "session_id: when empty a UUID is made" id_is_made '{"message":"hello","session_id":""}'
check "session_id: never the same UUID twice" ids_differ
check "user_id: optional, default local" default_user_is_local
check "user_id, mode, metadata: optional" optional_members
check "unknown members are ignored" unknown_members_are_ignored
check "message: any text comes through" any_text_survives
check "§5 switch: POST /switch/route-v5 {prompt,session_id,metadata} with the token" \
  what_switch_is_asked
check "§5 madre: POST /madre/chat {message,session_id,context}" what_madre_is_asked
for key in response reply message; do
  check "§5 the reply's text is response, else reply, else message: $key" text_is_under $key
done
finish
