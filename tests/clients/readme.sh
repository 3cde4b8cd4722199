#!/usr/bin/env bash
# The README's client of the OpenAI chat API, run as it stands there but for the port and the token.
#   readme.sh FOLDER README
source "$(dirname "$0")/../lib.sh"

readonly FOLDER=$1 README=$2
[[ -e $FOLDER/node_modules/installed.json ]] || { echo "skipped: the clients are not installed in $FOLDER" && exit 77; }

answers() {
  sed -n '/^```js$/,/^```$/{/^```/d;p}' "$README" |
    sed "s|http://127.0.0.1:8000|$BASE|; s|vx11-local-token|$TOKEN|" >"$FOLDER/readme.mjs"
  expect_equal "lines of the block" "$(grep -c . "$FOLDER/readme.mjs")" 7
  expect_equal "the answer" "$(timeout 60 node "$FOLDER/readme.mjs")" 'switch heard: hello'
}

start_upstream
start_gateway
check "the README's ten lines get an answer" answers
finish
