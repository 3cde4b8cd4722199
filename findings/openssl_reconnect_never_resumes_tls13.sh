#!/usr/bin/env bash
# What:     openssl 3.0.22 (Debian 12): `s_client -reconnect`, which connects five more times with
#           the same session, to a server that resumes sessions (its own s_server, by tickets).
# Guess:    the first line says New and the other five say Reused, with TLS 1.3 as with TLS 1.2: it
#           is what the option is for.
# Seen:     with TLS 1.3 all six say New: the tickets come after the handshake, and the option
#           reconnects before it has read them. The server is well: a session that was saved after
#           the first answer (-sess_out) and given to the next call (-sess_in) is reused. A check of
#           tickets or of their keys' rotation by -reconnect would blame every server.
# Output:   TLS 1.2, -reconnect: 1 New, 5 Reused
#           TLS 1.3, -reconnect: 6 New, 0 Reused
#           TLS 1.3, -sess_out and -sess_in: 1 New, 1 Reused
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'openssl=3.0.22-*' 'libssl3=3.0.22-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
export LD_LIBRARY_PATH
LD_LIBRARY_PATH=$(echo "$work"/usr/lib/*-linux-gnu)
cd "$work"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -keyout key.pem -out certificate.pem 2>/dev/null
port=21300
while : 2>/dev/null <"/dev/tcp/127.0.0.1/$port"; do port=$((port + 1)); done
openssl s_server -accept "127.0.0.1:$port" -cert certificate.pem -key key.pem -www -quiet 2>server.log &
until : 2>/dev/null <"/dev/tcp/127.0.0.1/$port"; do sleep 0.1; done

count() { # FILE
  echo "$(grep -c '^New,' "$1") New, $(grep -c '^Reused,' "$1") Reused"
}
client() { timeout 20 openssl s_client -connect "127.0.0.1:$port" "$@" 2>>client.log; }
{
  for version in 2 3; do
    echo Q | client "-tls1_$version" -reconnect >said || true
    echo "TLS 1.$version, -reconnect: $(count said)"
  done
  # The page says New or Reused once more: the first line is the client's own.
  for option in -sess_out -sess_in; do
    printf 'GET / HTTP/1.0\r\n\r\n' | client -tls1_3 -ign_eof $option session >page
    grep -m1 -E '^(New|Reused),' page
  done >said
  echo "TLS 1.3, -sess_out and -sess_in: $(count said)"
} | tee seen
diff - seen <<'EXPECTED'
TLS 1.2, -reconnect: 1 New, 5 Reused
TLS 1.3, -reconnect: 6 New, 0 Reused
TLS 1.3, -sess_out and -sess_in: 1 New, 1 Reused
EXPECTED
