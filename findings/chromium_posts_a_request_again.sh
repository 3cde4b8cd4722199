#!/usr/bin/env bash
# What:     Chromium 156.0.8078.108 (Debian 12), headless: fetch() with method POST, on a connection
#           that has served a request before.
# Guess:    each call sends one POST. If the connection dies without an answer, fetch() rejects;
#           a status, whatever it is, goes to the page. By RFC 9110, 9.2.2 and 15.5.9, a POST is not
#           repeated by itself, and a 408 may be.
# Seen:     when the server closes the connection after it has read the whole POST, Chromium sends
#           it again on another one, and the page sees a good answer: the work is done twice. The
#           same after 408 and after 421, though the server has read all of the POST. 425, 429 and
#           503 go to the page at once. A server that has begun to work on a POST must answer
#           something else than 408, and must not close in silence; a page needs a key for each
#           message by which the server knows it.
# Output:   closed: 2 POSTs or 3, the page sees 200
#           408: 2 POSTs or 3, the page sees 408
#           421: 2 POSTs or 3, the page sees 421
#           425: 1 POST, the page sees 425
#           429: 1 POST, the page sees 429
#           503: 1 POST, the page sees 503
#           closed, new connection: 1 POST, the page sees TypeError
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'chromium=156.0.8078.108-*' 'chromium-common=156.0.8078.108-*' \
  2>"$work/apt" && for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
if ldd usr/lib/chromium/chromium | grep 'not found' >&2; then exit 2; fi

cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import http from 'node:http';

const CASES = ['closed', '408', '421', '425', '429', '503', 'closed, new connection'];
const ROUNDS = 4;  // Chromium may have opened a new connection all the same: the most of four tries
const posts = {};

async function script(cases, rounds) {
  const outcome = async (name, round) => {
    try {
      const url = `/${encodeURIComponent(name)}?${round}`;
      return (await fetch(url, { method: 'POST', body: name })).status;
    } catch (error) {
      return error.name;
    }
  };
  const seen = {};
  for (const name of cases) {
    const opening = name.includes('new') ? '/farewell' : '/well';
    for (let round = 0; round < rounds; ++round) {
      await (await fetch(opening, { method: 'POST', body: 'before' })).text();
      seen[name] = await outcome(name, round);
    }
  }
  await fetch('/report', { method: 'POST', body: JSON.stringify(seen) });
}

const page = `<script>(${script})(${JSON.stringify(CASES)}, ${ROUNDS})</script>`;
function answer([name, round], body, request, response) {
  if (request.method === 'GET') return response.writeHead(200, { 'content-type': 'text/html' }).end(page);
  if (name === 'well') return response.end();
  if (name === 'farewell') {
    server.closeIdleConnections();
    return response.writeHead(200, { connection: 'close' }).end();
  }
  if (name === 'report') {
    response.end();
    return report(JSON.parse(body));
  }
  const counts = (posts[name] ??= Array(ROUNDS).fill(0));
  counts[round] += 1;
  if (!name.startsWith('closed')) return response.writeHead(Number(name), { connection: 'close' }).end();
  if (counts[round] === 1) return request.socket.end();
  response.end();
}
const server = http.createServer((request, response) => {
  let body = '';
  request.on('data', (data) => (body += data))
    .on('end', () => answer(decodeURIComponent(request.url.slice(1)).split('?'), body, request, response));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const browser = spawn('usr/lib/chromium/chromium', [
  '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-breakpad', '--user-data-dir=profile',
  `http://127.0.0.1:${server.address().port}/`,
], { stdio: 'ignore' });
function report(seen) {
  for (const name of CASES) {
    const count = Math.max(...posts[name]) === 1 ? '1 POST' : '2 POSTs or 3';
    console.log(`${name}: ${count}, the page sees ${seen[name]}`);
  }
  browser.on('exit', () => process.exit()).kill();
}
setTimeout(() => browser.kill() && process.exit(1), 50_000);
JS

HOME=$work node finding.mjs | tee seen
diff - seen <<'EXPECTED'
closed: 2 POSTs or 3, the page sees 200
408: 2 POSTs or 3, the page sees 408
421: 2 POSTs or 3, the page sees 421
425: 1 POST, the page sees 425
429: 1 POST, the page sees 429
503: 1 POST, the page sees 503
closed, new connection: 1 POST, the page sees TypeError
EXPECTED
