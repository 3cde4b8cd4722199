#!/usr/bin/env bash
# What:     nginx 1.22.1 ($proxy_add_x_forwarded_for), HAProxy 2.6.12 (`option forwardfor`) and
#           Caddy 2.6.2 (reverse_proxy) on Debian 12: X-Forwarded-For of a client that sends one
#           itself, and of a client that comes by a Unix socket.
# Guess:    each adds the client's address to the list that came, after a comma. For a client
#           without an address it adds nothing.
# Seen:     only nginx adds to the list. HAProxy writes a line of its own and leaves the client's as
#           it is: who reads the first line reads what the client made up. Caddy throws the client's
#           away. By a Unix socket nginx adds the word "unix:", which is no address, HAProxy
#           nothing, so that the client's line stands alone, and Caddy nothing and takes the
#           client's away. A reader has to join all lines, go from the right, and stop at what is no
#           address.
# Output:   nginx: 192.0.2.1, 127.0.0.1
#           HAProxy: 192.0.2.1 | 127.0.0.1
#           Caddy: 127.0.0.1
#           nginx, Unix socket: 192.0.2.1, unix:
#           HAProxy, Unix socket: 192.0.2.1
#           Caddy, Unix socket: none
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'nginx=1.22.1-*' 'haproxy=2.6.12-*' 'caddy=2.6.2-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$work/usr/sbin:$PATH
chmod 755 "$work"
cd "$work"

# Answers with the lines of X-Forwarded-For that came, and gives three more free ports.
cat >origin.py <<'PY'
import http.server
import os
import socket

class Lines(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        lines = self.headers.get_all("X-Forwarded-For") or ["none"]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(" | ".join(lines).encode() + b"\n")

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lines)
free = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
with open("ports.new", "w") as file:
    print(server.server_port, *(one.getsockname()[1] for one in free), file=file)
for one in free:
    one.close()
os.rename("ports.new", "ports")
server.serve_forever()
PY
/usr/bin/python3 origin.py &
until [[ -e ports ]]; do sleep 0.05; done
read -r origin nginx haproxy caddy <ports

cat >nginx.conf <<CONF
daemon off;
pid $work/nginx.pid;
error_log $work/nginx.log;
events {}
http {
  access_log off;
  client_body_temp_path $work/1; proxy_temp_path $work/2; fastcgi_temp_path $work/3;
  uwsgi_temp_path $work/4; scgi_temp_path $work/5;
  server {
    listen 127.0.0.1:$nginx;
    listen unix:$work/nginx.sock;
    location / {
      proxy_pass http://127.0.0.1:$origin;
      proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
    }
  }
}
CONF
cat >haproxy.cfg <<CFG
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  option forwardfor
listen one
  bind 127.0.0.1:$haproxy
  bind unix@$work/haproxy.sock
  server origin 127.0.0.1:$origin
CFG
cat >Caddyfile <<CADDY
{
	admin off
	auto_https off
}
http://:$caddy {
	bind 127.0.0.1
	reverse_proxy 127.0.0.1:$origin
}
http:// {
	bind unix/$work/caddy.sock
	reverse_proxy 127.0.0.1:$origin
}
CADDY
nginx -e nginx.log -c "$work/nginx.conf" &
haproxy -db -f haproxy.cfg >haproxy.log 2>&1 &
HOME=$work caddy run --adapter caddyfile --config Caddyfile 2>caddy.log &
until [[ -S nginx.sock && -S haproxy.sock && -S caddy.sock ]]; do sleep 0.1; done
for port in $nginx $haproxy $caddy; do
  until : 2>/dev/null <"/dev/tcp/127.0.0.1/$port"; do sleep 0.1; done
done

ask() { curl -sS -H 'X-Forwarded-For: 192.0.2.1' "$@"; }
{
  echo "nginx: $(ask "http://127.0.0.1:$nginx/")"
  echo "HAProxy: $(ask "http://127.0.0.1:$haproxy/")"
  echo "Caddy: $(ask "http://127.0.0.1:$caddy/")"
  for name in nginx HAProxy Caddy; do
    echo "$name, Unix socket: $(ask --unix-socket "${name,,}.sock" http://localhost/)"
  done
} | tee seen
diff - seen <<'EXPECTED'
nginx: 192.0.2.1, 127.0.0.1
HAProxy: 192.0.2.1 | 127.0.0.1
Caddy: 127.0.0.1
nginx, Unix socket: 192.0.2.1, unix:
HAProxy, Unix socket: 192.0.2.1
Caddy, Unix socket: none
EXPECTED
