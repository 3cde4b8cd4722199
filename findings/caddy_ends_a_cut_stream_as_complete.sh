#!/usr/bin/env bash
# What:     Caddy 2.6.2, nginx 1.22.1, HAProxy 2.6.12, h2o 2.2.5 and lighttpd 1.4.69 (Debian 12) as reverse proxies of an event
#           stream whose upstream ends amid the answer: its connection is closed, or reset, behind the first event, before the
#           last chunk. And a JSON answer with a Content-Length of which a half arrives.
# Guess:    what is not complete is not complete for the client either: the proxy closes without the last chunk, and curl
#           ends with 18.
# Seen:     behind Caddy a cut stream is a complete one: it writes the last chunk itself, with `flush_interval -1` and without,
#           and has only a line in its log. So does nginx by default, since it speaks HTTP/1.0 to the upstream, where a closed
#           connection is the end; with a reset all is lost, the first event too. With `proxy_http_version 1.1`, and behind
#           HAProxy, the client sees the cut. A client behind Caddy can know the end of an answer only by what stands in it:
#           a stream without `[DONE]` or a reason was cut, and what takes the end of the body for the end of the answer
#           stores a part. h2o writes the last chunk itself, too, if the upstream closes. lighttpd collects an answer before it
#           sends any of it, and hands out the part as a complete one, with `server.stream-response-body = 2` as a cut one.
#           An answer with a length is cut for the client behind each of them.
# Output:   caddy: closed complete, reset complete, with a length cut
#           caddy with flush_interval -1: closed complete, reset complete, with a length cut
#           nginx: closed complete, reset cut, with a length cut
#           nginx with HTTP/1.1: closed cut, reset cut, with a length cut
#           haproxy: closed cut, reset cut, with a length cut
#           h2o: closed complete, reset cut, with a length cut
#           lighttpd: closed complete, reset complete, with a length cut
#           lighttpd with stream-response-body 2: closed cut, reset cut, with a length cut
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'nginx=1.22.1-*' 'haproxy=2.6.12-*' 'caddy=2.6.2-*' \
  'h2o=2.2.5+*' 'lighttpd=1.4.69-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
export PATH=$work/usr/bin:$work/usr/sbin:$PATH HOME=$work

cat >finding.py <<'PY'
import atexit, pathlib, socket, subprocess, threading, time

work = pathlib.Path.cwd()

def serve(connection):
    """One request; the answer is cut behind its first event, or amid its body."""
    request = b""
    while b"\r\n\r\n{}" not in request:
        piece = connection.recv(65536)
        if not piece:
            return
        request += piece
    path = request.split()[1].decode()
    if path == "/length":
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{"answer":')
    else:
        chunked = b"HTTP/1.1\r\n" in request
        framing = b"Transfer-Encoding: chunked" if chunked else b"Connection: close"
        event = b"b\r\ndata: one\n\n\r\n" if chunked else b"data: one\n\n"
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + framing + b"\r\n\r\n" + event)
    time.sleep(0.5)
    if path == "/reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()

def accept():
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

server = socket.create_server(("127.0.0.1", 0))
origin = server.getsockname()[1]
threading.Thread(target=accept, daemon=True).start()

running = []

@atexit.register
def end():
    for process in running:
        process.terminate()
    for process in running:
        process.wait(10)

def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

def nginx(name, option):
    temporary = " ".join(f"{kind}_temp_path {work}/{name}-{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return (f"daemon off; worker_processes 1; pid {work}/{name}.pid; events {{}} http {{ access_log off; {temporary} server {{"
            " listen 127.0.0.1:PORT; location / { proxy_pass http://127.0.0.1:ORIGIN; " + option + " } } }",
            ["nginx", "-e", f"{work}/{name}.err", "-c"])

def caddy(option):
    return ("{\n admin off\n auto_https off\n}\nhttp://:PORT {\n bind 127.0.0.1\n reverse_proxy 127.0.0.1:ORIGIN {\n  " + option +
            "\n }\n}\n", ["caddy", "run", "--adapter", "caddyfile", "--config"])

def lighttpd(option):
    return (f"""server.modules = ("mod_proxy")
server.document-root = "{work}"
server.errorlog = "{work}/lighttpd.err"
server.bind = "127.0.0.1"
server.port = PORT
{option}
proxy.server = ("" => (("host" => "127.0.0.1", "port" => ORIGIN)))
""", ["lighttpd", "-D", "-m", f"{work}/usr/lib/lighttpd", "-f"])

h2o = """listen: {host: 127.0.0.1, port: PORT}
hosts:
  default:
    paths:
      "/":
        proxy.reverse.url: "http://127.0.0.1:ORIGIN/"
"""
haproxy = """defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen all
  bind 127.0.0.1:PORT
  server origin 127.0.0.1:ORIGIN
"""
proxies = {
    "caddy": caddy(""),
    "caddy with flush_interval -1": caddy("flush_interval -1"),
    "nginx": nginx("one", ""),
    "nginx with HTTP/1.1": nginx("two", "proxy_http_version 1.1;"),
    "haproxy": (haproxy, ["haproxy", "-db", "-f"]),
    "h2o": (h2o, ["h2o", "-c"]),
    "lighttpd": lighttpd(""),
    "lighttpd with stream-response-body 2": lighttpd("server.stream-response-body = 2"),
}

def start(name, configuration, command):
    port = free_port()
    file = work / (name.replace(" ", "-").replace("/", "-") + ".conf")
    named = lambda text: text.replace("PORT", str(port)).replace("ORIGIN", str(origin))
    file.write_text(named(configuration))
    log = (work / "log").open("a")
    process = subprocess.Popen([named(word) for word in command] + [str(file)], stdout=log, stderr=log)
    running.append(process)
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return port
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{name} does not start: " + (work / "log").read_text())

def ask(port, path):
    said = subprocess.run(["curl", "-sN", "-m", "10", "-d", "{}", f"http://127.0.0.1:{port}/{path}"], capture_output=True, text=True)
    return {0: "complete", 18: "cut", 56: "cut"}.get(said.returncode, f"curl {said.returncode}")

for name, (configuration, command) in proxies.items():
    port = start(name, configuration, command)
    print(f"{name}: closed {ask(port, 'closed')}, reset {ask(port, 'reset')}, with a length {ask(port, 'length')}", flush=True)
PY

/usr/bin/python3 finding.py | tee seen
diff - seen <<'EXPECTED'
caddy: closed complete, reset complete, with a length cut
caddy with flush_interval -1: closed complete, reset complete, with a length cut
nginx: closed complete, reset cut, with a length cut
nginx with HTTP/1.1: closed cut, reset cut, with a length cut
haproxy: closed cut, reset cut, with a length cut
h2o: closed complete, reset cut, with a length cut
lighttpd: closed complete, reset complete, with a length cut
lighttpd with stream-response-body 2: closed cut, reset cut, with a length cut
EXPECTED
