#!/usr/bin/env bash
# What:     aiohttp 3.8.4-1+deb12u2 (Debian 12, Python 3.11), an event stream read line by line, `async for line in response.content`,
#           with an event of 100 KiB and one of 200 KiB in one line of data, as a tool's result or a picture in base64 is.
# Guess:    the lines arrive whole, whatever their length; `read_bufsize` (64 KiB) bounds what is buffered, and the rest waits
#           in the connection.
# Seen:     a line of more than twice `read_bufsize` is an exception, LineTooLong with the code 400, which no server has sent;
#           what came after it is lost. 100 KiB pass, 200 do not. With `read_bufsize` of the session at half the longest line
#           it is read.
# Output:   100 KiB: whole
#           200 KiB: LineTooLong, code 400
#           200 KiB, read_bufsize 128 KiB: whole
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'python3-aiohttp=3.8.4-1+deb12u2' 'python3-multidict=6.0.4-*' 'python3-yarl=1.8.2-*' \
  'python3-aiosignal=1.3.1-*' 'python3-frozenlist=1.3.3-*' 'python3-async-timeout=4.0.2-*' 'python3-attr=22.2.0-*' \
  'python3-charset-normalizer=3.0.1-*' 'python3-idna=3.3-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
export PYTHONPATH=$work/usr/lib/python3/dist-packages

cat >finding.py <<'PY'
import asyncio
import aiohttp

async def serve(reader, writer):
    head = await reader.readuntil(b"\r\n\r\n")
    size = int(head.split(b" ")[1].strip(b"/")) * 1024
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
    writer.write(b"data: " + b"x" * size + b"\n\ndata: the last one\n\n")
    await writer.drain()
    writer.close()

async def read(title, url, **options):
    lines = []
    async with aiohttp.ClientSession(**options) as session, session.get(url) as response:
        try:
            async for line in response.content:
                lines.append(line)
            print(title + ":", "whole" if lines[-2] == b"data: the last one\n" else lines)
        except Exception as error:
            print(f"{title}: {type(error).__name__}, code {error.code}")

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    await read("100 KiB", url + "100")
    await read("200 KiB", url + "200")
    await read("200 KiB, read_bufsize 128 KiB", url + "200", read_bufsize=131072)

asyncio.run(main())
PY

/usr/bin/python3 finding.py | tee seen
diff - seen <<'EXPECTED'
100 KiB: whole
200 KiB: LineTooLong, code 400
200 KiB, read_bufsize 128 KiB: whole
EXPECTED
