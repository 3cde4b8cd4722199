#!/usr/bin/env bash
# Listeners beside TCP, and clients behind proxies: Unix-domain sockets, socket activation, HAProxy, certificates.
#   listeners_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"
PATH=$PATH:/usr/sbin:/sbin

readonly SOCKET=$WORK/gateway.sock
refused_with() { # TEXT COMMAND…: the gateway does not start, and says why
  local text=$1 code=0
  shift
  "$@" >"$WORK/refused" 2>&1 </dev/null || code=$?
  expect_equal "exit code" "$code" 1
  grep -qF -- "$text" "$WORK/refused" || unmet "it says: $(cat "$WORK/refused")"
}

# --- Unix-domain sockets --------------------------------------------------------------------------

over_socket() { # PATH: its status
  curl --noproxy '*' -sS --unix-socket "$SOCKET" -o "$BODY" -w '%{http_code}' -H "x-vx11-token: $TOKEN" "http://gateway$1"
}
socket_answers() {
  expect_equal "listening on" "$BASE" "unix:$SOCKET"
  expect_equal "status" "$(over_socket /operator/power/state)" 200
  expect_equal "permissions" "$(stat -c %a "$SOCKET")" 660
}
killed_server_is_replaced() {
  kill -KILL "${PIDS[gateway]}"
  wait "${PIDS[gateway]}" 2>/dev/null
  unset 'PIDS[gateway]'
  test -S "$SOCKET" || unmet "no socket is left behind"
  LISTEN=unix:$SOCKET start_gateway
  expect_equal "status" "$(over_socket /livez)" 200
}
stop_removes_it() {
  end_gateway
  test ! -e "$SOCKET" || unmet "the socket is still there"
}

# --- socket activation ----------------------------------------------------------------------------

requests() { # URL COUNT: each by a connection of its own; prints what is not a 200
  curl --noproxy '*' -s --max-time 30 -H 'connection: close' -o /dev/null -w '%{http_code} %{exitcode}\n' \
    "$1/livez#[1-$2]" | grep -vx '200 0'
}
restarts_refuse_none() {
  local port client round pid
  VX11_SERVER_DRAIN_DELAY=0s start holder '^child' python3 "$TESTS_DIR/gateway/hold_socket.py" "$WORK/over" \
    "$GATEWAY_PROGRAM" --listen systemd --sessions memory
  port=$(sed -n 's/^held on //p' "$WORK/holder.out")
  (until [[ -e $WORK/enough ]]; do requests "http://127.0.0.1:$port" 50; done) >"$WORK/lost" &
  client=$!
  for ((round = 1; round <= 4; round++)); do
    eventually 10 listens "$round"
    pid=$(sed -n 's/^child //p' "$WORK/holder.out" | tail -n 1)
    kill -TERM "$pid"
  done
  eventually 10 listens 5
  touch "$WORK/enough" "$WORK/over"
  wait "$client"
  pid=$(sed -n 's/^child //p' "$WORK/holder.out" | tail -n 1)
  kill -TERM "$pid"
  eventually 10 is_gone holder
  unset 'PIDS[holder]'
  test ! -s "$WORK/lost" || unmet "lost: $(sort "$WORK/lost" | uniq -c)"
}
listens() { (($(grep -c '^listening on' "$WORK/holder.out") >= $1)); }

activated_by_systemd() {
  local port
  port=$(free_port)
  VX11_SERVER_DRAIN_DELAY=0s systemd-socket-activate -l "127.0.0.1:$port" \
    -E VX11_SERVER_DRAIN_DELAY=0s -E "XDG_STATE_HOME=$XDG_STATE_HOME" -E "VX11_TENTACULO_LINK_TOKEN=$TOKEN" \
    "$GATEWAY_PROGRAM" --listen systemd: --sessions memory >"$WORK/activate.out" 2>"$WORK/activate.err" </dev/null {REPORT}>&- &
  PIDS[activate]=$!
  eventually 10 is_open "$port" || unmet "systemd-socket-activate does not listen"
  expect_equal "what fails" "$(requests "http://127.0.0.1:$port" 3)" ""
  grep -qx "listening on http://127.0.0.1:$port" "$WORK/activate.out" || unmet "$(cat "$WORK/activate.out")"
  stop activate
  expect_equal "exit code" "$EXIT_CODE" 0
}
# Without a connection, which would be the one that starts the program.
is_open() { grep -qi "^ *[0-9]*: 0100007F:$(printf %04X "$1") 00000000:0000 0A" /proc/net/tcp; }

# --- clients behind a proxy -----------------------------------------------------------------------

# behind_haproxy SERVER-OPTIONS MODE: HAProxy in front of the gateway; PROXIED is its URL.
behind_haproxy() {
  local port
  port=$(free_port)
  PROXIED=http://127.0.0.1:$port
  cat >"$WORK/haproxy.cfg" <<CONF
defaults
  mode $2
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  ${3:-}
listen all
  bind 127.0.0.1:$port
  server a 127.0.0.1:$(port_of "$BASE") $1
CONF
  haproxy -db -f "$WORK/haproxy.cfg" >"$WORK/haproxy.out" 2>"$WORK/haproxy.err" </dev/null {REPORT}>&- &
  PIDS[haproxy]=$!
  eventually 10 is_open "$port" || unmet "haproxy does not listen: $(cat "$WORK/haproxy.err")"
}
# Two connections of one client are one too many; a second client is another one.
clients_are_distinguished() {
  local held
  exec {held}<>"/dev/tcp/127.0.0.1/$(port_of "$PROXIED")"
  printf 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n' >&"$held"
  read -r -t 10 STATUS <&"$held"
  [[ $STATUS == 'HTTP/1.1 200'* ]] || unmet "the first connection is answered $STATUS"
  expect_equal "the same client" "$(status_from 127.0.0.1)" 503
  expect_equal "another client" "$(status_from 127.0.0.9)" 200
  exec {held}>&-
}
status_from() { # ADDRESS
  curl --noproxy '*' -s -o /dev/null -w '%{http_code}' --interface "$1" -H "x-vx11-token: $TOKEN" "$PROXIED/operator/power/state"
}
by_proxy_header() { # SERVER-OPTION
  restart_gateway --config "$CONFIG"
  behind_haproxy "$1" tcp
  clients_are_distinguished
  stop haproxy
}
checks_of_haproxy_pass() {
  restart_gateway --config "$CONFIG"
  behind_haproxy 'send-proxy-v2 check inter 100ms' tcp
  sleep 1 # about ten of them
  expect_equal "status" "$(status_from 127.0.0.9)" 200
  stop haproxy
  ! grep -q 'PROXY header' "$WORK/gateway.err" || unmet "$(grep 'PROXY header' "$WORK/gateway.err")"
}
others_are_closed() {
  local code=0
  curl --noproxy '*' -s -o /dev/null --interface 127.0.0.9 "$BASE/livez" || code=$?
  ((code == 52 || code == 56)) || unmet "curl ends with $code"
  eventually 5 grep -q 'did not begin with a PROXY header' "$WORK/gateway.err" || unmet "no line in the log"
}

# Requests that a proxy forwards are limited by the address in its header.
forwarded() { # PEER ADDRESSES: the status of a request by PEER that names them as its clients
  curl --noproxy '*' -s -o /dev/null -w '%{http_code}' --interface "$1" -H "x-vx11-token: $TOKEN" \
    -H "X-Forwarded-For: $2" "$BASE/operator/power/state"
}
by_client_header() {
  expect_equal "a client" "$(forwarded 127.0.0.1 203.0.113.7)" 200
  expect_equal "the same client" "$(forwarded 127.0.0.1 203.0.113.7)" 429
  expect_equal "another client" "$(forwarded 127.0.0.1 203.0.113.8)" 200
  expect_equal "one that names another before its own" "$(forwarded 127.0.0.1 '203.0.113.9, 203.0.113.8')" 429
}
only_of_proxies() {
  expect_equal "a peer that is no proxy" "$(forwarded 127.0.0.9 203.0.113.20)" 200
  expect_equal "with another address" "$(forwarded 127.0.0.9 203.0.113.21)" 429
}
logged_as() { # ADDRESS…: the access log has a line of each
  local address
  for address; do
    eventually 5 grep -q "\"peer\":\"$address\"" "$WORK/access.log" || unmet "no line of $address"
  done
}
forwarded_by_haproxy() {
  behind_haproxy '' http 'option forwardfor'
  expect_equal "a client" "$(status_from 127.0.0.10)" 200
  expect_equal "the same client" "$(status_from 127.0.0.10)" 429
  expect_equal "another client" "$(status_from 127.0.0.11)" 200
  stop haproxy
}

# --- certificates ---------------------------------------------------------------------------------

certify() { # NAME SUBJECT-ALTERNATIVE-NAME
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/$1.key" \
    -out "$WORK/$1.pem" -subj "/CN=$1" -days 2 -addext "subjectAltName=$2" 2>/dev/null
}
by_certificate() { # STATUS PATH [CURL-ARGUMENT…]
  fetch "$BASE$2" --cacert "$WORK/own.pem" "${@:3}"
  expect_status "$1"
}

start_upstream
LISTEN=unix:$SOCKET start_gateway
check "a Unix-domain socket answers, for user and group" socket_answers
check "a second gateway at a live socket does not start" \
  refused_with 'another server listens there' "$GATEWAY_PROGRAM" --listen "unix:$SOCKET" --sessions memory
check "the socket of a killed gateway is replaced" killed_server_is_replaced
check "a stopped gateway removes its socket" stop_removes_it
echo mine >"$WORK/notes"
check "a file that is no socket is an error" \
  refused_with 'a file that is no socket is there' "$GATEWAY_PROGRAM" --listen "unix:$WORK/notes" --sessions memory
check "and stays as it was" grep -qx mine "$WORK/notes"

check "without a socket of systemd the gateway says how to start it" \
  refused_with 'start it by a .socket unit' "$GATEWAY_PROGRAM" --listen systemd: --sessions memory
check "restarts behind a held socket refuse no connection" restarts_refuse_none
if command -v systemd-socket-activate >/dev/null; then
  check "systemd-socket-activate starts it by the first connection" activated_by_systemd
else
  echo "skip systemd-socket-activate: it is not installed"
fi

config <<TOML
[server]
trusted_proxies = ["127.0.0.1"]
proxy_protocol = "required"
max_connections_per_address = 1
TOML
if command -v haproxy >/dev/null; then
  check "send-proxy of HAProxy: limits count its clients" by_proxy_header send-proxy
  check "send-proxy-v2 of HAProxy: the same" by_proxy_header send-proxy-v2
  check "its health checks are connections of its own" checks_of_haproxy_pass
else
  echo "skip HAProxy: it is not installed (scripts/prepare-ci installs it)"
fi
restart_gateway --config "$CONFIG"
check "a peer that is no trusted proxy is closed, and that is logged" others_are_closed

config <<TOML
[server]
trusted_proxies = ["127.0.0.1"]
[limits]
per_address = "1/1h"
[log]
access = "$WORK/access.log"
TOML
restart_gateway --config "$CONFIG"
check "X-Forwarded-For of a trusted proxy names the client that is limited" by_client_header
check "of another peer it is ignored" only_of_proxies
check "the access log names the same clients" logged_as 203.0.113.7 203.0.113.8 127.0.0.9
if command -v haproxy >/dev/null; then
  check "forwardfor of HAProxy: limits count its clients" forwarded_by_haproxy
fi

certify own IP:127.0.0.1
certify switch URI:spiffe://example.org/switch,DNS:switch.example
certify stranger DNS:stranger.example
cat "$WORK/switch.pem" "$WORK/stranger.pem" >"$WORK/clients.pem"
config <<TOML
[server.tls]
certificate_file = "$WORK/own.pem"
key_file = "$WORK/own.key"
client_ca_file = "$WORK/clients.pem"
client_certificates = "optional"
[auth]
certificates = { "spiffe://example.org/switch" = "power:read" }
TOML
restart_gateway --config "$CONFIG"
readonly SWITCH_CERT=(--cert "$WORK/switch.pem" --key "$WORK/switch.key")
check "a certificate opens what its scopes allow" by_certificate 200 /operator/power/state "${SWITCH_CERT[@]}"
check "and no more" by_certificate 403 /operator/status "${SWITCH_CERT[@]}"
check "a token beside it decides" by_certificate 200 /operator/status "${SWITCH_CERT[@]}" -H "x-vx11-token: $TOKEN"
check "a trusted certificate without scopes is forbidden" \
  by_certificate 403 /operator/power/state --cert "$WORK/stranger.pem" --key "$WORK/stranger.key"
check "without certificate and token a request is not authorized" by_certificate 401 /operator/power/state
check "without a certificate a token is enough" by_certificate 200 /operator/status -H "x-vx11-token: $TOKEN"
finish
