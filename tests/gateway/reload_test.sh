#!/usr/bin/env bash
# The configuration is read again while the gateway serves: at SIGHUP, and by POST /admin/reload.
#   reload_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

readonly CHATS=${RELOAD_CHATS:-10000} RELOADS=50
readonly TOKENS=$WORK/tokens

# file [LINE…]: the configuration, with these lines at its end.
file() {
  config <<TOML
[switch]
url = "$SWITCH_URL"
breaker.failures_to_open = 2
breaker.open_for = "1h"
[madre]
url = "$MADRE"
[server]
drain_delay = "0s"
$(printf '%s\n' "$@")
TOML
}

reload() { operator POST /admin/reload; }
reloads_well() {
  reload
  expect_status 200
  expect_json '.status == "reloaded"'
}
source_is() { # TARGET
  chat '{"message":"hello"}'
  expect_status 200
  expect_json '.metadata.source == $source' --arg source "$1"
}
metric() { operator GET /metrics && sed -n "s|^$1 ||p" "$BODY"; }
logged() { grep -q -- "$1" "$WORK/gateway.err"; }
lines() { grep -c -- "$1" "$WORK/gateway.err"; }
is_logged_again() { (($(lines "$1") > $2)); } # TEXT LINES-BEFORE

# Sends SIGHUP and waits for its result in the log.
hang_up() {
  local before
  before=$(lines "$1")
  kill -HUP "${PIDS[gateway]}"
  eventually 30 is_logged_again "$1" "$before" || unmet "the log does not say: $1"
}

takes_over() {
  source_is switch
  printf '[chat]\nroute = "mine"\n[routes.mine]\ntargets = ["madre"]\n' >>"$CONFIG"
  reloads_well
  source_is madre
  file
  hang_up 'the configuration was read again'
  source_is switch
}

changes_nothing_if_mistaken() {
  file 'cors_orgins = ["https://a.example"]' '[chat]' 'deadline = "soon"'
  reload
  expect_status 422
  expect_json '.error == "invalid_configuration" and (.mistakes | length == 2)'
  expect_json '.mistakes | any(contains("cors_orgins")) and any(contains("chat.deadline"))'
  logged 'not taken over: .*cors_orgins' || unmet "the log does not name the first mistake"
  logged 'not taken over: .*chat.deadline' || unmet "the log does not name the second mistake"
  source_is switch
  hang_up 'the configuration was not taken over'
  source_is switch
}

changes_nothing_if_half_written() {
  file '[chat]' 'deadline = "20s"'
  truncate -s -4 "$CONFIG"
  reload
  expect_status 422
  rm "$CONFIG"
  reload
  expect_status 422
  source_is switch
  file
  reloads_well
}

names_what_needs_a_restart() {
  local store=$WORK/other.db
  file 'threads = 7' "[sessions]" "store = \"sqlite:$store\"" "[chat]" 'last_resorts = 3'
  restart_with_file
  file 'threads = 6' "[sessions]" 'store = "memory"' "[chat]" 'last_resorts = 4'
  chat '{"message":"keep this","session_id":"kept"}'
  reloads_well
  expect_json '.needs_restart == ["server.threads","sessions.store"]'
  logged 'needs a restart: sessions.store' || unmet "the log does not say so"
  operator GET /operator/session/kept
  expect_status 200
  file
}

requires_the_scope() {
  anonymous POST /admin/reload
  expect_status 401
  anonymous POST /admin/reload -H "authorization: Bearer $1"
  expect_status 403
  expect_json '.error == "insufficient_scope" and .scope == "admin"'
  operator GET /admin/reload
  expect_status 405
  expect_header Allow 'POST, OPTIONS'
}

# --- under load -----------------------------------------------------------------------------------

chats_in_the_background() {
  printf '{"message":"hello"}' >"$WORK/hello"
  curl --noproxy '*' -sS --max-time 120 --parallel --parallel-immediate --parallel-max 32 \
    -H "x-vx11-token: $TOKEN" -H 'content-type: application/json' --data-binary "@$WORK/hello" \
    -w '%{http_code}\n' -o /dev/null "$BASE/operator/chat/ask?[1-$1]" >"$WORK/statuses" \
    2>"$WORK/curl.parallel" {REPORT}>&- &
  CLIENT=$!
}

survives_reloads_under_load() {
  local i during=0
  tune '{"latency_ms":40}'
  chats_in_the_background "$CHATS"
  for ((i = 0; i < RELOADS; ++i)); do
    file "hosts = [\"host-$i.example\"]"
    if ((i % 2)); then reloads_well || break; else hang_up 'the configuration was read again' || break; fi
    ! kill -0 "$CLIENT" 2>/dev/null || during=$((during + 1))
  done
  echo "     $during of $RELOADS reloads while $CHATS chats were answered" >&"$REPORT"
  wait "$CLIENT"
  expect_equal "the statuses" "$(sort "$WORK/statuses" | uniq -c | xargs)" "$CHATS 200"
  tune '{"latency_ms":0}'
  ((during >= 20)) || unmet "$during reloads before the chats had ended"
}

streams_end_whole() {
  local stream i before after clients=()
  before=$(metric 'vx11_requests_total{endpoint="chat",status="2xx"}')
  tune '{"stream":true,"stream_chunks":20,"stream_gap_ms":50}'
  for stream in {1..20}; do
    curl --noproxy '*' -sS --max-time 30 -N -H "x-vx11-token: $TOKEN" -H 'accept: text/event-stream' \
      -H 'content-type: application/json' -d '{"message":"hello"}' "$BASE/operator/chat/ask" \
      >"$WORK/stream.$stream" {REPORT}>&- &
    clients+=($!)
  done
  begun() { [[ -s $WORK/stream.20 ]]; }
  eventually 30 begun
  for i in {1..5}; do reloads_well || return; done
  wait "${clients[@]}"
  for stream in {1..20}; do
    grep -q '^event: done' "$WORK/stream.$stream" || unmet "stream $stream has no end"
  done
  after=$(metric 'vx11_requests_total{endpoint="chat",status="2xx"}')
  ((after >= before + 20)) || unmet "the old parts' streams are not counted: $before, $after"
  tune '{"stream":false}'
}

counters_only_grow() {
  local before after name
  local -a names=('vx11_requests_total{endpoint="chat",status="2xx"}'
    'vx11_chat_attempts_total{target="switch",outcome="answered"}'
    'vx11_http_request_duration_seconds_count{route="\/operator\/chat\/ask"}'
    'vx11_events_total{event="router.attempt",name="switch"}'
    'vx11_token_file_reads_total{outcome="used"}')
  for name in "${names[@]}"; do
    before=$(metric "$name")
    reloads_well
    after=$(metric "$name")
    [[ -n $before && -n $after ]] && ((after >= before)) || unmet "$name: '$before', then '$after'"
  done
}

# use_all: what is made when it is used, the threads of status checks among them.
use_all() {
  chat '{"message":"hello"}'
  operator GET /operator/status
}

count_of() { ls "/proc/${PIDS[gateway]}/$1" | wc -l; } # count_of task|fd

has_few_threads_and_files() {
  local i threads files
  few() { (($(count_of task) <= threads && $(count_of fd) <= files)); }
  use_all
  threads=$(($(count_of task) + 4)) files=$(($(count_of fd) + 16))
  for i in {1..20}; do # each with new connections to upstreams
    file '[auth]' "tokens = \"$TOKENS\"" '[chat]' "stream_silence = \"$((40 + i))s\""
    reloads_well
    use_all
  done
  eventually 20 few || unmet "$(count_of task) threads, $(count_of fd) files"
  file '[auth]' "tokens = \"$TOKENS\""
  reloads_well
}

# The listener stays on its address: what was checked for another one does not count.
stays_closed_to_strangers() {
  end_gateway
  file 'listen = "0.0.0.0:0"' 'insecure_listen = true'
  start gateway '^listening on ' "$GATEWAY_PROGRAM" --config "$CONFIG"
  BASE=http://127.0.0.1:$(port_of "$(url_of gateway 'listening on')")
  file 'listen = "127.0.0.1:8000"' '[auth]' 'mode = "off"'
  reload
  expect_status 422
  expect_json '.mistakes | any(contains("auth.mode"))'
  anonymous GET /operator/status
  expect_status 401
  file
  restart_with_file
}

# --- breakers -------------------------------------------------------------------------------------

switch_is() { # STATE
  operator GET /vx11/circuit-breaker/status
  [[ $(jq -r .breakers.switch.state "$BODY") == "$1" ]] ||
    unmet "the breaker is not $1: $(cat "$BODY")"
}

keeps_breakers_open() {
  fault switch 500
  source_is madre_fallback
  source_is madre_fallback
  heal
  switch_is open
  reloads_well
  switch_is open
  file '[chat]' 'deadline = "25s"'
  sed -i 's/^breaker.open_for.*/breaker.open_for = "2h"/' "$CONFIG"
  reloads_well
  switch_is open # other options, the same state
  sed -i "s|^url = \"$SWITCH_URL\"|url = \"${SWITCH_URL/127.0.0.1/localhost}\"|" "$CONFIG"
  reloads_well
  switch_is closed # another upstream
  source_is switch
  file
  reloads_well
}

# --- tokens and certificates ----------------------------------------------------------------------

is_granted() { anonymous GET /v1/models -H "authorization: Bearer $1"; [[ $STATUS == 200 ]]; }

still_watches_tokens() {
  local later
  reloads_well
  later=$("$GATEWAY_PROGRAM" token new later --scopes chat --file "$TOKENS" 2>/dev/null)
  eventually 30 is_granted "$later" || unmet "a new token is not read"
}

takes_another_token_file() {
  local other
  other=$("$GATEWAY_PROGRAM" token new other --scopes chat --file "$WORK/tokens.other" 2>/dev/null)
  file '[auth]' "tokens = \"$WORK/tokens.other\""
  reloads_well
  is_granted "$other" || unmet "the token of the other file is refused"
  ! is_granted "$1" || unmet "a token of the file before is granted"
  file '[auth]' "tokens = \"$TOKENS\""
  reloads_well
  is_granted "$1" || unmet "the first file is not read again"
}

# --- the level of the log -------------------------------------------------------------------------

sets_level() { operator PUT /admin/log-level -H 'content-type: application/json' -d "$1"; }

changes_the_level_for_a_time() {
  local before
  sets_level '{"level":"error","for":"1s"}'
  expect_status 200
  expect_json '.level == "error" and .for_seconds == 1'
  before=$(lines 'credential refused')
  anonymous GET /operator/status -H 'x-vx11-token: wrong'
  expect_equal "warnings" "$(lines 'credential refused')" "$before"
  eventually 30 logged 'the log level is the configured one again' || unmet "it does not fall back"
  refused_is_logged() {
    anonymous GET /operator/status -H 'x-vx11-token: wrong'
    is_logged_again 'credential refused' "$before"
  }
  eventually 10 refused_is_logged || unmet "warnings are not logged again"
}

# What is due each second is not put off by reloads that follow each other faster.
tends_between_reloads() {
  local text='the log level is the configured one again' before
  before=$(lines "$text")
  sets_level '{"level":"debug","for":"1s"}'
  falls_back() { reloads_well && is_logged_again "$text" "$before"; }
  eventually 30 falls_back || unmet "it does not fall back while it reloads"
}

refuses_bad_levels() {
  local body
  for body in '{"level":"loud"}' '{"level":"info","for":"soon"}' '{"level":"info","for":"2d"}' '[]' '{' \
    '{"for":"1s"}' '{"level":1}'; do
    sets_level "$body"
    expect_status 422
    expect_json '.error == "invalid_value" and (.mistakes | length == 1)'
  done
}

reloads_the_level() {
  file '[auth]' "tokens = \"$TOKENS\"" '[log]' 'level = "off"'
  reloads_well
  local before
  before=$(wc -l <"$WORK/gateway.err")
  reloads_well
  expect_equal "lines" "$(wc -l <"$WORK/gateway.err")" "$before"
  file '[auth]' "tokens = \"$TOKENS\""
  reloads_well
  (($(wc -l <"$WORK/gateway.err") > before)) || unmet "nothing is logged again"
}

restart_with_file() {
  end_gateway
  start gateway '^listening on ' "$GATEWAY_PROGRAM" --listen 127.0.0.1:0 --config "$CONFIG"
  BASE=$(url_of gateway 'listening on')
}

refuses_while_it_drains() {
  VX11_SERVER_DRAIN_DELAY=1h restart_with_file
  kill -TERM "${PIDS[gateway]}"
  not_ready() { anonymous GET /readyz; [[ $STATUS == 503 ]]; }
  eventually 30 not_ready
  reload
  expect_status 503
  expect_json '.error == "stopping"'
  stop gateway
  restart_with_file
}

# The keys of an issuer that accepts connections and never answers are awaited for seconds.
stops_while_it_awaits_keys() {
  start issuer '^listening on ' python3 -uc '
import socket
server = socket.create_server(("127.0.0.1", 0))
print("listening on http://127.0.0.1:%d" % server.getsockname()[1])
server.accept()
print("asked")
server.accept()'
  file '[auth]' 'mode = "jwt"' '[auth.jwt]' 'algorithms = ["RS256"]' 'audience = "a"' \
    "jwks_url = \"https://127.0.0.1:$(port_of "$(url_of issuer 'listening on')")/jwks\""
  kill -HUP "${PIDS[gateway]}"
  eventually 30 grep -qx asked "$WORK/issuer.out" || unmet "no keys are asked for: $(tail -n 3 "$WORK/gateway.err")"
  kill -TERM "${PIDS[gateway]}"
  eventually 30 logged 'auth.jwt.jwks_url: the gateway stops' || unmet "$(tail -n 3 "$WORK/gateway.err")"
  stop issuer
}

start_upstream
CHATTER=$("$GATEWAY_PROGRAM" token new chatter --scopes chat --file "$TOKENS" 2>/dev/null)
file
export VX11_SESSIONS_STORE=memory
restart_with_file
check "a changed file is taken over, at SIGHUP and by POST /admin/reload" takes_over
check "mistakes change nothing, and are all named" changes_nothing_if_mistaken
check "half a file, and none, change nothing" changes_nothing_if_half_written
unset VX11_SESSIONS_STORE
check "what needs a restart is named; sessions stay" names_what_needs_a_restart
export VX11_SESSIONS_STORE=memory
restart_with_file
check "an open breaker stays open, unless its upstream is another one" keeps_breakers_open
check "$CHATS chats survive $RELOADS reloads" survives_reloads_under_load
file
check "streams end whole with the parts that began them, and are counted" streams_end_whole
file '[auth]' "tokens = \"$TOKENS\""
reload
check "only those with the scope admin may reload" requires_the_scope "$CHATTER"
check "the token file is still watched" still_watches_tokens
check "another token file takes the place of the first" takes_another_token_file "$CHATTER"
check "no counter goes backwards" counters_only_grow
check "reloads leave no thread and no descriptor behind" has_few_threads_and_files
check "no reload opens a public listener" stays_closed_to_strangers
check "PUT /admin/log-level holds for a time" changes_the_level_for_a_time
check "reloads that follow each other put nothing off" tends_between_reloads
check "bad levels are refused" refuses_bad_levels
check "a reload changes the level of the log" reloads_the_level
check "a gateway that stops is not reloaded" refuses_while_it_drains
check "a signal to stop ends the wait for keys" stops_while_it_awaits_keys
finish
