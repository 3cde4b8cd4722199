#!/usr/bin/env bash
# The answers of vx11-upstream's model server are what the clients of these APIs expect.
#   models_test.sh CLIENT FOLDER     the folder is the one that install.sh filled
source "$(dirname "$0")/../lib.sh"

readonly CLIENT=$1 FOLDER=$2
[[ -e $FOLDER/node_modules/installed.json ]] || { echo "skipped: the clients are not installed in $FOLDER" && exit 77; }

reads_answers() {
  timeout 60 node "$FOLDER/check.mjs" "$CLIENT" "$MODELS" key >"$BODY" || unmet "the client failed"
  expect_json '.whole == "model heard: one two" and .streamed == .whole and .usage == true'
}
reads_failures() { expect_json ".failure == $1"; }
reads_tools_models_and_embeddings() {
  expect_json '.tool == "echo" and (.streamed_tool | fromjson | .text) == "model heard: one two" and .models == ["model"] and .embedding == 3'
}
sees_the_error_of_a_stream() {
  fault models stream_error '"after":4'
  ! timeout 60 node "$FOLDER/check.mjs" "$CLIENT" "$MODELS" key >"$BODY" 2>"$WORK/client.err" || unmet "the client noticed nothing"
  heal
}

start models '^ready' "$UPSTREAM_PROGRAM" --models 127.0.0.1:0 --models-key key
MODELS=$(url_of models 'models listening on')
CONTROL=$(url_of models 'control listening on')

check "$CLIENT reads whole and streamed answers" reads_answers
case $CLIENT in
  openai)
    check "$CLIENT reads tool calls, models and embeddings" reads_tools_models_and_embeddings
    check "$CLIENT reads a failure" reads_failures '{"name":"AuthenticationError","status":401}' ;;
  anthropic) check "$CLIENT reads a failure" reads_failures '{"name":"AuthenticationError","status":401}' ;;
  ollama) check "$CLIENT reads a failure" reads_failures '{"name":"ResponseError","status":400}' ;;
esac
check "$CLIENT sees the error of a stream" sees_the_error_of_a_stream
finish
