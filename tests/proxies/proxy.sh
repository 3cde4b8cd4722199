#!/usr/bin/env bash
# A proxy with the configuration of docs/proxies in front of two gateways: pieces of a stream arrive as they are sent,
# a client that leaves is noticed, and restarts of the gateways under load lose no request.
#   proxy.sh nginx|haproxy|caddy|apache2|varnish [RESTARTS [PARALLEL-REQUESTS]]
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/lib.sh"

readonly NAME=$1 RESTARTS=${2:-3} PARALLEL=${3:-8}
readonly PIECES=20 BATCH=200

declare -A PROGRAM=([varnish]=varnishd) FILE=(
  [nginx]=nginx.conf [haproxy]=haproxy.cfg [caddy]=Caddyfile [apache2]=apache.conf [varnish]=varnish.vcl)
needs "$NAME" "${PROGRAM[$NAME]:-$NAME}"

# start_gateway_at NAME PORT
# shellcheck disable=SC2153  # CONFIG is of ../programs.sh
start_gateway_at() {
  start "$1" '^listening on ' "$GATEWAY_PROGRAM" --listen "127.0.0.1:$2" --sessions memory --madre "$MADRE" \
    --switch "$SWITCH_URL" --config "$CONFIG"
}

# --- pieces in time -------------------------------------------------------------------------------

readonly STREAM=$WORK/stream
stream() { # [CURL-ARGUMENT…]
  curl --noproxy '*' -sS -N --max-time 60 -H "x-vx11-token: $TOKEN" -H 'content-type: application/json' \
    -H 'accept: text/event-stream' -d '{"message":"hello"}' "$@" "$BASE/operator/chat/ask" >"$STREAM"
}
has_pieces() { (($(grep -c '^event: message' "$STREAM") >= $1)); }

each_piece_arrives_before_the_next_is_sent() {
  local piece reader
  tune "{\"stream_chunks\":$PIECES,\"stream_released\":0}"
  : >"$STREAM"
  stream {REPORT}>&- &
  reader=$!
  for ((piece = 1; piece <= PIECES; piece++)); do
    tune "{\"stream_released\":$piece}"
    eventually 10 has_pieces "$piece" || { unmet "piece $piece does not arrive"; break; }
  done
  tune '{"stream_released":1000000}'
  wait "$reader"
  grep -q '^event: done' "$STREAM" || unmet "the stream ends without done"
}

# --- a client that leaves -------------------------------------------------------------------------

let_go() { [[ $(count .switch.abandoned) == 1 ]]; }
departed_client_is_noticed() { # RELEASED-EVENTS
  tune "{\"stream_released\":$1}"
  reset_counts
  stream --max-time 1
  eventually 10 let_go || unmet "the switch is still being read; abandoned: $(count .switch.abandoned)"
  tune '{"stream_released":1000000}'
}

# Not behind Apache and Varnish, which notice by a write.
departed_client_of_a_chat_without_stream_is_noticed() {
  tune '{"stream":false,"latency_ms":20000}'
  reset_counts
  curl --noproxy '*' -sS --max-time 1 -H "x-vx11-token: $TOKEN" -H 'content-type: application/json' \
    -d '{"message":"hello"}' "$BASE/operator/chat/ask" >"$STREAM" 2>&1
  eventually 10 let_go || unmet "the switch is still being asked; abandoned: $(count .switch.abandoned)"
  tune '{"stream":true,"latency_ms":0}'
}

# --- restarts under load --------------------------------------------------------------------------

readonly LOGS=("$WORK/chat.log" "$WORK/get.log")
# load LOG PATH [CURL-ARGUMENT…]: requests in batches until the restarts are over; a line about each in LOG.
load() {
  local log=$1 path=$2
  shift 2
  while [[ ! -e $WORK/over ]]; do
    curl --noproxy '*' -sS --no-progress-meter --max-time 30 --parallel --parallel-immediate \
      --parallel-max "$PARALLEL" -H "x-vx11-token: $TOKEN" -o /dev/null \
      -w '%{stderr}%{http_code} %{exitcode}\n' "$@" "$BASE$path#[1-$BATCH]" 2>>"$log"
  done
}

# As a careful operator does it: the next gateway is restarted only when the proxy uses this one again.
restart() { # NAME PORT
  stop "$1"
  expect_equal "exit code of gateway $1" "$EXIT_CODE" 0
  start_gateway_at "$1" "$2"
  eventually 60 is_used "$2" || unmet "the proxy does not use gateway $1 again"
}
is_used() { # PORT
  curl --noproxy '*' -fsS "http://127.0.0.1:$1/metrics" |
    grep '^vx11_requests_total{endpoint="status",status="2xx"} [1-9]' >/dev/null
}

answers() { cat "${LOGS[@]}" | wc -l; }
has_answered() { (($(answers) >= $1)); }
another_batch() { eventually 60 has_answered $(($(answers) + BATCH)) || unmet "no progress"; }

restarts_lose_nothing() {
  local loads=() round other begun=$SECONDS
  tune '{"stream":false}'
  touch "${LOGS[@]}"
  load "${LOGS[0]}" /operator/chat/ask -H 'content-type: application/json' -d '{"message":"hello"}' {REPORT}>&- &
  loads+=($!)
  load "${LOGS[1]}" /operator/status {REPORT}>&- &
  loads+=($!)
  for ((round = 1; round <= RESTARTS; round++)); do
    another_batch
    restart a "$PORT_A"
    another_batch
    restart b "$PORT_B"
  done
  another_batch
  touch "$WORK/over"
  wait "${loads[@]}"
  other=$(grep -vx '200 0' "${LOGS[@]}" | sort | uniq -c | head -n 8)
  [[ -z $other ]] || unmet "of $(answers) requests: $other"
  echo "     $(answers) requests in $((SECONDS - begun)) s" >&"$REPORT"
}

config <<TOML
[server]
drain_delay = "2s"
[chat]
heartbeat = "500ms"
head_after = "200ms"
TOML
start_upstream
tune '{"stream":true}'
start_gateway_at a "$PORT_A"
start_gateway_at b "$PORT_B"
"start_$NAME" "$CONFIGS/${FILE[$NAME]}"
BASE=$PROXY

check "$NAME: each piece arrives before the next one is sent" each_piece_arrives_before_the_next_is_sent
check "$NAME: a client that leaves before the first piece is noticed" departed_client_is_noticed 0
check "$NAME: a client that leaves in mid-stream is noticed" departed_client_is_noticed 2
case $NAME in
  nginx | haproxy | caddy)
    check "$NAME: a client that leaves a chat without stream is noticed" departed_client_of_a_chat_without_stream_is_noticed ;;
esac
check "$NAME: $((2 * RESTARTS)) restarts under load lose no request" restarts_lose_nothing
finish
