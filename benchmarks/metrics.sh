#!/usr/bin/env bash
# What GET /metrics of a gateway with many targets costs: size, the median of the time to the whole answer, and
# the 99th percentile of the time of other requests of the same loop meanwhile, and without scrapes.
#   benchmarks/metrics.sh [-t targets] [-n scrapes] [contender …]
#   contenders: gateway, and before: the gateway of another build, $BEFORE/gateway/vx11-gateway
set -euo pipefail
cd "$(dirname "$0")/.."

targets=50 scrapes=200
while getopts t:n: option; do
  case $option in
    t) targets=$OPTARG ;; n) scrapes=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
contenders=("$@")
((${#contenders[@]})) || contenders=(gateway)

bin=$PWD/build/release/examples
source benchmarks/processes.sh

for ((i = 1; i <= targets; i++)); do
  printf '[targets.t%d]\ndialect = "openai"\nurl = "http://127.0.0.1:%d"\nmodel = "m%d"\n' $i $((20000 + i)) $i
done >"$work/gateway.toml"

start_gateway() { # NAME PROGRAM
  VX11_TENTACULO_LINK_TOKEN=benchmark-token "$2" --listen 127.0.0.1:0 --threads 1 --sessions memory \
    --config "$work/gateway.toml" >"$work/$1" 2>"$work/$1.log" &
  pid[$1]=$!
  url[$1]=$(wait_line "$work/$1" 'listening on ')
}

echo '| contender | lines | KiB | scrape, ms | p99 of /livez meanwhile, ms | without scrapes, ms |'
echo '|---|---|---|---|---|---|'
for name in "${contenders[@]}"; do
  program=$bin/gateway/vx11-gateway
  [[ $name == gateway ]] || program=$BEFORE/gateway/vx11-gateway
  start_gateway "$name" "$program"
  python3 - "$name" "${url[$name]}" "$scrapes" <<'PYTHON'
import http.client, statistics, sys, threading, time

name, url, scrapes = sys.argv[1], sys.argv[2], int(sys.argv[3])
address = url.removeprefix("http://")

def get(connection, path):
    begun = time.perf_counter()
    connection.request("GET", path, headers={"x-vx11-token": "benchmark-token"})
    body = connection.getresponse().read()
    return (time.perf_counter() - begun) * 1e3, body

def waits(during):
    """The time of each /livez on a connection of its own, until `during` has returned."""
    connection, times, over = http.client.HTTPConnection(address), [], threading.Event()
    def ask():
        while not over.is_set():
            times.append(get(connection, "/livez")[0])
    thread = threading.Thread(target=ask)
    thread.start()
    during()
    over.set()
    thread.join()
    return times

connection = http.client.HTTPConnection(address)
for _ in range(5):
    get(connection, "/metrics")
alone = [get(connection, "/metrics") for _ in range(scrapes)]
body = alone[-1][1]
beside = waits(lambda: [get(connection, "/metrics") for _ in range(scrapes)])
quiet = waits(lambda: time.sleep(1))
# The 99th percentile: the client's own thread is in the way of the others.
lines = body.count(b"\n")
p99 = lambda times: sorted(times)[len(times) * 99 // 100]
print(f"| {name} | {lines} | {len(body) // 1024} | {statistics.median(t for t, _ in alone):.2f} |"
      f" {p99(beside):.2f} | {p99(quiet):.2f} |")
PYTHON
done
stop
