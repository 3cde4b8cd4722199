#!/usr/bin/env bash
# What:     nginx 1.22.1 (Debian 12) with OpenSSL 3.0: whether a client resumes its TLS session after
#           `nginx -s reload`, with the defaults and with `ssl_session_cache shared`.
# Guess:    with the shared cache it does: the memory is kept over reloads, that is what it is for.
#           Without it, it does not.
# Seen:     neither, in TLS 1.2 and 1.3. Clients resume by tickets, which are on by default, and each
#           reload makes a new key for them; the cache is not looked at. After every reload, as on
#           each renewal of a certificate, all clients have a full handshake, at once. With
#           `ssl_session_tickets off` beside the shared cache both versions resume.
# Output:   defaults, TLS 1.2: New, Reused; after a reload: New
#           defaults, TLS 1.3: New, Reused; after a reload: New
#           shared cache, TLS 1.2: New, Reused; after a reload: New
#           shared cache, TLS 1.3: New, Reused; after a reload: New
#           shared cache and no tickets, TLS 1.2: New, Reused; after a reload: Reused
#           shared cache and no tickets, TLS 1.3: New, Reused; after a reload: Reused
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'nginx=1.22.1-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/sbin:$PATH
cd "$work"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 2 \
  -keyout key.pem -out certificate.pem 2>req.log

# Three free ports, together.
read -r port1 port2 port3 < <(/usr/bin/python3 -c '
import socket
free = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(one.getsockname()[1] for one in free))')
mkdir temporary
cat >nginx.conf <<CONF
daemon off;
pid $work/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path temporary/1; proxy_temp_path temporary/2; fastcgi_temp_path temporary/3;
  uwsgi_temp_path temporary/4; scgi_temp_path temporary/5;
  ssl_certificate $work/certificate.pem;
  ssl_certificate_key $work/key.pem;
  ssl_protocols TLSv1.2 TLSv1.3;
  server { listen 127.0.0.1:$port1 ssl; return 200; }
  server { listen 127.0.0.1:$port2 ssl; ssl_session_cache shared:first:1m; return 200; }
  server { listen 127.0.0.1:$port3 ssl; ssl_session_cache shared:second:1m; ssl_session_tickets off; return 200; }
}
CONF
nginx -p "$work" -e error.log -c nginx.conf &
until : 2>/dev/null <"/dev/tcp/127.0.0.1/$port1"; do sleep 0.1; done

connect() { # PORT VERSION OPTION
  printf 'GET / HTTP/1.0\r\n\r\n' |
    timeout 20 openssl s_client -connect "127.0.0.1:$1" "-tls1_$2" -ign_eof "$3" "session.$1.$2" >page 2>>client.log || true
  grep -aEom1 '^(New|Reused)' page
}
declare -A names=([$port1]='defaults' [$port2]='shared cache' [$port3]='shared cache and no tickets')
declare -A before
for port in $port1 $port2 $port3; do
  for version in 2 3; do
    before[$port.$version]="$(connect "$port" $version -sess_out), $(connect "$port" $version -sess_in)"
  done
done
workers() { pgrep -P "$(<nginx.pid)" | sort | tr '\n' ' '; }
old=$(workers)
nginx -p "$work" -e error.log -c nginx.conf -s reload
until [[ $(workers) != *"${old%% *}"* ]]; do sleep 0.1; done
for port in $port1 $port2 $port3; do
  for version in 2 3; do
    echo "${names[$port]}, TLS 1.$version: ${before[$port.$version]}; after a reload: $(connect "$port" $version -sess_in)"
  done
done | tee seen
diff - seen <<'EXPECTED'
defaults, TLS 1.2: New, Reused; after a reload: New
defaults, TLS 1.3: New, Reused; after a reload: New
shared cache, TLS 1.2: New, Reused; after a reload: New
shared cache, TLS 1.3: New, Reused; after a reload: New
shared cache and no tickets, TLS 1.2: New, Reused; after a reload: Reused
shared cache and no tickets, TLS 1.3: New, Reused; after a reload: Reused
EXPECTED
