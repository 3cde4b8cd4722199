#!/usr/bin/env bash
# The program vx11-gateway: start, requests, configuration errors, stop.
#   gateway_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

readonly JSON='content-type: application/json'

# --- the main job, on a bare machine --------------------------------------------------------------

says_where_it_listens() {
  expect_equal "lines on standard output" "$(wc -l <"$WORK/gateway.out")" 1
  [[ $BASE =~ ^http://127\.0\.0\.1:[1-9][0-9]*$ ]] || unmet "it listens on '$BASE'"
}

status_is_ok() {
  operator GET /operator/status
  expect_status 200
  expect_json '.status == "ok" and .windows.policy == "solo_madre"'
  expect_json '.components.tentaculo_link.port == $port' --argjson port "$(port_of "$BASE")"
  expect_json '.components.switch.status == "offline" and .components.redis.reason == "not_configured"'
}

power_state_is_solo_madre() {
  operator GET /operator/power/state
  expect_status 200
  expect_json '.policy == "solo_madre" and .active_windows == []'
}

chat_is_answered() {
  chat '{"message":"hello","session_id":"session-001"}'
  expect_status 200
  expect_json '.session_id == "session-001" and (.response | test("embedded"))'
  expect_json '.metadata.source == "madre_fallback"'
}

commands_are_refused_honestly() {
  operator POST /operator/power/service/switch/start
  expect_status 409
  expect_json '.error == "embedded_madre"'
  operator POST /operator/power/window/open -H "$JSON" -d '{"services":["switch"],"ttl_sec":60}'
  expect_status 409
}

sessions_survive_a_restart() {
  expect_equal "files" "$(find "$XDG_STATE_HOME" -name sessions.db)" "$XDG_STATE_HOME/vx11/sessions.db"
  stop gateway
  SESSIONS=sqlite:$XDG_STATE_HOME/vx11/sessions.db start_gateway
  operator GET /operator/session/session-001
  expect_status 200
  expect_json '.message_count == 2'
}

listens_on_ipv6() {
  LISTEN='[::1]:0' restart_gateway
  [[ $BASE == 'http://[::1]:'* ]] || unmet "it listens on '$BASE'"
  operator GET /operator/status -g
  expect_status 200
}

metrics_are_public_here() {
  anonymous GET /metrics
  expect_status 200
}

# --- configuration --------------------------------------------------------------------------------

CODE=none
# try ARGUMENT…: runs to its end; sets CODE, fills $WORK/said and $WORK/complained.
try() {
  timeout 30 "$GATEWAY_PROGRAM" "$@" >"$WORK/said" 2>"$WORK/complained" </dev/null
  CODE=$?
}
expect_code() { expect_equal "exit code" "$CODE" "$1"; }
expect_said() { grep -qF -- "$1" "$WORK/said" || unmet "it does not say: $1"; }
expect_complaint() { grep -qF -- "$1" "$WORK/complained" || unmet "no '$1' in: $(cat "$WORK/complained")"; }
expect_one_line() { expect_equal "lines on standard error" "$(wc -l <"$WORK/complained")" 1; }

prints_what_is_in_force() {
  config <<<$'[switch]\nurl = "http://file:1"\nlimit = "3s"'
  VX11_SWITCH_URL=http://variable:2 VX11_REDIS_URL=redis://me:hidden@127.0.0.1:6379 \
    try --config "$CONFIG" --madre http://flag:3 --check-config
  expect_code 0
  expect_said 'url = "http://variable:2"  # VX11_SWITCH_URL'
  expect_said 'url = "http://flag:3"  # --madre'
  expect_said "limit = \"3s\"  # $CONFIG:3"
  expect_said 'deadline = "30s"  # default'
  expect_said '# token = "***"  # VX11_TENTACULO_LINK_TOKEN'
  ! grep -qE "hidden|$TOKEN" "$WORK/said" || unmet "a secret is shown"
}

prints_every_mistake() {
  config <<<$'[swich]\nurl = "x"\n[chat]\ndeadline = 5'
  VX11_MADRE_URL=nonsense try --config "$CONFIG" --listen here --check-config
  expect_code 2
  expect_equal "lines on standard error" "$(wc -l <"$WORK/complained")" 4
  expect_complaint "$CONFIG:1: swich: no such table, did you mean \"switch\"?"
  expect_complaint "$CONFIG:4: chat.deadline: is an integer, not a duration"
  expect_complaint 'VX11_MADRE_URL: "nonsense" is not'
  expect_complaint '--listen: "here" is not'
}

does_not_start_with_mistakes() {
  config <<<'nonsense'
  try --config "$CONFIG" --listen 127.0.0.1:0
  expect_code 2
  expect_complaint "$CONFIG:1: is not TOML"
  try --no-such-flag
  expect_code 2
  try --token hidden
  expect_code 2
  expect_complaint '--token: there is no flag for a secret'
}

needs_the_file() {
  try --config "$WORK/none.toml"
  expect_code 1
  expect_one_line
  expect_complaint "$WORK/none.toml: cannot be read: No such file or directory"
}

needs_the_port() {
  try --listen "${BASE#http://}" --sessions memory
  expect_code 1
  expect_one_line
  expect_complaint "cannot listen on ${BASE#http://}: Address already in use"
}

needs_the_database() {
  try --listen 127.0.0.1:0 --sessions sqlite:/dev/null/sessions.db
  expect_code 1
  expect_one_line
}

tells_help_and_version() {
  try --help
  expect_code 0
  expect_said '--listen HOST:PORT'
  try --version
  expect_code 0
  expect_said 'vx11-gateway 0.'
}

# --- stopping -------------------------------------------------------------------------------------

accepts() { : 2>/dev/null <"/dev/tcp/127.0.0.1/$(port_of "$BASE")"; }
refuses() { ! accepts; }
has_arrived() { [[ $(count '.switch.total') == "$1" ]]; }

# chat_under_way: a chat that the switch is thinking about; CHAT is the process, $WORK/late its end.
chat_under_way() {
  reset_counts
  curl --noproxy '*' -sS --max-time 60 -o "$WORK/late.body" -w '%{http_code}' -H "x-vx11-token: $TOKEN" \
    -H "$JSON" -d '{"message":"slow"}' "$BASE/operator/chat/ask" >"$WORK/late" 2>&1 &
  CHAT=$!
  eventually 30 has_arrived 1 || unmet "the chat does not arrive"
}

finishes_what_is_under_way() {
  restart_gateway
  fault switch hang
  chat_under_way
  kill -TERM "${PIDS[gateway]}"
  eventually 30 refuses || unmet "it still accepts connections"
  is_running gateway || unmet "it did not wait"
  fault switch refuse # which ends the chat there; madre answers it
  wait "$CHAT"
  expect_equal "status of the chat" "$(cat "$WORK/late")" 200
  eventually 30 is_gone gateway || unmet "it does not end"
  stop gateway
  expect_equal "exit code" "$EXIT_CODE" 0
  heal
}

does_not_wait_for_ever() {
  VX11_SERVER_SHUTDOWN_GRACE=100ms restart_gateway
  fault switch hang
  chat_under_way
  stop gateway
  expect_equal "exit code" "$EXIT_CODE" 0
  grep -q 'cut off' "$WORK/gateway.err" || unmet "it does not say that a request was cut off"
  wait "$CHAT"
  heal
}

# stream PATH BODY FILE: a stream whose upstream falls silent after its first words.
stream() {
  curl --noproxy '*' -sS -N --max-time 60 -o "$WORK/$3" -H "x-vx11-token: $TOKEN" -H "$JSON" \
    -H 'accept: text/event-stream' -d "$2" "$BASE$1" 2>"$WORK/$3.err" &
  eventually 30 grep -qs 'data: ' "$WORK/$3" || unmet "the stream does not begin"
}
ends_streams_with_an_error() {
  VX11_SERVER_SHUTDOWN_GRACE=100ms restart_gateway
  tune '{"stream":true}'
  fault switch stream_stall
  stream /operator/chat/ask '{"message":"hello"}' operator.events
  local operators=$!
  stream /v1/chat/completions '{"model":"vx11","stream":true,"messages":[{"role":"user","content":"a"}]}' openai.events
  local openais=$!
  stop gateway
  wait "$operators" && wait "$openais" || unmet "a connection was cut: $(cat "$WORK"/*.events.err)"
  tail -n 3 "$WORK/operator.events" | grep -q '"reason":"shutting_down"' || unmet "$(cat "$WORK/operator.events")"
  grep -q '^event: error' "$WORK/operator.events" || unmet "no error event"
  grep '^data: ' "$WORK/openai.events" | tail -n 1 | grep -q '"code":"shutting_down"' ||
    unmet "$(cat "$WORK/openai.events")"
  heal
  tune '{"stream":false}'
}

second_signal_ends_it() {
  VX11_SERVER_SHUTDOWN_GRACE=1h restart_gateway
  fault switch hang
  chat_under_way
  kill -TERM "${PIDS[gateway]}"
  eventually 30 refuses || unmet "it still accepts connections"
  stop gateway INT
  expect_equal "exit code" "$EXIT_CODE" 130
  wait "$CHAT"
  heal
}

is_not_held_by_idle_connections() {
  local socket where=${BASE#http://}
  VX11_SERVER_SHUTDOWN_GRACE=1h restart_gateway
  where=${BASE#http://}
  exec {socket}<>"/dev/tcp/${where%:*}/${where##*:}"
  printf 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n' >&"$socket"
  read -r -t 30 STATUS <&"$socket"
  [[ $STATUS == 'HTTP/1.1 200 '* ]] || unmet "answer: $STATUS"
  stop gateway
  expect_equal "exit code" "$EXIT_CODE" 0
  exec {socket}>&-
}

survives() { # SIGNAL…
  local signal
  for signal in "$@"; do
    kill -s "$signal" "${PIDS[gateway]}"
    eventually 30 grep -q "signal $(kill -l "$signal") is ignored" "$WORK/gateway.err" ||
      unmet "SIG$signal is not logged"
    is_running gateway || unmet "SIG$signal ended it"
  done
  kill -s PIPE "${PIDS[gateway]}"
  anonymous GET /livez
  expect_status 200
}

ready_is() { anonymous GET /readyz; [[ $STATUS == "$1" ]]; }

drains_before_it_closes() {
  VX11_SERVER_DRAIN_DELAY=1h restart_gateway
  kill -TERM "${PIDS[gateway]}"
  eventually 30 ready_is 503 || unmet "readyz does not turn 503"
  anonymous GET /livez
  expect_status 200
  expect_header Connection close
  stop gateway # the second signal
  expect_equal "exit code" "$EXIT_CODE" 143
}

lowers_its_connections() {
  (ulimit -n 400; exec "$GATEWAY_PROGRAM" --listen 127.0.0.1:0 --sessions memory \
    >"$WORK/few.out" 2>"$WORK/few.err") &
  local few=$!
  eventually 30 grep -q '^listening on' "$WORK/few.out" || unmet "it does not start"
  grep -q 'server.max_connections is 104 instead of 20000' "$WORK/few.err" ||
    unmet "no warning: $(cat "$WORK/few.err")"
  kill -INT $few
  wait $few
}

start_gateway
check "one line on standard output says where it listens" says_where_it_listens
check "embedded: status is ok" status_is_ok
check "embedded: the power state is solo_madre" power_state_is_solo_madre
check "embedded: a chat is answered by madre" chat_is_answered
check "embedded: what it cannot do it refuses" commands_are_refused_honestly
check "metrics are public where only this machine connects" metrics_are_public_here
check "signals that would end it are ignored, with a line" survives USR1 USR2 XFSZ
check "few open files: fewer connections, with a warning" lowers_its_connections
check "SIGTERM: readyz is 503 while connections are still accepted" drains_before_it_closes

stop gateway
SESSIONS='' # the default
start_default() { start gateway '^listening on ' "$GATEWAY_PROGRAM" --listen 127.0.0.1:0; }
start_default
BASE=$(url_of gateway 'listening on')
check "a chat with the default store" chat_is_answered
check "sessions are kept below XDG_STATE_HOME, over a restart" sessions_survive_a_restart
check "it listens on IPv6" listens_on_ipv6

restart_gateway
check "--check-config prints what is in force, its origin, and no secret" prints_what_is_in_force
check "--check-config prints every mistake" prints_every_mistake
check "it does not start with mistakes" does_not_start_with_mistakes
check "a file that is not there: one line, 1" needs_the_file
check "a port that is taken: one line, 1" needs_the_port
check "a database that cannot be: one line, 1" needs_the_database
check "--help and --version" tells_help_and_version

start_upstream
check "SIGTERM: refuse new work, finish what is under way, 0" finishes_what_is_under_way
check "SIGTERM: not longer than the grace time, 0" does_not_wait_for_ever
check "SIGTERM: a stream that is not complete ends with an error event" ends_streams_with_an_error
check "a second signal ends it at once" second_signal_ends_it
check "an idle connection does not keep it from ending" is_not_held_by_idle_connections
finish
