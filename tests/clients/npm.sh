#!/usr/bin/env bash
# Event-stream clients from npm read a streamed chat, and none of them asks the question twice, though each
# reconnects after a stream that ended.
#   npm.sh CLIENT FOLDER         the folder is the one that install.sh filled
source "$(dirname "$0")/../lib.sh"

readonly CLIENT=$1 FOLDER=$2
[[ -e $FOLDER/node_modules/installed.json ]] || { echo "skipped: the clients are not installed in $FOLDER" && exit 77; }
source "$(dirname "$0")/question.sh"

ask() { # [hide]
  reset_counts
  rm -f "$BODY"
  timeout 60 node "$FOLDER/ask.mjs" "$CLIENT" "$BASE/operator/chat/ask" "$TOKEN" "$QUESTION" "$@" >"$BODY"
  STATUS=$?
  expect_equal "exit code of the client" "$STATUS" 0
}

reads_the_whole_text() {
  ask
  expect_json '.text == $text' --arg text "$ANSWER"
  expect_json '.events[-1] == "done" and (.events[:-1] | all(. == "message")) and .without_id == 0'
}
asks_once() { expect_count "$CHATS" 1; }

would_wait_an_hour() { expect_json '.delays | all(. >= 3600000)'; }
is_stopped_by_204() { expect_json '.over and (.statuses == [200] or .statuses == [200, 204] or .statuses == [])'; }

sees_the_error() {
  fault switch stream_break
  ask
  heal
  expect_json '.events[-1] == "error" and (.last_data | fromjson | .complete == false)'
}
hides_the_tab() {
  tune '{"stream_released":1}'
  ask hide
  tune '{"stream_released":1000000}'
  expect_json '.statuses == [200, 204] and .over'
}

start_upstream
tune '{"stream":true}'
start_gateway

check "$CLIENT reads the whole text, then done" reads_the_whole_text
check "$CLIENT asks the switch once" asks_once
check "$CLIENT would reconnect after an hour, if at all" would_wait_an_hour
check "$CLIENT is stopped by the 204 to its reconnect" is_stopped_by_204
check "$CLIENT gets the error of a stream that breaks" sees_the_error
check "$CLIENT asks once although the stream broke" asks_once
if [[ $CLIENT == fetch-event-source ]]; then
  check "$CLIENT reconnects when its tab was hidden, and is stopped" hides_the_tab
  check "$CLIENT asked once although its tab was hidden" asks_once
fi
finish
