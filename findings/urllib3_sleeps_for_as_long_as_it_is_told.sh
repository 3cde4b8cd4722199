#!/usr/bin/env bash
# What:     urllib3 1.26.12 and requests 2.28.1 (Debian 12): a GET that is answered 503, 429 or 413
#           with `Retry-After: 3600`, and no word of the caller about repeats after an answer.
# Guess:    the answer is returned. urllib3 repeats connections that failed, and statuses only if
#           they are listed (`status_forcelist`, empty by default); pauses are 120 s at most.
# Seen:     urllib3 sleeps for an hour in the calling thread, asks again, and does so three times: the
#           call returns after three hours, with the answer that it had in the beginning. A
#           `Retry-After` counts as a listing, and the limit of 120 s is not for it. `timeout` is for
#           one attempt. requests alone returns at once; with `HTTPAdapter(max_retries=2)`, which its
#           page says is for connections that failed, it sleeps, too. A POST is never repeated.
#           `Retry(respect_retry_after_header=False)` returns at once.
# Output:   urllib3, GET: 503 after 4 requests and 3 h of sleep
#           urllib3, GET, timeout=1: 503 after 4 requests and 3 h of sleep
#           urllib3, GET, 429: 429 after 4 requests and 3 h of sleep
#           urllib3, GET, 413: 413 after 4 requests and 3 h of sleep
#           urllib3, POST: 503 after 1 requests and 0 h of sleep
#           urllib3, GET, not respecting: 503 after 1 requests and 0 h of sleep
#           requests, GET: 503 after 1 requests and 0 h of sleep
#           requests, GET, max_retries=2: 503 after 3 requests and 2 h of sleep
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'python3-urllib3=1.26.12-*' 'python3-requests=2.28.1*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
export PYTHONPATH=$work/usr/lib/python3/dist-packages
cd "$work"

cat >finding.py <<'PY'
import http.server
import threading
import time
import requests
import urllib3
from requests.adapters import HTTPAdapter

class Handler(http.server.BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self):
        Handler.asked += 1
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(int(self.path[1:]))
        self.send_header("Retry-After", "3600")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}/"

slept = []
time.sleep = slept.append  # noted, and left out

def repeating():
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", HTTPAdapter(max_retries=2))
    return session

pool = urllib3.PoolManager()
quiet = urllib3.Retry(3, respect_retry_after_header=False)
calls = {
    "urllib3, GET": lambda: pool.request("GET", base + "503").status,
    "urllib3, GET, timeout=1": lambda: pool.request("GET", base + "503", timeout=1).status,
    "urllib3, GET, 429": lambda: pool.request("GET", base + "429").status,
    "urllib3, GET, 413": lambda: pool.request("GET", base + "413").status,
    "urllib3, POST": lambda: pool.request("POST", base + "503", body=b"x").status,
    "urllib3, GET, not respecting": lambda: pool.request("GET", base + "503", retries=quiet).status,
    "requests, GET": lambda: requests.get(base + "503", proxies={"http": None}).status_code,
    "requests, GET, max_retries=2": lambda: repeating().get(base + "503").status_code,
}
for name, call in calls.items():
    Handler.asked = 0
    slept.clear()
    status = call()
    print(f"{name}: {status} after {Handler.asked} requests and {sum(slept) // 3600} h of sleep")
PY

/usr/bin/python3 finding.py | tee seen
diff - seen <<'EXPECTED'
urllib3, GET: 503 after 4 requests and 3 h of sleep
urllib3, GET, timeout=1: 503 after 4 requests and 3 h of sleep
urllib3, GET, 429: 429 after 4 requests and 3 h of sleep
urllib3, GET, 413: 413 after 4 requests and 3 h of sleep
urllib3, POST: 503 after 1 requests and 0 h of sleep
urllib3, GET, not respecting: 503 after 1 requests and 0 h of sleep
requests, GET: 503 after 1 requests and 0 h of sleep
requests, GET, max_retries=2: 503 after 3 requests and 2 h of sleep
EXPECTED
