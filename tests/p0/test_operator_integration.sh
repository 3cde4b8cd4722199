#!/usr/bin/env bash
# A sequence of operator calls through the single entrypoint.
source "$(dirname "$0")/gateway.sh"

is_one_entrypoint() {
  anonymous GET /health
  expect_status 200
  expect_json '.status == "ok" and .module == "tentaculo_link"'
  operator GET /operator/status
  expect_status 200
  operator GET /operator/power/state
  expect_status 200
  chat '{"message":"is anybody there?"}'
  expect_chat_answer
}

keeps_a_conversation() {
  local session
  session=$(new_session)
  chat "{\"message\":\"my name is Ada\",\"session_id\":\"$session\",\"user_id\":\"ada\"}"
  expect_chat_answer
  chat "{\"message\":\"what is my name?\",\"session_id\":\"$session\",\"user_id\":\"ada\"}"
  expect_chat_answer
  operator GET "/operator/session/$session"
  expect_status 200
  expect_json '.session_id == $id and .user_id == "ada" and .message_count == 4' --arg id "$session"
  expect_json '.summary | contains("what is my name?")'
}

# Three failures in a row open switch's breaker; the chats themselves are answered all the same.
status_follows_the_chats() {
  local try last_source
  for try in {1..4}; do
    chat "{\"message\":\"question $try\"}"
    expect_chat_answer
  done
  last_source=$(jq -r '.metadata | .reason // .source' "$BODY")
  operator GET /operator/status
  case ${SWITCH:-$last_source} in
    up | switch) expect_json '.components.switch.status == "available"' ;;
    down | switch_circuit_open)
      expect_json '.components.switch | .status == "offline" and .reason == "circuit_open"'
      ;;
    *) expect_json '.components.switch.status | IN("available", "offline")' ;;
  esac
}

# A missing switch is normal operation: with madre up the stack is ok, or degraded if redis is not.
stays_solo_madre() {
  operator GET /operator/status
  expect_status 200
  expect_json '.components as $c | if $c.madre.status == "ok" and
    ($c.redis | .status == "ok" or .reason == "not_configured") then .status == "ok"
    else .status != "ok" end'
  operator GET /operator/power/state
  expect_json '.running_services | index("madre") != null'
}

check "integration: health, status, power/state and chat behind one entrypoint" is_one_entrypoint
check "integration: a conversation is one session of that user" keeps_a_conversation
check "integration: status reports switch as the chats found it" status_follows_the_chats
check "integration: the verdict hangs on madre and redis, not on switch" stays_solo_madre
finish
