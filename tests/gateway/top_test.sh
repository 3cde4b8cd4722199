#!/usr/bin/env bash
# vx11-gateway top against a real gateway: one frame as text, and on a terminal (by tmux, if it is there).
#   top_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

readonly TOP_PROGRAM=${TOP:-$GATEWAY_PROGRAM} # may be of another build
readonly TOKEN_FILE=$WORK/top.token FRAME=$WORK/frame
printf '%s\n' "$TOKEN" >"$TOKEN_FILE"
unset VX11_TENTACULO_LINK_TOKEN # of the environment of top; gateways get it by start_gateway

# top ARGUMENT…: its output is $FRAME, and what it says $WORK/said; EXIT_CODE is its code.
top() {
  EXIT_CODE=0
  timeout 30 "$TOP_PROGRAM" top "$@" >"$FRAME" 2>"$WORK/said" || EXIT_CODE=$?
}
shows() { grep -Eq -- "$1" "$FRAME" || unmet "no line: $1"$'\n'"$(cat "$FRAME" "$WORK/said")"; }
says_why() { grep -Eq -- "$1" "$WORK/said" || unmet "it says: $(cat "$WORK/said")"; }

shows_what_was_asked() {
  local _
  for _ in {1..3}; do chat '{"message":"hello"}'; done
  anonymous GET /livez
  top "$BASE" --once --interval 0s
  expect_equal "exit code" "$EXIT_CODE" 0
  shows '^vx11-gateway [0-9.]+  http://127\.0\.0\.1:[0-9]+  up '
  shows '^/operator/chat/ask +[0-9.]+ +[0-9.]+(us|ms|s) .* 3$'
  shows '^switch +[0-9.]+ +100%'
  shows '^switch +closed +0'
  ! grep -q "$TOKEN" "$FRAME" "$WORK/said" || unmet "the token is shown"
}

shows_rates_of_an_interval() {
  top "$BASE" --once --interval 100ms
  shows '^/operator/chat/ask +0\.0 +- +- +- +- +- +3$'
}

shows_status_with_a_token() {
  top "$BASE" --once --interval 0s
  shows 'status -'
  top "$BASE" --once --interval 0s --token-file "$TOKEN_FILE"
  shows 'status (ok|degraded)'
}

shows_an_open_breaker() {
  fault switch 500
  local _
  for _ in {1..4}; do chat '{"message":"hello"}'; done
  heal
  top "$BASE" --once --interval 0s
  shows '^switch +open'
  shows '^switch .* error 3'
}

refuses_bad_arguments() {
  local arguments
  for arguments in "--interval 1ms" "--interval x" "--nothing" "ftp://x" "--token-file $WORK/none"; do
    # shellcheck disable=SC2086
    top $arguments --once
    expect_equal "exit code of $arguments" "$EXIT_CODE" 2
  done
  top "$BASE"
  expect_equal "exit code without a terminal" "$EXIT_CODE" 1
  says_why 'needs a terminal; --once'
  top --help
  expect_equal "exit code of --help" "$EXIT_CODE" 0
}

asks_for_a_token() {
  top "$BASE" --once
  expect_equal "exit code" "$EXIT_CODE" 1
  says_why 'asks for a token \(401\): give --token-file'
  printf 'a-wrong-secret' >"$WORK/wrong.token"
  top "$BASE" --once --token-file "$WORK/wrong.token"
  says_why 'refuses the token \(403\)'
  ! grep -q a-wrong-secret "$WORK/said" || unmet "the token is shown"
  top "$BASE" --once --interval 0s --token-file "$TOKEN_FILE"
  shows '^REQUESTS'
}

says_that_none_is_there() {
  top "http://127.0.0.1:$(free_port)" --once
  expect_equal "exit code" "$EXIT_CODE" 1
  says_why 'vx11-gateway top: .*refused'
  top "unix:$WORK/none.sock" --once
  expect_equal "exit code" "$EXIT_CODE" 1
  says_why 'none.sock: No such file'
}

reads_a_unix_socket() {
  top "unix:$WORK/gateway.sock" --once --interval 0s --token-file "$TOKEN_FILE"
  expect_equal "exit code" "$EXIT_CODE" 0
  shows 'unix:.*gateway.sock'
  shows 'status (ok|degraded)'
}

# --- on a terminal --------------------------------------------------------------------------------

tmux_() { env -u TMUX tmux -L "top.$$" -f /dev/null "$@"; }
screen_shows() {
  tmux_ capture-pane -p -t top >"$FRAME" 2>/dev/null
  grep -Eq -- "$1" "$FRAME"
}
gets_screen() {
  eventually 20 screen_shows "$1" || unmet "the screen has no line: $1"$'\n'"$(cat "$FRAME")"
}
press() { tmux_ send-keys -t top "$1"; }

start_screen() { # LOCALE WIDTH HEIGHT
  tmux_ kill-server 2>/dev/null
  tmux_ new-session -d -s top -x "$2" -y "$3" \
    "LC_ALL=$1 $(printf '%q ' "$TOP_PROGRAM" top "$BASE" --interval 200ms); echo code \$? >$WORK/screen.code"
}
ends_with() { # CODE
  eventually 20 test -s "$WORK/screen.code" || unmet "it has not ended"
  expect_equal "end of the screen" "$(cat "$WORK/screen.code")" "code $1"
  rm -f "$WORK/screen.code"
}

works_on_a_terminal() {
  start_screen C.UTF-8 100 30
  gets_screen '^REQUESTS'
  gets_screen 'q: quit  p: pause  s: sort'
  press s
  gets_screen 'sort p99'
  press p
  gets_screen '^paused'
  press p
  gets_screen '^q: quit'
  tmux_ resize-window -t top -x 30 -y 6
  gets_screen '^\.\.\. [0-9]+ more lines'
  expect_equal "longest line" "$(awk '{ if (length > most) most = length } END { print (most <= 30) }' "$FRAME")" 1
  tmux_ resize-window -t top -x 120 -y 40
  gets_screen '^BREAKERS'
  press q
  ends_with 0
}

survives_a_lost_gateway() {
  local port=${BASE##*:}
  start_screen C 80 24
  gets_screen '^REQUESTS'
  end_gateway
  gets_screen '^reconnecting: '
  LISTEN=127.0.0.1:$port start_gateway
  gets_screen '^q: quit'
  tmux_ send-keys -t top C-c
  ends_with 0
}

start_upstream
VX11_TENTACULO_LINK_TOKEN=$TOKEN start_gateway
check "one frame: requests, targets, breakers" shows_what_was_asked
check "rates are those of the interval" shows_rates_of_an_interval
check "with a token it shows the status" shows_status_with_a_token
check "it shows an open breaker and its cause" shows_an_open_breaker
check "bad arguments are refused with 2" refuses_bad_arguments
check "without a gateway it says so, with 1" says_that_none_is_there
if command -v tmux >/dev/null; then
  check "on a terminal: keys, pause, resize, end" works_on_a_terminal
  export VX11_TENTACULO_LINK_TOKEN=$TOKEN
  check "on a terminal: a gateway that is lost, and back" survives_a_lost_gateway
  unset VX11_TENTACULO_LINK_TOKEN
  tmux_ kill-server 2>/dev/null
else
  echo "left out: the terminal; tmux is not installed"
fi
VX11_TENTACULO_LINK_TOKEN=$TOKEN VX11_METRICS_ACCESS=token restart_gateway
check "it asks for a token where the gateway does" asks_for_a_token
LISTEN=unix:$WORK/gateway.sock
VX11_TENTACULO_LINK_TOKEN=$TOKEN restart_gateway
check "over a Unix-domain socket" reads_a_unix_socket
finish
