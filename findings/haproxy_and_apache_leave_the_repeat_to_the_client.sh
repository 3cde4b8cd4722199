#!/usr/bin/env bash
# What:     nginx 1.22.1, HAProxy 2.6.12, Caddy 2.6.2, Apache 2.4.71 (Debian 12) as reverse proxies with kept connections: on the
#           second POST of a client's connection the upstream carries it out, and closes without an answer, as one that is killed;
#           the client is Python's http.client, which repeats nothing, and curl 7.88.1.
# Guess:    the client gets a 502: the request reached the upstream, so that it cannot be repeated, and this is what 502 is for.
# Seen:     nginx and Caddy answer 502. HAProxy and Apache close the client's connection without an answer, if it had one before,
#           and leave the repeat to the client. Those that repeat a request whose kept connection closes send the POST again
#           by themselves, curl among them: the chat is carried out twice, with a 200 and no sign of it. It looks like a fault of
#           the client's network, and no 5xx stands anywhere but in the log of the proxy.
# Output:   nginx: 502; with curl: 502, 1 POST carried out without an answer, 0 repeated
#           haproxy: closed without an answer; with curl: 200, 1 POST carried out without an answer, 1 repeated
#           caddy: 502; with curl: 502, 1 POST carried out without an answer, 0 repeated
#           apache2: closed without an answer; with curl: 200, 1 POST carried out without an answer, 1 repeated
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'nginx=1.22.1-*' 'haproxy=2.6.12-*' 'caddy=2.6.2-*' 'apache2-bin=2.4.71-*' \
  'curl=7.88.1-*' 'libcurl4=7.88.1-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
export PATH=$work/usr/bin:$work/usr/sbin:$PATH HOME=$work LD_LIBRARY_PATH
LD_LIBRARY_PATH=$(echo "$work"/usr/lib/*-linux-gnu)

cat >finding.py <<'PY'
import atexit, http.client, os, pathlib, socket, subprocess, threading, time

work = pathlib.Path.cwd()
done = []

def serve(connection):
    """Answers each POST, but for the one with the body "lost", if it is the first with it: closes when it has read it."""
    received = b""
    while piece := connection.recv(65536):
        received += piece
        if not received.endswith((b"first", b"lost!")):
            continue
        done.append(received[-5:])
        if done.count(b"lost!") == 1 and received.endswith(b"lost!"):
            break
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nword")
        received = b""
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
    "nginx": (f"daemon off; worker_processes 1; pid {work}/nginx.pid; events {{}} http {{ access_log off; {temporary}"
              " upstream origin { server 127.0.0.1:ORIGIN; keepalive 4; } server { listen 127.0.0.1:PORT; location / { proxy_pass"
              ' http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; } } }',
              ["nginx", "-e", f"{work}/nginx.err", "-c"]),
    "haproxy": (haproxy, ["haproxy", "-db", "-f"]),
    "caddy": ("{\n admin off\n auto_https off\n}\nhttp://:PORT {\n bind 127.0.0.1\n reverse_proxy 127.0.0.1:ORIGIN\n}\n",
              ["caddy", "run", "--adapter", "caddyfile", "--config"]),
    "apache2": (apache, ["apache2", "-DFOREGROUND", "-f"]),
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

def ask_plainly(port):
    done.clear()
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for body in ("first", "lost!"):
        client.request("POST", "/", body)
        try:
            answer = client.getresponse()
            answer.read()
        except http.client.RemoteDisconnected:
            return "closed without an answer"
    return answer.status

def ask_with_curl(port):
    done.clear()
    url = f"http://127.0.0.1:{port}/"
    said = subprocess.run(["curl", "-s", "-m", "10", "-o", "first", "-d", "first", url, "--next", "-s", "-m", "10", "-o", "second",
                           "-w", "%{http_code}", "-d", "lost!", url], capture_output=True, text=True)
    lost = done.count(b"lost!")
    return f"{said.stdout}, {min(lost, 1)} POST carried out without an answer, {lost - 1} repeated"

for name, (configuration, command) in proxies.items():
    port = start(name, configuration, command)
    time.sleep(0.5)
    print(f"{name}: {ask_plainly(port)}; with curl: {ask_with_curl(port)}", flush=True)
PY

/usr/bin/python3 finding.py | tee seen
diff - seen <<'EXPECTED'
nginx: 502; with curl: 502, 1 POST carried out without an answer, 0 repeated
haproxy: closed without an answer; with curl: 200, 1 POST carried out without an answer, 1 repeated
caddy: 502; with curl: 502, 1 POST carried out without an answer, 0 repeated
apache2: closed without an answer; with curl: 200, 1 POST carried out without an answer, 1 repeated
EXPECTED
