#!/usr/bin/env bash
# What:     Tornado 6.2.0, Daphne 4.0.0, uvicorn 0.17.6, hypercorn 0.13.2, gunicorn 20.1.0, waitress 2.1.2 and aiohttp 3.8.4
#           (Debian 12) as servers of a model: an exception in the application behind the first event of a streamed answer, and
#           a client that leaves.
# Guess:    the client's connection is closed without the last chunk by each of them, since the head with its 200 is out; when
#           the client leaves, the application is ended at its next event.
# Seen:     Tornado, on which Jupyter and its proxies stand, writes the last chunk: what broke is a complete answer, and the
#           500 is in its log only. Daphne, the server of Django Channels, leaves the connection open and silent: the client
#           waits until it, or a proxy between, gives up, and holds a slot of the gateway for as long. The others cut it. A
#           client that leaves ends the application in all. So a gateway before them needs a limit for silence, and must not
#           take the end of the body for the end of an answer.
# Output:   tornado: an exception: complete; a client that leaves: ended
#           daphne: an exception: open; a client that leaves: ended
#           uvicorn: an exception: cut; a client that leaves: ended
#           hypercorn: an exception: cut; a client that leaves: ended
#           gunicorn: an exception: cut; a client that leaves: ended
#           waitress: an exception: cut; a client that leaves: ended
#           aiohttp: an exception: cut; a client that leaves: ended
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
cd "$work"
# Debian 12's packages and the Python packages that they need, unpacked into the temporary folder.
needed() {
  apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@" |
    grep -E '^python3-' | grep -vE '^python3-(minimal|distutils|lib2to3|tornado|hypercorn|waitress|aiohttp)$'
}
packages=$(needed daphne uvicorn gunicorn python3-hypercorn python3-starlette python3-aiohttp python3-waitress)
# shellcheck disable=SC2086 # a list of names
{ apt-get download -qq 'python3-tornado=6.2.0-*' 'daphne=4.0.0-*' 'uvicorn=0.17.6-*' 'python3-hypercorn=0.13.2-*' \
  'gunicorn=20.1.0-*' 'python3-waitress=2.1.2-*' 'python3-aiohttp=3.8.4-*' $packages 2>apt &&
  for package in *.deb; do dpkg -x "$package" .; done; } || { cat apt >&2; exit 2; }
export PYTHONPATH=$work/usr/lib/python3/dist-packages:$work PYTHONDONTWRITEBYTECODE=1 NOTES=$work/notes

cat >models.py <<'PY'
"""The same model for each kind of server: two events; /break raises between them, /leave lasts six seconds."""
import asyncio, contextlib, os, time

@contextlib.contextmanager
def noted():
    ended = "ended"
    try:
        yield
        ended = "ran on"
    finally:
        with open(os.environ["NOTES"], "a") as file:
            file.write(ended + "\n")

async def events(path):
    with noted():
        yield b"data: 1\n\n"
        await asyncio.sleep(0.3)
        if path == "/break":
            raise RuntimeError("the model is gone")
        for _ in range(60):
            yield b"data: n\n\n"
            await asyncio.sleep(0.1)

def wsgi(environ, start):
    def pieces():
        with noted():
            yield b"data: 1\n\n"
            time.sleep(0.3)
            if environ["PATH_INFO"] == "/break":
                raise RuntimeError("the model is gone")
            for _ in range(60):
                yield b"data: n\n\n"
                time.sleep(0.1)
    start("200 OK", [("Content-Type", "text/event-stream")])
    return pieces()

def asgi():
    from starlette.applications import Starlette
    from starlette.responses import StreamingResponse
    from starlette.routing import Route

    async def post(request):
        return StreamingResponse(events(request.url.path), media_type="text/event-stream")
    return Starlette(routes=[Route("/{path}", post, methods=["POST"])])

def serve_tornado(port):
    import tornado.ioloop, tornado.web

    class Handler(tornado.web.RequestHandler):
        async def post(self):
            self.set_header("Content-Type", "text/event-stream")
            async with contextlib.aclosing(events(self.request.path)) as pieces:
                async for piece in pieces:
                    self.write(piece)
                    await self.flush()
    tornado.web.Application([("/.*", Handler)]).listen(port, "127.0.0.1")
    tornado.ioloop.IOLoop.current().start()

def serve_aiohttp(port):
    from aiohttp import web

    async def post(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        async with contextlib.aclosing(events(request.path)) as pieces:
            async for piece in pieces:
                await response.write(piece)
        return response
    application = web.Application()
    application.router.add_post("/{path}", post)
    web.run_app(application, host="127.0.0.1", port=port, print=None)

def serve_waitress(port):
    import waitress
    waitress.serve(wsgi, host="127.0.0.1", port=port)
PY
echo 'from models import asgi, wsgi; app = asgi()' >asgi_app.py

cat >finding.py <<'PY'
import os, pathlib, socket, subprocess, time

def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

python = "/usr/bin/python3"
own = lambda name: [python, "-c", f"import models; models.serve_{name}(PORT)"]
servers = {
    "tornado": own("tornado"),
    "daphne": [python, "-m", "daphne", "-b", "127.0.0.1", "-p", "PORT", "asgi_app:app"],
    "uvicorn": [python, "-m", "uvicorn", "--http", "h11", "--loop", "asyncio", "--host", "127.0.0.1", "--port", "PORT", "asgi_app:app"],
    "hypercorn": [python, "-m", "hypercorn", "-b", "127.0.0.1:PORT", "asgi_app:app"],
    "gunicorn": [python, "-m", "gunicorn", "-b", "127.0.0.1:PORT", "models:wsgi"],
    "waitress": own("waitress"),
    "aiohttp": own("aiohttp"),
}
notes = pathlib.Path(os.environ["NOTES"])

def post(port, path):
    client = socket.create_connection(("127.0.0.1", port), 10)
    client.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    return client

def broken(port):
    data = b""
    with post(port, "/break") as client:
        client.settimeout(6)
        try:
            while not data.endswith(b"\r\n0\r\n\r\n"):
                piece = client.recv(65536)
                data += piece
                if not piece:
                    return "cut"
        except TimeoutError:
            return "open"
        finally:
            assert data.startswith(b"HTTP/1.1 200") and b"\r\ndata: 1\n" in data, data
    return "complete"

def left(port):
    notes.unlink(missing_ok=True)
    data = b""
    with post(port, "/leave") as client:
        while b"data: 1" not in data:
            data += client.recv(65536)
    for _ in range(100):
        if notes.exists() and notes.read_text():
            return notes.read_text().strip()
        time.sleep(0.1)
    return "neither"

for name, command in servers.items():
    port = free_port()
    with open("log-" + name, "w") as log:
        process = subprocess.Popen([word.replace("PORT", str(port)) for word in command], stdout=log, stderr=log)
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.1)
    else:
        raise SystemExit(f"{name} does not start: " + open("log-" + name).read())
    print(f"{name}: an exception: {broken(port)}; a client that leaves: {left(port)}", flush=True)
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
PY

/usr/bin/python3 finding.py | tee seen
diff - seen <<'EXPECTED'
tornado: an exception: complete; a client that leaves: ended
daphne: an exception: open; a client that leaves: ended
uvicorn: an exception: cut; a client that leaves: ended
hypercorn: an exception: cut; a client that leaves: ended
gunicorn: an exception: cut; a client that leaves: ended
waitress: an exception: cut; a client that leaves: ended
aiohttp: an exception: cut; a client that leaves: ended
EXPECTED
