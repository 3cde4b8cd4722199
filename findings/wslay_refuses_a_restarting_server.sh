#!/usr/bin/env bash
# What:     libwslay 1.1.1 (Debian 12), called from Python 3.11 by ctypes, as a client, and ws 8.23.0 (npm) on Node.js 20 as
#           the server: the close codes 1012 (service restart), 1013 (try again later) and 1014 (bad gateway), which are
#           registered with IANA.
# Guess:    they arrive as they are, as they do in ws, undici, Chromium, websockets and aiohttp.
# Seen:     wslay takes them for a protocol error: it answers 1002, and the application sees 1006, "lost without a close
#           frame", with no reason text, in place of "restarting, come again". It sends these codes without a word, so that
#           two ends made with it do not understand each other. By the text of RFC 6455 alone, of 2011, they are reserved. A
#           server with such clients announces a restart by 1001 or by a code from 4000 up.
# Output:   1001: received 1001, answered 1001; sent: 0
#           1011: received 1011, answered 1011; sent: 0
#           1012: received 1006, answered 1002; sent: 0
#           1013: received 1006, answered 1002; sent: 0
#           1014: received 1006, answered 1002; sent: 0
#           4000: received 4000, answered 4000; sent: 0
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's package, unpacked into the temporary folder.
(cd "$work" && apt-get download -qq 'libwslay1=1.1.1-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
npm install --silent --no-audit --no-fund ws@8.23.0 || exit 2

cat >finding.mjs <<'JS'
import { spawn } from 'node:child_process';
import { WebSocketServer } from 'ws';

const codes = [1001, 1011, 1012, 1013, 1014, 4000];
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
server.on('connection', (socket, { url }) => socket.on('error', () => {}).close(Number(url.slice(1)), 'see you'));
await new Promise((resolve) => server.on('listening', resolve));
const client = spawn('/usr/bin/python3', ['finding.py', server.address().port, ...codes], { stdio: 'inherit' });
client.on('exit', (code) => process.exit(code ?? 1));
JS
cat >finding.py <<'PY'
import ctypes
import glob
import socket
import sys

[path] = glob.glob("usr/lib/*/libwslay.so.1")
wslay = ctypes.CDLL(path)
CALLBACK_FAILURE = -400
void_p, size = ctypes.c_void_p, ctypes.c_size_t
TRANSFER = ctypes.CFUNCTYPE(ctypes.c_ssize_t, void_p, ctypes.POINTER(ctypes.c_uint8), size, ctypes.c_int, void_p)
MASK = ctypes.CFUNCTYPE(ctypes.c_int, void_p, ctypes.POINTER(ctypes.c_uint8), size, void_p)

class Callbacks(ctypes.Structure):  # in the order of wslay.h
    _fields_ = [("recv", TRANSFER), ("send", TRANSFER), ("genmask", MASK), ("on_frame_recv_start", void_p),
                ("on_frame_recv_chunk", void_p), ("on_frame_recv_end", void_p), ("on_msg_recv", void_p)]

def client(port, path):
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(f"GET /{path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)

    def receive(context, buffer, length, flags, data):
        got = connection.recv(length)
        if not got:
            wslay.wslay_event_set_error(void_p(context), CALLBACK_FAILURE)
            return -1
        ctypes.memmove(buffer, got, len(got))
        return len(got)

    def send(context, buffer, length, flags, data):
        return connection.send(ctypes.string_at(buffer, length))

    def mask(context, buffer, length, data):
        ctypes.memset(buffer, 7, length)
        return 0

    callbacks = Callbacks(TRANSFER(receive), TRANSFER(send), MASK(mask))
    context = void_p()
    assert wslay.wslay_event_context_client_init(ctypes.byref(context), ctypes.byref(callbacks), None) == 0
    return context, callbacks

for code in map(int, sys.argv[2:]):
    context, callbacks = client(int(sys.argv[1]), code)
    assert wslay.wslay_event_recv(context) == 0
    assert wslay.wslay_event_send(context) == 0
    received = wslay.wslay_event_get_status_code_received(context)
    answered = wslay.wslay_event_get_status_code_sent(context)
    context, callbacks = client(int(sys.argv[1]), code)
    sent = wslay.wslay_event_queue_close(context, ctypes.c_uint16(code), None, size(0))
    print(f"{code}: received {received}, answered {answered}; sent: {sent}", flush=True)
PY

node finding.mjs | tee seen
diff - seen <<'EXPECTED'
1001: received 1001, answered 1001; sent: 0
1011: received 1011, answered 1011; sent: 0
1012: received 1006, answered 1002; sent: 0
1013: received 1006, answered 1002; sent: 0
1014: received 1006, answered 1002; sent: 0
4000: received 4000, answered 4000; sent: 0
EXPECTED
