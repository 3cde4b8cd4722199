#!/usr/bin/env bash
# What:     GNU Wget 1.21.3, curl 7.88.1 and Python requests 2.28.1 (Debian 12): a POST whose
#           connection the server closes after it has read the request, without an answer.
# Guess:    none of them sends the POST again unless it is told to (RFC 9110, 9.2.2): the server may
#           have carried it out. They report an error.
# Seen:     requests does so. wget sends it again and again, up to 20 times (--tries=20 is its
#           default, for POST as for GET), a second longer apart each time, and ends well if one
#           try is answered. curl sends it a second time if the connection had served a request
#           before, without --retry and without a word. A health check or a script that "chats once"
#           by wget has chatted as often as the server has failed.
# Output:   requests, new connection: 1 POST, ConnectionError
#           requests, used connection: 1 POST, ConnectionError
#           curl, new connection: 1 POST, exit code 52
#           curl, used connection: 2 POSTs, exit code 0
#           wget, new connection, 4 s: 3 POSTs or more, still trying
#           wget --tries=1: 1 POST, exit code 4
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'wget=1.21.3-*' 'curl=7.88.1-*' 'libcurl4=7.88.1-*' \
  'python3-requests=2.28.1*' 'python3-urllib3=1.26.12-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
export LD_LIBRARY_PATH PYTHONPATH=$work/usr/lib/python3/dist-packages
LD_LIBRARY_PATH=$(echo "$work"/usr/lib/*-linux-gnu)
cd "$work"

# Counts the POSTs to each path in a file of that name, and answers all but the first to /cut….
cat >origin.py <<'PY'
import collections
import http.server
import os

counts = collections.Counter()

class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        counts[self.path] += 1
        with open("." + self.path, "w") as file:
            file.write(str(counts[self.path]))
        if self.path.startswith("/cut") and (counts[self.path] == 1 or "always" in self.path):
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
with open("port.new", "w") as file:
    file.write(str(server.server_port))
os.rename("port.new", "port")
server.serve_forever()
PY
/usr/bin/python3 origin.py &
until [[ -e port ]]; do sleep 0.05; done
origin=http://127.0.0.1:$(<port)

report() { # NAME PATH OUTCOME
  local count
  count=$(<"$2")
  [[ $count == 1 ]] && echo "$1: 1 POST, $3" || echo "$1: $count POSTs, $3"
}
by_requests() { # PATH…
  /usr/bin/python3 - "${@/#/$origin/}" <<'PY'
import sys
import requests

session = requests.Session()
for url in sys.argv[1:]:
    try:
        outcome = session.post(url, data="a message").status_code
    except requests.RequestException as error:
        outcome = type(error).__name__
print(outcome)
PY
}
{
  report 'requests, new connection' cut1 "$(by_requests cut1)"
  report 'requests, used connection' cut2 "$(by_requests well cut2)"
  code=0
  curl -sS -d 'a message' "$origin/cut3" 2>/dev/null || code=$?
  report 'curl, new connection' cut3 "exit code $code"
  code=0
  curl -sS -d 'a message' "$origin/well" --next -sS -d 'a message' "$origin/cut4" || code=$?
  report 'curl, used connection' cut4 "exit code $code"
  code=0
  timeout 4 wget -q -O- --post-data 'a message' "$origin/cut_always1" || code=$?
  [[ $code == 124 && $(<cut_always1) -ge 3 ]]
  echo 'wget, new connection, 4 s: 3 POSTs or more, still trying'
  code=0
  wget -q -O- --tries=1 --post-data 'a message' "$origin/cut_always2" || code=$?
  report 'wget --tries=1' cut_always2 "exit code $code"
} | tee seen
diff - seen <<'EXPECTED'
requests, new connection: 1 POST, ConnectionError
requests, used connection: 1 POST, ConnectionError
curl, new connection: 1 POST, exit code 52
curl, used connection: 2 POSTs, exit code 0
wget, new connection, 4 s: 3 POSTs or more, still trying
wget --tries=1: 1 POST, exit code 4
EXPECTED
