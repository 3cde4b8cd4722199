#!/usr/bin/env bash
# Throughput, latency, CPU and memory of POST /v1/chat/completions with answers of 2 KB, compared with
# another gateway of model servers and with nginx as a plain reverse proxy in front of the same upstream.
# Runs are interleaved, and each round starts new processes. The table shows medians.
#   benchmarks/completions.sh [-r rounds] [-d seconds] [-c connections] [contender …]
#   contenders: gateway, nginx, portkey: npm's @portkey-ai/gateway, installed into a temporary folder
# Needs wrk, nginx (apt-get install wrk nginx-light) and npm.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=5 seconds=4 connections=64
while getopts r:d:c: option; do
  case $option in r) rounds=$OPTARG ;; d) seconds=$OPTARG ;; c) connections=$OPTARG ;; *) exit 2 ;; esac
done
shift $((OPTIND - 1))
contenders=("$@")
((${#contenders[@]})) || contenders=(gateway nginx portkey)
in_order=("${contenders[@]}")

readonly PORTKEY=@portkey-ai/gateway@1.15.2
bin=$PWD/build/release/examples
source benchmarks/processes.sh

free_port() { echo $((20000 + RANDOM % 10000)); }

start_upstream() {
  "$bin/upstream/vx11-upstream" --models 127.0.0.1:0 --threads 2 >"$work/upstream" &
  pid[upstream]=$!
  MODELS=$(wait_line "$work/upstream" 'models listening on ')
  export MODELS
}

start_gateway() {
  cat >"$work/gateway.toml" <<CONF
[targets.model]
dialect = "openai"
url = "$MODELS"
[routes.chat]
targets = ["model"]
[chat]
route = "chat"
[completions]
aliases = ["m=vx11"]
CONF
  VX11_TENTACULO_LINK_TOKEN=benchmark-token "$bin/gateway/vx11-gateway" --config "$work/gateway.toml" \
    --listen 127.0.0.1:0 --sessions memory --threads 2 >"$work/gateway" 2>"$work/gateway.log" &
  pid[gateway]=$!
  url[gateway]=$(wait_line "$work/gateway" 'listening on ')
}

start_nginx() {
  local port; port=$(free_port)
  cat >"$work/nginx.conf" <<CONF
worker_processes 2; daemon off; pid $work/nginx.pid; error_log $work/nginx.log;
events { worker_connections 8192; }
http {
  access_log off; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 75s;
  client_body_temp_path $work/nb; proxy_temp_path $work/np; fastcgi_temp_path $work/nf;
  uwsgi_temp_path $work/nu; scgi_temp_path $work/ns;
  upstream model { server ${MODELS#http://}; keepalive 1024; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:$port backlog=4096;
    location / { proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection ""; } }
}
CONF
  nginx -c "$work/nginx.conf" -e "$work/nginx.log" &
  pid[nginx]=$!
  wait_port "$port"
  url[nginx]=http://127.0.0.1:$port
}

start_portkey() {
  local port; port=$(free_port)
  TRUSTED_CUSTOM_HOSTS=127.0.0.1,localhost node "$work/npm/node_modules/$(sed 's/@[^@]*$//' <<<$PORTKEY)/build/start-server.js" \
    --port="$port" --headless >"$work/portkey.log" 2>&1 &
  pid[portkey]=$!
  wait_port "$port"
  url[portkey]=http://127.0.0.1:$port
}

resident_kb() {
  local p
  for p in $(processes "$1"); do awk '/^VmRSS/ { print $2 }' "/proc/$p/status"; done | awk '{ s += $1 } END { print s }'
}

measure() {  # measure NAME RESULTS
  local before after
  before=$(cpu "${pid[$1]}")
  wrk -t1 -c"$connections" -d"${seconds}s" --timeout 10s --latency -s benchmarks/completions.lua \
    "${url[$1]}/v1/chat/completions" >"$work/wrk"
  after=$(cpu "${pid[$1]}")
  awk -v name="$1" -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" -v kb="$(resident_kb "${pid[$1]}")" '
    function us(text) { return text ~ /us$/ ? text + 0 : text ~ /ms$/ ? text * 1000 : text * 1000000 }
    $1 == "50%" { p50 = us($2) } $1 == "99%" { p99 = us($2) }
    / requests in / { requests = $1; size = $5 } /^Requests\/sec/ { rate = $2 }
    /Non-2xx/ { bad += $NF } /Socket errors/ { bad += $4 + $6 + $8 + $10 }
    END { printf "%s %d %d %d %.2f %.1f %d\n", name, rate, p50, p99, ticks * 1e6 / hz / requests, kb / 1024, bad }' \
    "$work/wrk" | tee -a "$2" >&2
}

if [[ " ${contenders[*]} " == *" portkey "* ]]; then
  npm install --prefix "$work/npm" --no-audit --no-fund --silent "$PORTKEY" >/dev/null
fi
echo 'contender req/s p50_us p99_us cpu_us/req resident_MiB errors' >&2
for ((round = 0; round < rounds; round++)); do
  start_upstream
  for name in "${contenders[@]}"; do "start_$name"; done
  for name in "${contenders[@]}"; do seconds=1 measure "$name" "$work/warm-up"; done 2>/dev/null
  for name in "${contenders[@]}"; do measure "$name" "$work/results"; done
  stop
  contenders=("${contenders[@]:1}" "${contenders[0]}")  # rotates, so that none is always first
done

echo '| contender | req/s | p50 µs | p99 µs | CPU µs/req | resident MiB | errors |'
echo '|---|---|---|---|---|---|---|'
for name in "${in_order[@]}"; do
  column() { awk -v n="$name" -v k="$1" '$1 == n { print $k }' "$work/results"; }
  echo "| $name | $(column 2 | median) | $(column 3 | median) | $(column 4 | median) | $(column 5 | median) | $(column 6 | median) | $(column 7 | median) |"
done
