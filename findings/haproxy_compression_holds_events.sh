#!/usr/bin/env bash
# What:     HAProxy 2.6.12 (Debian 12), `compression algo gzip` without `compression type`, and a client that accepts gzip
#           (every browser): an event stream.
# Guess:    events are compressed and flushed one by one, as nginx's and Apache's filters do; or left alone, since a
#           stream has no length.
# Seen:     without a list of types everything is compressed, event streams, too, and an event stays in the compressor
#           until enough has gathered or the stream ends. `option http-no-delay` makes no difference. The origin can
#           prevent it: with `Cache-Control: no-transform` HAProxy leaves the answer alone.
# Output:   plain: no event arrives while the stream is open (gzip)
#           no-transform: the event arrives (not compressed)
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'haproxy=2.6.12-*' 2>"$work/apt" &&
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

HEADERS = {"/": {}, "/no-transform": {"Cache-Control": "no-cache, no-transform"}}
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Events)
with open(sys.argv[1] + "/port.new", "w") as file:
    file.write(str(server.server_port))
os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
server.serve_forever()
PY
/usr/bin/python3 "$work/origin.py" "$work" &
until [[ -e $work/port ]]; do sleep 0.05; done
origin=127.0.0.1:$(<"$work/port")

cat >"$work/haproxy.cfg" <<CONF
defaults
  mode http
  option http-no-delay
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen events
  bind unix@$work/proxy
  compression algo gzip
  server origin $origin
CONF
haproxy -db -f "$work/haproxy.cfg" 2>"$work/haproxy.err" &
until [[ -S $work/proxy ]]; do sleep 0.05; done

# look TITLE PATH
look() {
  local reader i how='not compressed' when='no event arrives while the stream is open'
  rm -f "$work/second"
  : >"$work/events"
  curl -sS -N --compressed -D "$work/head" --unix-socket "$work/proxy" "http://localhost$2" >"$work/events" &
  reader=$!
  for ((i = 0; i < 100 && $(wc -c <"$work/events") == 0; i++)); do sleep 0.03; done
  if grep -q one "$work/events"; then when='the event arrives'; fi
  touch "$work/second"
  wait $reader
  grep -q two "$work/events"
  if grep -qi '^content-encoding: gzip' "$work/head"; then how=gzip; fi
  echo "$1: $when ($how)"
}
{
  look plain /
  look no-transform /no-transform
} | tee "$work/seen"
diff - "$work/seen" <<'EXPECTED'
plain: no event arrives while the stream is open (gzip)
no-transform: the event arrives (not compressed)
EXPECTED
