#!/usr/bin/env bash
# What:     Prometheus 2.42.0 and python3-prometheus-client 0.16.0 (Debian 12), prom-client 15.1.3
#           (npm) on Node.js 20: a histogram with a bucket up to 1 from two programs.
# Guess:    le="1" and le="1.0" are one bound for the server, since it is a number by definition,
#           and two client libraries write it alike.
# Seen:     neither. prom-client writes "1", in its OpenMetrics text too, where the standard prefers
#           "1.0"; the Python library writes "1.0" in both. The server keeps the letters: the series
#           differ, {le="1"} counts one of the programs only, and `sum by (le)` has two rows for one
#           bound. A latency objective with le="1" is silently wrong by the other program's share.
#           histogram_quantile() alone reads them as numbers. A program that speaks both formats has
#           to write one form of le in both.
# Output:   prom-client: 0.5 1 +Inf; OpenMetrics: 0.5 1 +Inf
#           prometheus_client: 0.5 1.0 +Inf; OpenMetrics: 0.5 1.0 +Inf
#           of 8 observations up to 1: le="1" has 4, le="1.0" has 4
#           median of all: 0.5
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'prometheus=2.42.0*' 'python3-prometheus-client=0.16.0-*' \
  'python3-decorator=5.1.1-*' \
  2>"$work/apt" && for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$work/usr/sbin:$PATH
export PYTHONPATH=$work/usr/lib/python3/dist-packages
cd "$work"
npm install --silent --no-audit --no-fund prom-client@15.1.3

# Each program observes 0.4 twice and 0.8 twice.
cat >one.mjs <<'JS'
import fs from 'node:fs';
import http from 'node:http';
import client from 'prom-client';

const registers = [client.Registry.PROMETHEUS_CONTENT_TYPE, client.Registry.OPENMETRICS_CONTENT_TYPE].map((type) => {
  const register = new client.Registry(type);
  const options = { name: 'wait_seconds', help: 'A wait.', buckets: [0.5, 1], registers: [register] };
  const histogram = new client.Histogram(options);
  for (const seconds of [0.4, 0.4, 0.8, 0.8]) histogram.observe(seconds);
  return register;
});
const server = http.createServer(async (request, response) => {
  const register = registers[/openmetrics/.test(request.headers.accept) ? 1 : 0];
  response.writeHead(200, { 'content-type': register.contentType }).end(await register.metrics());
});
server.listen(0, '127.0.0.1', () => {
  fs.writeFileSync('port.new', String(server.address().port));
  fs.renameSync('port.new', 'one.port');
});
JS
cat >other.py <<'PY'
import os
import prometheus_client

histogram = prometheus_client.Histogram("wait_seconds", "A wait.", buckets=[0.5, 1])
for seconds in (0.4, 0.4, 0.8, 0.8):
    histogram.observe(seconds)
application = prometheus_client.make_wsgi_app()
from wsgiref.simple_server import WSGIRequestHandler, make_server

class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass

server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
with open("other.port.new", "w") as file:
    file.write(str(server.server_port))
os.rename("other.port.new", "other.port")
server.serve_forever()
PY
node one.mjs &
/usr/bin/python3 other.py &
until [[ -e one.port && -e other.port ]]; do sleep 0.05; done

port=21200
while : 2>/dev/null <"/dev/tcp/127.0.0.1/$port"; do port=$((port + 1)); done
cat >prometheus.yml <<YAML
global: {scrape_interval: 1s}
scrape_configs:
- job_name: both
  static_configs: [{targets: ['127.0.0.1:$(<one.port)', '127.0.0.1:$(<other.port)']}]
YAML
prometheus --config.file=prometheus.yml --storage.tsdb.path=data \
  --web.listen-address="127.0.0.1:$port" 2>log &
ask() {
  curl -sS -G "http://127.0.0.1:$port/api/v1/query" --data-urlencode "query=$1" |
    jq -r '.data.result[0].value[1] // "none"'
}
bounds() { # PORT ACCEPT
  curl -sS -H "Accept: $2" "http://127.0.0.1:$1/metrics" | grep -o '^wait_seconds_bucket{le="[^"]*' |
    sed 's/.*"//' | paste -sd' '
}
until [[ $(ask 'count(wait_seconds_count)' 2>/dev/null) == 2 ]]; do sleep 0.2; done
{
  for program in prom-client:one prometheus_client:other; do
    target=$(<"${program#*:}.port")
    echo "${program%:*}: $(bounds "$target" text/plain); OpenMetrics:" \
      "$(bounds "$target" 'application/openmetrics-text; version=1.0.0')"
  done
  echo "of $(ask 'sum(wait_seconds_count)') observations up to 1:" \
    "le=\"1\" has $(ask 'sum(wait_seconds_bucket{le="1"})')," \
    "le=\"1.0\" has $(ask 'sum(wait_seconds_bucket{le="1.0"})')"
  echo "median of all: $(ask 'histogram_quantile(0.5, sum by (le) (wait_seconds_bucket))')"
} | tee seen
diff - seen <<'EXPECTED'
prom-client: 0.5 1 +Inf; OpenMetrics: 0.5 1 +Inf
prometheus_client: 0.5 1.0 +Inf; OpenMetrics: 0.5 1.0 +Inf
of 8 observations up to 1: le="1" has 4, le="1.0" has 4
median of all: 0.5
EXPECTED
