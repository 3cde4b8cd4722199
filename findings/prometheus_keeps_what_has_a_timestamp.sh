#!/usr/bin/env bash
# What:     Prometheus 2.42.0 (Debian 12): two gauges of one target, one with a timestamp in the exposition (as an
#           exporter with `appendTimestamp` writes it), and then first the gauges leave the answer, and in a second run
#           the target ends.
# Guess:    both are gone from queries with the next scrape, as the time they bear is that of the scrape.
# Seen:     the one without a timestamp is gone at once. The other stays at its last value for the five minutes that a
#           query looks back, in each query and rule: a breaker that was open keeps its alert firing after its target
#           was taken out, and a gateway that has ended is still counted as up by its own gauge. Prometheus marks no
#           series as stale that brings its own time. With `honor_timestamps: false` both are gone.
# Output:   series gone: plain none, with a timestamp 1
#           series gone, honor_timestamps false: plain none, with a timestamp none
#           target ended: plain none, with a timestamp 1
#           target ended, honor_timestamps false: plain none, with a timestamp none
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
# Debian 12's package, unpacked into the temporary folder; its libraries have to be installed.
{ apt-get download -qq 'prometheus=2.42.0*' 2>apt && dpkg -x prometheus_*.deb .; } || { cat apt >&2; exit 2; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port)
series=$(free_port)
target=$(free_port)

cat >target.py <<'PY'
import http.server
import os
import sys
import time

class Target(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        text = "well 1\n"
        if not os.path.exists("removed"):
            text += f"plain 1\nstamped 1 {round(time.time() * 1000)}\n"
        self.wfile.write(text.encode())

    def log_message(self, *arguments):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Target).serve_forever()
PY
python3 target.py "$series" &
python3 target.py "$target" &
ending=$!
cat >prometheus.yml <<YAML
global: {scrape_interval: 1s}
scrape_configs:
- {job_name: series, static_configs: [{targets: ['127.0.0.1:$series']}]}
- {job_name: series_unhonored, honor_timestamps: false, static_configs: [{targets: ['127.0.0.1:$series']}]}
- {job_name: target, static_configs: [{targets: ['127.0.0.1:$target']}]}
- {job_name: target_unhonored, honor_timestamps: false, static_configs: [{targets: ['127.0.0.1:$target']}]}
YAML
usr/bin/prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address="127.0.0.1:$port" 2>log &
value() {
  curl -sSG "127.0.0.1:$port/api/v1/query" --data-urlencode "query=$1" 2>/dev/null |
    jq -r '.data.result[0].value[1] // "none"'
}
until [ "$(value 'count({__name__=~"plain|stamped"})')" = 8 ]; do sleep 0.2; done
touch removed
kill $ending
until [ "$(value 'count(up{job=~"target.*"} == 0)')" = 2 ]; do sleep 0.2; done
sleep 5
{
  for job in series target; do
    [ $job = series ] && title='series gone' || title='target ended'
    for suffix in '' _unhonored; do
      echo "$title${suffix:+, honor_timestamps false}: plain $(value "plain{job=\"$job$suffix\"}")," \
        "with a timestamp $(value "stamped{job=\"$job$suffix\"}")"
    done
  done
} | tee seen
diff - seen <<'EXPECTED'
series gone: plain none, with a timestamp 1
series gone, honor_timestamps false: plain none, with a timestamp none
target ended: plain none, with a timestamp 1
target ended, honor_timestamps false: plain none, with a timestamp none
EXPECTED
