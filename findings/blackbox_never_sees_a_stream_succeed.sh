#!/usr/bin/env bash
# What:     blackbox_exporter 0.23.0 (Debian 12), the HTTP prober: an endpoint of server-sent events that answers at
#           once and sends an event each half second, and an ordinary page of the same server.
# Guess:    the probe of the stream is a success as soon as the head with status 200 is there, or once a regular
#           expression for the body has matched the first event.
# Seen:     the prober reads the body to its end before it decides. A stream without an end is a failed probe after the
#           whole timeout, with the status 200 beside it; the body's expression fails as well, though the text stands in
#           the first event. No setting stops after the head of a GET. Probe a page of health beside the stream, or give
#           the stream an end for the probe.
# Output:   page: success 1, status 200, failed by the expression 0, before half the timeout
#           page, expression: success 1, status 200, failed by the expression 0, before half the timeout
#           stream: success 0, status 200, failed by the expression 0, after the timeout
#           stream, expression: success 0, status 200, failed by the expression 1, after the timeout
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
# Debian 12's package, unpacked into the temporary folder; its libraries have to be installed.
{ apt-get download -qq 'prometheus-blackbox-exporter=0.23.0*' 2>apt && dpkg -x prometheus-blackbox-exporter_*.deb .; } ||
  { cat apt >&2; exit 2; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port)
origin=$(free_port)

cat >origin.py <<'PY'
import http.server
import sys
import time

class Origin(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            self.wfile.write(b"data: well\n\n")
            for _ in range(40 if self.path == "/stream" else 0):
                time.sleep(0.5)
                self.wfile.write(b"data: well\n\n")
        except OSError:
            pass

    def log_message(self, *arguments):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Origin).serve_forever()
PY
python3 origin.py "$origin" &
cat >blackbox.yml <<'YAML'
modules:
  plain: {prober: http, timeout: 4s}
  expression: {prober: http, timeout: 4s, http: {fail_if_body_not_matches_regexp: [well]}}
YAML
usr/bin/prometheus-blackbox-exporter --config.file=blackbox.yml --web.listen-address="127.0.0.1:$port" 2>log &
for each in "$port" "$origin"; do
  until curl -sS "127.0.0.1:$each/" >/dev/null 2>&1; do sleep 0.1; done
done

probe() { # TITLE PATH MODULE
  curl -sS "127.0.0.1:$port/probe?module=$3&target=http://127.0.0.1:$origin/$2" >probed
  value() { sed -n "s/^$1 //p" probed; }
  local when='before half the timeout'
  [[ $(value probe_duration_seconds) == [01].* ]] || when='after the timeout'
  echo "$1: success $(value probe_success), status $(value probe_http_status_code)," \
    "failed by the expression $(value probe_failed_due_to_regex), $when"
}
{
  probe page page plain
  probe 'page, expression' page expression
  probe stream stream plain
  probe 'stream, expression' stream expression
} | tee seen
diff - seen <<'EXPECTED'
page: success 1, status 200, failed by the expression 0, before half the timeout
page, expression: success 1, status 200, failed by the expression 0, before half the timeout
stream: success 0, status 200, failed by the expression 0, after the timeout
stream, expression: success 0, status 200, failed by the expression 1, after the timeout
EXPECTED
