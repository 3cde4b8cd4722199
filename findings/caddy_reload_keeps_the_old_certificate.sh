#!/usr/bin/env bash
# What:     Caddy 2.6.2 (Debian 12): a certificate in files of the administrator's (`tls CERTIFICATE
#           KEY`), which were renewed, and `caddy reload`, which is what Debian's unit does for
#           `systemctl reload caddy`, but for `--force`.
# Guess:    the new certificate is served from then on, as by nginx and HAProxy: reading files again
#           is what a reload is for.
# Seen:     the old one is, until it expires. The text of the configuration is as before, so Caddy
#           loads nothing; `caddy reload` says nothing and ends with 0, and the log has "config is
#           unchanged" at level info. With `--force` the new one is served. Debian's unit has it; a
#           deploy hook that calls `caddy reload` itself needs it, too.
# Output:   started: CN = old
#           the files are renewed: CN = old
#           caddy reload, exit code 0: CN = old
#           caddy reload --force, exit code 0: CN = new
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'caddy=2.6.2-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"
export HOME=$work XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config

renew() { # NAME
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -days 2 \
    -addext subjectAltName=DNS:localhost -keyout key.pem -out certificate.pem 2>req.log
}
read -r port admin < <(/usr/bin/python3 -c '
import socket
free = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(one.getsockname()[1] for one in free))')
cat >Caddyfile <<CADDY
{
	admin 127.0.0.1:$admin
	auto_https off
}

https://localhost:$port {
	tls $work/certificate.pem $work/key.pem
	respond "ok"
}
CADDY
served() { # WHEN
  local subject
  subject=$(openssl s_client -connect "127.0.0.1:$port" -servername localhost </dev/null 2>/dev/null |
    sed -n 's/^subject=//p')
  echo "$1: $subject"
}
reload() { # [--force]
  local code=0
  caddy reload "$@" --config Caddyfile --address "127.0.0.1:$admin" 2>reload.log || code=$?
  sleep 1 # a reload replaces the listener in the background
  served "caddy reload${1:+ $1}, exit code $code"
}

renew old
caddy run --config Caddyfile >caddy.log 2>&1 &
until : 2>/dev/null <"/dev/tcp/127.0.0.1/$port"; do sleep 0.1; done
{
  served started
  renew new
  served 'the files are renewed'
  reload
  reload --force
} | tee seen
diff - seen <<'EXPECTED'
started: CN = old
the files are renewed: CN = old
caddy reload, exit code 0: CN = old
caddy reload --force, exit code 0: CN = new
EXPECTED
