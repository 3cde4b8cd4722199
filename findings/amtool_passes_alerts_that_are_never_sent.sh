#!/usr/bin/env bash
# What:     Alertmanager and amtool 0.25.0 (Debian 12): configurations with one misspelt name in them: a field, a
#           function or a template in a message, and a label in `equal` of an inhibit rule.
# Guess:    `amtool check-config` or the start refuses them; at worst a message goes out without the part.
# Seen:     amtool says SUCCESS with exit code 0, the server starts and is ready, and no alert ever arrives: the message
#           fails each time it is to be sent, and a log line and alertmanager_notifications_failed_total are all there
#           is. An `equal` with a label that neither alert has is true: one critical alert of one cluster inhibits the
#           warnings of all, where the right name would not. A new configuration needs one alert sent through each
#           receiver, and an alert on the failed notifications by another way.
# Output:   right: amtool 0, ready, arrived: critical a, warning b
#           field: amtool 0, ready, arrived: none
#           function: amtool 0, ready, arrived: none
#           template: amtool 0, ready, arrived: none
#           equal: amtool 0, ready, arrived: critical a
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
# Debian 12's package, unpacked into the temporary folder; its libraries have to be installed.
{ apt-get download -qq 'prometheus-alertmanager=0.25.0*' 2>apt && dpkg -x prometheus-alertmanager_*.deb .; } ||
  { cat apt >&2; exit 2; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port)
hook=$(free_port)

cat >hook.py <<'PY'
import http.server
import json
import sys

class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        notification = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        print(notification["attachments"][0]["text"], flush=True)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Hook).serve_forever()
PY
touch notified
python3 hook.py "$hook" >>notified &
configuration() { # TEXT LABEL
  cat <<YAML
route: {receiver: chat, group_by: [cluster, severity], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
inhibit_rules: [{source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [$2]}]
receivers: [{name: chat, slack_configs: [{api_url: 'http://127.0.0.1:$hook/', text: '$1'}]}]
YAML
}
text='{{ .CommonLabels.severity }} {{ .CommonLabels.cluster }}'
configuration "$text" cluster >right.yml
configuration '{{ .Labels.severity }} {{ .Labels.cluster }}' cluster >field.yml
configuration "{{ .CommonLabels.severity | toUper }} {{ .CommonLabels.cluster }}" cluster >function.yml
configuration '{{ template "slack.text" . }}' cluster >template.yml
configuration "$text" clustre >equal.yml

api=http://127.0.0.1:$port/api/v2
post() { # SEVERITY CLUSTER
  curl -sS "$api/alerts" -H 'Content-Type: application/json' \
    -d "[{\"labels\": {\"alertname\": \"Down\", \"severity\": \"$1\", \"cluster\": \"$2\"}}]"
}
for name in right field function template equal; do
  true >notified
  code=0
  usr/bin/amtool check-config $name.yml >/dev/null 2>&1 || code=$?
  # The package's templates are looked for in /usr/share, of which the process gets the unpacked one.
  unshare -rm sh -c 'mount --bind usr/share /usr/share && exec usr/bin/prometheus-alertmanager "$@"' - \
    --config.file=$name.yml --storage.path=$name --cluster.listen-address= \
    --web.listen-address="127.0.0.1:$port" 2>>log &
  server=$!
  until curl -sf "127.0.0.1:$port/-/ready" >/dev/null; do sleep 0.1; done
  post critical a
  sleep 1
  post warning b
  sleep 4
  arrived=$(sort notified | paste -sd, | sed 's/,/, /g')
  echo "$name: amtool $code, ready, arrived: ${arrived:-none}"
  kill $server
  wait $server || true
done | tee seen
diff - seen <<'EXPECTED'
right: amtool 0, ready, arrived: critical a, warning b
field: amtool 0, ready, arrived: none
function: amtool 0, ready, arrived: none
template: amtool 0, ready, arrived: none
equal: amtool 0, ready, arrived: critical a
EXPECTED
