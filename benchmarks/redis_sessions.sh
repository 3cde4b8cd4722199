#!/usr/bin/env bash
# Throughput, latency and CPU per request of chats whose sessions are in memory, in Redis, and in Redis
# encrypted: 500 sessions in turn. Upstream, gateways, Redis and wrk share the machine. Runs are
# interleaved, and each round starts new processes. The table shows medians.
#   benchmarks/redis_sessions.sh [-r rounds] [-d seconds] [-c "connections …"] [contender …]
#   contenders: memory, redis, sealed (redis with sessions.encryption_keys)
# Needs wrk and redis-server: apt-get install wrk redis-server
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=5 seconds=5 connections="64 256"
while getopts r:d:c: option; do
  case $option in
    r) rounds=$OPTARG ;; d) seconds=$OPTARG ;; c) connections=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
contenders=("$@")
((${#contenders[@]})) || contenders=(memory redis sealed)
in_order=("${contenders[@]}")

bin=$PWD/build/release/examples
source benchmarks/processes.sh

start_shared() {
  "$bin/upstream/vx11-upstream" --madre 127.0.0.1:0 --switch 127.0.0.1:0 --threads 2 >"$work/upstream" &
  pid[upstream]=$!
  switch=$(wait_line "$work/upstream" 'switch listening on ')
  madre=$(wait_line "$work/upstream" 'madre listening on ')
  redis_port=$((20000 + RANDOM % 10000))
  redis-server --port $redis_port --bind 127.0.0.1 --save '' --dir "$work" >"$work/redis.log" &
  pid[store]=$!
  wait_port $redis_port
}

start_gateway() {  # start_gateway NAME PLACE
  VX11_TENTACULO_LINK_TOKEN=benchmark-token "$bin/gateway/vx11-gateway" --listen 127.0.0.1:0 \
    --switch "$switch" --madre "$madre" --sessions "$2" --threads 2 >"$work/$1" 2>"$work/$1.log" &
  pid[$1]=$!
  url[$1]=$(wait_line "$work/$1" 'listening on ')/operator/chat/ask
}

start() {
  case $1 in
    memory) start_gateway memory memory ;;
    redis) start_gateway redis "redis://127.0.0.1:$redis_port" ;;
    sealed)
      (umask 077 && echo "1 $(openssl rand -hex 32)" >"$work/keys")
      VX11_SESSIONS_ENCRYPTION_KEYS=$work/keys VX11_REDIS_PREFIX=sealed: \
        start_gateway sealed "redis://127.0.0.1:$redis_port" ;;
  esac
}

measure() {  # measure NAME CONNECTIONS RESULTS
  local before after store
  store=$(cpu "${pid[store]}") before=$(cpu "${pid[$1]}")
  wrk -t1 -c"$2" -d"${seconds}s" --timeout 10s --latency -s benchmarks/session_turns.lua "${url[$1]}" >"$work/wrk"
  after=$(cpu "${pid[$1]}") store=$(($(cpu "${pid[store]}") - store))
  awk -v name="$1" -v c="$2" -v ticks=$((after - before)) -v store=$store -v hz="$(getconf CLK_TCK)" '
    function us(text) { return text ~ /us$/ ? text + 0 : text ~ /ms$/ ? text * 1000 : text * 1000000 }
    $1 == "50%" { p50 = us($2) } $1 == "99%" { p99 = us($2) }
    / requests in / { requests = $1 } /^Requests\/sec/ { rate = $2 }
    /Non-2xx/ { bad += $NF } /Socket errors/ { bad += $4 + $6 + $8 + $10 }
    END { printf "%s %d %d %d %d %.2f %.2f %d\n", name, c, rate, p50, p99, ticks * 1e6 / hz / requests,
          store * 1e6 / hz / requests, bad }' "$work/wrk" | tee -a "$3" >&2
}

lost() { curl -s "${url[$1]%/operator*}/metrics" | awk '/^vx11_session_store_failures_total/ { print $2 }'; }

echo 'contender connections req/s p50_us p99_us cpu_us/req redis_us/req errors' >&2
for ((round = 0; round < rounds; round++)); do
  start_shared
  for name in "${contenders[@]}"; do start "$name"; done
  for name in "${contenders[@]}"; do seconds=1 measure "$name" 16 "$work/warm-up"; done 2>/dev/null
  for c in $connections; do
    for name in "${contenders[@]}"; do measure "$name" "$c" "$work/results"; done
  done
  for name in "${contenders[@]}"; do
    [[ $(lost "$name") == 0 ]] || echo "$name: $(lost "$name") sessions could not be read or written" >&2
  done
  stop
  contenders=("${contenders[@]:1}" "${contenders[0]}")  # rotates, so that none is always first
done

echo '| connections | sessions | req/s | p50 µs | p99 µs | CPU µs/req | of Redis | errors |'
echo '|---|---|---|---|---|---|---|---|'
for c in $connections; do
  for name in "${in_order[@]}"; do
    column() { awk -v n="$name" -v c="$c" -v k="$1" '$1 == n && $2 == c { print $k }' "$work/results"; }
    echo "| $c | $name | $(column 3 | median) | $(column 4 | median) | $(column 5 | median) | $(column 6 | median) | $(column 7 | median) | $(column 8 | median) |"
  done
done
