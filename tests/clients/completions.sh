#!/usr/bin/env bash
# Clients of the OpenAI chat API against switch up, falling back, failing in mid-stream, slow and rate-limited.
# What the upstreams were asked is counted: a question is never repeated where one answer was possible.
#   completions.sh CLIENT FOLDER        the folder is the one that install.sh filled
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/question.sh"

readonly CLIENT=$1 FOLDER=$2
if [[ $CLIENT == httpx ]]; then
  /usr/bin/python3 -c 'import httpx' 2>/dev/null || { echo 'skipped: there is no python3-httpx' && exit 77; }
else
  [[ -e $FOLDER/node_modules/installed.json ]] || { echo "skipped: the clients are not installed in $FOLDER" && exit 77; }
fi
readonly MADRE_CHATS='.madre["POST /madre/chat"] // 0'
# How often a client asks again after a failure that says nothing of retries: openai obeys the hint.
declare -A ASKS_AGAIN=([openai]=0 [openai-helper]=0 [ai-sdk-openai-compatible]=1 [ai-sdk-openai]=1 [ai-sdk-openai-responses]=1 [langchain]=1 [httpx]=0)

ask() { # whole|stream|tools|leave
  reset_counts
  rm -f "$BODY"
  if [[ $CLIENT == httpx ]]; then
    timeout 60 /usr/bin/python3 "$TESTS_DIR/clients/completions.py" "$BASE/v1" "$TOKEN" "$1" "$QUESTION" >"$BODY"
  else
    timeout 60 node "$FOLDER/completions.mjs" "$CLIENT" "$BASE/v1" "$TOKEN" "$1" "$QUESTION" >"$BODY"
  fi
  STATUS=$?
  expect_equal "exit code of the client" "$STATUS" 0
}
asked() { expect_count "$CHATS" "$1" && expect_count "$MADRE_CHATS" "$2"; } # SWITCH MADRE

reads() { # whole|stream
  ask "$1"
  expect_json '.text == $text and .finish == "stop" and .error == null' --arg text "$ANSWER"
  asked 1 0
}
falls_back() { # whole|stream
  fault switch 500
  ask "$1"
  heal
  expect_json '(.text | startswith("madre heard")) and .finish == "stop" and .error == null'
  asked 1 1
}
sees_a_break() {
  fault switch stream_break
  ask stream
  heal
  expect_json '.error != null and (.error.message | test("broke off")) and .finish != "stop"'
  asked 1 0
}
waits() { # whole|stream
  tune '{"latency_ms":3000}'
  reads "$1"
  tune '{"latency_ms":0}'
}
is_limited() {
  fault switch 429 '"retry_after":30'
  fault madre 429 '"path":"/madre/chat","retry_after":30'
  ask whole
  heal
  local times=$((1 + ASKS_AGAIN[$CLIENT]))
  expect_json '.error.status == 429 and (.statuses | all(. == 429))'
  asked "$times" "$times"
}
sees_tools_refused() {
  ask tools
  expect_json '.error.status == 400 and (.error.message | test("tools")) and .statuses == [400]'
  asked 0 0
}
was_abandoned() { [[ $(count '.switch.abandoned') == 1 ]]; }
leaves() {
  tune '{"stream_released":1}'
  ask leave
  eventually 10 was_abandoned || unmet "the call to switch has not ended: $(count '.switch')"
  tune '{"stream_released":1000000}'
  asked 1 0
}

start_upstream
tune '{"stream":true}'
VX11_SWITCH_BREAKER_FAILURES_TO_OPEN=1000 VX11_CHAT_FALLBACK_AFTER=0s start_gateway

for form in whole stream; do
  check "$CLIENT reads an answer ($form), asked once" reads $form
  check "$CLIENT gets madre's when switch fails ($form), each asked once" falls_back $form
  check "$CLIENT waits for a slow answer ($form), asked once" waits $form
done
check "$CLIENT sees that a stream broke off, asked once" sees_a_break
check "$CLIENT is limited, and no target asked more often than the client insists" is_limited
[[ $CLIENT == httpx ]] || check "$CLIENT sees that tools are not supported, and nothing was asked" sees_tools_refused
check "$CLIENT leaves, and so does the call to switch" leaves
finish
