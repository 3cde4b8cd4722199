#!/usr/bin/env bash
# What:     Prometheus 2.42.0 and promtool 2.42.0 (Debian 12): an alert rule whose `labels`
#           overwrite the label by which its series differ.
# Guess:    two series that get the same labels are one alert: it fires if one instance is down, and
#           if both are.
# Seen:     it fires for one instance, and not at all for two: the evaluation fails with "vector
#           contains metrics with the same labelset after applying alert labels", and an alert that
#           fires already gets no further samples when the second instance goes down. `promtool
#           check rules` finds nothing, and a `promtool test rules` with one bad series passes. The
#           same with recording rules. Aggregate in the expression (`max(up == bool 0) > 0`), do not
#           overwrite; test each alert with two series; watch
#           prometheus_rule_evaluation_failures_total.
# Output:   promtool check rules: exit code 0
#           one down: rule ok, 1 alert fires
#           two down: rule err, 0 alerts fire
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'prometheus=2.42.0*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$work/usr/sbin:$PATH
cd "$work"

cat >rules.yml <<'YAML'
groups:
- name: outages
  interval: 1s
  rules:
  - alert: Down
    expr: up{job="replicas"} == 0
    labels: {instance: gateway}
YAML
cat >replica.py <<'PY'
import http.server
import os

class Replica(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b"a 1\n")

    def log_message(self, *arguments):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Replica)
with open("port.new", "w") as file:
    file.write(str(server.server_port))
os.rename("port.new", "port")
server.serve_forever()
PY
/usr/bin/python3 replica.py &
replica=$!
until [[ -e port ]]; do sleep 0.05; done

port=21100
while : 2>/dev/null <"/dev/tcp/127.0.0.1/$port"; do port=$((port + 1)); done
cat >prometheus.yml <<YAML
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs:
- {job_name: replicas, static_configs: [{targets: ['127.0.0.1:1', '127.0.0.1:$(<port)']}]}
YAML
prometheus --config.file=prometheus.yml --storage.tsdb.path=data \
  --web.listen-address="127.0.0.1:$port" 2>log &
api=http://127.0.0.1:$port/api/v1

ask() { curl -sS -G "$api/query" --data-urlencode "query=$1" | jq -r '.data.result[0].value[1] // "0"'; }
until [[ $(ask 'count(up{job="replicas"})' 2>/dev/null) == 2 ]]; do sleep 0.2; done
state() {
  local health fires
  health=$(curl -sS "$api/rules" | jq -r '.data.groups[0].rules[0].health')
  fires=$(ask 'count(time() - timestamp(ALERTS{alertname="Down", alertstate="firing"}) < 3)')
  [[ $fires == 1 ]] && echo "rule $health, 1 alert fires" || echo "rule $health, $fires alerts fire"
}
{
  code=0
  promtool check rules rules.yml >/dev/null || code=$?
  echo "promtool check rules: exit code $code"
  until [[ $(ask 'count(ALERTS{alertstate="firing"})') == 1 ]]; do sleep 0.2; done
  echo "one down: $(state)"
  kill $replica
  until [[ $(ask 'count(up{job="replicas"} == 0)') == 2 ]]; do sleep 0.2; done
  sleep 6
  echo "two down: $(state)"
} | tee seen
curl -sS "$api/rules" | jq -r '.data.groups[0].rules[0].lastError' | grep -q 'same labelset after applying alert labels'
diff - seen <<'EXPECTED'
promtool check rules: exit code 0
one down: rule ok, 1 alert fires
two down: rule err, 0 alerts fire
EXPECTED
