#!/usr/bin/env bash
# What:     Prometheus 2.42.0 (Debian 12) with and without `--enable-feature=native-histograms`: the classic histograms
#           and summaries of a target that has no native ones (Prometheus itself), and a recording rule for an objective
#           of one second.
# Guess:    the flag adds native histograms, where a target has them, and changes nothing of what is there.
# Seen:     it makes the server ask for protobuf, and every target that speaks it (each one made with the Go library) gets
#           new names: le="1" becomes le="1.0", le="10" le="10.0", quantile="1" quantile="1.0". Rules, dashboards and
#           objectives that select le="1" find nothing from that moment on, without an error; targets that write text only
#           keep "1". Where a bound is selected, le=~"1|1.0" finds both.
# Output:   without: le="1" some, le="1.0" none, quantile="1" yes, quantile="1.0" no, rule for le="1" has a value
#           with: le="1" none, le="1.0" some, quantile="1" no, quantile="1.0" yes, rule for le="1" has none
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server"; wait "$server"; } || true; rm -rf "$work"' EXIT
cd "$work"
# Debian 12's package, unpacked into the temporary folder; its libraries have to be installed.
{ apt-get download -qq 'prometheus=2.42.0*' 2>apt && dpkg -x prometheus_*.deb .; } || { cat apt >&2; exit 2; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
cat >rules.yml <<'YAML'
groups:
  - name: objective
    interval: 1s
    rules:
      - record: fast
        expr: sum(prometheus_http_request_duration_seconds_bucket{le="1"})
YAML
observe() {
  local port query
  port=$(free_port)
  cat >"$1.yml" <<YAML
rule_files: [rules.yml]
scrape_configs:
  - job_name: itself
    scrape_interval: 1s
    static_configs: [{targets: ['127.0.0.1:$port']}]
YAML
  usr/bin/prometheus --config.file="$1.yml" --storage.tsdb.path="$1" --web.listen-address="127.0.0.1:$port" "${@:2}" 2>"$1.log" &
  server=$!
  value() { curl -sG "127.0.0.1:$port/api/v1/query" --data-urlencode "query=$1" | jq -r '.data.result[0].value[1] // "none"'; }
  until [[ $(value 'count_over_time(up[1m]) > 4') =~ ^[0-9] ]]; do sleep 0.5; done
  selected() { value "count(prometheus_http_request_duration_seconds_bucket{le=\"$1\",handler=~\"/(metrics|api/v1/query)\"})"; }
  quantile() { [ "$(value "go_gc_duration_seconds{quantile=\"$1\"}")" = none ] && echo no || echo yes; }
  series() { [ "$1" = none ] && echo none || echo some; }
  rule=$([ "$(value fast)" = none ] && echo none || echo 'a value')
  echo "$1: le=\"1\" $(series "$(selected 1)"), le=\"1.0\" $(series "$(selected 1.0)"), quantile=\"1\" $(quantile 1)," \
    "quantile=\"1.0\" $(quantile 1.0), rule for le=\"1\" has $rule"
  kill "$server"
  wait "$server" || true
  server=
}
observe without >seen
observe with --enable-feature=native-histograms >>seen
cat seen
diff - seen <<'EXPECTED'
without: le="1" some, le="1.0" none, quantile="1" yes, quantile="1.0" no, rule for le="1" has a value
with: le="1" none, le="1.0" some, quantile="1" no, quantile="1.0" yes, rule for le="1" has none
EXPECTED
