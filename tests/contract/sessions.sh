#!/usr/bin/env bash
# CONTRACT §6, and §4 GET /operator/session/{id}, with each store.
source "$(dirname "$0")/../lib.sh"

say() { # SESSION MESSAGE
  chat "$(jq -nc --arg id "$1" --arg text "$2" '{message: $text, session_id: $id, user_id: "ada"}')"
  expect_status 200
}
session() { operator GET "/operator/session/$1"; }

has_every_member() {
  say told hello
  session told
  expect_status 200
  expect_header content-type '^application/json'
  expect_json 'keys - ["session_id", "user_id", "created_at", "message_count", "messages",
    "summary"] == []'
  expect_json '.session_id == "told" and .user_id == "ada" and .message_count == 2'
  expect_json '.created_at | test("^[0-9-]{10}T[0-9:]{8}\\.[0-9]{3}Z$")'
  expect_json '[.messages[] | [.role, .content]] == [["user", "hello"],
    ["assistant", "switch heard: hello"]]'
  expect_json '[.messages[] | (.timestamp | test("Z$")) and (.metadata | type == "object")] | all'
  expect_json '.summary == "user: hello\nassistant: switch heard: hello"'
}

is_not_found() { # ID
  session "$1"
  expect_status 404
  expect_json '. == {error: "session_not_found", session_id: $id}' --arg id "$1"
}

finds_ids_with_any_bytes() {
  say 'a/b c?d#é' hello
  session 'a%2Fb%20c%3Fd%23%C3%A9'
  expect_status 200
  expect_json '.session_id == "a/b c?d#é" and .message_count == 2'
}

keeps_the_last_50() {
  local turn
  for turn in {1..26}; do say long "question $turn"; done
  session long
  expect_json '.message_count == 50 and (.messages | length) == 50'
  expect_json '.messages[0].content == "question 2" and .messages[49].content ==
    "switch heard: question 26"'
}

summary_is_cut() {
  local long
  long=$(printf 'é%.0s' {1..150})
  say cut "$long"
  expect_last '.switch.body | fromjson | .metadata.context_summary == "user: " + $text' \
    --arg text "${long:0:100}"
  say cut "$long"
  # user: 100 + assistant: 100 + user: 100, with line feeds, is more than 256 characters
  expect_last '.switch.body | fromjson | .metadata.context_summary | length == 259 and
    .[256:] == "..." and startswith("user: é") and contains("\nassistant: switch heard: é")'
}

user_stays_who_began() {
  chat '{"message":"hello","session_id":"owner","user_id":"ada"}'
  chat '{"message":"hello","session_id":"owner","user_id":"bob"}'
  session owner
  expect_json '.user_id == "ada" and .message_count == 4'
}

# Without an answer nothing is stored: neither the question nor the session.
stores_no_half_turn() {
  fault switch refuse
  fault madre refuse
  chat '{"message":"lost","session_id":"half"}'
  expect_status 503
  heal
  is_not_found half
  chat '{"message":"kept","session_id":"half"}'
  session half
  expect_json '.message_count == 2 and .messages[0].content == "kept"'
}

counts_all_that_came_at_once() {
  expect_equal answers "$(side_by_side 20 /operator/chat/ask -H 'content-type: application/json' \
    -d '{"message":"at once","session_id":"crowd"}')" '20 200'
  session crowd
  expect_json '.message_count == 40'
  expect_json '[.messages[].role] == [range(20) | "user", "assistant"]'
}

least_recently_used_leaves() {
  say one hello
  say two hello
  session one # used again, so two is the next to leave
  say three hello
  session one
  expect_status 200
  session three
  expect_status 200
  is_not_found two
}

# Waiting longer than the idle time does no harm, so the timing need not be exact.
idle_is_gone() {
  say idle hello
  sleep 1.5
  is_not_found idle
}

start_upstream
for SESSIONS in memory "sqlite:$WORK/sessions.db"; do
  config <<<''
  restart_gateway --threads 20
  of=${SESSIONS%%:*}
  check "$of: {session_id,user_id,created_at,message_count,messages,summary}" has_every_member
  check "$of: unknown → 404 session_not_found" is_not_found never-heard-of
  check "$of: any id is found again" finds_ids_with_any_bytes
  check "$of: the last 50 messages" keeps_the_last_50
  check "$of: summary: three messages of 100 characters, cut at 256, no UTF-8 split" summary_is_cut
  check "$of: the user is the one that began the session" user_stays_who_began
  check "$of: turns side by side are all stored, each whole" counts_all_that_came_at_once
  check "$of: a turn is stored as one, or not at all" stores_no_half_turn
  config <<TOML
[sessions]
max = 2
idle = "1s"
TOML
  restart_gateway --config "$CONFIG"
  check "$of: idle → gone" idle_is_gone
  sed -i /idle/d "$CONFIG"
  restart_gateway --config "$CONFIG"
  check "$of: least recently used leaves first" least_recently_used_leaves
done
finish
