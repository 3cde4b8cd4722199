#!/usr/bin/env bash
# What:     nginx 1.22.1, Apache 2.4.71, HAProxy 2.6.12 and Caddy 2.6.2 (Debian 12), each configured to compress text/plain, and an
#           answer with `Cache-Control: no-transform`.
# Guess:    none compresses it: RFC 9110 says that a proxy must not transform such content, and names this directive for it.
# Seen:     nginx, Apache and Caddy do, and pass the directive on beside their `Content-Encoding: gzip`. Only HAProxy obeys. So
#           no-transform saves a stream, a signature or a digest from few proxies.
# Output:   nginx: gzip
#           apache2: gzip
#           haproxy: as it was
#           caddy: gzip
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'nginx=1.22.1-*' 'apache2-bin=2.4.71-*' 'haproxy=2.6.12-*' 'caddy=2.6.2-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$work/usr/sbin:$PATH

cat >"$work/origin.py" <<'PY'
import http.server
import os
import sys

TEXT = b"the same words again and again\n" * 200

class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        if self.path == "/no-transform":
            self.send_header("Cache-Control", "no-transform")
        self.send_header("Content-Length", str(len(TEXT)))
        self.end_headers()
        self.wfile.write(TEXT)

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
with open(sys.argv[1] + "/port.new", "w") as file:
    file.write(str(server.server_port))
os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
server.serve_forever()
PY
/usr/bin/python3 "$work/origin.py" "$work" &
until [[ -e $work/port ]]; do sleep 0.05; done
origin=127.0.0.1:$(<"$work/port")

cat >"$work/nginx.conf" <<CONF
daemon off;
pid $work/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path $work/body;
  proxy_temp_path $work/proxy;
  fastcgi_temp_path $work/fastcgi;
  uwsgi_temp_path $work/uwsgi;
  scgi_temp_path $work/scgi;
  gzip on;
  gzip_types text/plain;
  gzip_proxied any;
  server { listen unix:$work/nginx; location / { proxy_pass http://$origin; proxy_http_version 1.1; } }
}
CONF
nginx -c "$work/nginx.conf" -e "$work/nginx.err" &

cat >"$work/haproxy.cfg" <<CONF
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen all
  bind unix@$work/haproxy
  compression algo gzip
  compression type text/plain
  server origin $origin
CONF
haproxy -db -f "$work/haproxy.cfg" 2>"$work/haproxy.err" &

printf '{\n\tadmin off\n\tauto_https off\n}\nhttp:// {\n\tbind unix/%s\n\tencode gzip\n\treverse_proxy %s\n}\n' \
  "$work/caddy" "$origin" >"$work/Caddyfile"
HOME=$work caddy run --adapter caddyfile --config "$work/Caddyfile" 2>"$work/caddy.err" &

# Apache listens on TCP only: the first free port from 20000 on.
{
  for module in mpm_event authz_core proxy proxy_http filter deflate; do
    echo "LoadModule ${module}_module $work/usr/lib/apache2/modules/mod_$module.so"
  done
  port=20000
  while : 2>/dev/null <"/dev/tcp/127.0.0.1/$port"; do port=$((port + 1)); done
  echo "$port" >"$work/apache2"
  printf '%s\n' "ServerName localhost" "PidFile $work/apache.pid" "DefaultRuntimeDir $work" "Mutex sem" \
    "ErrorLog $work/apache.err" "Listen 127.0.0.1:$port" "ProxyPass / http://$origin/" \
    "AddOutputFilterByType DEFLATE text/plain"
  if ((EUID == 0)); then printf '%s\n' 'User www-data' 'Group www-data'; fi
} >"$work/apache.conf"
apache2 -DFOREGROUND -f "$work/apache.conf" &

# get NAME PATH: the answer's Content-Encoding
get() {
  local to=(--unix-socket "$work/$1" "http://localhost$2")
  [[ $1 != apache2 ]] || to=("http://127.0.0.1:$(<"$work/apache2")$2")
  curl -sS --retry 50 --retry-delay 0 --retry-all-errors -H 'Accept-Encoding: gzip' -o /dev/null -D - "${to[@]}" \
    2>/dev/null | tr -d '\r' | sed -n 's/^content-encoding: //Ip'
}
for name in nginx apache2 haproxy caddy; do
  [[ $(get $name /) == gzip ]] || { echo "$name does not compress at all" >&2; exit 1; }
  encoding=$(get $name /no-transform)
  echo "$name: ${encoding:-as it was}"
done | tee "$work/seen"
diff - "$work/seen" <<'EXPECTED'
nginx: gzip
apache2: gzip
haproxy: as it was
caddy: gzip
EXPECTED
