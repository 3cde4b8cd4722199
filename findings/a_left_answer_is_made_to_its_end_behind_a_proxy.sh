#!/usr/bin/env bash
# What:     nginx 1.22.1, HAProxy 2.6.12, Caddy 2.6.2, Apache 2.4.71, lighttpd 1.4.69, Varnish 7.1.1 (Debian 12) as plain reverse
#           proxies: the client of a POST closes its connection while the model behind the proxy still thinks (no answer
#           yet), and while it is silent amid a stream, as before a long tool call.
# Guess:    each proxy closes its connection to the upstream within a second or two, as it has no one to answer.
# Seen:     nginx and Caddy do, at once. HAProxy, Apache, lighttpd and Varnish leave it open, in both states, for as long as
#           the upstream is silent: they notice at the next piece that they cannot write. An answer that is not streamed has no
#           next piece, so that it is made in full, and paid for, however early the client left; an upstream's limit of
#           requests in progress counts it, and a client that repeats after its own timeout doubles it. HAProxy has
#           `option abortonclose` for it, which is off; the three others have nothing that acts on the silence.
# Output:   nginx: closed while it thinks, closed amid the stream
#           haproxy: open while it thinks, open amid the stream
#           haproxy with abortonclose: closed while it thinks, closed amid the stream
#           caddy: closed while it thinks, closed amid the stream
#           apache2: open while it thinks, open amid the stream
#           lighttpd: open while it thinks, open amid the stream
#           varnish: open while it thinks, open amid the stream
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
command -v gcc >"$work/gcc" || { echo 'Varnish needs gcc for its configuration: apt-get install gcc libc6-dev' >&2; exit 2; }
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'nginx=1.22.1-*' 'haproxy=2.6.12-*' 'caddy=2.6.2-*' 'apache2-bin=2.4.71-*' \
  'lighttpd=1.4.69-*' 'varnish=7.1.1-*' 'libvarnishapi3=7.1.1-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
export PATH=$work/usr/bin:$work/usr/sbin:$PATH HOME=$work LD_LIBRARY_PATH
LD_LIBRARY_PATH=$work/usr/lib/varnish:$(echo "$work"/usr/lib/*-linux-gnu)

cat >finding.py <<'PY'
import atexit, os, pathlib, select, socket, subprocess, threading, time

work = pathlib.Path.cwd()
seen = {}

def serve(connection):
    """One request: /thinks gets no answer, /stream a head and one event; then notes when the proxy closes."""
    request = b""
    while b"\r\n\r\n{}" not in request:
        piece = connection.recv(65536)
        if not piece:
            return
        request += piece
    path = request.split()[1].decode()
    if path == "/stream":
        chunked = b"HTTP/1.1\r\n" in request
        framing = b"Transfer-Encoding: chunked" if chunked else b"Connection: close"
        event = b"b\r\ndata: one\n\n\r\n" if chunked else b"data: one\n\n"
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + framing + b"\r\n\r\n" + event)
    seen[path] = "open"
    if select.select([connection], [], [], 10)[0]:
        try:
            seen[path] = "open" if connection.recv(1) else "closed"
        except ConnectionResetError:
            seen[path] = "closed"
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

temporary = " ".join(f"{kind}_temp_path {work}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
haproxy = """defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  OPTION
listen all
  bind 127.0.0.1:PORT
  server origin 127.0.0.1:ORIGIN
"""
apache = "\n".join([f"LoadModule {module}_module {work}/usr/lib/apache2/modules/mod_{module}.so"
                    for module in ("mpm_event", "authz_core", "proxy", "proxy_http")] +
                   ["ServerName localhost", f"PidFile {work}/apache.pid", f"DefaultRuntimeDir {work}", "Mutex sem",
                    f"ErrorLog {work}/apache.err", "Listen 127.0.0.1:PORT", "ProxyPass / http://127.0.0.1:ORIGIN/"] +
                   (["User www-data", "Group www-data"] if os.geteuid() == 0 else [])) + "\n"
proxies = {
    "nginx": (f"daemon off; worker_processes 1; pid {work}/nginx.pid; events {{}} http {{ access_log off; {temporary} server {{"
              " listen 127.0.0.1:PORT; location / { proxy_pass http://127.0.0.1:ORIGIN; proxy_http_version 1.1; } } }",
              ["nginx", "-e", f"{work}/nginx.err", "-c"]),
    "haproxy": (haproxy.replace("OPTION", ""), ["haproxy", "-db", "-f"]),
    "haproxy with abortonclose": (haproxy.replace("OPTION", "option abortonclose"), ["haproxy", "-db", "-f"]),
    "caddy": ("{\n admin off\n auto_https off\n}\nhttp://:PORT {\n bind 127.0.0.1\n reverse_proxy 127.0.0.1:ORIGIN\n}\n",
              ["caddy", "run", "--adapter", "caddyfile", "--config"]),
    "apache2": (apache, ["apache2", "-DFOREGROUND", "-f"]),
    "lighttpd": ('server.modules = ("mod_proxy")\nserver.document-root = "/"\nserver.bind = "127.0.0.1"\nserver.port = PORT\n'
                 'server.stream-response-body = 1\nproxy.server = ("" => (("host" => "127.0.0.1", "port" => ORIGIN)))\n',
                 ["lighttpd", "-D", "-m", f"{work}/usr/lib/lighttpd", "-f"]),
    "varnish": ('vcl 4.1;\nbackend origin { .host = "127.0.0.1"; .port = "ORIGIN"; }\n',
                ["varnishd", "-F", "-j", "none", "-n", f"{work}/varnish", "-a", "127.0.0.1:PORT", "-f"]),
}

def start(name, configuration, command):
    port = free_port()
    file = work / (name.replace(" ", "-") + ".conf")
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

def leave(port, path):
    seen.clear()
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    while path not in seen:
        time.sleep(0.02)
    if path == "/stream":
        while b"data: one" not in client.recv(65536):
            pass
    time.sleep(0.3)
    client.close()
    for _ in range(60):
        if seen[path] == "closed":
            break
        time.sleep(0.05)
    return seen[path]

for name, (configuration, command) in proxies.items():
    port = start(name, configuration, command)
    print(f"{name}: {leave(port, '/thinks')} while it thinks, {leave(port, '/stream')} amid the stream", flush=True)
PY

/usr/bin/python3 finding.py | tee seen
diff - seen <<'EXPECTED'
nginx: closed while it thinks, closed amid the stream
haproxy: open while it thinks, open amid the stream
haproxy with abortonclose: closed while it thinks, closed amid the stream
caddy: closed while it thinks, closed amid the stream
apache2: open while it thinks, open amid the stream
lighttpd: open while it thinks, open amid the stream
varnish: open while it thinks, open amid the stream
EXPECTED
