#!/usr/bin/env bash
# What:     python3-requests 2.28.1 and python3-httpx 0.23.3 (Debian 12), iter_lines() over an event stream whose lines
#           end in CRLF, as the event stream format allows.
# Guess:    the lines are the same however the bytes are cut into chunks.
# Seen:     when a chunk ends between CR and LF, requests yields an empty line that was not sent. In an event stream an
#           empty line ends the event: here `event: done` is separated from its data, and a reader sees a message event
#           where a done event was sent. It depends on how the network cuts the bytes. httpx does it right. A server
#           avoids it by ending lines with LF alone.
# Output:   cut elsewhere: requests [(done, 1)], httpx [(done, 1)]
#           cut inside CRLF: requests [(message, 1)], httpx [(done, 1)]
set -euo pipefail
python=/usr/bin/python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; what they import has to be installed.
(cd "$work" && apt-get download -qq 'python3-requests=2.28.1*' 'python3-httpx=0.23.3*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
export PYTHONPATH=$work/usr/lib/python3/dist-packages

cat >"$work/finding.py" <<'PY'
import http.server
import threading
import time

import httpx
import requests

CUTS = {
    "/elsewhere": (b"event: done\r\nda", b"ta: 1\r\n\r\n"),
    "/inside": (b"event: done\r", b"\ndata: 1\r\n\r\n"),
}


class Events(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in CUTS[self.path]:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            time.sleep(0.3)  # so that the pieces are read one by one
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *arguments):
        pass


def events(lines):
    """What the rules for event streams make of the lines."""
    found, name, data = [], "message", []
    for line in (line.rstrip("\r\n") for line in lines):
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif line == "":
            if data:
                found.append((name, "\n".join(data)))
            name, data = "message", []
    return "[" + ", ".join(f"({name}, {text})" for name, text in found) + "]"


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Events)
threading.Thread(target=server.serve_forever, daemon=True).start()
for title, path in (("cut elsewhere", "/elsewhere"), ("cut inside CRLF", "/inside")):
    url = f"http://127.0.0.1:{server.server_port}{path}"
    by_requests = events(requests.get(url, stream=True).iter_lines(decode_unicode=True))
    with httpx.stream("GET", url) as answer:
        by_httpx = events(answer.iter_lines())
    print(f"{title}: requests {by_requests}, httpx {by_httpx}")
PY

$python "$work/finding.py" | tee "$work/seen"
diff - "$work/seen" <<'EXPECTED'
cut elsewhere: requests [(done, 1)], httpx [(done, 1)]
cut inside CRLF: requests [(message, 1)], httpx [(done, 1)]
EXPECTED
