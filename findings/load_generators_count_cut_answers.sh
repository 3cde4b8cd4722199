#!/usr/bin/env bash
# What:     ab 2.3 (apache2-utils 2.4, Debian 12), wrk 4.1.0 (Debian 12) and autocannon 9.0.0 (npm, Node.js 20) at a server
#           each of whose answers is cut: status 200, `Content-Length: 100`, four bytes, and the connection is closed.
# Guess:    all three count each as an error: none of them is an answer.
# Seen:     wrk does. ab has "Failed requests: 0", although it compares lengths, since all are cut alike. autocannon counts
#           each as a 2xx, and a few errors among more than a thousand. A benchmark of a gateway whose
#           upstream dies, or of a proxy that cuts, is a good one by these two.
# Output:   wrk: 0 complete, all errors
#           ab: 50 complete, 0 failed
#           autocannon: all 2xx, fewer than ten errors
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'apache2-utils=2.4.*' 'wrk=4.1.0-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
npm install --silent --no-audit --no-fund autocannon@9.0.0 || exit 2

cat >server.mjs <<'JS'
import net from 'node:net';
const server = net.createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
JS
node server.mjs >port &
until [[ -s port ]]; do sleep 0.1; done
url=http://127.0.0.1:$(<port)/

{
  usr/bin/wrk -t1 -c4 -d2 "$url" >wrk.out
  awk '/requests in/ { complete = $1 } /Socket errors/ { sub(",", "", $6); errors = $6 }
    END { print "wrk: " complete " complete, " (errors > 0 ? "all errors" : "no errors") }' wrk.out
  usr/bin/ab -q -n 50 -c 4 "$url" >ab.out 2>&1
  awk '/Complete requests/ { complete = $3 } /Failed requests/ { failed = $3 }
    END { print "ab: " complete " complete, " failed " failed" }' ab.out
  npx autocannon -c 4 -d 2 -j "$url" 2>/dev/null | node -e '
    const result = JSON.parse(require("fs").readFileSync(0, "utf8"));
    const all = result["2xx"] > 20 && result["2xx"] === result.requests.total;
    console.log(`autocannon: ${all ? "all" : result["2xx"]} 2xx, ${
      result.errors < 10 ? "fewer than ten errors" : result.errors}`);'
} | tee seen
diff - seen <<'EXPECTED'
wrk: 0 complete, all errors
ab: 50 complete, 0 failed
autocannon: all 2xx, fewer than ten errors
EXPECTED
