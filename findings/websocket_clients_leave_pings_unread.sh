#!/usr/bin/env bash
# What:     websockets 10.4, aiohttp 3.8.4 (Debian 12, Python 3.11) and ws 8.23.0 (npm, Node.js 20): a WebSocket client that
#           is busy for three seconds with what came before, while its event loop runs, keep-alive on (a ping each half
#           second), and a server that pings as well and answers each ping.
# Guess:    the libraries answer pings by themselves, whatever the application has not read; their own keep-alive finds the
#           server alive.
# Seen:     so it is in ws. In websockets it holds up to 32 unread messages; with the 33rd the library stops to read, so that
#           it neither answers pings nor sees the answers, and leaves with 1011, "keepalive ping timeout", a server that has
#           answered all. aiohttp handles no control frame unless the application waits in receive(): with `heartbeat` it
#           cuts the connection, and what had arrived before is lost with it; without, it stays and answers nothing. A server
#           that ends silent clients ends these, though nothing but their work is slow. Such a client needs a task that reads
#           all the time into a queue of its own.
# Output:   websockets, 32 unread: every ping answered, open, 32 messages read later
#           websockets, 33 unread: no ping answered, left with 1011, 32 messages read later
#           aiohttp, 0 unread: no ping answered, left without a close frame, 0 messages read later
#           aiohttp, 33 unread: no ping answered, left without a close frame, 0 messages read later
#           aiohttp without heartbeat, 33 unread: no ping answered, open, 33 messages read later
#           ws, 33 unhandled: every ping answered, open
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'python3-websockets=10.4-*' 'python3-aiohttp=3.8.4-*' 'python3-multidict=6.0.4-*' \
  'python3-yarl=1.8.2-*' 'python3-aiosignal=1.3.1-*' 'python3-frozenlist=1.3.3-*' 'python3-async-timeout=4.0.2-*' \
  'python3-attr=22.2.0-*' 'python3-charset-normalizer=3.0.1-*' 'python3-idna=3.3-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
export PYTHONPATH=$work/usr/lib/python3/dist-packages
npm install --silent --no-audit --no-fund ws@8.23.0 || exit 2

# The server sends as many messages at once as the path says. It is written by hand: nothing of the libraries is in it.
cat >finding.py <<'PY'
import asyncio
import base64
import hashlib
import re
import aiohttp
import websockets

class Connection:
    pings = pongs = 0
    left = None

last = None

async def serve(reader, writer):
    global last
    last = connection = Connection()
    head = await reader.readuntil(b"\r\n\r\n")
    messages = int(re.search(rb"GET /(\d+)", head)[1])
    key = re.search(rb"sec-websocket-key: (\S+)", head, re.IGNORECASE)[1]
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + b"\x81\x03abc" * messages)

    async def ping():
        while True:
            await asyncio.sleep(0.3)
            writer.write(b"\x89\x00")
            connection.pings += 1

    pinging = asyncio.create_task(ping())
    try:
        while True:
            head = await reader.readexactly(2)
            mask = await reader.readexactly(4)
            body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(await reader.readexactly(head[1] & 127)))
            opcode = head[0] & 15
            if opcode == 8:
                connection.left = connection.left or f"left with {int.from_bytes(body[:2], 'big')}"
                writer.write(bytes([0x88, len(body)]) + body)
                break
            if opcode == 9:
                writer.write(bytes([0x8A, len(body)]) + body)
            if opcode == 10:
                connection.pongs += 1
    except (asyncio.IncompleteReadError, ConnectionError):
        connection.left = connection.left or "left without a close frame"
    pinging.cancel()
    writer.close()

def report(name, unread, connection, left, read):
    # The last ping may be on its way.
    answered = "no ping" if connection.pongs == 0 else \
        "every ping" if connection.pings - connection.pongs <= 1 else f"{connection.pongs} of {connection.pings}"
    state = left or "open"
    print(f"{name}, {unread} unread: {answered} answered, {state}, {read} messages read later", flush=True)

async def with_websockets(url, unread):
    async with websockets.connect(f"{url}/{unread}", ping_interval=0.5, ping_timeout=0.5) as socket:
        await asyncio.sleep(3)
        connection, left, read = last, last.left, 0
        try:
            for _ in range(unread):
                await asyncio.wait_for(socket.recv(), 1)
                read += 1
        except websockets.ConnectionClosed:
            pass
        report("websockets", unread, connection, left, read)

async def with_aiohttp(url, unread, heartbeat, name):
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{url}/{unread}", heartbeat=heartbeat) as socket:
            await asyncio.sleep(3)
            connection, left, read = last, last.left, 0
            pongs = connection.pongs
            for _ in range(unread):
                message = await socket.receive(1)
                read += message.type == aiohttp.WSMsgType.TEXT
            connection.pongs = pongs
            report(name, unread, connection, left, read)

async def with_ws(url):
    process = await asyncio.create_subprocess_exec("node", "finding.mjs", f"{url}/33", stdout=asyncio.subprocess.PIPE)
    state = (await process.stdout.readline()).decode().strip()
    answered = "every ping" if last.pongs and last.pings - last.pongs <= 1 else f"{last.pongs} of {last.pings}"
    print(f"ws, 33 unhandled: {answered} answered, {state}")
    process.kill()
    await process.wait()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = "http://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
    socket_url = url.replace("http", "ws")
    await with_websockets(socket_url, 32)
    await with_websockets(socket_url, 33)
    await with_aiohttp(url, 0, 1.0, "aiohttp")
    await with_aiohttp(url, 33, 1.0, "aiohttp")
    await with_aiohttp(url, 33, None, "aiohttp without heartbeat")
    await with_ws(socket_url)

asyncio.run(main())
PY
# One message takes three seconds; the others wait in a queue of the application.
cat >finding.mjs <<'JS'
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';

const socket = new WebSocket(process.argv[2]);
let work = Promise.resolve();
socket.on('message', () => (work = work.then(() => pause(3000))));
socket.on('error', () => {});
await pause(3000);
console.log(socket.readyState === WebSocket.OPEN ? 'open' : 'closed');
JS

/usr/bin/python3 finding.py 2>messages | tee seen
diff - seen <<'EXPECTED'
websockets, 32 unread: every ping answered, open, 32 messages read later
websockets, 33 unread: no ping answered, left with 1011, 32 messages read later
aiohttp, 0 unread: no ping answered, left without a close frame, 0 messages read later
aiohttp, 33 unread: no ping answered, left without a close frame, 0 messages read later
aiohttp without heartbeat, 33 unread: no ping answered, open, 33 messages read later
ws, 33 unhandled: every ping answered, open
EXPECTED
