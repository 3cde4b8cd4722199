#!/usr/bin/env bash
# What:     workerd, the runtime of Cloudflare Workers, as 1.20260426.1 in miniflare 4.20260426.0 (npm), the newest that Node.js 20
#           gets, in which `wrangler dev` and tests run, and as 1.20261117.1: a worker that hands on a stream whose upstream is
#           cut, a stream of its own that fails, and a client that leaves.
# Guess:    the client sees the cut in both, and cancel() of the stream is called when it leaves.
# Seen:     so it is in the newer one. In the older one what broke is a complete answer, with its last chunk, and cancel() is not
#           called when the client leaves. A test of a proxy for chats that runs in it passes where a part is taken for the
#           whole, and fails where a client's leaving should end the model; in production the same code does otherwise.
# Output:   miniflare, workerd 1.20260426.1: upstream cut: complete; stream fails: complete; client leaves: cancel() not called
#           workerd 1.20261117.1: upstream cut: cut; stream fails: cut; client leaves: cancel() called
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund miniflare@4.20260426.0 workerd@1.20261117.1 || exit 2

cat >origin.mjs <<'JS'
// Cuts each answer behind its first event.
import { renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
const server = http.createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
  setTimeout(() => request.socket.destroy(), 300);
});
server.listen(0, '127.0.0.1', () => {
  writeFileSync('origin.new', String(server.address().port));
  renameSync('origin.new', 'origin');
});
JS
node origin.mjs &
until [[ -e origin ]]; do sleep 0.05; done
cat >worker.js <<JS
const origin = 'http://127.0.0.1:$(<origin)/';
JS
cat >>worker.js <<'JS'
const event = new TextEncoder().encode('data: 1\n\n');
let cancelled = false;
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === '/cancelled') return new Response(String(cancelled));
    if (pathname === '/upstream') return fetch(origin);
    let pieces = 0;
    const stream = new ReadableStream({
      async pull(controller) {
        if (pieces++) await new Promise((resolve) => setTimeout(resolve, 200));
        if (pathname === '/fails' && pieces > 2) throw new Error('the model is gone');
        if (pieces < 30) controller.enqueue(event);
        else controller.close();
      },
      cancel() {
        cancelled = true;
      },
    });
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
  },
};
JS
free_port() { /usr/bin/python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
first=$(free_port)
cat >miniflare.mjs <<'JS'
import { Miniflare } from 'miniflare';
const options = { modules: true, scriptPath: 'worker.js', host: '127.0.0.1', port: Number(process.argv[2]), compatibilityDate: '2026-04-01' };
await new Miniflare(options).ready;
JS
node miniflare.mjs "$first" >>log 2>&1 &
second=$(free_port)
cat >config.capnp <<CAPNP
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main), (name = "internet", network = (allow = ["private"]))],
  sockets = [(name = "http", address = "127.0.0.1:$second", http = (), service = "main")]
);
const main :Workerd.Worker = (modules = [(name = "worker", esModule = embed "worker.js")], compatibilityDate = "2026-04-01");
CAPNP
node_modules/.bin/workerd serve config.capnp >>log 2>&1 &
for port in "$first" "$second"; do
  for ((i = 0; i < 200; i++)); do curl -s -o answer "http://127.0.0.1:$port/cancelled" && break; sleep 0.1; done
done

end() { # PORT PATH
  local code=0
  curl -sN -m 8 -o answer "http://127.0.0.1:$1/$2" || code=$?
  grep -q 'data: 1' answer || { echo "no event"; return; }
  case $code in 0) echo complete ;; 18) echo cut ;; *) echo "curl $code" ;; esac
}
try() { # NAME PORT
  local line
  line="$1: upstream cut: $(end "$2" upstream); stream fails: $(end "$2" fails)"
  curl -sN -m 1 -o answer "http://127.0.0.1:$2/leave" || true
  sleep 3
  if [[ $(curl -s "http://127.0.0.1:$2/cancelled") == true ]]; then line+='; client leaves: cancel() called'
  else line+='; client leaves: cancel() not called'; fi
  echo "$line"
}
{
  try "miniflare, workerd $(node -p "require('./node_modules/miniflare/package.json').dependencies.workerd")" "$first"
  try "workerd 1.20261117.1" "$second"
} | tee seen
diff - seen <<'EXPECTED'
miniflare, workerd 1.20260426.1: upstream cut: complete; stream fails: complete; client leaves: cancel() not called
workerd 1.20261117.1: upstream cut: cut; stream fails: cut; client leaves: cancel() called
EXPECTED
