#!/usr/bin/env bash
# What:     Prometheus 2.42.0 and Alertmanager 0.25.0 (Debian 12): an orderly restart of Prometheus, on the same data,
#           while an alert with `for` fires and its outage lasts.
# Guess:    the alert fires on: the state of `for` is kept in the series ALERTS_FOR_STATE, and a restart is seconds.
# Seen:     with a `for` below ten minutes the state is not restored (`--rules.alert.for-grace-period`): the alert waits
#           for its `for` anew, Alertmanager hears nothing of it and sends "resolved" when the last word has run out
#           (after four times the resend delay), then "firing" as for a new outage. Those on call read that all is well
#           in the middle of the outage. A grace period of zero restores the state (below "restored").
# Output:   default: pending after the restart; notified: firing, resolved, firing
#           restored: firing after the restart; notified: firing
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
{ apt-get download -qq 'prometheus=2.42.0*' 'prometheus-alertmanager=0.25.0*' 2>apt &&
  for package in *.deb; do dpkg -x "$package" .; done; } || { cat apt >&2; exit 2; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port)
declare -A prometheus=([default]=$(free_port) [restored]=$(free_port)) process
hook=$(free_port)

cat >hook.py <<'PY'
import http.server
import json
import sys

class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        notification = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        print(notification["commonLabels"]["server"], notification["status"], flush=True)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Hook).serve_forever()
PY
touch notified
python3 hook.py "$hook" >>notified &
cat >alertmanager.yml <<YAML
route: {receiver: hook, group_by: [server], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: 'http://127.0.0.1:$hook/'}]}]
YAML
echo 'groups: [{name: g, rules: [{alert: Down, expr: up == 0, for: 25s}]}]' >rules.yml
# The package's templates are looked for in /usr/share, of which the process gets the unpacked one.
unshare -rm sh -c 'mount --bind usr/share /usr/share && exec usr/bin/prometheus-alertmanager "$@"' - \
  --config.file=alertmanager.yml --storage.path=alerts --cluster.listen-address= \
  --web.listen-address="127.0.0.1:$port" 2>log &
start() { # SERVER
  cat >"$1.yml" <<YAML
global: {scrape_interval: 1s, evaluation_interval: 1s, external_labels: {server: $1}}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:$port']}]}]}
scrape_configs: [{job_name: gateway, static_configs: [{targets: ['127.0.0.1:1']}]}]
YAML
  local options=()
  [ "$1" = default ] || options=(--rules.alert.for-grace-period=0s)
  usr/bin/prometheus --config.file="$1.yml" --storage.tsdb.path="$1" --web.listen-address="127.0.0.1:${prometheus[$1]}" \
    --rules.alert.resend-delay=3s "${options[@]}" 2>>"$1.log" &
  process[$1]=$!
}
state() { curl -sS "127.0.0.1:${prometheus[$1]}/api/v1/alerts" 2>/dev/null | jq -r '.data.alerts[0].state'; }
for server in default restored; do start $server; done
until [ "$(grep -c firing notified)" = 2 ]; do sleep 0.1; done
sleep 4
for server in default restored; do
  kill "${process[$server]}"
  wait "${process[$server]}" || true
  start $server
done
for server in default restored; do
  until [[ $(state $server) =~ pending|firing ]]; do sleep 0.1; done
done
sleep 4
declare -A after=([default]=$(state default) [restored]=$(state restored))
until [ "$(state default)" = firing ]; do sleep 0.5; done
sleep 5
{
  for server in default restored; do
    notices=$(sed -n "s/^$server //p" notified | paste -sd, | sed 's/,/, /g')
    echo "$server: ${after[$server]} after the restart; notified: $notices"
  done
} | tee seen
diff - seen <<'EXPECTED'
default: pending after the restart; notified: firing, resolved, firing
restored: firing after the restart; notified: firing
EXPECTED
