#!/usr/bin/env bash
# vx11-upstream refuses what Anthropic's API refuses, and nothing beside it, by HTTP.
#   anthropic_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"
# shellcheck disable=SC2016  # backquotes in the words of the API

readonly ASK='{"role":"user","content":"hi"}'
readonly CALL='{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"add","input":{}}]}'
readonly RESULT='{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"3"}]}'
readonly TOOLS='"tools":[{"name":"add","input_schema":{"type":"object"}}]'

post() { # BODY [CURL-ARGUMENT…]
  local body=$1
  shift
  fetch "$MODELS/v1/messages" -H 'x-api-key: key' -H 'anthropic-version: 2023-06-01' "$@" -d "$body"
}
body() { echo "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[$1]${2:+,$2}}"; } # MESSAGES [MEMBERS]

accepts() { # BODY…
  local each
  for each in "$@"; do
    post "$each"
    expect_status 200
    expect_json '.type == "message" and (.content | length == 1)'
  done
}
refuses() { # WORDS BODY…
  local words=$1 each
  shift
  for each in "$@"; do
    post "$each"
    expect_status 400
    expect_json '.type == "error" and .error.type == "invalid_request_error" and (.error.message | contains($words))' --arg words "$words"
  done
}

needs_the_key() {
  fetch "$MODELS/v1/messages" -H 'anthropic-version: 2023-06-01' -d "$(body "$ASK")"
  expect_status 401
  expect_json '.error.type == "authentication_error"'
  post "$(body "$ASK")"
  expect_status 200
}
needs_the_version() {
  fetch "$MODELS/v1/messages" -H 'x-api-key: key' -d "$(body "$ASK")"
  expect_status 400
  expect_json '.error.message | startswith("anthropic-version")'
}
needs_a_limit() {
  refuses max_tokens "{\"model\":\"m\",\"messages\":[$ASK]}" \
    "{\"model\":\"m\",\"max_tokens\":0,\"messages\":[$ASK]}" \
    "{\"model\":\"m\",\"max_tokens\":\"9\",\"messages\":[$ASK]}"
  accepts "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[$ASK]}"
}
has_a_range_of_temperatures() {
  refuses temperature "$(body "$ASK" '"temperature":1.5')" "$(body "$ASK" '"temperature":-1')"
  accepts "$(body "$ASK" '"temperature":1')" "$(body "$ASK" '"temperature":0')"
}
knows_two_roles() {
  refuses role "$(body '{"role":"system","content":"x"},'"$ASK")" "$(body '{"role":"tool","content":"x"}')"
  accepts "$(body "$ASK" '"system":"x"')" "$(body "$ASK"',{"role":"assistant","content":"x"},'"$ASK")"
}
takes_roles_that_do_not_alternate() { accepts "$(body "$ASK,$ASK")"; }
wants_text() {
  refuses non-whitespace "$(body '{"role":"user","content":" \n"}')" "$(body '{"role":"user","content":""}')" \
    "$(body '{"role":"user","content":[{"type":"text","text":" "}]}')"
  refuses non-empty "$(body '{"role":"user","content":[]}')"
  refuses content "$(body '{"role":"user"}')" "$(body '{"role":"user","content":7}')"
  accepts "$(body '{"role":"user","content":[{"type":"text","text":" x "}]}')"
}
pairs_calls_and_results() {
  refuses 'unexpected `tool_use_id`' "$(body "$RESULT" "$TOOLS")" "$(body "$ASK,$RESULT" "$TOOLS")"
  refuses 'without `tool_result`' "$(body "$ASK,$CALL" "$TOOLS")" "$(body "$ASK,$CALL,$ASK" "$TOOLS")" \
    "$(body "$ASK,$CALL,${RESULT//toolu_1/toolu_2}" "$TOOLS")"
  accepts "$(body "$ASK,$CALL,$RESULT" "$TOOLS")" "$(body "$ASK,$CALL,$RESULT,$ASK" "$TOOLS")"
}
takes_results_of_one_turn_in_two_messages() {
  local calls=${CALL/]\}/,{\"type\":\"tool_use\",\"id\":\"toolu_2\",\"name\":\"add\",\"input\":{\}\}]\}}
  accepts "$(body "$ASK,$calls,$RESULT,${RESULT//toolu_1/toolu_2}" "$TOOLS")"
  refuses toolu_2 "$(body "$ASK,$calls,$RESULT" "$TOOLS")"
}
checks_calls() {
  refuses pattern "$(body "$ASK,${CALL//toolu_1/call.1},${RESULT//toolu_1/call.1}" "$TOOLS")"
  refuses input "$(body "$ASK,${CALL/\{\}/[]},$RESULT" "$TOOLS")"
}
checks_tools() {
  refuses input_schema "$(body "$ASK" '"tools":[{"name":"add"}]')" "$(body "$ASK" '"tools":[{"name":"add","input_schema":{}}]')"
  refuses tools "$(body "$ASK,$CALL,$RESULT")"
  accepts "$(body "$ASK" "$TOOLS")" "$(body "$ASK" '"tools":[{"type":"web_search_20250305","name":"web_search"}]')"
}

start models '^ready' "$UPSTREAM_PROGRAM" --models 127.0.0.1:0 --models-key key
MODELS=$(url_of models 'models listening on')

check 'a request without the key is refused' needs_the_key
check 'a request without the version is refused' needs_the_version
check 'max_tokens is needed' needs_a_limit
check 'a temperature above 1 is refused' has_a_range_of_temperatures
check 'there are two roles' knows_two_roles
check 'messages of one role may follow one another' takes_roles_that_do_not_alternate
check 'messages have text' wants_text
check 'calls and results are in pairs' pairs_calls_and_results
check 'results of one turn may be in two messages' takes_results_of_one_turn_in_two_messages
check 'calls have an id and an object of arguments' checks_calls
check 'tools have a schema, and calls have tools' checks_tools
finish
