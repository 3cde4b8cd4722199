#!/usr/bin/env bash
# What:     Prometheus 2.42.0 (Debian 12) with `remote_write`: the receiver answers the first request with 503 or with
#           429, each with `Retry-After: 1`, and all others with 200.
# Guess:    both are repeated until they are accepted: a receiver that limits its clients asks for patience, and remote
#           write keeps its samples in the write-ahead log for hours for that.
# Seen:     a 429 is an error for good: the samples are dropped, and the next request has the next ones. A receiver that
#           limits for a minute leaves a hole of a minute, just when it is busy. One log line and
#           prometheus_remote_storage_samples_failed_total tell of it. `queue_config: {retry_on_http_429: true}` repeats
#           it.
# Output:   503: repeated, 0 samples failed
#           429: dropped, some samples failed
#           429, retry_on_http_429: repeated, 0 samples failed
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
# Debian 12's package, unpacked into the temporary folder; its libraries have to be installed.
{ apt-get download -qq 'prometheus=2.42.0*' 2>apt && dpkg -x prometheus_*.deb .; } || { cat apt >&2; exit 2; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port)
receiver=$(free_port)

cat >receiver.py <<'PY'
import hashlib
import http.server
import sys

first = None

class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        global first
        body = hashlib.sha256(self.rfile.read(int(self.headers["Content-Length"]))).digest()
        refused = first is None
        if not refused:
            print("repeated" if body == first else "another", flush=True)
        first = first or body
        self.send_response(int(self.path[1:4]) if refused else 200)
        if refused:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
PY
observe() { # TITLE STATUS OPTIONS
  cat >prometheus.yml <<YAML
global: {scrape_interval: 1s}
remote_write: [{url: 'http://127.0.0.1:$receiver/$2', queue_config: {batch_send_deadline: 1s$3}}]
scrape_configs: [{job_name: itself, static_configs: [{targets: ['127.0.0.1:$port']}]}]
YAML
  true >"$1.received"
  python3 receiver.py "$receiver" >>"$1.received" &
  local receiving=$! server
  usr/bin/prometheus --config.file=prometheus.yml --storage.tsdb.path="$1" --web.listen-address="127.0.0.1:$port" 2>>log &
  server=$!
  until [ "$(wc -l <"$1.received")" -ge 2 ]; do sleep 0.5; done
  local failed
  failed=$(curl -sS "127.0.0.1:$port/metrics" | sed -n 's/^prometheus_remote_storage_samples_failed_total{.*} //p')
  echo "$1: $(grep -qx repeated "$1.received" && echo repeated || echo dropped)," \
    "$([ "$failed" = 0 ] && echo 0 || echo some) samples failed"
  kill "$server"
  wait "$server" || true # It delivers what it has, for up to a minute.
  kill $receiving
  wait $receiving || true
}
{
  observe 503 503 ''
  observe 429 429 ''
  observe '429, retry_on_http_429' 429 ', retry_on_http_429: true'
} | tee seen
diff - seen <<'EXPECTED'
503: repeated, 0 samples failed
429: dropped, some samples failed
429, retry_on_http_429: repeated, 0 samples failed
EXPECTED
