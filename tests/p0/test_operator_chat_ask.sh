#!/usr/bin/env bash
# POST /operator/chat/ask: authorization, the answer's form, sessions, and the answering upstream.
source "$(dirname "$0")/gateway.sh"

echoes_the_session() {
  local session
  session=$(new_session)
  chat "{\"message\":\"hello\",\"session_id\":\"$session\"}"
  expect_chat_answer
  expect_json '.session_id == $id and (.response | length > 0)' --arg id "$session"
}

makes_a_session() {
  chat '{"message":"hello"}'
  expect_chat_answer
  expect_json '.session_id | test("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")'
}

remembers_both_turns() {
  local session
  session=$(new_session)
  chat "{\"message\":\"first question\",\"session_id\":\"$session\"}"
  expect_status 200
  chat "{\"message\":\"second question\",\"session_id\":\"$session\"}"
  expect_status 200
  operator GET "/operator/session/$session"
  expect_status 200
  expect_json '.message_count == 4 and ([.messages[].role] == ["user", "assistant", "user",
    "assistant"]) and .messages[0].content == "first question"
    and .messages[2].content == "second question"'
}

# However often switch fails, madre answers; with switch up, switch answers.
is_answered_every_time() {
  local try
  for try in {1..5}; do
    chat "{\"message\":\"question $try\"}"
    expect_chat_answer
  done
}

check "chat/ask: 401 without a token, 403 with a wrong one" \
  needs_token POST /operator/chat/ask -H 'content-type: application/json' -d '{"message":"hello"}'
check "chat/ask: 200 with session_id echoed, response and metadata.source" echoes_the_session
check "chat/ask: a session_id is made when there is none" makes_a_session
check "chat/ask: a session remembers its turns" remembers_both_turns
check "chat/ask: switch, else madre_fallback with a reason; five times of five" \
  is_answered_every_time
finish
