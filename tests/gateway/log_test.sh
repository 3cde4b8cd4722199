#!/usr/bin/env bash
# The program's own log: every refusal, lost connection, reload and power action leaves a line, with its event and
# fields; and a log that cannot be written stops nothing.
#   log_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

readonly LOG=$WORK/gateway.err TOKENS=$WORK/tokens
readonly QUESTION='{"message":"a secret question","session_id":"a-secret-session"}'
readonly JSON_TYPE='content-type: application/json'

# has EVENT [FILTER]: a line of the event for which the filter is true.
has() { jq -es --arg event "$1" "any(.[]; .event == \$event and (${2:-true}))" "$LOG" >/dev/null 2>&1; }
leaves() { # EVENT [FILTER]
  eventually 10 has "$@" || unmet "no line: $*"$'\n'"$(tail -n 4 "$LOG")"
}

token_of() { # NAME SCOPES: makes the token
  "$GATEWAY_PROGRAM" token new "$1" --scopes "$2" --file "$TOKENS" 2>/dev/null
}

configure() {
  config <<EOF
[auth]
tokens = "$TOKENS"
[log]
format = "json"
[server]
max_connections_per_address = 40
[limits]
max_body_bytes = 100000
auth_failures = "${1:-100}/m"
auth_failures_on_loopback = true
per_session = "3/m"
[sessions]
max = 3
EOF
}

refuses_credentials() {
  anonymous GET /operator/status -H 'x-vx11-token: a-wrong-secret' -H 'X-Request-Id: log-1'
  leaves auth.credential_refused '.request_id == "log-1" and .status == 403 and .level == "warn" and
    .route == "/operator/status" and .peer == "127.0.0.1" and .reason == "another token" and
    (.message | startswith("credential refused: another token"))'
  anonymous GET /operator/status -H "x-vx11-token: $READER"
  leaves auth.scope_missing '.principal == "reader" and .reason == "status" and .status == 403'
  anonymous GET /operator/status
  leaves request.unauthenticated '.error == "auth_required" and .status == 401'
}

refuses_requests() {
  operator POST /operator/power/window/close -H 'Origin: https://evil.example'
  leaves request.cross_site_refused '.status == 403'
  operator GET /operator/status -H 'Host: evil.example'
  leaves request.host_refused '.status == 403'
  operator POST /operator/chat/ask -H 'content-type: text/plain' --data-binary "$QUESTION"
  leaves request.content_type_refused '.status == 415'
  operator POST /operator/chat/ask -H "$JSON_TYPE" -H 'content-encoding: gzip' --data-binary "$QUESTION"
  leaves request.coding_refused '.status == 415'
  operator GET /a-secret-path
  leaves request.not_found '.status == 404'
  head -c 200000 /dev/zero | operator POST /operator/chat/ask -H "$JSON_TYPE" --data-binary @-
  leaves request.too_large '.status == 413'
  chat '{"message":7}'
  leaves request.invalid '.status == 422'
  local _
  for _ in {1..4}; do chat "$QUESTION"; done
  leaves request.rate_limited '.status == 429'
}

turns_connections_away() {
  local i
  local -a held=()
  for i in {1..45}; do
    exec {held[i]}<>"/dev/tcp/127.0.0.1/${BASE##*:}"
  done
  leaves connection.turned_away '.level == "warn"'
  for i in {1..45}; do exec {held[i]}>&-; done
}

fails() {
  fault switch invalid_json
  chat '{"message":"a"}'
  leaves chat.reply_refused '.upstream == "switch" and .reason == "invalid_reply"'
  fault switch 500
  fault madre 500
  for _ in {1..4}; do chat '{"message":"a"}'; done
  heal
  leaves chat.target_failed '.upstream == "switch" and .reason == "http_500" and .level == "warn"'
  leaves breaker.changed '.breaker == "switch" and .to == "open" and .from == "closed"'
  leaves request.unavailable '.status == 503'
}

loses_sessions() {
  local i
  for i in {1..6}; do chat "{\"message\":\"a\",\"session_id\":\"evicted-$i\"}"; done
  leaves session.evicted '.removed > 0'
}

acts() {
  operator POST /operator/power/service/redis/stop -H 'X-Request-Id: act-1'
  leaves operator.action '.action == "power.service.stop" and .object == "redis" and
    .request_id == "act-1"'
  operator PUT /admin/log-level -H "$JSON_TYPE" --data-binary '{"level":"info","for":"5s"}'
  leaves log.level_set '.new_level == "info" and .period == "5s"'
  leaves operator.action '.action == "admin.log-level" and .outcome == "done"'
  operator DELETE /operator/session/a-secret-session
  leaves operator.action '.action == "session.delete" and (has("object") | not)'
}

reloads() {
  kill -HUP "${PIDS[gateway]}"
  leaves config.reloaded
  leaves file.read '.setting == "auth.tokens"'
  echo 'nonsense = 1' >>"$CONFIG"
  kill -HUP "${PIDS[gateway]}"
  leaves config.refused '.mistakes == 1 and .level == "error"'
  leaves config.mistake '.mistake | test("nonsense")'
  configure 99
  sed -i 's/"json"/"text"/' "$CONFIG"
  kill -HUP "${PIDS[gateway]}"
  leaves config.needs_restart '.setting == "log.format"'
  echo broken >>"$TOKENS"
  leaves file.refused '.setting == "auth.tokens"'
  kill -USR2 "${PIDS[gateway]}"
  leaves signal.ignored
}

counts_left_out_lines() {
  local _
  for _ in {1..5}; do operator GET /nothing; done
  leaves log.omitted '.omitted_event == "request.not_found" and .lines > 0'
}

ends() {
  end_gateway
  leaves gateway.started '.version | length > 0'
  leaves gateway.stopping '.signal == 15'
  leaves gateway.stopped
}

is_whole_json() {
  local bad
  bad=$(jq -c 'select(((.time | test("^[0-9-]+T[0-9:.]+Z$")) and (.level | test("^(info|warn|error)$")) and
    (.event | test("^[a-z_]+[.][a-z_]+$")) and (.message | length > 0)) | not)' "$LOG" 2>&1)
  expect_equal "lines that are not so" "$bad" ""
}

has_no_secrets() {
  local text
  for text in "$TOKEN" a-wrong-secret "$READER" 'secret question' a-secret-path a-secret-session; do
    ! grep -qF -- "$text" "$LOG" || unmet "there is '$text'"
  done
}

says_why_it_does_not_start() {
  local code=0
  config <<<'[log]
format = "json"
level = "off"
access = "/nowhere/access.log"'
  timeout 30 "$GATEWAY_PROGRAM" --config "$CONFIG" --sessions memory --listen 127.0.0.1:0 \
    >"$WORK/out" 2>"$WORK/said" || code=$?
  expect_equal "exit code" $code 1
  jq -e '.event == "gateway.not_started" and (.reason | test("log.access"))' "$WORK/said" >/dev/null ||
    unmet "it says: $(cat "$WORK/said")"
}

# A pipe of one page whose reader does not read.
clogs() {
  mkfifo "$WORK/gateway.err"
  /usr/bin/python3 -c '
import fcntl, os, sys, time
pipe = os.open(sys.argv[1], os.O_RDONLY | os.O_NONBLOCK)
fcntl.fcntl(pipe, 1031, 4096)  # F_SETPIPE_SZ
time.sleep(600)' "$WORK/gateway.err" &
  PIDS[reader]=$!
  start_gateway --log-level debug
  side_by_side 200 '/nothing?' >/dev/null
  operator GET /livez
  expect_status 200
  operator GET /metrics
  grep -Eq '^vx11_gateway_log_lines_total\{log="program",outcome="lost"\} [1-9]' "$BODY" ||
    unmet "$(grep log_lines "$BODY")"
  kill -KILL "${PIDS[reader]}"
  unset "PIDS[reader]"
  operator GET /nothing
  operator GET /livez
  expect_status 200
  end_gateway
  rm "$WORK/gateway.err"
}

READER=$(token_of reader chat)
start_upstream
configure
start_gateway --config "$CONFIG"
check "refused credentials leave a line, with who, from where and why" refuses_credentials
check "refused requests leave a line" refuses_requests
check "connections that are turned away leave a line" turns_connections_away
check "power actions and calls of /admin leave a line" acts
check "sessions that are removed leave a line" loses_sessions
check "breakers, replies and failed requests leave a line" fails
check "lines that were left out are counted" counts_left_out_lines
check "reloads leave a line, those that are refused, too" reloads
check "the end leaves a line" ends
check "every line is JSON with time, level, event and message" is_whole_json
check "no line has a secret" has_no_secrets
mv "$LOG" "$WORK/first.log"
check "a gateway that does not start says why, as JSON" says_why_it_does_not_start
check "a log that is not read, or whose reader is gone, stops nothing" clogs
finish
