#!/usr/bin/env bash
# The gateway under many concurrent connections; medians of several rounds, as tables.
#   benchmarks/crowd.sh [-r rounds] [-t threads] [measure …]
#   measures: idle chats streams first slow
# VX11_GATEWAY and VX11_UPSTREAM name other programs than those of build/release.
# Needs some 11,000 descriptors for each process (ulimit -n).
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=5 threads=2
while getopts r:t: option; do
  case $option in r) rounds=$OPTARG ;; t) threads=$OPTARG ;; *) exit 2 ;; esac
done
shift $((OPTIND - 1))
measures=("$@")
((${#measures[@]})) || measures=(idle chats streams first slow)

build=$PWD/build/release
gateway_program=${VX11_GATEWAY:-$build/examples/gateway/vx11-gateway}
upstream_program=${VX11_UPSTREAM:-$build/examples/upstream/vx11-upstream}
work=$(mktemp -d)
declare -A pid
stop() { kill "${pid[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"; }
trap stop EXIT
ulimit -n "$(ulimit -Hn)"
(($(ulimit -n) >= 11000)) || { echo "too few descriptors: ulimit -n is $(ulimit -n)" >&2; exit 1; }

wait_line() {  # wait_line FILE PREFIX
  for ((i = 0; i < 200; i++)); do
    if line=$(grep -m1 "^$2" "$1" 2>/dev/null); then echo "${line#"$2"}"; return; fi
    sleep 0.05
  done
  echo "no '$2' in $1" >&2; cat "$1" >&2; exit 1
}

"$upstream_program" --madre 127.0.0.1:0 --switch 127.0.0.1:0 >"$work/upstream" &
pid[upstream]=$!
switch=$(wait_line "$work/upstream" 'switch listening on http://')
madre=$(wait_line "$work/upstream" 'madre listening on http://')
control=$(wait_line "$work/upstream" 'control listening on ')
tune() { curl --noproxy '*' -fsS -o /dev/null -d "$1" "$control/__set"; }

# Limits high enough for all clients from one address, and a breaker that never opens; otherwise
# the defaults.
start_gateway() {
  VX11_TENTACULO_LINK_TOKEN=benchmark-token VX11_SERVER_MAX_CONNECTIONS=20000 \
    VX11_SERVER_MAX_CONNECTIONS_PER_ADDRESS=20000 VX11_SWITCH_BREAKER_FAILURES_TO_OPEN=1000000 \
    "$gateway_program" --listen 127.0.0.1:0 --threads "$threads" --switch "http://$switch" \
    --madre "http://$madre" --sessions memory \
    >"$work/gateway" 2>"$work/gateway.log" &
  pid[gateway]=$!
  gateway=$(wait_line "$work/gateway" 'listening on http://')
}
stop_gateway() { kill "${pid[gateway]}"; wait "${pid[gateway]}" 2>/dev/null || true; unset 'pid[gateway]'; }

crowd() { "$build/benchmarks/crowd" --address "$gateway" "$@"; }
directly() { "$build/benchmarks/crowd" --address "$switch" --path /switch/route-v5 --body '{"prompt":"How are you today?"}' "$@"; }
# note NAME COMMAND…: records the figures of one run, one line each: NAME FIGURE VALUE.
note() {
  local name=$1
  shift
  "$@" | tee >(sed "s/^/$name: /" >&2) | tr ' =' '\n ' | sed "s/^/$name /" >>"$work/results"
}

measure_idle() { note idle crowd --count 10000 idle --pid "${pid[gateway]}"; }
measure_chats() {
  tune '{"latency_ms":2000}'
  note chats crowd --count 1000 chats
  tune '{"latency_ms":0}'
}
measure_streams() {  # two seconds each, all started at once
  tune '{"stream":true,"stream_chunks":20,"stream_gap_ms":100}'
  note streams crowd --count 512 streams --events 20
  tune '{"stream":false,"stream_chunks":0,"stream_gap_ms":0}'
}
# 64 concurrent streams, started at different times: measures how long the next one waits for its
# first event, alternating between through the gateway and without it.
measure_first() {
  tune '{"stream":true,"stream_chunks":20,"stream_gap_ms":20}'
  note direct directly --count 64 streams --events 20 --repeat 10 --stagger-ms 400
  note gateway crowd --count 64 streams --events 20 --repeat 10 --stagger-ms 400
  tune '{"stream":false,"stream_chunks":0,"stream_gap_ms":0}'
}
measure_slow() {
  local kind
  for kind in header body reader silent idle; do note "slow-$kind" crowd --count 200 slow "$kind"; done
}

: >"$work/results"
for ((round = 0; round < rounds; round++)); do
  for measure in "${measures[@]}"; do
    start_gateway  # a new process, so that memory left by a previous peak is not counted
    "measure_$measure"
    stop_gateway
  done
done

figure() {  # figure NAME FIGURE: the median
  awk -v n="$1" -v f="$2" '$1 == n && $2 == f { print $3 }' "$work/results" | sort -n |
    awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
ms() { awk -v us="$(figure "$1" "$2")" 'BEGIN { printf "%.2f", us / 1000 }'; }
worst_ms() {
  awk -v n="$1" -v f="$2" '$1 == n && $2 == f && $3 > m { m = $3 } END { printf "%.2f", m / 1000 }' "$work/results"
}
difference_ms() { awk -v a="$(ms gateway "$1")" -v b="$(ms direct "$1")" 'BEGIN { printf "%.2f", a - b }'; }
errors() { awk -v n="$1" '$1 == n && $2 == "errors" { e += $3 } END { print e + 0 }' "$work/results"; }

table_idle() {
  echo '| idle connections | bytes each | chat p50 ms | p99 ms | longest ms | errors |'
  echo '|---|---|---|---|---|---|'
  echo "| 10000 | $(figure idle bytes_each) | $(ms idle chat_p50) | $(ms idle chat_p99) | $(worst_ms idle chat_max) | $(errors idle) |"
}
table_chats() {
  echo '| chats at once, switch takes 2 s | p50 ms | p99 ms | longest ms | errors |'
  echo '|---|---|---|---|---|'
  echo "| 1000 | $(ms chats chat_p50) | $(ms chats chat_p99) | $(worst_ms chats chat_max) | $(errors chats) |"
}
table_streams() {
  echo '| streams at once, an event each 100 ms | gap p50 ms | gap p99 ms | longest gap ms | incomplete |'
  echo '|---|---|---|---|---|'
  echo "| 512 | $(ms streams gap_p50) | $(ms streams gap_p99) | $(worst_ms streams gap_max) | $(errors streams) |"
}
table_first() {
  echo '| 64 streams, first event after | p50 ms | p99 ms | errors |'
  echo '|---|---|---|---|'
  echo "| the upstream itself | $(ms direct first_p50) | $(ms direct first_p99) | $(errors direct) |"
  echo "| the gateway | $(ms gateway first_p50) | $(ms gateway first_p99) | $(errors gateway) |"
  echo "| added | $(difference_ms first_p50) | $(difference_ms first_p99) | |"
}
table_slow() {
  local kind
  echo '| 200 slow clients | chat p50 ms | p99 ms | longest ms | errors |'
  echo '|---|---|---|---|---|'
  for kind in header body reader silent idle; do
    echo "| $kind | $(ms "slow-$kind" chat_p50) | $(ms "slow-$kind" chat_p99) | $(worst_ms "slow-$kind" chat_max) | $(errors "slow-$kind") |"
  done
}
for measure in "${measures[@]}"; do
  "table_$measure"
  echo
done
