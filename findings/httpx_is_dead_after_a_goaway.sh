#!/usr/bin/env bash
# What:     nginx 1.22.1 with HTTP/2 as the proxy, which closes a connection by GOAWAY after `keepalive_requests` (1000 by
#           default, 10 here); httpx 0.23.3 with `http2=True` (httpcore 0.16.3, h2 4.1.0) and curl 7.88.1 (Debian 12), undici 7.30.2
#           with `allowH2` (npm): 30 short POSTs one after the other, beside a streamed answer of four seconds; then five more.
# Guess:    GOAWAY says which requests are still carried out: the stream ends well, and the next POST goes to a new connection
#           in all of them.
# Seen:     only with curl. In httpx the stream is broken off, and the client never leaves the connection: each later POST is an
#           error of h2 (ProtocolError, not one of httpx's), for as long as the program asks at least once in five
#           seconds: a busy service gets no answer any more until it is started again. undici fails each POST that meets a
#           GOAWAY, and the stream is well. With nginx's default that is after each 1000 requests, so that no short test
#           sees it. What helps is HTTP/1.1, or a `keepalive_requests` that is never reached.
# Output:   httpx: 8 of 30 POSTs well, the stream is broken; five more: 0 well; after six seconds of silence: 5 well
#           undici: 27 of 30 POSTs well, the stream is well; five more: 5 well
#           curl: 30 of 30 POSTs well, the stream is well
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(apt-get download -qq 'nginx=1.22.1-*' 'python3-httpx=0.23.3-*' 'python3-httpcore=0.16.3-*' 'python3-h2=4.1.0-*' python3-h11 python3-hpack python3-hyperframe \
  python3-anyio python3-sniffio python3-certifi python3-rfc3986 python3-idna 2>apt &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat apt >&2; exit 2; }
npm install --silent --no-audit --no-fund undici@7.30.2 || exit 2
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost 2>messages

cat >origin.mjs <<'JS'
// POST /stream: an event each 0.2 s for four seconds; anything else: {}.
import { renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
const server = http.createServer((request, response) => {
  request.resume();
  if (request.url !== '/stream') return response.end('{}');
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let events = 0;
  const timer = setInterval(() => {
    response.write(`data: ${++events}\n\n`);
    if (events < 20) return;
    clearInterval(timer);
    response.end('data: [DONE]\n\n');
  }, 200);
  response.on('close', () => clearInterval(timer));
});
server.listen(0, '127.0.0.1', () => {
  writeFileSync('origin.new', String(server.address().port));
  renameSync('origin.new', 'origin');
});
JS
node origin.mjs &
until [[ -e origin ]]; do sleep 0.05; done
port=$(/usr/bin/python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >nginx.conf <<CONF
daemon off; worker_processes 1; pid $work/nginx.pid; events {}
http {
  access_log off; keepalive_requests 10;
  client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3; uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
  server {
    listen 127.0.0.1:$port ssl http2; ssl_certificate cert.pem; ssl_certificate_key key.pem;
    location / { proxy_pass http://127.0.0.1:$(<origin); proxy_http_version 1.1; proxy_buffering off; }
  }
}
CONF
usr/sbin/nginx -e "$work/error" -p "$work/" -c "$work/nginx.conf" 2>messages &
base=https://127.0.0.1:$port
until curl -sk -o /dev/null "$base/"; do sleep 0.1; done

cat >client.py <<'PY'
import asyncio, sys, httpx

async def main():
    async with httpx.AsyncClient(http2=True, verify=False, timeout=20) as client:
        async def post(path):
            try:
                return (await client.post(sys.argv[1] + path, json={})).text
            except Exception:
                return "error"

        async def several(count):
            good = 0
            for _ in range(count):
                good += await post("/short") == "{}"
                await asyncio.sleep(0.1)
            return good
        stream = asyncio.create_task(post("/stream"))
        await asyncio.sleep(0.3)
        good = await several(30)
        how = "well" if "[DONE]" in await stream else "broken"
        line = f"httpx: {good} of 30 POSTs well, the stream is {how}; five more: {await several(5)} well"
        await asyncio.sleep(6)
        print(f"{line}; after six seconds of silence: {await several(5)} well")
asyncio.run(main())
PY
cat >client.mjs <<'JS'
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
const dispatcher = new Agent({ allowH2: true, connect: { rejectUnauthorized: false } });
async function post(path) {
  try {
    return await (await fetch(process.argv[2] + path, { method: 'POST', body: '{}', dispatcher })).text();
  } catch {
    return 'error';
  }
}
async function several(count) {
  let good = 0;
  for (let i = 0; i < count; ++i, await pause(100)) good += (await post('/short')) === '{}';
  return good;
}
const stream = post('/stream');
await pause(300);
const good = await several(30);
const how = (await stream).includes('[DONE]') ? 'well' : 'broken';
console.log(`undici: ${good} of 30 POSTs well, the stream is ${how}; five more: ${await several(5)} well`);
process.exit();
JS
{
  PYTHONPATH=$work/usr/lib/python3/dist-packages /usr/bin/python3 client.py "$base"
  node client.mjs "$base"
  mapfile -t shorts < <(for ((i = 0; i < 30; i++)); do echo "$base/short"; done)
  curl -sk --http2 -Z --parallel-max 2 -d '{}' -w '\n%{http_code} %{size_download} %{exitcode}\n' "$base/stream" "${shorts[@]}" >answers 2>messages
  echo "curl: $(grep -c '^200 2 0$' answers) of 30 POSTs well, the stream is $(grep -q 'DONE' answers && echo well || echo broken)"
} | tee seen
diff - seen <<'EXPECTED'
httpx: 8 of 30 POSTs well, the stream is broken; five more: 0 well; after six seconds of silence: 5 well
undici: 27 of 30 POSTs well, the stream is well; five more: 5 well
curl: 30 of 30 POSTs well, the stream is well
EXPECTED
