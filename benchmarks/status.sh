#!/usr/bin/env bash
# GET /operator/status at one caller and GET /operator/power/state at 64, of two builds of the gateway in
# front of the same upstream. Runs are interleaved, and each round starts new processes, since the
# placement of memory and connections is fixed for a process's life. The table shows medians.
#   BEFORE=DIR [AFTER=DIR] benchmarks/status.sh [-r rounds] [-d seconds] [-t threads]
#   Each DIR is the examples folder of a build; default of AFTER: build/release/examples.
# Needs wrk: apt-get install wrk
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=9 seconds=2 threads=2
while getopts r:d:t: option; do
  case $option in
    r) rounds=$OPTARG ;; d) seconds=$OPTARG ;; t) threads=$OPTARG ;;
    *) exit 2 ;;
  esac
done
declare -A build=([before]=${BEFORE:?a folder of examples to compare with} [after]=${AFTER:-build/release/examples})
contenders=(before after)
source benchmarks/processes.sh

start_upstream() {
  "${build[after]}/upstream/vx11-upstream" --madre 127.0.0.1:0 --switch 127.0.0.1:0 --threads 2 >"$work/upstream" &
  pid[upstream]=$!
  switch=$(wait_line "$work/upstream" 'switch listening on ')
  madre=$(wait_line "$work/upstream" 'madre listening on ')
}

start_gateway() {  # start_gateway NAME
  VX11_TENTACULO_LINK_TOKEN=benchmark-token VX11_STATUS_REUSE_FOR=0s \
    "${build[$1]}/gateway/vx11-gateway" --listen 127.0.0.1:0 --switch "$switch" --madre "$madre" \
    --sessions memory --threads "$threads" >"$work/$1" 2>"$work/$1.log" &
  pid[$1]=$!
  url[$1]=$(wait_line "$work/$1" 'listening on ')
}

measure() {  # measure NAME CONNECTIONS PATH RESULTS
  local before after
  before=$(cpu "${pid[$1]}")
  wrk -t1 -c"$2" -d"${seconds}s" --timeout 10s --latency -H 'x-vx11-token: benchmark-token' \
    "${url[$1]}$3" >"$work/wrk"
  after=$(cpu "${pid[$1]}")
  awk -v name="$1" -v path="$3" -v c="$2" -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" '
    function us(text) { return text ~ /us$/ ? text + 0 : text ~ /ms$/ ? text * 1000 : text * 1000000 }
    $1 == "50%" { p50 = us($2) } $1 == "99%" { p99 = us($2) }
    / requests in / { requests = $1 } /^Requests\/sec/ { rate = $2 }
    /Non-2xx/ { bad += $NF } /Socket errors/ { bad += $4 + $6 + $8 + $10 }
    END { printf "%s %s %d %d %d %d %.1f %d\n", path, name, c, rate, p50, p99, ticks * 1e6 / hz / requests, bad }' \
    "$work/wrk" | tee -a "$4" >&2
}

echo 'path build callers req/s p50_us p99_us cpu_us/req errors' >&2
for ((round = 0; round < rounds; round++)); do
  start_upstream
  for name in "${contenders[@]}"; do start_gateway "$name"; done
  for name in "${contenders[@]}"; do
    seconds=1 measure "$name" 16 /operator/power/state "$work/warm-up" 2>/dev/null
  done
  for name in "${contenders[@]}"; do measure "$name" 1 /operator/status "$work/results"; done
  for name in "${contenders[@]}"; do measure "$name" 64 /operator/power/state "$work/results"; done
  stop
  contenders=("${contenders[@]:1}" "${contenders[0]}")  # alternates, so that neither is always first
done

echo '| endpoint | callers | build | req/s | p50 µs | p99 µs | CPU µs/req | errors |'
echo '|---|---|---|---|---|---|---|---|'
for row in '/operator/status 1' '/operator/power/state 64'; do
  read -r path c <<<"$row"
  for name in before after; do
    column() { awk -v p="$path" -v n="$name" -v k="$1" '$1 == p && $2 == n { print $k }' "$work/results"; }
    echo "| $path | $c | $name | $(column 4 | median) | $(column 5 | median) | $(column 6 | median) | $(column 7 | median) | $(column 8 | median) |"
  done
done
