#!/usr/bin/env bash
# Limits of the gateway: wrong credentials by address, rates, concurrency, language tokens.
#   limits_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

readonly FILE=$WORK/tokens JSON='content-type: application/json'

makes() { "$GATEWAY_PROGRAM" token new "$@" --file "$FILE" 2>"$WORK/said"; }

# status_from ADDRESS TOKEN [PATH]: a request from that loopback address.
status_from() {
  anonymous GET "${3:-/operator/status}" --interface "$1" ${2:+-H "authorization: Bearer $2"}
}
chats_with() { # TOKEN [CURL-ARGUMENT…]
  anonymous POST /operator/chat/ask -H "authorization: Bearer $1" -H "$JSON" \
    -d '{"message":"hello"}' "${@:2}"
}
refusals_of() { # LIMIT
  operator GET /metrics
  sed -n "s/^vx11_limit_refusals_total{limit=\"$1\"} //p" "$BODY"
}
# What a client sees of the last answer. Retry-After falls as time passes.
shown() { grep -iv '^date:\|^x-request-id:\|^retry-after:' "$HEAD" && cat "$BODY"; }

fails_five_times_from() {
  for _ in {1..5}; do
    status_from "$1" wrong
    expect_status 403
  done
}

# --- wrong credentials ----------------------------------------------------------------------------

limits_wrong_credentials() {
  local wrong
  fails_five_times_from 127.0.0.2
  status_from 127.0.0.2 wrong
  expect_status 429
  expect_header Retry-After '^[1-9][0-9]*$'
  wrong=$(shown)
  status_from 127.0.0.2 "$TOKEN"
  expect_status 429
  expect_equal "the answer to the right token" "$(shown)" "$wrong"
  status_from 127.0.0.2 "$TOKEN" /v1/models
  expect_status 429
  expect_json '.error.code == "too_many_attempts"'
}

answers_others() {
  status_from 127.0.0.2 ''
  expect_status 401
  status_from 127.0.0.2 '' /health
  expect_status 200
  status_from 127.0.0.3 "$TOKEN"
  expect_status 200
}

keeps_known_clients() {
  status_from 127.0.0.4 "$TOKEN"
  expect_status 200
  fails_five_times_from 127.0.0.4
  status_from 127.0.0.4 "$TOKEN"
  expect_status 200
  status_from 127.0.0.4 wrong
  expect_status 429
}

counts_and_logs() {
  expect_equal refusals "$(refusals_of auth_failures)" 4
  logs_another() { # at most one line a second
    status_from 127.0.0.2 wrong
    grep -q 'credential refused: too many wrong credentials from its address' "$WORK/gateway.err"
  }
  eventually 10 logs_another || unmet "the log does not say so"
}

start_upstream
VX11_LIMITS_AUTH_FAILURES=5/h VX11_LIMITS_AUTH_FAILURES_ON_LOOPBACK=true start_gateway
check "after five failures an address gets 429, the same for the right token" limits_wrong_credentials
check "without a token it gets 401, and other addresses are answered" answers_others
check "a token that the address has used before is still answered" keeps_known_clients
check "refusals are counted and logged" counts_and_logs

# --- rates ----------------------------------------------------------------------------------------

limits_a_token() {
  chats_with "$SMALL"
  expect_status 200
  expect_header RateLimit-Policy '^"token";q=2;w=3600$'
  expect_header RateLimit '^"token";r=1;t=1800$'
  chats_with "$SMALL"
  chats_with "$SMALL"
  expect_status 429
  expect_json '. == {"error":"rate_limited","status_code":429}'
  expect_header Retry-After '^1[78][0-9][0-9]$'
  expect_equal "reset" "$(header RateLimit)" "\"token\";r=0;t=$(header Retry-After)"
}

gives_a_token_its_own_rate() {
  for _ in 1 2 3; do
    chats_with "$BIG"
    expect_status 200
  done
  expect_header RateLimit-Policy '^"token";q=3;w=3600$'
  chats_with "$BIG"
  expect_status 429
}

takes_a_changed_rate() {
  sed -i 's| rate=3/h | rate=100/s |' "$FILE"
  is_served() { chats_with "$BIG"; [[ $STATUS == 200 ]]; }
  eventually 30 is_served || unmet "the new rate is not taken over"
}

shows_limits() {
  "$GATEWAY_PROGRAM" token list --file "$FILE" >"$WORK/printed"
  grep -Eq '^big .* chat  rate=100/s concurrent=7$' "$WORK/printed" || unmet "$(cat "$WORK/printed")"
  makes bad --scopes chat --rate 60 && unmet "a bad rate is accepted"
  grep -q 'write a rate as 60/m' "$WORK/said" || unmet "$(cat "$WORK/said")"
}

limits_a_session() {
  local i
  for i in 1 2 3; do
    chat '{"message":"hello","session_id":"one"}'
    [[ $i == 3 ]] || expect_status 200
  done
  expect_status 429
  expect_header RateLimit '^"session";r=0;t='
  chat '{"message":"hello","session_id":"two"}'
  expect_status 200
}

SMALL=$(makes small --scopes chat)
BIG=$(makes big --scopes chat --rate 3/h --concurrent 7)
readonly SMALL BIG
# The token of the environment is one more, without a name: it has the limit of all.
VX11_LIMITS_PER_TOKEN=2/h restart_gateway --tokens "$FILE"
check "a token has its rate, shown in RateLimit; then 429 with Retry-After" limits_a_token
check "a token's own rate takes the place of that for all" gives_a_token_its_own_rate
check "a rate that changes in the file is in force without a restart" takes_a_changed_rate
check "token list shows limits, token new refuses what is no rate" shows_limits
VX11_LIMITS_PER_SESSION=2/h restart_gateway
check "a session has its rate, another one its own" limits_a_session

# --- concurrency ----------------------------------------------------------------------------------

under_way() { [[ $(count '.switch.total') == "$1" ]]; }

# holds COUNT TOKEN: chats that the switch does not answer until it refuses.
holds() {
  local i
  reset_counts
  fault switch hang
  HELD=()
  for ((i = 0; i < $1; i++)); do
    curl --noproxy '*' -sS --max-time 60 -o /dev/null -w '%{http_code}\n' -H "$JSON" \
      -H "authorization: Bearer $2" -d '{"message":"slow"}' "$BASE/operator/chat/ask" >"$WORK/held.$i" &
    HELD+=($!)
  done
  eventually 30 under_way "$1" || unmet "the chats do not arrive"
}
# releases: ends them; RELEASED becomes how many had which status. Not in a subshell, which could not wait.
releases() {
  fault switch refuse
  wait "${HELD[@]}"
  RELEASED=$(cat "$WORK"/held.* | sort | uniq -c | xargs)
  rm -f "$WORK"/held.*
  heal
}

sheds_chats_before_status() {
  local path
  holds 3 "$TOKEN"
  chat '{"message":"hello"}'
  expect_status 503
  expect_json '. == {"error":"overloaded","status_code":503}'
  expect_header Retry-After '^1$'
  operator POST /v1/chat/completions -H "$JSON" -d '{"model":"vx11","messages":[]}'
  expect_status 503
  expect_json '.error.code == "overloaded" and .error.type == "server_error"'
  for path in /livez /readyz /health /operator/status /metrics; do
    operator GET "$path"
    expect_status 200
    expect_within 1000
  done
  releases
  expect_equal "the chats in progress" "$RELEASED" "3 200"
  chat '{"message":"hello"}'
  expect_status 200
}

limits_chats_of_a_token() {
  holds 2 "$TOKEN"
  chat '{"message":"hello"}'
  expect_status 429
  expect_json '. == {"error":"too_many_chats","status_code":429}'
  releases
  expect_equal "the chats in progress" "$RELEASED" "2 200"
  chat '{"message":"hello"}'
  expect_status 200
}

# A client that leaves gives back its place.
gives_back_places() {
  holds 3 "$TOKEN"
  kill "${HELD[@]}"
  wait "${HELD[@]}"
  rm -f "$WORK"/held.*
  fault switch refuse
  has_room() { chat '{"message":"hello"}'; [[ $STATUS == 200 ]]; }
  eventually 30 has_room || unmet "the places are not free"
  heal
}

VX11_LIMITS_CONCURRENT=3 VX11_SWITCH_BREAKER_FAILURES_TO_OPEN=1000 restart_gateway
check "with all places taken chats get 503, health and status answer" sheds_chats_before_status
check "clients that leave give back their places" gives_back_places
VX11_LIMITS_CONCURRENT_PER_TOKEN=2 VX11_SWITCH_BREAKER_FAILURES_TO_OPEN=1000 restart_gateway
check "a token has so many chats in progress; then 429" limits_chats_of_a_token

# --- language tokens ------------------------------------------------------------------------------

charges_usage() { # MEMBERS
  local path=/v1/chat/completions body
  body="{\"model\":\"vx11\",$1,\"messages\":[{\"role\":\"user\",\"content\":\"one two three four five\"}]}"
  operator POST "$path" -H "$JSON" -d "$body"
  expect_status 200
  is_charged() { operator POST "$path" -H "$JSON" -d "$body"; [[ $STATUS == 429 ]]; }
  is_charged || unmet "usage is not charged"
  expect_json '.error.code == "rate_limit_exceeded" and (.error.message | contains("tokens per minute"))'
  expect_header Retry-After '^[1-9][0-9]*$'
  operator GET /v1/models
  expect_status 200
}

start models '^ready' "$UPSTREAM_PROGRAM" --models 127.0.0.1:0
MODELS=$(url_of models 'models listening on')
config <<TOML
[targets.llama]
dialect = "openai"
url = "$MODELS"
[routes.chat]
targets = ["llama"]
[chat]
route = "chat"
[limits]
tokens_per_minute = 2
TOML
restart_gateway --config "$CONFIG"
check "the tokens that an upstream counts are charged after the answer" charges_usage '"stream":false'
restart_gateway --config "$CONFIG"
check "the same of a stream with usage" \
  charges_usage '"stream":true,"stream_options":{"include_usage":true}'
finish
