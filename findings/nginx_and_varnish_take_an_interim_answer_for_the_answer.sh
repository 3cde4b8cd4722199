#!/usr/bin/env bash
# What:     nginx 1.22.1, HAProxy 2.6.12, Caddy 2.6.2, Apache 2.4.71, lighttpd 1.4.69, Varnish 7.1.1 (Debian 12) as reverse proxies,
#           speaking HTTP/1.1 to a server of Node.js 20 that sends an interim answer each 300 ms while a model thinks
#           (`response.writeProcessing()`, 102, or `writeEarlyHints()`, 103), so that nothing on the way takes it for dead.
# Guess:    interim answers are passed on or dropped, as the standard says, and the answer arrives.
# Seen:     behind nginx the first interim answer counts as the answer, one without an end: nothing reaches the client before the
#           server closes the connection, which it keeps for the next request: Node after 5 s, other servers after a minute and
#           more, which is longer than `proxy_read_timeout`. Varnish answers 503 at once. HAProxy, Caddy, Apache and lighttpd
#           pass them on with the answer behind them. So what keeps a slow chat alive on one way breaks it on another, and
#           the fast ones too; comments in an event stream pass everywhere.
# Output:   nginx: 102 late, 103 late
#           haproxy: 102 well, 103 well
#           caddy: 102 well, 103 well
#           apache2: 102 well, 103 well
#           lighttpd: 102 well, 103 well
#           varnish: 102 503, 103 503
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

cat >origin.mjs <<'JS'
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const server = http.createServer(async (request, response) => {
  request.resume();
  for (let i = 0; i < 3; i++) {
    if (request.url === '/102') response.writeProcessing();
    if (request.url === '/103') response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
    await pause(300);
  }
  response.end('{"answer":"word"}');
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
JS

cat >finding.py <<'PY'
import atexit, os, pathlib, socket, subprocess, time

work = pathlib.Path.cwd()
running = []

@atexit.register
def end():
    for process in running:
        process.terminate()
    for process in running:
        process.wait(10)

server = subprocess.Popen(["node", "origin.mjs"], stdout=subprocess.PIPE, text=True)
running.append(server)
origin = server.stdout.readline().strip()

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

def ask(port, path):
    said = subprocess.run(["curl", "-s", "-m", "20", "-w", "\n%{http_code} %{time_total}", "-d", "{}",
                           f"http://127.0.0.1:{port}/{path}"], capture_output=True, text=True)
    text, figures = said.stdout.rsplit("\n", 1)
    code, seconds = figures.split()
    if (said.returncode, text) != (0, '{"answer":"word"}'):
        return code
    return "well" if float(seconds) < 4 else "late"

for name, (configuration, command) in proxies.items():
    port = start(name, configuration, command)
    print(f"{name}: 102 {ask(port, '102')}, 103 {ask(port, '103')}", flush=True)
PY

/usr/bin/python3 finding.py | tee seen
diff - seen <<'EXPECTED'
nginx: 102 late, 103 late
haproxy: 102 well, 103 well
caddy: 102 well, 103 well
apache2: 102 well, 103 well
lighttpd: 102 well, 103 well
varnish: 102 503, 103 503
EXPECTED
