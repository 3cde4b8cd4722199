#!/usr/bin/env bash
# What:     Alertmanager 0.25.0 (Debian 12) with `repeat_interval: 1h`: an alert that fired and was notified resolves
#           while a silence covers it, and fires again once the silence is over.
# Guess:    the second outage is a new alert: it is notified after `group_wait`, as without the silence.
# Seen:     not a word of it until `repeat_interval` (4 h by default) has passed since the first notification. What
#           resolves behind a silence is neither notified nor written to the log of notifications, so the log still says
#           that the alert fires, and an alert that fires already is not repeated. A silence for a deployment, during
#           which an old trouble ends, hides the next one for hours after its own end; /api/v2/alerts shows it as
#           active. Before such a silence, let the alert resolve, or keep `repeat_interval` short for what wakes people.
# Output:   without a silence: firing, resolved, firing
#           resolved behind a silence: firing
#           state of the second outage: active
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
        print(notification["alerts"][0]["labels"]["alertname"], notification["status"], flush=True)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Hook).serve_forever()
PY
python3 hook.py "$hook" >notified &
cat >alertmanager.yml <<YAML
route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: 'http://127.0.0.1:$hook/'}]}]
YAML
# The package's templates are looked for in /usr/share, of which the process gets the unpacked one.
unshare -rm sh -c 'mount --bind usr/share /usr/share && exec usr/bin/prometheus-alertmanager "$@"' - \
  --config.file=alertmanager.yml --storage.path=data --cluster.listen-address= \
  --web.listen-address="127.0.0.1:$port" 2>log &
api=http://127.0.0.1:$port/api/v2
until curl -sf "127.0.0.1:$port/-/ready" >/dev/null; do sleep 0.1; done

declare -A since
now() { date -u +%FT%T.%NZ; }
fire() { # ALERT
  since[$1]=$(now)
  curl -sS "$api/alerts" -H 'Content-Type: application/json' \
    -d "[{\"labels\": {\"alertname\": \"$1\"}, \"startsAt\": \"${since[$1]}\"}]"
}
resolve() { # ALERT
  curl -sS "$api/alerts" -H 'Content-Type: application/json' \
    -d "[{\"labels\": {\"alertname\": \"$1\"}, \"startsAt\": \"${since[$1]}\", \"endsAt\": \"$(now)\"}]"
}
fire Plain
fire Silenced
until [ "$(grep -c firing notified)" = 2 ]; do sleep 0.1; done
usr/bin/amtool --alertmanager.url="http://127.0.0.1:$port" silence add alertname=Silenced -d 5s -a me -c deployment >/dev/null
sleep 1
resolve Plain
resolve Silenced
sleep 8
fire Plain
fire Silenced
sleep 6
{
  for alert in Plain Silenced; do
    seen=$(sed -n "s/^$alert //p" notified | paste -sd, | sed 's/,/, /g')
    [ $alert = Plain ] && echo "without a silence: $seen" || echo "resolved behind a silence: $seen"
  done
  echo "state of the second outage: $(curl -sS "$api/alerts" | jq -r '.[] | select(.labels.alertname == "Silenced").status.state')"
} | tee seen
diff - seen <<'EXPECTED'
without a silence: firing, resolved, firing
resolved behind a silence: firing
state of the second outage: active
EXPECTED
