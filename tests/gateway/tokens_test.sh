#!/usr/bin/env bash
# Named tokens: the commands that change their file, and the gateway that reads it while it runs.
#   tokens_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

readonly FILE=$WORK/tokens
readonly CHATS=1000

# token ARGUMENT…: standard output and the exit code are the command's; what it says is in said.
token() { "$GATEWAY_PROGRAM" token "$@" --file "$FILE" 2>"$WORK/said"; }

# makes NAME SCOPES [ARGUMENT…]: prints the token.
makes() { token new "$1" --scopes "$2" "${@:3}"; }

# says TEXT COMMAND…: with exit code 2, and changes nothing.
refuses() {
  local text=$1 code=0 before
  shift
  before=$(sha256sum "$FILE" 2>/dev/null)
  token "$@" >"$WORK/printed" || code=$?
  expect_equal "exit code" "$code" 2
  grep -q -- "$text" "$WORK/said" || unmet "it says: $(cat "$WORK/said")"
  expect_equal "the file" "$(sha256sum "$FILE" 2>/dev/null)" "$before"
}

# with TOKEN METHOD PATH [CURL-ARGUMENT…]
with() {
  local token=$1
  shift
  anonymous "$@" -H "authorization: Bearer $token"
}

chats_with() {
  with "$1" POST /operator/chat/ask -H 'content-type: application/json' --data '{"message":"hello"}'
}

is_refused() { # TOKEN
  chats_with "$1"
  [[ $STATUS == 403 && $(cat "$BODY") == '{"error":"forbidden","status_code":403}' ]]
}

metric() { # NAME: its value, through the token that may read it
  curl --noproxy '*' -fsS -H "authorization: Bearer $METRICS" "$BASE/metrics" |
    sed -n "s/^$1 //p"
}
metric_is() { [[ $(metric "$1") == "$2" ]]; }

# --- the commands ---------------------------------------------------------------------------------

prints_the_token_once() {
  local first
  first=$(makes ci chat,power:read --expires 90d) || unmet "it fails: $(cat "$WORK/said")"
  [[ $first =~ ^vx11_[0-9A-Za-z]{49}$ ]] || unmet "it prints '$first'"
  expect_equal mode "$(stat -c %a "$FILE")" 600
  ! grep -q "${first#vx11_}" "$FILE" "$WORK/said" || unmet "the token is shown elsewhere"
  grep -q "sha256:$(printf %s "$first" | sha256sum | cut -d' ' -f1)" "$FILE" || unmet "no digest"
}

lists_without_digests() {
  token list >"$WORK/printed"
  grep -Eq '^ci +20[0-9-]+T[0-9:]+Z +chat,power:read$' "$WORK/printed" ||
    unmet "it prints $(cat "$WORK/printed")"
  ! grep -q sha256 "$WORK/printed" || unmet "digests are shown"
}

keeps_every_writers_token() {
  local -a writers=()
  for i in {1..20}; do
    "$GATEWAY_PROGRAM" token new "parallel-$i" --scopes chat --file "$FILE" >/dev/null 2>&1 &
    writers+=($!)
  done
  wait "${writers[@]}"
  expect_equal "tokens" "$(grep -c '^parallel-' "$FILE")" 20
  expect_equal "files" "$(find "$WORK" -name 'tokens*' | wc -l)" 1
  for i in {1..20}; do token revoke "parallel-$i" || return; done
  ! grep -q '^parallel-' "$FILE"
}

refuses_a_file_that_others_write() {
  chmod 620 "$FILE"
  refuses 'chmod go-w' list
  chmod 640 "$FILE"
  token list >/dev/null || unmet "a group may not read it"
  chmod 600 "$FILE"
}

check "token new: prints the token, stores the digest, for the owner alone" prints_the_token_once
check "token new: a name that is taken" refuses 'token revoke ci --file' new ci --scopes chat
check "token new: an unknown scope" refuses 'power:read, power:write' new x --scopes chats
check "token new: no scope" refuses 'scopes is required' new x
check "token new: a bad duration" refuses 'such as 90d' new x --scopes chat --expires 90
check "token new: a bad name" refuses 'is no name' new 'a b' --scopes chat
check "token: an unknown command" refuses 'token --help' rotate ci
check "token revoke: an unknown name" refuses 'did you mean "ci"' revoke cj
check "token list: names, scopes and expiry, no digests" lists_without_digests
check "token: 20 writers at once lose nothing" keeps_every_writers_token
check "token: a file that others may write is refused" refuses_a_file_that_others_write

# --- the gateway ----------------------------------------------------------------------------------

token revoke ci
CI=$(makes ci chat)
OTHER=$(makes other chat,status)
METRICS=$(makes prometheus metrics)
readonly CI OTHER METRICS

start_upstream
unset VX11_TENTACULO_LINK_TOKEN
export VX11_UPSTREAM_TOKEN=$TOKEN VX11_METRICS_ACCESS=token
start_gateway --tokens "$FILE"

chats() {
  chats_with "$CI"
  expect_status 200
}

names_the_missing_scope() {
  with "$CI" GET /operator/status
  expect_status 403
  expect_json '. == {"error":"insufficient_scope","scope":"status","status_code":403}'
  expect_header WWW-Authenticate 'error="insufficient_scope", scope="status"'
  with "$METRICS" GET /v1/models
  expect_status 403
  expect_json '.error.code == "insufficient_scope" and (.error.message | contains("chat"))'
  grep -q 'scope missing: ci: status' "$WORK/gateway.err" || unmet "the log does not say which"
}

serves_prometheus() {
  with "$METRICS" GET /metrics
  expect_status 200
  grep -q '^vx11_token_file_tokens 3$' "$BODY" || unmet "$(grep token_file "$BODY")"
  anonymous GET /metrics
  expect_status 401
}

refuses_the_development_token() {
  with vx11-local-token GET /operator/status
  expect_status 403
  with "$TOKEN" GET /operator/status
  expect_status 403
}

# The chats of another token run while this one is revoked.
revokes_while_chats_run() {
  local begun
  printf '{"message":"hello"}' >"$WORK/hello"
  curl --noproxy '*' -sS --max-time 60 --parallel --parallel-immediate --parallel-max 16 \
    -H "authorization: Bearer $OTHER" -H 'content-type: application/json' \
    --data-binary "@$WORK/hello" -w '%{http_code}\n' -o /dev/null \
    "$BASE/operator/chat/ask?[1-$CHATS]" >"$WORK/statuses" 2>"$WORK/curl.parallel" &
  local running=$!
  token revoke ci || unmet "it is not revoked: $(cat "$WORK/said")"
  begun=${EPOCHREALTIME/./}
  eventually 30 is_refused "$CI" || unmet "it is still granted"
  local took=$(((${EPOCHREALTIME/./} - begun) / 1000))
  ((took < 2000 + SLACK_MS)) || unmet "it took $took ms"
  echo "     revoked after $took ms" >&"$REPORT"
  wait "$running"
  expect_equal "the statuses of the others" "$(sort "$WORK/statuses" | uniq -c | xargs)" "$CHATS 200"
}

keeps_tokens_when() { # SAYS COMMAND…: of a file that the command makes unusable, and heals again
  local says=$1
  shift
  cp -p "$FILE" "$WORK/good"
  "$@"
  eventually 30 metric_is vx11_token_file_current 0 || unmet "the metric does not say so"
  grep -q "auth.tokens was not taken over.*$says" "$WORK/gateway.err" || unmet "the log does not say so"
  chats_with "$OTHER"
  expect_status 200
  rm -rf "$FILE"
  mv "$WORK/good" "$FILE"
  eventually 30 metric_is vx11_token_file_current 1 || unmet "a good file is not taken"
}

cut_off() { truncate -s -60 "$FILE"; }
emptied() { : >"$FILE"; }

reads_at_hangup() {
  local lines
  lines=$(grep -c 'auth.tokens was read again' "$WORK/gateway.err")
  kill -HUP "${PIDS[gateway]}"
  more_lines() { (($(grep -c 'auth.tokens was read again' "$WORK/gateway.err") > lines)); }
  eventually 30 more_lines || unmet "SIGHUP does not read the file"
  ! grep -q 'signal 1 is ignored' "$WORK/gateway.err" || unmet "it is ignored"
}

expires() {
  local short
  short=$(makes short chat --expires 3s)
  is_granted() { chats_with "$short"; [[ $STATUS == 200 ]]; }
  eventually 3 is_granted || unmet "a new token is not granted"
  eventually 30 is_refused "$short" || unmet "it does not expire"
  grep -q 'credential refused: short: an expired token' "$WORK/gateway.err" ||
    unmet "the log does not say which"
}

has_no_oracle() {
  local mistyped=${CI%?}_ answer
  for token in "$CI" "$mistyped" guess; do
    with "$token" GET /operator/status
    answer=$(grep -iv '^date:\|^x-request-id:' "$HEAD"; cat "$BODY")
    expect_equal "the answer to $token" "$answer" "${first:=$answer}"
  done
}

stands_beside_the_single_token() {
  VX11_TENTACULO_LINK_TOKEN=$TOKEN restart_gateway --tokens "$FILE"
  operator GET /operator/status
  expect_status 200
  chats_with "$OTHER"
  expect_status 200
}

does_not_start_with() { # TEXT ARGUMENT…
  local text=$1 code=0
  shift
  timeout 30 "$GATEWAY_PROGRAM" --sessions memory --listen 127.0.0.1:0 "$@" \
    >"$WORK/out" 2>"$WORK/said" || code=$?
  ((code == 1 || code == 2)) || unmet "exit code $code"
  grep -q -- "--tokens: .*$text" "$WORK/said" || unmet "it says: $(cat "$WORK/said")"
}

check "a token of the file may chat" chats
check "a missing scope is 403 and named, in the form of each API" names_the_missing_scope
check "Prometheus reads /metrics with a bearer token" serves_prometheus
check "neither the development token nor the upstreams' is accepted" refuses_the_development_token
check "a token is revoked within two seconds, and no other chat fails" revokes_while_chats_run
check "unknown, mistyped and foreign tokens get the same answer" has_no_oracle
check "a file that was cut off changes nothing" keeps_tokens_when 'cut off\|digest' cut_off
check "an empty file changes nothing" keeps_tokens_when 'first line' emptied
check "a missing file changes nothing" keeps_tokens_when 'cannot be read' rm "$FILE"
check "a file that others may write changes nothing" keeps_tokens_when 'chmod go-w' chmod o+w "$FILE"
check "SIGHUP reads the file" reads_at_hangup
check "a token expires, and the log says which" expires
check "VX11_TENTACULO_LINK_TOKEN is one more token, with every scope" stands_beside_the_single_token
check "a file that cannot be read: the gateway does not start" \
  does_not_start_with 'cannot be read' --tokens "$WORK/none"
check "no token file: the gateway does not start" \
  does_not_start_with 'line 1' --tokens "$BODY"
finish
