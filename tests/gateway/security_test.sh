#!/usr/bin/env bash
# Which addresses, hosts, pages and tokens the program vx11-gateway accepts, and what it logs.
#   security_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

readonly START=("$GATEWAY_PROGRAM" --sessions memory)

# refuses_to_start TEXT [NAME=VALUE…]: on every address, with exit code 2 and that text.
refuses_to_start() {
  local text=$1 code=0
  shift
  env -u VX11_TENTACULO_LINK_TOKEN "$@" timeout 30 "${START[@]}" --listen 0.0.0.0:0 \
    >"$WORK/out" 2>"$WORK/said" || code=$?
  expect_equal "exit code" $code 2
  grep -q "$text" "$WORK/said" || unmet "it says: $(cat "$WORK/said")"
}

warns_when_checked() {
  VX11_SWITCH_ULR=http://s:1 VX11_GATEWAY_TOKEN='' env -u VX11_TENTACULO_LINK_TOKEN \
    "${START[@]}" --check-config >"$WORK/out" 2>"$WORK/said"
  expect_equal "exit code" $? 0
  grep -q '^warning: VX11_SWITCH_ULR: .*VX11_SWITCH_URL' "$WORK/said" || unmet "no unknown variable"
  grep -q '^warning: VX11_GATEWAY_TOKEN is set, but empty' "$WORK/said" || unmet "no empty variable"
  grep -q '^\[server\]' "$WORK/out" || unmet "it does not print the settings"
}

status_for_host() { # STATUS HOST
  operator GET /operator/status -H "Host: $2"
  expect_status "$1"
}

stops_for() { # STATUS [CURL-ARGUMENT…]
  local status=$1
  shift
  anonymous POST /operator/power/service/hermes/stop "$@"
  [[ $status == other ]] || expect_status "$status"
  [[ $status != other || $STATUS != 403 ]] || unmet "it is refused"
}

guesses_are_logged() {
  local lines
  operator GET /operator/status # a known client is answered after the guesses, too
  expect_status 200
  for _ in {1..200}; do printf 'url = "%s/operator/status"\n' "$BASE"; done >"$WORK/guesses"
  curl --noproxy '*' -s -K "$WORK/guesses" -H 'x-vx11-token: a-wild-guess' >/dev/null
  lines=$(grep -c 'credential refused: another token' "$WORK/gateway.err")
  ((lines >= 1 && lines <= 20)) || unmet "$lines lines for 200 guesses"
  ! grep -q wild "$WORK/gateway.err" || unmet "the guess is in the log"
}

bearer_is_enough() {
  anonymous GET /operator/status -H "authorization: Bearer $TOKEN"
  expect_status 200
}

metrics_for() { # STATUS ACCESS
  VX11_METRICS_ACCESS=$2 restart_gateway
  anonymous GET /metrics
  expect_status "$1"
}

check "every address: not with the development token" refuses_to_start 'development token'
check "every address: not with a short token" \
  refuses_to_start 'fewer than 16 bytes' VX11_GATEWAY_TOKEN=short
check "every address: an empty variable is named" \
  refuses_to_start 'VX11_TENTACULO_LINK_TOKEN is set, but empty' VX11_TENTACULO_LINK_TOKEN=
check "--check-config prints warnings" warns_when_checked

start_gateway
check "a bearer token is accepted" bearer_is_enough
check "guesses are logged with the reason, at a limited rate" guesses_are_logged
check "Host: localhost is accepted" status_for_host 200 localhost:8000
check "Host: another name is refused" status_for_host 403 evil.example
VX11_SERVER_HOSTS=gateway.example restart_gateway
check "Host: a configured name is accepted" status_for_host 200 gateway.example
check "metrics: public" metrics_for 200 public
check "metrics: closed on loopback" metrics_for 401 token

VX11_AUTH_MODE=off restart_gateway
check "off: a foreign page's form stops no service" stops_for 403 -H 'Origin: https://evil.example'
check "off: nor does it by Sec-Fetch-Site" stops_for 403 -H 'Sec-Fetch-Site: cross-site'
check "off: a client that is no browser may" stops_for other
finish
