#!/usr/bin/env bash
# CONTRACT §7: sessions lost at restart. Here they survive SIGTERM and SIGKILL of the gateway.
source "$(dirname "$0")/../lib.sh"

export SESSIONS=sqlite:$WORK/state/sessions.db

says_and_remembers() { # TURNS-BEFORE
  local turn=$(($1 + 1))
  chat "{\"message\":\"turn $turn\",\"session_id\":\"kept\",\"user_id\":\"ada\"}"
  expect_status 200
  has_turns "$turn"
}

has_turns() { # COUNT
  operator GET /operator/session/kept
  expect_status 200
  expect_json '.user_id == "ada" and .message_count == 2 * $turns' --argjson turns "$1"
  expect_json '[.messages[] | select(.role == "user") | .content]
    == [range(1; $turns + 1) | "turn \(.)"]' --argjson turns "$1"
  expect_json '[.messages[].role] == [range($turns) | "user", "assistant"]' --argjson turns "$1"
}

context_goes_on() {
  chat '{"message":"turn 4","session_id":"kept","user_id":"ada"}'
  expect_last '.switch.body | fromjson | .metadata.context_summary ==
    "user: turn 3\nassistant: switch heard: turn 3\nuser: turn 4"'
}

ends_by() { # SIGNAL EXIT-CODE
  stop gateway "$1"
  expect_equal "exit code" "$EXIT_CODE" "$2"
}

is_private() {
  local mode
  mode=$(stat -c %a "$WORK/state/sessions.db")
  expect_equal "mode of the database" "$mode" 600
}

default_place() {
  stop gateway
  start gateway '^listening on ' "$GATEWAY_PROGRAM" --listen 127.0.0.1:0
  BASE=$(url_of gateway 'listening on')
  chat '{"message":"hello","session_id":"default"}'
  stop gateway KILL
  start gateway '^listening on ' "$GATEWAY_PROGRAM" --listen 127.0.0.1:0
  BASE=$(url_of gateway 'listening on')
  operator GET /operator/session/default
  expect_json '.message_count == 2'
  [[ -s $XDG_STATE_HOME/vx11/sessions.db ]] || unmet "no database below XDG_STATE_HOME"
}

start_upstream
mkdir -p "$WORK/state"
start_gateway
check "a turn is remembered" says_and_remembers 0
check "SIGTERM ends it with 0" ends_by TERM 0
start_gateway
check "after SIGTERM the session is there" has_turns 1
check "… and continues" says_and_remembers 1
check "kill -9 ends it" ends_by KILL 137
start_gateway
check "after kill -9 the session is there" has_turns 2
check "… and continues" says_and_remembers 2
check "kill -9 again" ends_by KILL 137
start_gateway
check "context_summary knows what was said before" context_goes_on
check "the database is for its owner alone" is_private
check "without any option sessions are below XDG_STATE_HOME and survive kill -9" default_place
finish
