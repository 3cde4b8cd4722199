#!/usr/bin/env bash
# What:     Caddy 2.6.2, nginx 1.22.1 and HAProxy 2.6.12 (Debian 12), ws 8.23.0 (npm) on Node.js 20: a reload of the proxy
#           while event streams and a WebSocket are open. Of Caddy's configuration something else has changed.
# Guess:    the streams live on in all three, in the old process or the old configuration, until they end. Only Caddy closes
#           the WebSocket.
# Seen:     in Caddy a stream through a reverse_proxy with `flush_interval -1` is cut at once, a POST's too, and the client
#           is given a complete body: the last chunk is sent, so that half an answer ends like a whole one. Without that line,
#           which an event stream does not need, since Caddy flushes these by itself, it lives on. WebSockets are closed
#           with 1001 (or 1006), all at a time. To the origin Caddy sends that frame without the mask of a client, which is
#           an 'error' event in ws. nginx and HAProxy cut nothing. A client has to know the end of a stream by an event
#           ([DONE], message_stop), not by the end of the body.
# Output:   nginx: event stream to the end, WebSocket open
#           HAProxy: event stream to the end, WebSocket open
#           Caddy: event stream to the end, WebSocket closed with 1001 or 1006
#           Caddy, flush_interval -1: event stream cut, ended as complete, WebSocket closed with 1001 or 1006
#           errors of the WebSocket server: WS_ERR_EXPECTED_MASK
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'caddy=2.6.2-*' 'nginx=1.22.1-*' 'haproxy=2.6.12-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$work/usr/sbin:$PATH
cd "$work"
export HOME=$work XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config
npm install --silent --no-audit --no-fund ws@8.23.0 || exit 2

cat >finding.mjs <<'JS'
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';

// Each POST is answered with 25 events in five seconds.
const EVENTS = 25;
const origin = http.createServer(async (request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let i = 0; i < EVENTS; i++) {
    response.write(`data: ${i}\n\n`);
    await pause(200);
  }
  response.end();
});
const errors = new Set();
new WebSocketServer({ server: origin }).on('connection', (socket) => socket.on('error', ({ code }) => errors.add(code)));
await new Promise((resolve) => origin.listen(0, '127.0.0.1', resolve));
const upstream = `127.0.0.1:${origin.address().port}`;

const probes = Array.from({ length: 6 }, () => net.createServer().listen(0, '127.0.0.1'));
await Promise.all(probes.map((probe) => new Promise((resolve) => probe.on('listening', resolve))));
const [nginx, haproxy, caddy, caddyFlushing, caddyOther, caddyAdmin] = probes.map((probe) => probe.address().port);
await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));

mkdirSync('temporary');
writeFileSync('nginx.conf', `
daemon off;
pid ${process.cwd()}/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path temporary/1; proxy_temp_path temporary/2; fastcgi_temp_path temporary/3;
  uwsgi_temp_path temporary/4; scgi_temp_path temporary/5;
  map $http_upgrade $connection_value { default upgrade; '' ''; }
  server {
    listen 127.0.0.1:${nginx};
    location / {
      proxy_pass http://${upstream};
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_value;
    }
  }
}
`);
writeFileSync('haproxy.cfg', `
global
  stats socket ${process.cwd()}/haproxy.sock mode 600 level admin expose-fd listeners
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
listen proxy
  bind 127.0.0.1:${haproxy}
  server origin ${upstream}
`);
const writeCaddyfile = (text) => writeFileSync('Caddyfile', `
{
	admin 127.0.0.1:${caddyAdmin}
	auto_https off
}
http://127.0.0.1:${caddy} {
	reverse_proxy ${upstream}
}
http://127.0.0.1:${caddyFlushing} {
	reverse_proxy ${upstream} {
		flush_interval -1
	}
}
http://127.0.0.1:${caddyOther} {
	respond "${text}"
}
`);
writeCaddyfile('before');
const nginxOptions = ['-p', process.cwd(), '-e', 'error.log', '-c', 'nginx.conf'];
const run = (program, ...options) => spawn(program, options, { stdio: 'ignore' });
const [nginxRun, haproxyRun, caddyRun] = [
  run('nginx', ...nginxOptions), run('haproxy', '-W', '-db', '-f', 'haproxy.cfg'),
  run('caddy', 'run', '--config', 'Caddyfile'),
];
process.on('exit', () => [nginxRun, haproxyRun, caddyRun].forEach((program) => program.kill()));

async function connectable(port) {
  for (;;) {
    const socket = net.connect(port, '127.0.0.1');
    const open = await new Promise((resolve) =>
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false)));
    socket.destroy();
    if (open) return;
    await pause(100);
  }
}
const proxies = { nginx, HAProxy: haproxy, Caddy: caddy, 'Caddy, flush_interval -1': caddyFlushing };
for (const port of Object.values(proxies)) await connectable(port);
await connectable(caddyAdmin);

function stream(port) {
  return new Promise((resolve) => {
    let body = '';
    const request = http.request({ host: '127.0.0.1', port, method: 'POST' }, (response) => {
      if (response.statusCode !== 200 || response.headers['content-type'] !== 'text/event-stream')
        throw new Error(`${port} does not give the stream`);
      const state = () => (body.split('data: ').length - 1 === EVENTS ? 'to the end' : 'cut');
      response.on('data', (data) => (body += data))
        .on('end', () => resolve(state() === 'cut' ? 'cut, ended as complete' : state()))
        .on('error', ({ code }) => resolve(`${state()}, ${code}`));
    });
    request.on('error', ({ code }) => resolve(code)).end('{}');
  });
}
const streams = {}, sockets = {};
for (const [name, port] of Object.entries(proxies)) {
  streams[name] = stream(port);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  sockets[name] = 'not open';
  socket.on('open', () => (sockets[name] = 'open')).on('error', () => {})
    .on('close', (code) => (sockets[name] = [1001, 1006].includes(code) ? 'closed with 1001 or 1006' : code));
}
await pause(1500);
execFileSync('nginx', [...nginxOptions, '-s', 'reload']);
haproxyRun.kill('SIGUSR2');
writeCaddyfile('after');
execFileSync('caddy', ['reload', '--config', 'Caddyfile', '--address', `127.0.0.1:${caddyAdmin}`], { stdio: 'ignore' });
const answer = await fetch(`http://127.0.0.1:${caddyOther}/`);
if ((await answer.text()) !== 'after') throw new Error('Caddy has not taken the new configuration');
for (const name of Object.keys(proxies))
  console.log(`${name}: event stream ${await streams[name]}, WebSocket ${sockets[name]}`);
console.log(`errors of the WebSocket server: ${[...errors]}`);
process.exit();
JS

node finding.mjs 2>messages | tee seen
diff - seen <<'EXPECTED'
nginx: event stream to the end, WebSocket open
HAProxy: event stream to the end, WebSocket open
Caddy: event stream to the end, WebSocket closed with 1001 or 1006
Caddy, flush_interval -1: event stream cut, ended as complete, WebSocket closed with 1001 or 1006
errors of the WebSocket server: WS_ERR_EXPECTED_MASK
EXPECTED
