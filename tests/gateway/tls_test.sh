#!/usr/bin/env bash
# The listener under TLS: certificates that are replaced while it runs, clients that must have their
# own, and what goes wrong with both.
#   tls_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"
command -v openssl >/dev/null || { echo "the test needs openssl" >&2; exit 2; }

readonly CERT=$WORK/cert.pem KEY=$WORK/key.pem

# certify NAME DAYS: makes NAME.pem and NAME.key, which sign themselves.
certify() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/$1.key" \
    -out "$WORK/$1.pem" -subj "/CN=$1" -days "$2" -addext subjectAltName=IP:127.0.0.1 2>/dev/null
}

# install_certificate NAME: as an operator's tool does, file by file.
install_certificate() {
  cp "$WORK/$1.pem" "$CERT"
  cp "$WORK/$1.key" "$KEY"
}

serial_served() {
  openssl s_client -connect "${BASE#https://}" </dev/null 2>/dev/null | openssl x509 -noout -serial
}
serves() { [[ $(serial_served) == "$(openssl x509 -noout -serial <"$WORK/$1.pem")" ]]; }
serves_soon() { # NAME
  for _ in {1..50}; do
    if serves "$1"; then return 0; fi
    sleep 0.1
  done
  unmet "the certificate served is not $1"
}

# over_tls TRUSTED PATH [CURL-ARGUMENT…]
over_tls() {
  operator GET "$2" --cacert "$WORK/$1.pem" "${@:3}"
}
answers() { # STATUS TRUSTED [CURL-ARGUMENT…]
  over_tls "$2" /operator/power/state "${@:3}"
  expect_status "$1"
}
curl_fails_with() { # CODE TRUSTED [CURL-ARGUMENT…]
  local code=0
  curl --noproxy '*' -sS -o /dev/null --cacert "$WORK/$2.pem" "${@:3}" "$BASE/livez" 2>/dev/null || code=$?
  expect_equal "curl's exit code" "$code" "$1"
}

plain_http_is_explained() {
  fetch "http://${BASE#https://}/livez"
  expect_status 400
  grep -q 'speaks HTTPS' "$BODY"
}

says_strict_transport() { # NONE or the value
  over_tls first /livez
  if [[ $1 == none ]]; then expect_no_header strict-transport-security; else
    expect_header strict-transport-security "$1"; fi
  over_tls first /nothing
  [[ $1 == none ]] || expect_header strict-transport-security "$1"
}

refused_by_metric() {
  operator GET /metrics --cacert "$WORK/first.pem"
  grep -q 'vx11_tls_certificate_reads_total{outcome="refused"} [1-9]' "$BODY" || unmet "no refused reading"
}

half_a_file_changes_nothing() {
  head -c 100 "$WORK/second.pem" >"$CERT"
  for _ in {1..50}; do
    if grep -q 'server.tls was not taken over' "$WORK/gateway.err"; then break; fi
    sleep 0.1
  done
  grep -q 'server.tls was not taken over' "$WORK/gateway.err" || unmet "no line in the log"
  serves first
}

# chat_list HEADER: the options of curl for a hundred chats.
chat_list() {
  local n
  for ((n = 0; n < 100; n++)); do
    ((n == 0)) || echo next
    printf 'url = "%s/operator/chat/ask"\nheader = "x-vx11-token: %s"\n' "$BASE" "$TOKEN"
    printf 'header = "content-type: application/json"\nheader = "%s"\ninsecure\n' "$1"
    printf 'data = "{\\"message\\":\\"hello\\"}"\nwrite-out = "%%{http_code}\\n"\noutput = "/dev/null"\n'
  done
}

# Two clients chat until the last change, one by kept connections and one by a new one for each chat.
chats_survive_changes() {
  local -a clients=()
  local kind name
  chat_list 'x-test: 1' >"$WORK/chats.kept"
  chat_list 'connection: close' >"$WORK/chats.new"
  for kind in kept new; do
    until [[ -e $WORK/enough ]]; do curl --noproxy '*' -s -K "$WORK/chats.$kind"; done >"$WORK/statuses.$kind" &
    clients+=($!)
  done
  for name in second first second first second; do
    install_certificate "$name"
    kill -HUP "${PIDS[gateway]}"
    sleep 0.3
  done
  touch "$WORK/enough"
  wait "${clients[@]}"
  for kind in kept new; do
    ((100 <= $(grep -c '^200$' "$WORK/statuses.$kind"))) || unmet "fewer than 100 chats"
    ! grep -qv '^200$' "$WORK/statuses.$kind" || unmet "$kind: $(sort "$WORK/statuses.$kind" | uniq -c)"
  done
}

streams_end_whole_at_stop() {
  local code=0
  control '{"stream":true,"stream_chunks":20,"stream_gap_ms":50}'
  curl --noproxy '*' -sk --max-time 20 -H "x-vx11-token: $TOKEN" -H 'content-type: application/json' \
    -H 'accept: text/event-stream' -d '{"message":"hello"}' "$BASE/operator/chat/ask" >"$WORK/stream" &
  local client=$!
  for _ in {1..50}; do [[ ! -s $WORK/stream ]] || break; sleep 0.1; done
  kill -TERM "${PIDS[gateway]}"
  wait "$client" || code=$?
  expect_equal "curl's exit code" "$code" 0
  eventually 10 is_gone gateway || unmet "the gateway does not end" # a second signal would end it at once
  grep -q '^event: done' "$WORK/stream" || unmet "the stream has no end: $(tail -3 "$WORK/stream")"
}

list_revocations() { # FROM TO: of nothing, by the authority of clients
  : >"$WORK/index.txt"
  printf '[ca]\ndefault_ca = d\n[d]\ndatabase = %s\ndefault_md = sha256\n' "$WORK/index.txt" >"$WORK/ca.cnf"
  openssl ca -config "$WORK/ca.cnf" -gencrl -keyfile "$WORK/client.key" -cert "$WORK/client.pem" \
    -crl_lastupdate "$1" -crl_nextupdate "$2" -out "$WORK/client.crl.new" 2>"$WORK/ca.err" || die "$(cat "$WORK/ca.err")"
  mv "$WORK/client.crl.new" "$WORK/client.crl"
}
expired_list_refuses() {
  eventually 10 grep -q 'client_crl_file: a revocation list has expired at 2020-01-02' "$WORK/gateway.err" ||
    unmet "$(tail -n 3 "$WORK/gateway.err")"
  curl_fails_with 56 second --cert "$WORK/client.pem" --key "$WORK/client.key"
}

certify first 30
certify second 30
certify client 30
certify stranger 30

start_upstream
install_certificate first
VX11_SERVER_TLS_CERTIFICATE_FILE=$CERT VX11_SERVER_TLS_KEY_FILE=$KEY restart_gateway
check "its address is one of https" test "${BASE%%:*}" = https
check "a client that trusts the certificate is answered" answers 200 first
check "one that trusts another is not" curl_fails_with 60 second
check "no Strict-Transport-Security unless it is configured" says_strict_transport none
VX11_SERVER_TLS_HSTS_MAX_AGE=1h VX11_SERVER_TLS_CERTIFICATE_FILE=$CERT VX11_SERVER_TLS_KEY_FILE=$KEY \
  restart_gateway
check "and then on every answer" says_strict_transport max-age=3600
check "plain HTTP is answered by what to do" plain_http_is_explained
check "half a file changes nothing, and is logged" half_a_file_changes_nothing
check "and counted" refused_by_metric
install_certificate second
check "a changed file is used within seconds, without a signal" serves_soon second
check "chats of kept and new connections survive five changes" chats_survive_changes
check "a stream in progress ends whole at SIGTERM" streams_end_whole_at_stop

VX11_SERVER_TLS_CERTIFICATE_FILE=$CERT VX11_SERVER_TLS_KEY_FILE=$KEY \
  VX11_SERVER_TLS_CLIENT_CA_FILE=$WORK/client.pem restart_gateway
check "a client with a trusted certificate is answered" \
  answers 200 second --cert "$WORK/client.pem" --key "$WORK/client.key"
check "one with another certificate is not" \
  curl_fails_with 56 second --cert "$WORK/stranger.pem" --key "$WORK/stranger.key"
check "one without any is not" curl_fails_with 56 second

list_revocations 20200101000000Z 20900101000000Z
VX11_SERVER_TLS_CERTIFICATE_FILE=$CERT VX11_SERVER_TLS_KEY_FILE=$KEY VX11_SERVER_TLS_CLIENT_CA_FILE=$WORK/client.pem \
  VX11_SERVER_TLS_CLIENT_CRL_FILE=$WORK/client.crl restart_gateway
check "one that no revocation list names is answered" \
  answers 200 second --cert "$WORK/client.pem" --key "$WORK/client.key"
check "and nothing is warned of" test -z "$(grep 'revocation list' "$WORK/gateway.err")"
list_revocations 20200101000000Z 20200102000000Z
check "once the list has expired it is refused, and that is logged" expired_list_refuses
finish
