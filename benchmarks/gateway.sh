#!/usr/bin/env bash
# Throughput, latency and CPU per request of POST /operator/chat/ask, compared with plain reverse
# proxies in front of the same upstream. Runs are interleaved, and each round starts new processes:
# the placement of connections and memory is fixed for a process's life and changes the results by
# several per cent. The table shows medians.
#   benchmarks/gateway.sh [-r rounds] [-d seconds] [-c "connections …"] [-t threads] [-s] [-n] [contender …]
#   -s: clients speak TLS 1.3 to the gateway and to nginx, with the same certificate
#   -n: a new connection for each request, with -s a full handshake
#   contenders: gateway, nginx, haproxy, and before: the gateway of another build,
#   $BEFORE/gateway/vx11-gateway, to compare a change with
# Needs wrk, and nginx and haproxy for those two: apt-get install wrk nginx-light haproxy
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=5 seconds=5 connections="1 16 64 256 1000" threads=2 secure=() headers=()
while getopts r:d:c:t:sn option; do
  case $option in
    r) rounds=$OPTARG ;; d) seconds=$OPTARG ;; c) connections=$OPTARG ;; t) threads=$OPTARG ;;
    s) secure=(ssl) ;; n) headers=(-H 'Connection: close') ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
contenders=("$@")
((${#contenders[@]})) || contenders=(gateway nginx haproxy)
in_order=("${contenders[@]}")

bin=$PWD/build/release/examples
source benchmarks/processes.sh
ulimit -n 65536 2>/dev/null || true

tls_flags=() ssl_of_nginx='' scheme=http
if ((${#secure[@]})); then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" \
    -subj /CN=benchmark -days 1 2>/dev/null
  tls_flags=(--tls-cert "$work/cert.pem" --tls-key "$work/key.pem") scheme=https
  ssl_of_nginx="ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem; ssl_protocols TLSv1.3;"
fi

start_upstream() {
  "$bin/upstream/vx11-upstream" --madre 127.0.0.1:0 --switch 127.0.0.1:0 --threads 2 >"$work/upstream" &
  pid[upstream]=$!
  switch=$(wait_line "$work/upstream" 'switch listening on ')
  madre=$(wait_line "$work/upstream" 'madre listening on ')
}

start_front() {  # start_front NAME PROGRAM [ARGUMENT...]
  local name=$1
  shift
  VX11_TENTACULO_LINK_TOKEN=benchmark-token "$@" --listen 127.0.0.1:0 \
    --switch "$switch" --madre "$madre" --sessions memory --threads "$threads" "${tls_flags[@]}" \
    >"$work/$name" 2>"$work/$name.log" &
  pid[$name]=$!
  url[$name]=$(wait_line "$work/$name" 'listening on ')/operator/chat/ask
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
  upstream switch { server ${switch#http://}; keepalive 1024; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:$port ${secure[*]} backlog=4096; $ssl_of_nginx
    location / { proxy_pass http://switch; proxy_http_version 1.1; proxy_set_header Connection ""; } }
}
CONF
  nginx -c "$work/nginx.conf" -e "$work/nginx.log" &
  pid[nginx]=$!
  wait_port "$port"
  url[nginx]=$scheme://127.0.0.1:$port/switch/route-v5
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
  http-reuse always
frontend in
  bind 127.0.0.1:$port backlog 4096
  default_backend switch
backend switch
  server switch ${switch#http://}
CONF
  haproxy -db -f "$work/haproxy.cfg" &
  pid[haproxy]=$!
  wait_port "$port"
  url[haproxy]=http://127.0.0.1:$port/switch/route-v5
}

measure() {  # measure NAME CONNECTIONS RESULTS
  local script=benchmarks/route.lua before after
  case $1 in gateway | before) script=benchmarks/chat.lua ;; esac
  before=$(cpu "${pid[$1]}")
  wrk -t1 -c"$2" -d"${seconds}s" --timeout 10s --latency "${headers[@]}" -s $script "${url[$1]}" >"$work/wrk"
  after=$(cpu "${pid[$1]}")
  awk -v name="$1" -v c="$2" -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" '
    function us(text) { return text ~ /us$/ ? text + 0 : text ~ /ms$/ ? text * 1000 : text * 1000000 }
    $1 == "50%" { p50 = us($2) } $1 == "99%" { p99 = us($2) }
    / requests in / { requests = $1 } /^Requests\/sec/ { rate = $2 }
    /Non-2xx/ { bad += $NF } /Socket errors/ { bad += $4 + $6 + $8 + $10 }
    END { printf "%s %d %d %d %d %.2f %d\n", name, c, rate, p50, p99, ticks * 1e6 / hz / requests, bad }' \
    "$work/wrk" | tee -a "$3" >&2
}

echo 'contender connections req/s p50_us p99_us cpu_us/req errors' >&2
for ((round = 0; round < rounds; round++)); do
  start_upstream
  for name in "${contenders[@]}"; do "start_$name"; done
  for name in "${contenders[@]}"; do seconds=1 measure "$name" 16 "$work/warm-up"; done 2>/dev/null
  for c in $connections; do
    for name in "${contenders[@]}"; do measure "$name" "$c" "$work/results"; done
  done
  stop
  contenders=("${contenders[@]:1}" "${contenders[0]}")  # rotates, so that none is always first
done

echo '| connections | contender | req/s | p50 µs | p99 µs | CPU µs/req | errors |'
echo '|---|---|---|---|---|---|---|'
for c in $connections; do
  for name in "${in_order[@]}"; do
    column() { awk -v n="$name" -v c="$c" -v k="$1" '$1 == n && $2 == c { print $k }' "$work/results"; }
    echo "| $c | $name | $(column 3 | median) | $(column 4 | median) | $(column 5 | median) | $(column 6 | median) | $(column 7 | median) |"
  done
done
