#!/usr/bin/env bash
# What:     @opentelemetry/exporter-prometheus 0.301.0 with @opentelemetry/sdk-metrics 3.1.0 (npm) on Node.js 20,
#           scraped by Prometheus 2.42.0 (Debian 12): one measurement with two attributes that differ by a dot and an
#           underscore (`gen_ai.model` of a semantic convention, `gen_ai_model` of the program's own).
# Guess:    one label with both values, as OpenTelemetry's specification of the translation has it (joined by ";"), or
#           one of the two; at worst this series is lost.
# Seen:     the label is written twice in one series. Prometheus takes nothing of such an answer: the target is down,
#           and with it all its other metrics, from the first such measurement to the restart. Nothing is logged by the
#           exporter. A view with a list of allowed attributes keeps such a measurement out.
# Output:   exported: chats_total{gen_ai_model="a",gen_ai_model="b"}
#           before: health up, well_total 1
#           after: health down, well_total 1 of 2, label name "gen_ai_model" is not unique: invalid sample
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
# Debian 12's package, unpacked into the temporary folder; its libraries have to be installed.
{ apt-get download -qq 'prometheus=2.42.0*' 2>apt && dpkg -x prometheus_*.deb .; } || { cat apt >&2; exit 2; }
npm install --silent --no-audit --no-fund @opentelemetry/sdk-metrics@3.1.0 @opentelemetry/exporter-prometheus@0.301.0 \
  @opentelemetry/api@1.10.0 || exit 2
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
target=$(free_port)
port=$(free_port)

cat >gateway.mjs <<'JS'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

const exporter = new PrometheusExporter({ host: '127.0.0.1', port: +process.argv[2] });
const meter = new MeterProvider({ readers: [exporter] }).getMeter('finding');
const well = meter.createCounter('well');
well.add(1);
const chats = meter.createCounter('chats');
chats.add(1, { 'gen_ai.model': 'a' });
setInterval(() => {}, 1000);  // The exporter's server does not keep the process.
process.on('SIGUSR2', () => {
  well.add(1);
  chats.add(1, { 'gen_ai.model': 'a', gen_ai_model: 'b' });
});
JS
node gateway.mjs "$target" &
gateway=$!
cat >prometheus.yml <<YAML
global: {scrape_interval: 1s}
scrape_configs: [{job_name: gateway, static_configs: [{targets: ['127.0.0.1:$target']}]}]
YAML
usr/bin/prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address="127.0.0.1:$port" 2>log &
api=http://127.0.0.1:$port/api/v1
about() { curl -sS "$api/targets" 2>/dev/null | jq -r ".data.activeTargets[0].$1"; }
value() { curl -sSG "$api/query" --data-urlencode "query=$1" | jq -r '.data.result[0].value[1] // "none"'; }
until [ "$(about health)" = up ] && [ "$(value well_total)" = 1 ]; do sleep 0.2; done
before="before: health $(about health), well_total $(value well_total)"
kill -USR2 $gateway
sleep 4
curl -sS "127.0.0.1:$target/metrics" >exported
{
  sed -n 's/^\(chats_total{gen_ai_model="a",gen_ai_model="b"\).*/exported: \1}/p' exported
  echo "$before"
  echo "after: health $(about health), well_total $(value well_total) of $(sed -n 's/^well_total.* //p' exported)," \
    "$(about lastError)"
} | tee seen
diff - seen <<'EXPECTED'
exported: chats_total{gen_ai_model="a",gen_ai_model="b"}
before: health up, well_total 1
after: health down, well_total 1 of 2, label name "gen_ai_model" is not unique: invalid sample
EXPECTED
