#!/usr/bin/env bash
# Embeddings, text completions and tools through the gateway with the openai client, before targets of three
# APIs; and that the stand-in for these targets has the shapes that their own clients read.
#   models.sh FOLDER             the one that install.sh filled
source "$(dirname "$0")/../lib.sh"

readonly FOLDER=$1
[[ -e $FOLDER/node_modules/installed.json ]] || { echo "skipped: the clients are not installed in $FOLDER" && exit 77; }
readonly KEY=key-of-the-models QUESTION='How is the weather?'
readonly -A PATHS=([llama]=/v1/chat/completions [ollama]=/api/chat [claude]=/v1/messages)
readonly EMBEDDINGS='.models["POST /v1/embeddings"] // 0'

ask() { # CLIENT MODE URL KEY MODEL
  reset_counts
  rm -f "$BODY"
  timeout 60 node "$FOLDER/models.mjs" "$@" "$QUESTION" >"$BODY"
  STATUS=$?
  expect_equal 'exit code of the client' "$STATUS" 0
}
through() { ask openai "$1" "$BASE$PREFIX" "$TOKEN" "$2"; } # MODE MODEL
directly() { ask "$1" "$2" "$MODELS${3:-}" "$KEY" stub; }   # CLIENT MODE [PATH]

uses_a_tool() {
  expect_json '.tool == "weather" and .arguments == {text: "model heard: How is the weather?"}'
  expect_json '.text == "tool said: sunny"'
}
loops() { # MODEL TARGET MODE
  through "$3" "$1"
  uses_a_tool
  expect_json '.finishes == ["tool_calls", "stop"]'
  expect_count ".models[\"POST ${PATHS[$2]}\"]" 2
  expect_count .models.total 2
}
falls_back_with_tools() { # MODE
  fault models 503 '"path":"/v1/chat/completions"'
  through "$1" vx11
  heal
  uses_a_tool
  expect_count '.models["POST /v1/chat/completions"], .models["POST /api/chat"]' $'2\n2'
}
is_refused() { # MODEL MEMBER JSON
  reset_counts
  fetch "$BASE/v1/chat/completions" -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \
    -d "{\"model\":\"$1\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],
         \"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],$3}"
  expect_status 400
  expect_json '.error.message | startswith($member)' --arg member "$2: "
  expect_count .models.total 0
}

reads_vectors() { # MODE
  through "$1" vx11/llama
  expect_json '.vectors == [[0.5, -0.25, 0.125], [0.5, -0.25, 0.125]] and .model == "named"'
  expect_count "$EMBEDDINGS" 1
  expect_last '.models.body | fromjson | .model == "named" and (.input | length) == 2'
}
follows_an_alias() {
  through embed text-embedding-3-small
  expect_json '.vectors | length == 2'
  expect_count .models.total 1
}
falls_back_for_vectors() {
  fault models 500 '"path":"/v1/embeddings","times":1'
  through embed vx11
  heal
  expect_json '.vectors | length == 2'
  expect_count "$EMBEDDINGS" 2
}
has_no_vectors() { # MODEL
  through embed "$1"
  expect_json '.error.status == 400 and (.error.message | test("no target of this model has embeddings"))'
  expect_count .models.total 0
}

completes() { # MODE MODEL TARGET
  through "$1" "$2"
  expect_json '.text == "model heard: How is the weather?" and .finish == "stop" and .object == "text_completion"'
  [[ $1 == prompt ]] || expect_json '.pieces > 2'
  expect_count ".models[\"POST ${PATHS[$3]}\"]" 1
  expect_count .models.total 1
}

stand_in_has_the_shape() { # CLIENT MODE [PATH]
  directly "$@"
  uses_a_tool
}
stand_in_embeds() {
  directly openai "$1" /v1
  expect_json '.vectors[1] == [0.5, -0.25, 0.125]'
}
stand_in_completes() {
  directly openai "$1" /v1
  expect_json '.text == "model heard: How is the weather?" and .object == "text_completion"'
}

printf '%s\n' "$KEY" >"$WORK/key"
start models '^ready' "$UPSTREAM_PROGRAM" --models 127.0.0.1:0 --models-key "$KEY"
MODELS=$(url_of models 'models listening on')
# shellcheck disable=SC2034  # for programs.sh
CONTROL=$(url_of models 'control listening on')
{
  for target in llama=openai spare=openai ollama=ollama claude=anthropic; do
    printf '[targets.%s]\ndialect = "%s"\nurl = "%s"\nkey_file = "%s"\nmodel = "named"\n' \
      "${target%=*}" "${target#*=}" "$MODELS" "$WORK/key"
    printf '[targets.%s.breaker]\nfailures_to_open = 1000\n' "${target%=*}"
  done
  printf '[routes.all]\ntargets = ["llama", "ollama", "spare", "claude"]\n[chat]\nroute = "all"\n'
  printf '[completions]\naliases = ["text-embedding-3-small=vx11/all"]\n'
} | config
start_gateway --config "$CONFIG"
PREFIX=/v1

for mode in tools tools-stream; do
  check "the ollama client reads a call of the stand-in ($mode)" stand_in_has_the_shape ollama $mode
  check "the Anthropic client reads a call of the stand-in ($mode)" stand_in_has_the_shape anthropic $mode
  check "the openai client reads a call of the stand-in ($mode)" stand_in_has_the_shape openai $mode /v1
  for target in llama ollama claude; do
    check "a tool is called and its result answered by $target, each asked once ($mode)" loops vx11/$target $target $mode
  done
  check "a chat with tools falls back to another API ($mode)" falls_back_with_tools $mode
done
check 'Ollama cannot be made to call a tool' is_refused vx11/ollama tool_choice '"tool_choice":"required"'
check 'Ollama cannot be kept from parallel calls' is_refused vx11/ollama parallel_tool_calls '"parallel_tool_calls":false'
check 'Anthropic has no custom grammar of tools' is_refused vx11/claude 'tools[0]' '"tools":[{"type":"custom","custom":{"name":"f"}}]'
for mode in embed embed-float; do
  check "the stand-in has the vectors of its API ($mode)" stand_in_embeds $mode
  check "embeddings of a target, asked once ($mode)" reads_vectors $mode
done
check 'embeddings of an alias, of the first target that has them' follows_an_alias
check 'embeddings fall back to the next target that has them' falls_back_for_vectors
check 'a model of Ollama alone has none' has_no_vectors vx11/ollama
for mode in prompt prompt-stream; do
  check "the stand-in has the text completions of its API ($mode)" stand_in_completes $mode
  for target in llama ollama claude; do
    check "a text completion of $target, asked once ($mode)" completes $mode vx11/$target $target
  done
done
PREFIX='' # a base URL without /v1
check 'embeddings without /v1' reads_vectors embed
check 'text completions without /v1' completes prompt vx11/llama llama
finish
