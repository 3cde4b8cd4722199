#!/usr/bin/env bash
# What:     Caddy 2.6.2 (Debian 12): reverse_proxy to two addresses of which one refuses connections, round robin, with
#           `lb_try_duration 2s`.
# Guess:    a request that meets the refused address is sent to the other one. Nothing of it was sent, so it makes no
#           difference whether it is a GET or a POST.
# Seen:     GETs are. A POST is answered 502 at once, though a healthy server is there: the first try has closed the body, and
#           the second one fails on reading it ("invalid Read on closed Body"). The healthy server has received the head
#           by then, and waits for a body that never comes. `buffer_requests` cures it.
# Output:   GET: 200 200 200 200
#           POST: some 502
#           POST, buffer_requests: 200 200 200 200
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'caddy=2.6.2-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$work/usr/sbin:$PATH

cat >"$work/origin.py" <<'PY'
import http.server
import os
import socket
import sys

class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *arguments):
        pass

refusing = socket.socket()  # bound, but it does not listen
refusing.bind(("127.0.0.1", 0))
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
with open(sys.argv[1] + "/ports.new", "w") as file:
    file.write(f"127.0.0.1:{refusing.getsockname()[1]} 127.0.0.1:{server.server_port}\n")
os.rename(sys.argv[1] + "/ports.new", sys.argv[1] + "/ports")
server.serve_forever()
PY
/usr/bin/python3 "$work/origin.py" "$work" &
until [[ -e $work/ports ]]; do sleep 0.05; done

# start OPTION…: Caddy on a socket in $work
start() {
  {
    printf '{\n\tadmin off\n\tauto_https off\n}\nhttp:// {\n\tbind unix/%s\n' "$work/proxy"
    printf '\treverse_proxy %s {\n\t\tlb_policy round_robin\n\t\tlb_try_duration 2s\n' "$(<"$work/ports")"
    printf '\t\t%s\n' "$@"
    printf '\t}\n}\n'
  } >"$work/Caddyfile"
  rm -f "$work/proxy"
  HOME=$work caddy run --adapter caddyfile --config "$work/Caddyfile" 2>>"$work/caddy.err" &
  caddy=$!
  until [[ -S $work/proxy ]]; do sleep 0.05; done
}
# four CURL-ARGUMENT…: the statuses of four requests
four() {
  for _ in 1 2 3 4; do curl -sS --unix-socket "$work/proxy" -o /dev/null -w '%{http_code} ' "$@" http://localhost/; done
}

{
  start
  echo "GET: $(four)"
  statuses=$(four -d 'a body')
  [[ $statuses != *502* ]] || statuses='some 502'
  echo "POST: $statuses"
  kill $caddy
  wait $caddy || true
  start buffer_requests
  echo "POST, buffer_requests: $(four -d 'a body')"
} >"$work/seen"
sed -i 's/ $//' "$work/seen"
cat "$work/seen"
grep -q 'invalid Read on closed Body' "$work/caddy.err"
diff - "$work/seen" <<'EXPECTED'
GET: 200 200 200 200
POST: some 502
POST, buffer_requests: 200 200 200 200
EXPECTED
