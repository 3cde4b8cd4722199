#!/usr/bin/env bash
# Upstreams that start late, stop, restart, or whose name does not resolve.
source "$(dirname "$0")/../lib.sh"

chat_comes_from() { # SOURCE [REASON]
  chat '{"message":"hello"}'
  expect_status 200
  expect_json '.metadata | .source == $source and (.reason // "") == $reason' \
    --arg source "$1" --arg reason "${2-}"
  expect_within 1500
}

is_answered_by_switch() {
  chat '{"message":"hello"}'
  jq -e '.metadata.source == "switch"' "$BODY" >/dev/null
}

# The same addresses with a new process behind them, as after a crash.
recovers_from_a_restart() {
  local madre_port switch_port
  madre_port=$(port_of "$MADRE") switch_port=$(port_of "$SWITCH_URL")
  chat_comes_from switch
  operator GET /operator/power/state
  expect_status 200
  stop upstream KILL
  chat '{"message":"hello"}'
  expect_status 503
  expect_json '.reason == "unreachable"'
  operator GET /operator/power/state
  expect_status 503
  operator GET /operator/status
  expect_json '.components.madre.status == "unreachable"'
  start_upstream "$madre_port" "$switch_port"
  chat_comes_from switch
  operator GET /operator/power/state
  expect_status 200
  operator GET /operator/status
  expect_json '.status == "ok" and .components.madre.status == "ok"'
}

# A pooled connection to a replaced upstream must not fail a request.
first_call_after_a_restart() {
  chat_comes_from switch
  chat_comes_from switch
  stop upstream TERM
  start_upstream "$(port_of "$MADRE")" "$(port_of "$SWITCH_URL")"
  chat_comes_from switch
}

appears_later() {
  local port
  port=$(port_of "$SWITCH_URL")
  stop upstream
  start upstream '^ready' "$UPSTREAM_PROGRAM" --madre "127.0.0.1:$(port_of "$MADRE")" --token "$TOKEN"
  restart_gateway --config "$CONFIG"
  chat_comes_from madre_fallback switch_unreachable
  stop upstream
  start_upstream "$(port_of "$MADRE")" "$port"
  chat_comes_from switch
}

unknown_switch_name() {
  SWITCH_URL=http://switch.invalid:8002 restart_gateway --config "$CONFIG"
  chat_comes_from madre_fallback switch_unreachable
  operator GET /operator/status
  expect_json '.status == "ok" and .components.switch == ({port: 8002} + .components.switch)'
}

unknown_madre_name() {
  MADRE=http://madre.invalid:8001 restart_gateway --config "$CONFIG"
  operator GET /operator/status
  expect_status 200
  expect_json '.components.madre | .status == "unreachable" and .port == 8001
    and (.error | length > 0)'
  expect_within 400
  operator GET /operator/power/state
  expect_status 503
  expect_json '.module == "madre" and .reason == "unreachable"'
  expect_within 400
}

# Name resolution of one gateway only: in a mount namespace /etc/hosts and /etc/resolv.conf are the
# test's files. Skipped where mount namespaces are not permitted.
readonly OWN_NAMES=(unshare --mount --map-root-user sh -c
  'mount --bind "$0/hosts" /etc/hosts && mount --bind "$0/resolv.conf" /etc/resolv.conf && exec "$@"'
  "$WORK")
own_names() { # NAME-SERVER [HOSTS-LINE]: without a second line only this machine has a name
  printf '127.0.0.1 localhost\n%s\n' "${2-}" >"$WORK/hosts"
  printf 'nameserver %s\noptions timeout:20 attempts:1\n' "$1" >"$WORK/resolv.conf"
}
may_have_own_names() { own_names 127.0.0.1 && "${OWN_NAMES[@]}" true 2>/dev/null; }

start_gateway_with_own_names() { # [OPTION…]
  end_gateway
  start gateway '^listening on ' "${OWN_NAMES[@]}" "$GATEWAY_PROGRAM" --listen 127.0.0.1:0 \
    --sessions memory --config "$CONFIG" "$@"
  BASE=$(url_of gateway 'listening on')
}

name_appears_later() {
  own_names 127.0.0.1 # no DNS server there: queries are refused at once
  start_gateway_with_own_names --madre "$MADRE" --switch "http://switch.invalid:$(port_of "$SWITCH_URL")"
  chat_comes_from madre_fallback switch_unreachable
  own_names 127.0.0.1 '127.0.0.1 switch.invalid'
  eventually 30 is_answered_by_switch || unmet "switch is not found: $(cat "$BODY")"
  chat_comes_from switch
}

# 192.0.2.0/24 is for documentation (RFC 5737): queries sent there are never answered.
names_never_answered() {
  own_names 192.0.2.1
  start_gateway_with_own_names --madre "$MADRE" --switch http://switch.invalid:8002
  chat '{"message":"hello"}'
  expect_status 200
  expect_json '.metadata | .source == "madre_fallback" and
    (.reason == "switch_timeout" or .reason == "switch_unreachable")'
  expect_within 1500
}

config <<TOML
[switch]
limit = "400ms"
breaker.failures_to_open = 1000000
[madre]
limit = "400ms"
breaker.failures_to_open = 1000000
[chat]
deadline = "1500ms"
[status]
limit = "400ms"
TOML
start_upstream "$(free_port)" "$(free_port)" # outside the ephemeral range, so they stay free
start_gateway --config "$CONFIG"

check "upstreams killed and started again on the same ports are found again" recovers_from_a_restart
check "the first chat after a restart of switch is answered by switch" first_call_after_a_restart
check "a switch that appears only later is found" appears_later
check "a switch whose name does not resolve: madre answers, switch_unreachable" unknown_switch_name
check "a madre whose name does not resolve: unreachable, 503" unknown_madre_name
if may_have_own_names; then
  check "§7 not: a switch whose name did not resolve at start is never found again" name_appears_later
  check "a name server that never answers costs no more than the limit" names_never_answered
else
  echo "skip names that appear later: no mount namespace for this user"
fi
finish
