#!/usr/bin/env bash
# What:     two nginx 1.22.1 (Debian 12) in a row, as an ingress before a site's own, each with default settings but for
#           proxy_pass. The origin streams events with `X-Accel-Buffering: no`.
# Guess:    the header switches buffering off in both: it is the answer's own, and every nginx on the way understands it.
# Seen:     the inner nginx obeys the header and takes it out of the answer. The outer one never sees it, and holds the
#           stream to its end. `proxy_pass_header X-Accel-Buffering` in the inner one lets it through.
# Output:   one nginx: the event arrives
#           two: no event arrives while the stream is open
#           two, header passed on: the event arrives
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'nginx=1.22.1-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$work/usr/sbin:$PATH

cat >"$work/origin.py" <<'PY'
"""Sends one event, and the second when a file appears."""
import http.server
import os
import sys
import time

class Events(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        chunked = self.request_version == "HTTP/1.1"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        for name, value in HEADERS[self.path].items():
            self.send_header(name, value)
        self.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("Connection", "close")))
        self.end_headers()
        for event in (b"data: one\n\n", b"data: two\n\n"):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event) if chunked else event)
            while event.startswith(b"data: one") and not os.path.exists(sys.argv[1] + "/second"):
                time.sleep(0.02)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True

    def log_message(self, *arguments):
        pass

HEADERS = {"/": {"X-Accel-Buffering": "no"}}
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Events)
with open(sys.argv[1] + "/port.new", "w") as file:
    file.write(str(server.server_port))
os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
server.serve_forever()
PY
/usr/bin/python3 "$work/origin.py" "$work" &
until [[ -e $work/port ]]; do sleep 0.05; done
origin=127.0.0.1:$(<"$work/port")

cat >"$work/nginx.conf" <<CONF
daemon off;
worker_processes 1;
pid $work/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path $work/body;
  proxy_temp_path $work/proxy;
  fastcgi_temp_path $work/fastcgi;
  uwsgi_temp_path $work/uwsgi;
  scgi_temp_path $work/scgi;
  server { listen unix:$work/inner; location / { proxy_pass http://$origin; } }
  server {
    listen unix:$work/passing;
    location / { proxy_pass http://$origin; proxy_pass_header X-Accel-Buffering; }
  }
  server { listen unix:$work/outer; location / { proxy_pass http://unix:$work/inner; } }
  server { listen unix:$work/outer_of_passing; location / { proxy_pass http://unix:$work/passing; } }
}
CONF
nginx -c "$work/nginx.conf" -e "$work/nginx.err" &
until [[ -S $work/outer_of_passing ]]; do sleep 0.05; done

# look TITLE SOCKET
look() {
  local reader i
  rm -f "$work/second"
  : >"$work/events"
  curl -sS -N --unix-socket "$work/$2" http://localhost/ >"$work/events" &
  reader=$!
  for ((i = 0; i < 100 && $(wc -c <"$work/events") == 0; i++)); do sleep 0.03; done
  if grep -q one "$work/events"; then echo "$1: the event arrives"
  else echo "$1: no event arrives while the stream is open"; fi
  touch "$work/second"
  wait $reader
  grep -q two "$work/events"
}
{
  look 'one nginx' inner
  look 'two' outer
  look 'two, header passed on' outer_of_passing
} | tee "$work/seen"
diff - "$work/seen" <<'EXPECTED'
one nginx: the event arrives
two: no event arrives while the stream is open
two, header passed on: the event arrives
EXPECTED
