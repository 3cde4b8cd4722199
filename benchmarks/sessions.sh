#!/usr/bin/env bash
# Chats through the gateway by session store: 500 sessions in turn. Upstream, gateways, Redis and wrk share
# the machine. Runs are interleaved, and each round starts new processes with new files. The table shows
# medians.
#   benchmarks/sessions.sh [-r rounds] [-d seconds] [-c "connections …"] [-t threads] [store …]
#   stores: memory, sqlite, power (sqlite with sessions.durability = power), redis, sealed (redis with
#   sessions.encryption_keys), and before: sqlite in the gateway of another build,
#   $BEFORE/gateway/vx11-gateway
# Needs wrk and redis-server: apt-get install wrk redis-server
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=5 seconds=5 connections="64 256" threads=2
while getopts r:d:c:t: option; do
  case $option in
    r) rounds=$OPTARG ;; d) seconds=$OPTARG ;; c) connections=$OPTARG ;; t) threads=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
stores=("$@")
((${#stores[@]})) || stores=(memory sqlite power redis sealed)
in_order=("${stores[@]}")

bin=$PWD/build/release/examples
source benchmarks/processes.sh

start_upstream() {
  "$bin/upstream/vx11-upstream" --madre 127.0.0.1:0 --switch 127.0.0.1:0 --threads 2 >"$work/upstream" &
  pid[upstream]=$!
  switch=$(wait_line "$work/upstream" 'switch listening on ')
  madre=$(wait_line "$work/upstream" 'madre listening on ')
}

start_redis() {
  redis_port=$((20000 + RANDOM % 10000))
  redis-server --port $redis_port --bind 127.0.0.1 --save '' --dir "$work" >"$work/redis.log" &
  pid[server]=$!
  wait_port $redis_port
}

start_store() {  # start_store NAME
  local program=$bin/gateway/vx11-gateway sessions=sqlite:$work/sessions/$1.db settings=()
  case $1 in
    memory) sessions=memory ;;
    power) settings=(VX11_SESSIONS_DURABILITY=power) ;;
    before) program=$BEFORE/gateway/vx11-gateway ;;
    redis) sessions=redis://127.0.0.1:$redis_port ;;
    sealed)
      (umask 077 && echo "1 $(openssl rand -hex 32)" >"$work/keys")
      sessions=redis://127.0.0.1:$redis_port
      settings=(VX11_SESSIONS_ENCRYPTION_KEYS="$work/keys" VX11_REDIS_PREFIX=sealed:)
      ;;
  esac
  env VX11_TENTACULO_LINK_TOKEN=benchmark-token "${settings[@]}" "$program" --listen 127.0.0.1:0 \
    --switch "$switch" --madre "$madre" --sessions "$sessions" --threads "$threads" >"$work/$1" 2>"$work/$1.log" &
  pid[$1]=$!
  url[$1]=$(wait_line "$work/$1" 'listening on ')/operator/chat/ask
}

measure() {  # measure NAME CONNECTIONS RESULTS
  local before after server
  server=$(cpu "${pid[server]}") before=$(cpu "${pid[$1]}")
  wrk -t1 -c"$2" -d"${seconds}s" --timeout 10s --latency -s benchmarks/sessions.lua "${url[$1]}" >"$work/wrk"
  after=$(cpu "${pid[$1]}") server=$(($(cpu "${pid[server]}") - server))
  awk -v name="$1" -v c="$2" -v ticks=$((after - before)) -v server=$server \
    -v hz="$(getconf CLK_TCK)" '
    function us(text) { return text ~ /us$/ ? text + 0 : text ~ /ms$/ ? text * 1000 : text * 1000000 }
    $1 == "50%" { p50 = us($2) } $1 == "99%" { p99 = us($2) }
    / requests in / { requests = $1 } /^Requests\/sec/ { rate = $2 }
    /Non-2xx/ { bad += $NF } /Socket errors/ { bad += $4 + $6 + $8 + $10 }
    END { printf "%s %d %d %d %d %.2f %.2f %d\n", name, c, rate, p50, p99, ticks * 1e6 / hz / requests,
          server * 1e6 / hz / requests, bad }' "$work/wrk" | tee -a "$3" >&2
}

# Chats of the run that were not stored, from the gateway's own counter.
lost() { curl -s -H 'x-vx11-token: benchmark-token' "${url[$1]%/operator/*}/metrics" |
  awk '$1 == "vx11_session_store_failures_total" { print $2 }'; }

echo 'store connections chats/s p50_us p99_us cpu_us/chat redis_us/chat errors' >&2
for ((round = 0; round < rounds; round++)); do
  rm -rf "$work/sessions"
  mkdir "$work/sessions"
  start_upstream
  start_redis
  for name in "${stores[@]}"; do start_store "$name"; done
  for name in "${stores[@]}"; do seconds=1 measure "$name" 64 "$work/warm-up"; done 2>/dev/null
  for c in $connections; do
    for name in "${stores[@]}"; do measure "$name" "$c" "$work/results"; done
  done
  for name in "${stores[@]}"; do echo "$name: $(lost "$name") chats lost their session" >&2; done
  stop
  rm -f "${stores[@]/#/$work/}"
  stores=("${stores[@]:1}" "${stores[0]}")  # rotates, so that none is always first
done

echo '| connections | sessions | chats/s | of memory | p50 µs | p99 µs | CPU µs/chat | of Redis | errors |'
echo '|---|---|---|---|---|---|---|---|---|'
for c in $connections; do
  column() { awk -v n="$1" -v c="$c" -v k="$2" '$1 == n && $2 == c { print $k }' "$work/results" | median; }
  for name in "${in_order[@]}"; do
    share=$(awk -v a="$(column "$name" 3)" -v b="$(column memory 3)" 'BEGIN { printf "%.2f", b ? a / b : 0 }')
    echo "| $c | $name | $(column "$name" 3) | $share | $(column "$name" 4) | $(column "$name" 5) | $(column "$name" 6) | $(column "$name" 7) | $(column "$name" 8) |"
  done
done
