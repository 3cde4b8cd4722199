#!/usr/bin/env bash
# What:     curl 7.88.1 (Debian 12): `--retry` for an address that answers 503 once and then 200.
# Guess:    the output is the last answer, wherever it goes; it is so with `-o FILE`.
# Seen:     only there, where curl truncates the file. Into a pipe or a redirection both bodies are
#           written, one behind the other, with exit code 0: `curl --retry 2 … | jq` reads two
#           documents, and a file that was redirected to is not what the server has. With `-o
#           /dev/null`, as in every health check, there is no second request at all: curl cannot
#           truncate it and ends with 23, "Failed to truncate file". `-f` avoids both, since no body
#           of a failure is written; `--fail-with-body` does not.
# Output:   -o FILE: "good", exit code 0, 2 requests
#           into a pipe: "bad good", exit code 0, 2 requests
#           into a pipe, --fail-with-body: "bad good", exit code 0, 2 requests
#           into a pipe, -f: "good", exit code 0, 2 requests
#           >FILE: "bad good", exit code 0, 2 requests
#           -o /dev/null: "", exit code 23, 1 requests
#           -o /dev/null -f: "", exit code 0, 2 requests
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'curl=7.88.1-*' 'libcurl4=7.88.1-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"
LD_LIBRARY_PATH=$work/usr/lib/$(uname -m)-linux-gnu
export LD_LIBRARY_PATH

# Each path answers 503 to its first request; /count/PATH says how many there were.
cat >server.py <<'PY'
import collections
import http.server

counts = collections.Counter()

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/count"):
            return self.answer(200, str(counts[self.path[6:]]))
        counts[self.path] += 1
        first = counts[self.path] == 1
        self.answer(503 if first else 200, "bad " if first else "good")

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PY
/usr/bin/python3 server.py >port &
until [[ -s port ]]; do sleep 0.05; done
url=http://127.0.0.1:$(<port)

report() { # NAME PATH EXIT-CODE FILE
  echo "$1: \"$(<"$4")\", exit code $3, $(curl -s "$url/count/$2") requests"
}
retry=(curl --noproxy '*' -s --retry 2)
{
  code=0; "${retry[@]}" -o kept "$url/1" || code=$?; report '-o FILE' 1 $code kept
  code=0; "${retry[@]}" "$url/2" | cat >kept || code=$?; report 'into a pipe' 2 $code kept
  code=0; "${retry[@]}" --fail-with-body "$url/3" | cat >kept || code=$?; report 'into a pipe, --fail-with-body' 3 $code kept
  code=0; "${retry[@]}" -f "$url/4" | cat >kept || code=$?; report 'into a pipe, -f' 4 $code kept
  code=0; "${retry[@]}" "$url/5" >kept || code=$?; report '>FILE' 5 $code kept
  code=0; "${retry[@]}" -o /dev/null "$url/6" || code=$?; report '-o /dev/null' 6 $code /dev/null
  code=0; "${retry[@]}" -o /dev/null -f "$url/7" || code=$?; report '-o /dev/null -f' 7 $code /dev/null
} | tee seen
diff - seen <<'EXPECTED'
-o FILE: "good", exit code 0, 2 requests
into a pipe: "bad good", exit code 0, 2 requests
into a pipe, --fail-with-body: "bad good", exit code 0, 2 requests
into a pipe, -f: "good", exit code 0, 2 requests
>FILE: "bad good", exit code 0, 2 requests
-o /dev/null: "", exit code 23, 1 requests
-o /dev/null -f: "", exit code 0, 2 requests
EXPECTED
