#!/usr/bin/env bash
# What:     Alertmanager 0.25.0 (Debian 12), its state on a disk that keeps all: a silence that was set, and an alert
#           that resolved, less than a quarter of an hour before the process is killed (as by a lack of memory).
# Guess:    `silence add` gives an id once the silence is stored, and what was notified is stored with it: the process
#           that starts again silences, and notifies the next outage.
# Seen:     both are written to the disk every 15 min and at an orderly end only (`--data.maintenance-interval`). After
#           the kill there is no silence, and the deployment wakes people; the log of notifications is the old one, in
#           which the alert still fires, so that the next outage is not notified for `repeat_interval`. A shorter
#           interval narrows the gap.
# Output:   orderly end: silences 1, notified: firing, resolved, firing
#           killed: silences 0, notified: firing, resolved
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
        print(notification["status"], flush=True)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Hook).serve_forever()
PY
touch notified
python3 hook.py "$hook" >>notified &
cat >alertmanager.yml <<YAML
route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: 'http://127.0.0.1:$hook/'}]}]
YAML
# The package's templates are looked for in /usr/share, of which the process gets the unpacked one.
start() { # FOLDER
  unshare -rm sh -c 'mount --bind usr/share /usr/share && exec usr/bin/prometheus-alertmanager "$@"' - \
    --config.file=alertmanager.yml --storage.path="$1" --cluster.listen-address= \
    --web.listen-address="127.0.0.1:$port" 2>>log &
  server=$!
  until curl -sf "127.0.0.1:$port/-/ready" >/dev/null; do sleep 0.1; done
}
stop() { # SIGNAL
  kill "-$1" $server
  wait $server 2>/dev/null || true
}
api=http://127.0.0.1:$port/api/v2

now() { date -u +%FT%T.%NZ; }
post() { # MORE
  curl -sS "$api/alerts" -H 'Content-Type: application/json' \
    -d "[{\"labels\": {\"alertname\": \"Down\"}, \"startsAt\": \"$since\"$1}]"
}
fire() { since=$(now) && post ''; }
resolve() { post ", \"endsAt\": \"$(now)\""; }
notified() { until [ "$(wc -l <notified)" = "$1" ]; do sleep 0.1; done; }
observe() { # TITLE SIGNAL
  true >notified
  start "$2"
  fire
  notified 1
  stop TERM # the state with the alert that fires is on the disk
  start "$2"
  resolve
  notified 2
  usr/bin/amtool --alertmanager.url="http://127.0.0.1:$port" silence add alertname=Other -d 1h -a me -c deployment >/dev/null
  stop "$2"
  start "$2"
  fire
  sleep 5
  echo "$1: silences $(curl -sS "$api/silences" | jq length), notified: $(paste -sd, notified | sed 's/,/, /g')"
  stop TERM
}
{
  observe 'orderly end' TERM
  observe killed KILL
} 2>/dev/null | tee seen
diff - seen <<'EXPECTED'
orderly end: silences 1, notified: firing, resolved, firing
killed: silences 0, notified: firing, resolved
EXPECTED
