#!/usr/bin/env bash
# Debian's Python clients read a streamed chat line by line, and ask once.
#   python.sh requests|httpx
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/question.sh"

readonly CLIENT=$1 PYTHON=/usr/bin/python3
"$PYTHON" -c "import $CLIENT" 2>/dev/null || { echo "skipped: there is no python3-$CLIENT" && exit 77; }

reads_the_whole_text() {
  "$PYTHON" "$TESTS_DIR/clients/read.py" "$CLIENT" "$BASE/operator/chat/ask" "$TOKEN" "$QUESTION" >"$BODY"
  STATUS=$?
  expect_equal "exit code of the client" "$STATUS" 0
  expect_json '.text == $text and .done' --arg text "$ANSWER"
}
asks_once() { expect_count "$CHATS" 1; }

start_upstream
tune '{"stream":true}'
start_gateway

check "$CLIENT reads the whole text, then done" reads_the_whole_text
check "$CLIENT asks the switch once" asks_once
finish
