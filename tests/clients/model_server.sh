#!/usr/bin/env bash
# A model server of others before its own clients and before the gateway: inference-server with llama.cpp, and a model
# with random weights that this test makes. Its answers have no sense, but each is the same for the same question.
#   model_server.sh FOLDER SERVER-FOLDER     as install.sh filled them
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/question.sh"

readonly FOLDER=$1 SERVER_FOLDER=$2
for folder in "$FOLDER" "$SERVER_FOLDER"; do
  [[ -e $folder/node_modules/installed.json ]] || { echo "skipped: nothing is installed in $folder" && exit 77; }
done
/usr/bin/python3 -c 'import httpx' 2>/dev/null || { echo 'skipped: there is no python3-httpx' && exit 77; }

# ask_by CLIENT MODE: through the gateway.
ask_by() {
  rm -f "$BODY"
  if [[ $1 == httpx ]]; then
    timeout 60 /usr/bin/python3 "$TESTS_DIR/clients/completions.py" "$BASE/v1" "$TOKEN" "$2" "$QUESTION" >"$BODY"
  else
    timeout 60 node "$FOLDER/completions.mjs" "$1" "$BASE/v1" "$TOKEN" "$2" "$QUESTION" >"$BODY"
  fi
  STATUS=$?
  expect_equal "exit code of the client" "$STATUS" 0
}
# ask_at URL MODEL MEMBERS: without a client.
ask_at() {
  fetch "$1/chat/completions" -N -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \
    -d "{\"model\":\"$2\",\"messages\":[{\"role\":\"user\",\"content\":\"$QUESTION\"}],\"temperature\":0,\"seed\":7$3}"
}
# What differs between two answers to one question: the id, the time, and what the gateway adds, which is its metadata,
# and a reason in a stream that has none.
without_marks() {
  sed -E -e 's/("id": ?")[^"]*"/\1"/; s/("created": ?)[0-9]+/\1/' \
    -e 's/,"vx11":\{.*\}\}$/}/; /"delta":\{\},"finish_reason":"stop"\}\]\}$/,+1d' "$BODY"
}

lists_its_model() {
  fetch "$SERVER/models"
  expect_json '[.data[].id] == ["short", "long"]'
  fetch "$BASE/v1/models" -H "authorization: Bearer $TOKEN"
  expect_json '[.data[].id] | index("vx11/real") != null'
}
reads() { # CLIENT
  ask_by "$1" whole
  expect_json '.text == $text and .finish == "length" and .error == null' --arg text "$TEXT"
}
# In streams this server loses the spaces between words, and the last event has no empty line.
reads_stream() { # CLIENT FINISH
  ask_by "$1" stream
  expect_json '.text == $text and .finish == $finish and .error == null' --arg text "${TEXT// /}" --arg finish "$2"
}
is_the_same() { # MEMBERS
  ask_at "$SERVER" short "$1"
  expect_status 200
  without_marks >"$WORK/direct"
  ask_at "$BASE/v1" vx11/real "$1"
  expect_status 200
  without_marks >"$WORK/through"
  # The server leaves out the empty line after the last event.
  diff -B <(cat "$WORK/direct"; echo) <(cat "$WORK/through"; echo)
}
has_the_metadata() {
  grep -q '"vx11":{"source":"real"' "$BODY" || unmet "no metadata$(show_answer)"
  [[ $(tail -c 14 "$BODY") == 'data: [DONE]' ]] || unmet "the stream has no end$(show_answer)"
}
passes_usage() {
  ask_at "$BASE/v1" vx11/real ',"max_tokens":5'
  expect_json '.usage.completion_tokens == 5 and .usage.prompt_tokens > 0 and .choices[0].finish_reason == "length"'
}
refuses() { # without another target: the model is not there
  ask_at "$SERVER" absent ''
  expect_json '.error == "Model does not exist"'
  ask_at "$BASE/v1" vx11/absent ''
  expect_status 400
  expect_json '.error.message | test("absent refused the request with status 400")'
}
falls_back() {
  ask_at "$BASE/v1" vx11/all ''
  expect_status 200
  expect_json '.vx11.source == "real" and [.vx11.attempts[].name] == ["absent", "real"]'
}
# The server itself computes on when its client has left: what is seen is that its connection closed amid the answer.
times_left() { grep -c '^a client left' "$WORK/model.out"; }
has_left() { (($(times_left) > $1)); } # TIMES-BEFORE
is_idle() { curl --noproxy '*' -fsS "${SERVER%/openai/v1}/" | jq -e '.pool.processing == 0' >/dev/null; }
leaves() { # CLIENT
  local before
  before=$(times_left)
  ask_by "$1" leave
  expect_json '.text != "" and .error == null'
  eventually 10 has_left "$before" || unmet 'the connection to the server is still open'
  eventually 60 is_idle
}

(cd "$WORK" && node "$SERVER_FOLDER/gguf.mjs" tiny.gguf) || die 'the model cannot be made'
start model '^listening' node "$SERVER_FOLDER/server.mjs" "$WORK/tiny.gguf"
SERVER=$(url_of model 'listening on')
ask_at "$SERVER" short ''
TEXT=$(jq -r '.choices[0].message.content' "$BODY")

targets() { # ROUTE
  for target in real=short absent=absent long=long; do
    printf '[targets.%s]\ndialect = "openai"\nurl = "%s"\nmodel = "%s"\n' "${target%=*}" "$SERVER" "${target#*=}"
  done
  printf '[routes.all]\ntargets = ["absent", "real"]\n'
  printf '[routes.one]\ntargets = ["%s"]\n[chat]\nroute = "one"\n' "$1"
}
targets real | config
start_gateway --config "$CONFIG"

check 'the server lists its models, and the gateway its target' lists_its_model
for client in openai httpx; do
  check "$client reads a whole answer" reads $client
  check "$client reads a stream whose server gives no reason for its end" reads_stream $client stop
done
check 'the openai helper, which asks for usage, reads the reason of the server' reads_stream openai-helper length
check 'a whole answer is what the server says, byte by byte' is_the_same ''
check 'a stream is what the server says, event by event' is_the_same ',"stream":true'
check 'a stream with usage is what the server says, event by event' is_the_same \
  ',"stream":true,"stream_options":{"include_usage":true}'
check 'the stream says where it comes from' has_the_metadata
check 'the count of tokens is passed through' passes_usage
check 'a refusal of the server is seen, whatever its form' refuses
check 'a refusal of the server lets the next target answer' falls_back

targets long | config
restart_gateway --config "$CONFIG"
for client in openai httpx; do
  check "$client leaves a stream, and the gateway the server" leaves $client
done
finish
