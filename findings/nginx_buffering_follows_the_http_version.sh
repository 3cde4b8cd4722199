#!/usr/bin/env bash
# What:     nginx 1.22.1 (Debian 12), `proxy_buffering on` (its default), and an event stream without X-Accel-Buffering.
# Guess:    events are held until a buffer is full or the stream ends, whatever `proxy_http_version` says, since the manual
#           connects holding back with proxy_buffering alone.
# Seen:     with `proxy_http_version 1.1` the chunked stream passes at once, event by event, in spite of buffering. Only with
#           the default of 1.0, where the end of the body is the end of the connection, it is held. So a test with one
#           of the two says nothing about the other; a line added for keep-alive decides it.
# Output:   1.1: the first event arrives before the second is sent
#           1.0: no event arrives while the stream is open
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'nginx=1.22.1-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$work/usr/sbin:$PATH

cat >"$work/origin.py" <<'PY'
"""Sends one event, and the second when a file appears. Chunked in HTTP/1.1, to the end of the connection in 1.0."""
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

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Events)
with open(sys.argv[1] + "/port.new", "w") as file:
    file.write(str(server.server_port))
os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
server.serve_forever()
PY
/usr/bin/python3 "$work/origin.py" "$work" &
until [[ -e $work/port ]]; do sleep 0.05; done
origin=http://127.0.0.1:$(<"$work/port")

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
  server { listen unix:$work/1.1; location / { proxy_pass $origin; proxy_http_version 1.1; } }
  server { listen unix:$work/1.0; location / { proxy_pass $origin; } }
}
CONF
nginx -c "$work/nginx.conf" -e "$work/nginx.err" &
until [[ -S $work/1.0 ]]; do sleep 0.05; done

for version in 1.1 1.0; do
  rm -f "$work/second"
  : >"$work/events"
  curl -sS -N --unix-socket "$work/$version" http://localhost/ >"$work/events" &
  reader=$!
  for ((i = 0; i < 100 && $(wc -c <"$work/events") == 0; i++)); do sleep 0.03; done
  if grep -q one "$work/events"; then echo "$version: the first event arrives before the second is sent"
  else echo "$version: no event arrives while the stream is open"; fi
  touch "$work/second"
  wait $reader
  grep -q two "$work/events"
done | tee "$work/seen"
diff - "$work/seen" <<'EXPECTED'
1.1: the first event arrives before the second is sent
1.0: no event arrives while the stream is open
EXPECTED
