#!/usr/bin/env bash
# The gateway with groups, rules and a shadow, before four model servers of their own processes.
#   groups_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

declare -A URL=() CONTROLS=()

start_models() { # NAME
  start "$1" '^ready' "$UPSTREAM_PROGRAM" --models 127.0.0.1:0
  URL[$1]=$(url_of "$1" 'models listening on')
  CONTROLS[$1]=$(url_of "$1" 'control listening on')
}

fault_of() { CONTROL=${CONTROLS[$1]} fault models "${@:2}"; } # NAME KIND [MEMBERS]
asked() { CONTROL=${CONTROLS[$1]} count .models.total; }      # NAME
afresh() { # all servers healthy, nothing counted
  local name
  for name in one two spare trial; do
    CONTROL=${CONTROLS[$name]} heal
    CONTROL=${CONTROLS[$name]} reset_counts
  done
}

complete() { # MODEL [SESSION]
  operator POST /v1/chat/completions -H 'content-type: application/json' -d "{\"model\":\"$1\",
    ${2:+\"metadata\":{\"session_id\":\"$2\"\},}\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"
}
source_of() { complete "$@" && jq -r .vx11.source "$BODY"; }
expect_answer() {
  expect_status 200
  expect_json '.choices[0].message.content == "model heard: hello"'
}

# The second TOML block of the page, with the URLs and the key of this test.
shown_file() {
  awk '/^```toml$/ {inside = ++blocks == 2; next} /^```$/ {inside = 0} inside' \
    "$TESTS_DIR/../docs/upstreams.md" |
    sed -E "/gpu-1\]/,/^url/s|^url = .*|url = \"${URL[one]}\"|; /gpu-2\]/,/^url/s|^url = .*|url = \"${URL[two]}\"|
      s|https://api.example.com/v1|${URL[spare]}/v1|; s|^key_file = .*|key_file = \"$WORK/key\"|"
}

serves_the_shown_file() {
  local lines
  lines=$(shown_file | grep -c '[^ ]')
  ((lines > 10 && lines <= 20)) || unmet "the file has $lines lines"
  afresh
  for _ in {1..8}; do
    chat '{"message":"hello"}'
    expect_status 200
    expect_json '.metadata.source == "gpu-1" or .metadata.source == "gpu-2"'
  done
  expect_equal 'the calls of gpu-1' "$(asked one)" 4
  fault_of one 500
  fault_of two 500
  chat '{"message":"hello"}'
  expect_json '.metadata.source == "host_fallback"'
}

targets() {
  local name
  for name in one two spare trial; do
    printf '[targets.%s]\ndialect = "openai"\nurl = "%s"\n' "$name" "${URL[$name]}"
    [[ $name != one ]] || echo 'weight = 3'
    echo 'breaker.failures_to_open = 1000' # so many faults in a row would open it
  done
}

groups_and_routes() {
  cat <<'TOML'
[groups.shared]
targets = ["one", "two"]
policy = "weighted"
[groups.by_session]
targets = ["one", "two"]
policy = "sticky"
[groups.usual]
targets = ["one", "two"]
[routes.main]
targets = ["shared", "spare"]
[routes.main.shadow]
target = "trial"
share = 0.25
[routes.strict]
targets = ["one", "spare"]
[[routes.strict.rules]]
statuses = [404]
next = "final"
[routes.past]
targets = ["one", "two", "spare"]
[[routes.past.rules]]
statuses = [404]
next = "spare"
[chat]
route = "main"
TOML
}

shares_by_weight() {
  afresh
  for _ in {1..40}; do
    chat '{"message":"hello"}'
    expect_status 200
    expect_json '.degraded == false and (.metadata.source == "one" or .metadata.source == "two")'
  done
  expect_equal 'the share of one' "$(asked one)" 30
  expect_equal 'the share of two' "$(asked two)" 10
  expect_equal 'the share of spare' "$(asked spare)" 0
  # So that the next check counts none of these copies.
  eventually 10 has_been_asked trial 10 || unmet "the shadow was asked $(asked trial) times, not 10"
}

copies_a_share() {
  afresh
  for _ in {1..40}; do complete vx11; done
  eventually 10 has_been_asked trial 10 || unmet "the shadow was asked $(asked trial) times, not 10"
}
has_been_asked() { [[ $(asked "$1") == "$2" ]]; }

answers_in_spite_of_its_shadow() { # FAULT
  afresh
  fault_of trial "$1"
  for _ in {1..8}; do
    complete vx11
    expect_answer
    expect_within 0
    expect_json '.vx11.degraded == false and (.vx11.attempts | length == 1)'
  done
  eventually 10 has_been_asked trial 2 || unmet "the shadow was asked $(asked trial) times, not 2"
}

keeps_sessions_together() {
  local session first sources=''
  afresh
  for session in {1..10}; do
    first=$(source_of vx11/by_session "$session")
    sources+=" $first"
    expect_equal "session $session" "$(source_of vx11/by_session "$session")" "$first"
  done
  [[ $sources == *one* && $sources == *two* ]] || unmet "all sessions are on one target: $sources"
}

leaves_a_limited_target_alone() {
  afresh
  fault_of one 429 '"retry_after":60'
  for _ in {1..10}; do
    complete vx11/usual
    expect_answer
    expect_json '.vx11.source == "two"'
  done
  (($(asked one) <= 1)) || unmet "a target that asked for 60 s was asked $(asked one) times"
}

replaces_a_stream_before_its_first_piece() {
  afresh
  fault_of one stream_error '"after":1'
  for _ in {1..4}; do
    operator POST /operator/chat/ask -H 'content-type: application/json' \
      -H 'accept: text/event-stream' -d '{"message":"one two"}'
    expect_status 200
    grep -A1 '^event: done' "$BODY" | grep -q '"source":"two"' || unmet "not by two: $(cat "$BODY")"
  done
}

ends_the_chain() {
  afresh
  fault_of one 404
  complete vx11/strict
  expect_status 400
  expect_json '.error.message | contains("one refused the request with status 404")'
  expect_equal 'the calls of spare' "$(asked spare)" 0
  fault_of one 500
  complete vx11/strict
  expect_answer
  expect_equal 'the calls of spare' "$(asked spare)" 1
}

passes_by_the_steps_between() {
  afresh
  fault_of one 404
  complete vx11/past
  expect_answer
  expect_json '.vx11.source == "spare"'
  expect_equal 'the calls of two' "$(asked two)" 0
}

shows_its_targets() {
  afresh
  operator GET /operator/status
  expect_json '[.components.one, .components.two, .components.trial] | all(has("status"))'
  anonymous GET /metrics
  local name
  for name in one two spare; do
    grep -q "^vx11_chat_attempts_total{target=\"$name\"" "$BODY" || unmet "no attempts of $name"
  done
  grep -q '^vx11_circuit_state{breaker="trial",' "$BODY" || unmet "no breaker of trial"
  grep -q '^vx11_group_calls_total{group="shared",target="one"} [1-9]' "$BODY" ||
    unmet "no calls of the group"
  operator GET /v1/models
  expect_json '[.data[].id] | contains(["vx11/shared", "vx11/main", "vx11/one"])'
}

outlives_a_dead_target() {
  afresh
  stop one KILL
  for _ in {1..8}; do
    complete vx11
    expect_answer
    expect_json '.vx11.source == "two"'
  done
  for _ in {1..4}; do
    chat '{"message":"hello"}'
    expect_json '.metadata.source == "two"'
  done
  for session in {1..8}; do
    expect_equal "session $session" "$(source_of vx11/by_session "$session")" two
  done
}

asks_the_next_step_without_a_group() {
  stop two KILL
  complete vx11
  expect_answer
  expect_json '.vx11.source == "spare" and .vx11.degraded'
  chat '{"message":"hello"}'
  expect_json '.metadata.source == "spare_fallback"'
}

for name in one two spare trial; do start_models $name; done
echo key >"$WORK/key"
shown_file | config
start_gateway --config "$CONFIG"
check 'the file of docs/upstreams.md with a group works as the page says' serves_the_shown_file
end_gateway

{
  targets
  groups_and_routes
} | config
start_gateway --config "$CONFIG"

check 'a weighted group shares 40 chats 3 to 1, and none is a fallback' shares_by_weight
check 'a shadow of a quarter gets 10 of 40 chats' copies_a_share
for kind in hang 500 html; do
  check "a shadow with $kind changes no answer" answers_in_spite_of_its_shadow $kind
done
check 'a sticky group keeps each session on one target' keeps_sessions_together
check 'a stream that breaks before its first piece is replaced within its group' \
  replaces_a_stream_before_its_first_piece
check 'the rule final ends the chain with the answer, and only for its statuses' ends_the_chain
check 'a rule leads past the steps between' passes_by_the_steps_between
check 'status, metrics and models show the targets of groups' shows_its_targets
check 'a target that asks to wait is left alone' leaves_a_limited_target_alone
check 'a dead target is replaced by the other of its group' outlives_a_dead_target
check 'a group without a target leads to the next step' asks_the_next_step_without_a_group
finish
