#!/usr/bin/env bash
# CONTRACT §2, and §1.3: token on every operator endpoint, before anything else happens.
source "$(dirname "$0")/../lib.sh"

readonly ENDPOINTS='
POST /operator/chat/ask
POST /operator/chat
GET /operator/status
GET /operator/power/state
GET /operator/session/session-001
GET /operator/power/status
GET /operator/power/policy/solo_madre/status
POST /operator/power/policy/solo_madre/apply
POST /operator/power/service/hermes/start
POST /operator/power/service/hermes/stop
POST /operator/power/service/hermes/restart
POST /operator/power/window/open
POST /operator/power/window/close
GET /vx11/circuit-breaker/status'
readonly JSON='content-type: application/json'

missing_is_401() { # METHOD PATH
  anonymous "$1" "$2" -H "$JSON" -d '{"message":"hello"}'
  expect_status 401
  expect_json '. == {error: "auth_required", status_code: 401}'
}

wrong_is_403() { # METHOD PATH
  local value
  for value in wrong "${TOKEN}x" "${TOKEN%?}" "${TOKEN^^}"; do
    anonymous "$1" "$2" -H "$JSON" -d '{"message":"hello"}' -H "x-vx11-token: $value"
    expect_status 403
    expect_json '. == {error: "forbidden", status_code: 403}'
  done
}

# Without a valid token no other mistake of a request is reported.
body_is_not_looked_at() {
  anonymous POST /operator/chat/ask -H "$JSON" -d '{"message":'
  expect_status 401
  anonymous POST /operator/chat/ask -H "$JSON" -d '{"message":' -H 'x-vx11-token: wrong'
  expect_status 403
  anonymous POST /operator/chat/ask -H 'content-type: text/plain' -d hello
  expect_status 401
  head -c 2000000 /dev/zero >"$WORK/large"
  anonymous POST /operator/chat/ask -H "$JSON" -H 'expect:' --data-binary "@$WORK/large"
  expect_status 401
}

differing_headers_are_refused() {
  anonymous GET /operator/status -H "x-vx11-token: $TOKEN" -H 'x-vx11-token: other'
  expect_status 403
  anonymous GET /operator/status -H 'x-vx11-token: other' -H "x-vx11-token: $TOKEN"
  expect_status 403
}

control_bytes_are_refused() {
  local byte
  for byte in '\0' '\001' '\177' '\033'; do
    raw "GET /operator/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-vx11-token: %s$byte\r\n\r\n" \
      "$TOKEN"
    [[ $STATUS =~ ^40[013]$ ]] || unmet "byte $byte is answered with $STATUS"
  done
}

is_public() { # PATH
  anonymous GET "$1"
  expect_status 200
}

metrics_need_a_token_elsewhere() {
  VX11_SERVER_INSECURE_LISTEN=true LISTEN=0.0.0.0:0 restart_gateway
  BASE=http://127.0.0.1:$(port_of "$BASE")
  anonymous GET /metrics
  expect_status 401
  operator GET /metrics
  expect_status 200
}

answers_to() { # TOKEN
  anonymous GET /operator/status -H "x-vx11-token: $1"
  expect_status 200
}

start_upstream
start_gateway

while read -r method path; do
  [[ -n $method ]] || continue
  check "$method $path: missing → 401 auth_required" missing_is_401 "$method" "$path"
  check "$method $path: wrong → 403 forbidden" wrong_is_403 "$method" "$path"
done <<<"$ENDPOINTS"
check "checked before the body is parsed" body_is_not_looked_at
check "several such headers that differ → refused" differing_headers_are_refused
check "a value with NUL or control bytes → refused" control_bytes_are_refused
check "no upstream is touched by any of these" expect_count '"\(.total) \(.madre.connections)"' '0 0'
for path in /health /livez /readyz /metrics; do
  check "public without a token on a loopback listener: GET $path" is_public $path
done
check "GET /metrics needs the token on any other listener" metrics_need_a_token_elsewhere

export VX11_GATEWAY_TOKEN=second-choice
restart_gateway
check "the token is VX11_TENTACULO_LINK_TOKEN before VX11_GATEWAY_TOKEN" answers_to "$TOKEN"
unset VX11_TENTACULO_LINK_TOKEN
restart_gateway
check "… else VX11_GATEWAY_TOKEN" answers_to second-choice
unset VX11_GATEWAY_TOKEN
restart_gateway
check "… else vx11-local-token" answers_to vx11-local-token
check "… with a warning at start" grep -qiE 'warn.*(token|development)' "$WORK/gateway.err"
finish
