#!/usr/bin/env bash
# Fallback by kind: what the gateway does when a model server says that a chat is too long for it,
# or that its content filter refuses it, in the words of each server and API.
#   rules_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

readonly DIALECTS=(openai ollama anthropic)
readonly -A PATHS=([openai]=/v1/chat/completions [ollama]=/api/chat [anthropic]=/v1/messages)
declare -A URL=() CONTROLS=()

start_models() { # NAME
  start "$1" '^ready' "$UPSTREAM_PROGRAM" --models 127.0.0.1:0
  URL[$1]=$(url_of "$1" 'models listening on')
  CONTROLS[$1]=$(url_of "$1" 'control listening on')
}

asked() { CONTROL=${CONTROLS[$1]} count .models.total; } # NAME
afresh() {
  local name
  for name in small middle large; do
    CONTROL=${CONTROLS[$name]} heal
    CONTROL=${CONTROLS[$name]} reset_counts
  done
}
refuses() { CONTROL=${CONTROLS[small]} fault models "$@"; } # KIND [MEMBERS]

target() { # NAME DIALECT URL
  printf '[targets.%s]\ndialect = "%s"\nurl = "%s"\n' "$@"
  [[ $2 == openai ]] || printf 'model = "small"\n'
  printf 'breaker.failures_to_open = 1000\n' # so many faults in a row would open it
}

# For each dialect a chain of three steps, with rules and without.
file() {
  local each
  target middle openai "${URL[middle]}"
  target large openai "${URL[large]}"
  for each in "${DIALECTS[@]}"; do
    target "$each" "$each" "${URL[small]}"
    printf '[routes.plain_%s]\ntargets = ["%s", "middle", "large"]\n' "$each" "$each"
    printf '[routes.rules_%s]\ntargets = ["%s", "middle", "large"]\n' "$each" "$each"
    printf '[[routes.rules_%s.rules]]\nwhen = "context_too_long"\nnext = "large"\n' "$each"
    printf '[[routes.rules_%s.rules]]\nwhen = "content_refused"\nnext = "final"\n' "$each"
  done
  printf '[chat]\nroute = "rules_openai"\n'
}

complete() { # ROUTE STREAM
  operator POST /v1/chat/completions -N -H 'content-type: application/json' -d "{\"model\":\"vx11/$1\",
    \"stream\":$2,\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"
}

expect_text() { # STREAM
  expect_status 200
  if [[ $1 == true ]]; then
    expect_equal text "$(sed -n 's/^data: {/{/p' "$BODY" | jq -j '.choices[0].delta.content // ""')" 'model heard: hello'
  else
    expect_json '.choices[0].message.content == "model heard: hello"'
  fi
}
expect_asked() { # SMALL MIDDLE LARGE
  expect_equal 'the calls of the targets' "$(asked small) $(asked middle) $(asked large)" "$*"
}

answers_by() { # ROUTE CALLS-OF-EACH KIND [MEMBERS]: whole and streamed
  local stream
  for stream in false true; do
    afresh
    refuses "${@:3}"
    complete "$1" "$stream"
    expect_text "$stream"
    # shellcheck disable=SC2086
    expect_asked $2
  done
}

ends_with_it() { # ROUTE KIND [MEMBERS]
  local stream
  for stream in false true; do
    afresh
    refuses "${@:2}"
    complete "$1" "$stream"
    expect_status 400
    expect_json '.error.code == "content_filter"'
    expect_asked 1 0 0
  done
}

as() { echo "\"as\":\"$1\",\"path\":\"${PATHS[$2]}\""; } # SERVER DIALECT

operators_chats_follow_the_rules() {
  afresh
  refuses context_too_long
  chat '{"message":"hello"}'
  expect_status 200
  expect_json '.response == "model heard: hello" and .metadata.source == "large_fallback"'
  expect_asked 1 0 1
  refuses content_refused
  chat '{"message":"hello"}'
  expect_status 503
  expect_json '.attempts | length == 1'
  expect_asked 2 0 1
}

# An answer with status 200 is no error to which a rule applies. The client sees why it is empty.
passes_a_filtered_answer_on() { # DIALECT
  afresh
  refuses content_filtered
  complete "rules_$1" false
  expect_status 200
  expect_json '.choices[0].finish_reason == "content_filter"'
  expect_asked 1 0 0
  complete "rules_$1" true
  expect_status 200
  grep -q '"finish_reason":"content_filter"' "$BODY" || unmet "no reason: $(cat "$BODY")"
  expect_asked 2 0 0
}

# For the operator's API an answer without text is none.
replaces_a_filtered_answer() {
  afresh
  refuses content_filtered
  chat '{"message":"hello"}'
  expect_json '.response == "model heard: hello" and .metadata.source == "middle_fallback"'
  expect_asked 1 1 0
}

for name in small middle large; do start_models $name; done
file | config
start_gateway --config "$CONFIG"

for each in "${DIALECTS[@]}"; do
  check "without a rule the next target answers what is too long, $each" answers_by "plain_$each" '1 1 0' context_too_long
  check "a chat too long for the first target is sent to the large one, $each" answers_by "rules_$each" '1 0 1' context_too_long
  check "another error leads to the next target, $each" answers_by "rules_$each" '1 1 0' 404
done
for each in openai anthropic; do
  check "without a rule the next target answers what was refused, $each" answers_by "plain_$each" '1 1 0' content_refused
  check "a refusal of the content ends the chain, $each" ends_with_it "rules_$each" content_refused
  check "a filtered answer has its reason, $each" passes_a_filtered_answer_on $each
done
check 'a refusal of the content ends the chain, as Azure says it' ends_with_it rules_openai content_refused "$(as azure openai)"
for server in llama.cpp vllm lm_studio sglang tgi; do
  check "a chat too long for $server is sent to the large target" answers_by rules_openai '1 0 1' context_too_long "$(as $server openai)"
done
check 'a context without room for the answer leads to the large target' answers_by rules_anthropic '1 0 1' context_too_long "$(as anthropic_with_answer anthropic)"
check "the rules apply to the operator's chats" operators_chats_follow_the_rules
check "a filtered answer of the operator's is replaced" replaces_a_filtered_answer
finish
