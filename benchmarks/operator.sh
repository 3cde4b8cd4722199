#!/usr/bin/env bash
# vx11-operator under event streams and WebSocket chats at once; medians of several rounds, as a table.
#   benchmarks/operator.sh [-r rounds] [-e event streams] [-s sockets] [-d direct chats] [-g gap_ms] [-n pieces]
# The client is the switch, too: each piece of an answer is the time at which it was sent. The same chats are
# asked of the gateway itself in the same run; what the backend adds is the difference of the quantiles.
# All processes share the machine's cores. Each round starts new processes.
# VX11_GATEWAY and VX11_OPERATOR name other programs than those of build/release.
# Needs some 4,000 descriptors (ulimit -n), and build/release/benchmarks/operator_crowd.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=5 streams=1000 sockets=500 direct=100 gap=100 pieces=50
while getopts r:e:s:d:g:n: option; do
  case $option in
    r) rounds=$OPTARG ;; e) streams=$OPTARG ;; s) sockets=$OPTARG ;; d) direct=$OPTARG ;; g) gap=$OPTARG ;; n) pieces=$OPTARG ;;
    *) exit 2 ;;
  esac
done

build=${VX11_BUILD:-$PWD/build/release}
gateway_program=${VX11_GATEWAY:-$build/examples/gateway/vx11-gateway}
operator_program=${VX11_OPERATOR:-$build/examples/operator/vx11-operator}
source benchmarks/processes.sh
ulimit -n "$(ulimit -Hn)"
(($(ulimit -n) >= streams + 4 * sockets)) || { echo "too few descriptors: ulimit -n is $(ulimit -n)" >&2; exit 1; }
export VX11_TENTACULO_LINK_TOKEN=benchmark-token

start_programs() {
  switch_port=$((20000 + RANDOM % 10000))
  "$gateway_program" --listen 127.0.0.1:0 --sessions memory --switch "http://127.0.0.1:$switch_port" \
    >"$work/gateway" 2>"$work/gateway.log" &
  pid[gateway]=$!
  gateway=$(wait_line "$work/gateway" 'listening on http://')
  rm -f "$work"/operator.db*
  "$operator_program" --listen 127.0.0.1:0 --gateway "http://$gateway" --database "$work/operator.db" \
    >"$work/operator" 2>"$work/operator.log" &
  pid[operator]=$!
  operator=$(wait_line "$work/operator" 'listening on http://')
}

for ((round = 0; round < rounds; round++)); do
  start_programs
  before=$(cpu "${pid[operator]}")
  "$build/benchmarks/operator_crowd" --gateway "$gateway" --backend "$operator" --pid "${pid[operator]}" \
    --switch-port "$switch_port" --streams "$streams" --sockets "$sockets" --direct "$direct" \
    --gap-ms "$gap" --pieces "$pieces" | tee -a "$work/results" >&2
  echo "cpu_s=$(awk -v t=$(($(cpu "${pid[operator]}") - before)) -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%.2f", t / hz }')" |
    tee -a "$work/results" >&2
  stop
  rm -f "$work"/{gateway,operator}
done

column() { grep -o "\b$1=[0-9.-]*" "$work/results" | cut -d= -f2 | median; }
echo "$streams event streams and $sockets WebSocket chats at once, a piece each $gap ms; medians of $rounds rounds:"
echo '| | p50 ms | p99 ms |'
echo '|---|---|---|'
echo "| a piece through the gateway alone | $(column direct_p50) | $(column direct_p99) |"
echo "| through gateway and backend | $(column bridge_p50) | $(column bridge_p99) |"
echo "| added | $(column added_p50) | $(column added_p99) |"
echo "| an event, from its sender to a stream | $(column events_p50) | $(column events_p99) |"
echo
echo '| KiB of the backend | idle | an event stream | an idle WebSocket | a WebSocket with a chat | all, each | errors |'
echo '|---|---|---|---|---|---|---|'
echo "| | $(column idle_kib) | $(column stream_kib) | $(column socket_kib) | $(column chat_kib) | $(column all_kib) | $(column errors) |"
