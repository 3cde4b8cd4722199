#!/usr/bin/env bash
# What:     Alertmanager 0.25.0 (Debian 12), a webhook that answers the first notification of an alert with 429 and `Retry-After: 2`,
#           with 408, 500 or 503, and each later one with 200; `group_interval` is 20 s in place of its 5 minutes.
# Guess:    all four are repeated within a few seconds, 429 after the two seconds that it names: all mean "later".
# Seen:     500 and 503 are repeated after half a second. 429 and 408 are given up at once, as what can never succeed, and
#           the alert comes with the next `group_interval`, five minutes later by default. So a receiver that limits its callers, just
#           when many alerts fire, gets the page five minutes late; one that answers 503 in place of 429 gets it at once.
# Output:   429: next attempt with the next group_interval
#           408: next attempt with the next group_interval
#           500: next attempt within three seconds
#           503: next attempt within three seconds
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'prometheus-alertmanager=0.25.0-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"

cat >hooks.py <<'PY'
"""A webhook that answers the first request of each path with the status that the path names; notes when requests come."""
import http.server, os, time

times = {}
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        came = times.setdefault(self.path, [])
        came.append(time.monotonic())
        self.send_response(int(self.path[1:]) if len(came) == 1 else 200)
        if self.path == "/429" and len(came) == 1:
            self.send_header("Retry-After", "2")
        self.send_header("Content-Length", "0")
        self.end_headers()
        if len(came) == 2:
            with open("seen" + self.path[1:], "w") as file:
                file.write(f"{came[1] - came[0]:.1f}\n")

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
with open("hook.new", "w") as file:
    file.write(str(server.server_port))
os.rename("hook.new", "hook")
server.serve_forever()
PY
/usr/bin/python3 hooks.py &
until [[ -e hook ]]; do sleep 0.05; done
{
  echo 'route: {receiver: none, group_by: [alertname], group_wait: 1s, group_interval: 20s, repeat_interval: 4h, routes: ['
  for status in 429 408 500 503; do echo "  {receiver: hook$status, matchers: [alertname=Down$status]},"; done
  printf ']}\nreceivers:\n- name: none\n'
  for status in 429 408 500 503; do
    printf -- '- {name: hook%s, webhook_configs: [{url: "http://127.0.0.1:%s/%s"}]}\n' "$status" "$(<hook)" "$status"
  done
} >alertmanager.yml
port=$(/usr/bin/python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
# The package's templates are looked for in /usr/share, of which the process gets the unpacked one.
unshare -rm sh -c 'mount --bind usr/share /usr/share && exec usr/bin/prometheus-alertmanager "$@"' - \
  --config.file=alertmanager.yml --storage.path=data --cluster.listen-address= --web.listen-address="127.0.0.1:$port" 2>log &
until curl -sf "http://127.0.0.1:$port/-/ready" >ready; do sleep 0.1; done
for status in 429 408 500 503; do
  curl -sf -H 'Content-Type: application/json' -d "[{\"labels\":{\"alertname\":\"Down$status\"}}]" "http://127.0.0.1:$port/api/v2/alerts"
done
for ((i = 0; i < 60; i++)); do [[ -s seen429 && -s seen408 && -s seen500 && -s seen503 ]] && break; sleep 0.5; done
for status in 429 408 500 503; do
  if (($(cut -d. -f1 "seen$status") < 3)); then echo "$status: next attempt within three seconds"
  else echo "$status: next attempt with the next group_interval"; fi
done | tee seen
diff - seen <<'EXPECTED'
429: next attempt with the next group_interval
408: next attempt with the next group_interval
500: next attempt within three seconds
503: next attempt within three seconds
EXPECTED
