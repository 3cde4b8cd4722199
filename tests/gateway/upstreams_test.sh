#!/usr/bin/env bash
# The gateway before servers of the OpenAI, Ollama and Anthropic chat APIs, with the file that
# docs/upstreams.md shows.
#   upstreams_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

readonly KEY=key-of-the-models

# The first TOML block of the page, with the URLs and the key of this test.
shown_file() {
  awk '/^```toml$/ {inside = 1; next} /^```$/ {if (inside) exit} inside' "$TESTS_DIR/../docs/upstreams.md" |
    sed -E "s|^url = .*|url = \"$MODELS\"|; s|^key_file = .*|key_file = \"$WORK/key\"|" |
    sed "/^\[targets.llama\]/a key_file = \"$WORK/key\""
}

stream() { # JSON
  operator POST /operator/chat/ask -N -H 'content-type: application/json' \
    -H 'accept: text/event-stream' -d "$1"
}
data_of() { awk -v want="event: $1" '/^event: /{e=$0} /^data: /{if (e == want) print substr($0, 7)}' "$BODY"; }
expect_done() { # FILTER
  data_of done | jq -es "length == 1 and (.[0] | $1)" >/dev/null || unmet "done: not so: $1$(echo; cat "$BODY")"
}
expect_text() {
  expect_equal text "$(operator GET "/operator/session/$1" >/dev/null; jq -r '.messages[-1].content' "$BODY")" "$2"
}

file_is_short() {
  local lines
  lines=$(shown_file | grep -c '[^ ]')
  ((lines <= 20)) || unmet "the file has $lines lines"
}

# only NAME: the others are down.
readonly -A PATHS=([llama]=/v1/chat/completions [ollama]=/api/chat [claude]=/v1/messages)
only() {
  local name
  heal
  for name in "${!PATHS[@]}"; do
    [[ $name == "$1" ]] || fault models 503 "\"path\":\"${PATHS[$name]}\""
  done
}

outlives_bad_requests() {
  local path body
  for path in "${PATHS[@]}"; do
    for body in '{"messages":[{"role":1,"content":[{"text":2}]}],"model":1,"stream":"x"}' \
      '{"messages":[1],"tools":[1],"stream_options":{"include_usage":1},"stream":1}'; do
      fetch "$MODELS$path" -H "authorization: Bearer $KEY" -d "$body"
    done
  done
  fetch "$MODELS/health"
  expect_status 200
}

answers_whole() { # NAME SOURCE
  only "$1"
  chat "{\"message\":\"hello\",\"session_id\":\"whole-$1\"}"
  expect_status 200
  expect_json '.response == "model heard: hello" and .metadata.source == $source' --arg source "$2"
}

answers_streamed() { # NAME SOURCE
  only "$1"
  stream "{\"message\":\"one two\",\"session_id\":\"stream-$1\"}"
  expect_status 200
  expect_done ".metadata.source == \"$2\""
  expect_text "stream-$1" 'model heard: one two'
}

sends_the_conversation() { # NAME
  only "$1"
  chat "{\"message\":\"again\",\"session_id\":\"whole-$1\"}"
  expect_last '.models.body | fromjson | .messages | map(.content) == ["hello", "model heard: hello", "again"]'
}

sends_keys_where_they_belong() {
  only llama
  chat '{"message":"x"}'
  expect_last '.models.headers | .authorization == "Bearer " + $key and has("x-vx11-token") == false' --arg key "$KEY"
  only claude
  chat '{"message":"x"}'
  expect_last '.models.headers | ."x-api-key" == $key and ."anthropic-version" == "2023-06-01" and has("authorization") == false' --arg key "$KEY"
}

breaks_off() { # NAME FAULT
  heal
  only "$1"
  fault models "$2" "\"path\":\"${PATHS[$1]}\",\"after\":6"
  stream '{"message":"a b c d e f g h"}'
  expect_status 200
  data_of error | grep -q . || unmet "no error event$(echo; cat "$BODY")"
  [[ -z $(data_of done) ]] || unmet "it ends as if complete"
}

falls_back() { # FAULT [MEMBERS]
  heal
  fault models "$1" "\"path\":\"/v1/chat\"${2:+,$2}"
  chat '{"message":"fall"}'
  expect_status 200
  expect_json '.response == "model heard: fall" and .metadata.source == "ollama_fallback"'
}

falls_back_before_the_first_piece() { # FAULT
  heal
  fault models "$1" '"path":"/v1/chat","after":1'
  stream '{"message":"fall"}'
  expect_done '.metadata.source == "ollama_fallback"'
}

shows_targets_without_waking_them() {
  heal
  reset_counts
  operator GET /operator/status
  expect_json '[.components.llama, .components.ollama, .components.claude] | all(has("status"))'
  expect_count .models.total 0
}

counts_them_in_metrics() {
  anonymous GET /metrics
  grep -q 'llama' "$BODY" || unmet "no metrics of llama"
}

# expect_events NAME EVENT PATTERN: how often the event was counted.
expect_events() {
  local line
  line=$(grep "^vx11_events_total{event=\"$2\",name=\"$1\"} " "$BODY") || unmet "no events $2 of $1"
  [[ ${line##* } =~ ^$3$ ]] || unmet "$2 of $1: ${line##* } instead of $3"
}

counts_every_decision() {
  anonymous GET /metrics
  expect_events llama router.attempt '[1-9][0-9]+'
  expect_events ollama router.fallback '[1-9][0-9]*'
  expect_events claude router.stream_broken '[1-9][0-9]*'
  expect_events llama router.fallback 0  # it is the first
  expect_events claude circuit.opened 0
  expect_events madre_power circuit.rejected 0
  expect_events server server.turned_away 0
}

# The third TOML block of the page, with the URL and the key of this test.
shown_azure() {
  awk '/^```toml$/ {inside = ++blocks == 3; next} /^```$/ {inside = 0} inside' \
    "$TESTS_DIR/../docs/upstreams.md" |
    sed -E "s|https://RESOURCE[^/]*|$MODELS|; s|^key_file = .*|key_file = \"$WORK/key\"|"
}

asks_by_deployment() {
  operator POST /v1/chat/completions -H 'content-type: application/json' \
    -d '{"model":"vx11/azure","messages":[{"role":"user","content":"hello"}]}'
  expect_last '.models | .target == "/openai/deployments/DEPLOYMENT/chat/completions?api-version=2024-10-21"
    and .headers."api-key" == $key and (.headers | has("authorization") == false)' --arg key "$KEY"
}

answers_with_a_query() {
  operator POST /v1/chat/completions -H 'content-type: application/json' \
    -d '{"model":"vx11/query","messages":[{"role":"user","content":"hello"}]}'
  expect_status 200
  expect_json '.choices[0].message.content == "model heard: hello"'
  expect_last '.models.target == "/v1/chat/completions?api-version=1&preview"'
  operator POST /v1/embeddings -H 'content-type: application/json' -d '{"model":"vx11/query","input":"x"}'
  expect_status 200
  expect_last '.models.target == "/v1/embeddings?api-version=1&preview"'
}

exceeds_its_total_limit() {
  fault models stream_endless
  operator POST /v1/chat/completions -H 'content-type: application/json' \
    -d '{"model":"vx11/limited","stream":true,"messages":[{"role":"user","content":"hello"}]}'
  expect_status 200
  grep -q '"content"' "$BODY" || unmet "no piece before the limit"
  grep -q '"error"' "$BODY" || unmet "no error at the limit: $(tail -c 300 "$BODY")"
  grep -q 'DONE' "$BODY" && unmet "it ends as if complete"
  anonymous GET /metrics
  grep -q '^vx11_completions_streams_total{.*outcome="cut_by_upstream".* 1$' "$BODY" ||
    unmet "not counted: $(grep streams_total "$BODY")"
  heal
}

printf '%s\n' "$KEY" >"$WORK/key"
start models '^ready' "$UPSTREAM_PROGRAM" --models 127.0.0.1:0 --models-key "$KEY"
MODELS=$(url_of models 'models listening on')
CONTROL=$(url_of models 'control listening on')
{
  shown_file
  # So many faults in a row would open the breakers.
  printf '[targets.%s.breaker]\nfailures_to_open = 1000\n' llama ollama claude
} | config
start_gateway --config "$CONFIG"

check 'the file of docs/upstreams.md has at most twenty lines' file_is_short
for form in whole streamed; do
  check "an OpenAI server answers, $form" answers_$form llama llama
  check "Ollama answers, $form" answers_$form ollama ollama_fallback
  check "Anthropic answers, $form" answers_$form claude claude_fallback
done
for name in llama ollama claude; do
  check "$name gets the session as a conversation" sends_the_conversation $name
  check "$name reports an error in mid-stream" breaks_off $name stream_error
  check "$name is cut cleanly in mid-stream" breaks_off $name stream_cut
  check "$name breaks in mid-stream" breaks_off $name stream_break
done
check 'the stand-in outlives requests with members of the wrong kind' outlives_bad_requests
check 'keys are sent in the header of their API, and the token of VX11 is not' sends_keys_where_they_belong
for kind in 500 429 404 html invalid_json wrong_shape no_text truncated reset; do
  check "the next target answers after $kind" falls_back "$kind"
done
for kind in stream_error stream_cut stream_break; do
  check "the next target answers after $kind before the first piece" falls_back_before_the_first_piece $kind
done
check 'the status shows targets without a request to them' shows_targets_without_waking_them
check 'metrics name the targets' counts_them_in_metrics
check 'metrics count every decision, from 0 on' counts_every_decision

end_gateway
stop models
start models '^ready' "$UPSTREAM_PROGRAM" --models 127.0.0.1:0
MODELS=$(url_of models 'models listening on')
CONTROL=$(url_of models 'control listening on')
{
  shown_azure
  printf '[targets.query]\ndialect = "openai"\nurl = "%s/?api-version=1&preview"\n' "$MODELS"
  printf '[targets.limited]\ndialect = "openai"\nurl = "%s"\ntotal_limit = "300ms"\n' "$MODELS"
} | config
start_gateway --config "$CONFIG"
check 'the target of docs/upstreams.md for Azure asks by deployment, version and api-key' asks_by_deployment
check 'a query of a URL is sent with chats and embeddings' answers_with_a_query
check 'a stream is cut by the total limit of its target' exceeds_its_total_limit
finish
