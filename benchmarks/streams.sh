#!/usr/bin/env bash
# Events of streamed chats that an upstream sends as fast as it can, through the gateway and through plain
# reverse proxies in front of the same upstream. Runs are interleaved, and each round starts new
# processes. The table shows medians.
#   benchmarks/streams.sh [-a api] [-r rounds] [-d seconds] [-c "clients …"] [-n events] [-t threads] [contender …]
#   api: operator (POST /operator/chat/ask, an upstream like switch) or completions (POST
#   /v1/chat/completions, a model server)
#   contenders: gateway, nginx, haproxy, and before: the gateway of another build, $BEFORE/gateway/vx11-gateway
# Every stream has `events` events, which the upstream writes one by one without a pause. wrk reads
# whole responses, so events/s are its requests/s times the events of a stream; the bytes it read
# show that none is missing. The last lines: memory of the gateway for 512 streams that are open at once.
# Needs wrk, and nginx and haproxy for those two: apt-get install wrk nginx-light haproxy
set -euo pipefail
cd "$(dirname "$0")/.."

api=operator rounds=5 seconds=5 clients="16 128" events=200 threads=2
while getopts a:r:d:c:n:t: option; do
  case $option in
    a) api=$OPTARG ;; r) rounds=$OPTARG ;; d) seconds=$OPTARG ;; c) clients=$OPTARG ;; n) events=$OPTARG ;; t) threads=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
contenders=("$@")
((${#contenders[@]})) || contenders=(gateway nginx haproxy)
in_order=("${contenders[@]}")

build=${VX11_BUILD:-$PWD/build/release}
bin=$build/examples
source benchmarks/processes.sh
ulimit -n 65536 2>/dev/null || true

release() { curl --noproxy '*' -fsS -o /dev/null -d "{\"stream_released\":$1}" "$control/__set"; }

start_upstream() {
  "$bin/upstream/vx11-upstream" --madre 127.0.0.1:0 --switch 127.0.0.1:0 --models 127.0.0.1:0 --threads 2 \
    >"$work/upstream" &
  pid[upstream]=$!
  switch=$(wait_line "$work/upstream" 'switch listening on ')
  madre=$(wait_line "$work/upstream" 'madre listening on ')
  models=$(wait_line "$work/upstream" 'models listening on ')
  if [[ $api == operator ]]; then
    origin=$switch upstream_path=/switch/route-v5 path=/operator/chat/ask
  else
    origin=$models upstream_path=/v1/chat/completions path=/v1/chat/completions
    write_model_configuration
  fi
  control=$(wait_line "$work/upstream" 'control listening on ')
  tune "$events" 0
}
tune() { curl --noproxy '*' -fsS -o /dev/null -d "{\"stream\":true,\"stream_chunks\":$1,\"stream_gap_ms\":$2}" "$control/__set"; }

# One target, a model server, which a route asks.
write_model_configuration() {
  cat >"$work/gateway.toml" <<CONF
[targets.model]
dialect = "openai"
url = "$models"
[routes.chat]
targets = ["model"]
[chat]
route = "chat"
[completions]
aliases = ["m=vx11"]
CONF
}

start_front() {  # start_front NAME PROGRAM
  local upstreams=(--switch "$switch" --madre "$madre")
  [[ $api == operator ]] || upstreams=(--config "$work/gateway.toml")
  VX11_TENTACULO_LINK_TOKEN=benchmark-token "$2" --listen 127.0.0.1:0 \
    "${upstreams[@]}" --sessions memory --threads "$threads" \
    >"$work/$1" 2>"$work/$1.log" &
  pid[$1]=$!
  url[$1]=$(wait_line "$work/$1" 'listening on ')$path
}
start_gateway() { start_front gateway "$bin/gateway/vx11-gateway"; }
start_before() { start_front before "$BEFORE/gateway/vx11-gateway"; }

start_nginx() {
  local port=$((20000 + RANDOM % 10000))
  cat >"$work/nginx.conf" <<CONF
worker_processes $threads; daemon off; pid $work/nginx.pid; error_log $work/nginx.log;
events { worker_connections 8192; }
http {
  access_log off; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 75s;
  client_body_temp_path $work/nb; proxy_temp_path $work/np; fastcgi_temp_path $work/nf;
  uwsgi_temp_path $work/nu; scgi_temp_path $work/ns;
  upstream origin { server ${origin#http://}; keepalive 1024; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:$port backlog=4096;
    location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";
                 proxy_buffering off; } }
}
CONF
  nginx -c "$work/nginx.conf" -e "$work/nginx.log" &
  pid[nginx]=$!
  wait_port "$port"
  url[nginx]=http://127.0.0.1:$port$upstream_path
}

start_haproxy() {
  local port=$((10000 + RANDOM % 10000))
  cat >"$work/haproxy.cfg" <<CONF
global
  nbthread $threads
  maxconn 4000
defaults
  mode http
  timeout connect 1s
  timeout client 75s
  timeout server 75s
  option http-keep-alive
  option http-no-delay
  http-reuse always
frontend in
  bind 127.0.0.1:$port backlog 4096
  default_backend origin
backend origin
  server origin ${origin#http://}
CONF
  haproxy -db -f "$work/haproxy.cfg" &
  pid[haproxy]=$!
  wait_port "$port"
  url[haproxy]=http://127.0.0.1:$port$upstream_path
}

lua() { # lua CONTENDER: the chat as that contender gets it, asking for events
  [[ $api == operator ]] || { echo benchmarks/completions.lua; return; }
  case $1 in gateway | before) echo benchmarks/chat.lua ;; *) echo benchmarks/route.lua ;; esac
}
for script in chat route; do
  sed -e '$a wrk.headers["Accept"] = "text/event-stream"' benchmarks/$script.lua >"$work/$script.lua"
done
completion='{"model":"m","stream":true,"messages":[{"role":"user","content":"How are you today?"}]}'
cat >"$work/completions.lua" <<LUA
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer benchmark-token"
wrk.body = '$completion'
LUA

# The bytes of one whole response, without framing.
bytes_of_one() {
  local message='{"message":"How are you today?","session_id":"session-001","metadata":{"client":"wrk"}}'
  [[ $1 == gateway || $1 == before ]] || message='{"prompt":"How are you today?"}'
  local piece='^event: message'
  [[ $api == operator ]] || { message=$completion piece='"content":"[^"]'; }
  curl --noproxy '*' -fsS -N -H 'x-vx11-token: benchmark-token' -H 'Authorization: Bearer benchmark-token' \
    -H 'content-type: application/json' -H 'accept: text/event-stream' -d "$message" "${url[$1]}" >"$work/one"
  [[ $(grep -c "$piece" "$work/one") == "$events" ]] || { echo "$1: not $events events" >&2; exit 1; }
  wc -c <"$work/one"
}

measure() {  # measure NAME CLIENTS RESULTS
  local before after least
  before=$(cpu "${pid[$1]}")
  wrk -t1 -c"$2" -d"${seconds}s" --timeout 10s --latency -s "$work/$(basename "$(lua "$1")")" "${url[$1]}" >"$work/wrk"
  after=$(cpu "${pid[$1]}")
  least=$(bytes_of_one "$1")
  awk -v name="$1" -v c="$2" -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" -v events="$events" -v least="$least" '
    function bytes(text) { return text + 0 > 0 ? text * (text ~ /GB/ ? 2^30 : text ~ /MB/ ? 2^20 : text ~ /KB/ ? 2^10 : 1) : 0 }
    function ms(text) { return text ~ /us$/ ? text / 1000 : text ~ /ms$/ ? text + 0 : text * 1000 }
    $1 == "50%" { p50 = ms($2) } $1 == "99%" { p99 = ms($2) }
    / requests in / { requests = $1; read = bytes($5) } /^Requests\/sec/ { rate = $2 }
    /Non-2xx/ { bad += $NF } /Socket errors/ { bad += $4 + $6 + $8 + $10 }
    END {
      if (read < 0.98 * requests * least) bad += requests  # events are missing
      printf "%s %d %d %.2f %.2f %.1f %d\n", name, c, rate * events, ticks * 1e6 / hz / requests / events, p50, p99, bad
    }' "$work/wrk" | tee -a "$3" >&2
}

echo 'contender clients events/s cpu_us/event p50_ms p99_ms errors' >&2
for ((round = 0; round < rounds; round++)); do
  start_upstream
  for name in "${contenders[@]}"; do "start_$name"; done
  for name in "${contenders[@]}"; do seconds=1 measure "$name" 16 "$work/warm-up"; done 2>/dev/null
  for c in $clients; do
    for name in "${contenders[@]}"; do measure "$name" "$c" "$work/results"; done
  done
  stop
  contenders=("${contenders[@]:1}" "${contenders[0]}")  # rotates, so that none is always first
done

# Resident memory for each of 512 streams that wait for their next event.
memory() {  # memory NAME
  local idle open streams=512 i
  start_upstream
  "start_$1"
  seconds=1 measure "$1" 16 "$work/warm-up" 2>/dev/null
  # Each has got an event with text; a chunk with the role comes before it.
  if [[ $api == operator ]]; then tune "$events" 5000; else release 2; fi
  idle=$(awk '/^VmRSS/ { print $2 }' "/proc/${pid[$1]}/status")
  wrk -t1 -c$streams -d3s --timeout 60s -s "$work/$(basename "$(lua "$1")")" "${url[$1]}" >/dev/null &
  sleep 2.5
  open=$(awk '/^VmRSS/ { print $2 }' "/proc/${pid[$1]}/status")
  wait $!
  echo "$1: $((open - idle)) KiB for $streams streams, $(((open - idle) * 1024 / streams)) bytes each"
  stop
}

echo '| clients | contender | events/s | CPU µs/event | stream p50 ms | stream p99 ms | errors |'
echo '|---|---|---|---|---|---|---|'
for c in $clients; do
  for name in "${in_order[@]}"; do
    column() { awk -v n="$name" -v c="$c" -v k="$1" '$1 == n && $2 == c { print $k }' "$work/results"; }
    echo "| $c | $name | $(column 3 | median) | $(column 4 | median) | $(column 5 | median) | $(column 6 | median) | $(column 7 | median) |"
  done
done
for name in "${in_order[@]}"; do
  case $name in gateway | before) memory "$name" ;; esac
done
