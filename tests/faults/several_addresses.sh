#!/usr/bin/env bash
# An upstream's name with several addresses (RFC 8305): those that refuse or never answer add almost
# no latency as long as one works.
source "$(dirname "$0")/../lib.sh"

# Name resolution of one gateway only: in a mount namespace /etc/hosts is a file of the test.
# Skipped where mount namespaces are not permitted.
readonly OWN_HOSTS=(unshare --mount --map-root-user sh -c
  'mount --bind "$0/hosts" /etc/hosts && exec "$@"' "$WORK")
hosts() { printf "%s switch.invalid\n" "$@" >"$WORK/hosts"; }
if ! { hosts 127.0.0.1 && "${OWN_HOSTS[@]}" true 2>/dev/null; }; then
  echo "skip: no mount namespace for this user"
  exit 77
fi

answered_by_switch_at() { # ADDRESS…: as the name's addresses, in that order
  hosts "$@"
  chat '{"message":"hello"}'
  expect_status 200
  expect_json '.metadata | .source == "switch" and (.reason // "") == ""'
}
never_connects() {
  dead_control drop_connect
  answered_by_switch_at 127.0.0.2 127.0.0.1
}
dead_control() { # FAULT: of the switch at the other address
  curl --noproxy '*' -fsS --max-time 30 -o "$WORK/order" -d "{\"service\":\"switch\",\"fault\":\"$1\"}" \
    "$DEAD_CONTROL/__fault" || die "$1 is refused"
}
all_refuse() {
  hosts 127.0.0.3 127.0.0.2
  dead_control refuse
  chat '{"message":"hello"}'
  expect_json '.metadata | .source == "madre_fallback" and .reason == "switch_unreachable"'
}

config <<TOML
[switch]
breaker.failures_to_open = 1000000
[upstream]
name_cache = "0s"
TOML
start_upstream "$(free_port)" "$(free_port)"
port=$(port_of "$SWITCH_URL")
start dead '^ready' "$UPSTREAM_PROGRAM" --switch "127.0.0.2:$port" --token "$TOKEN"
DEAD_CONTROL=$(url_of dead 'control listening on')
start gateway '^listening on ' "${OWN_HOSTS[@]}" "$GATEWAY_PROGRAM" --listen 127.0.0.1:0 \
  --sessions memory --config "$CONFIG" --madre "$MADRE" --switch "http://switch.invalid:$port"
BASE=$(url_of gateway 'listening on')

# Without this each check would reuse the previous check's connection.
forget_connections() { fault switch refuse && heal; }

check "the only address" answered_by_switch_at 127.0.0.1
forget_connections
check "the first address refuses" answered_by_switch_at 127.0.0.3 127.0.0.1
forget_connections
check "all but the last refuse" answered_by_switch_at 127.0.0.3 127.0.0.4 127.0.0.5 127.0.0.1
forget_connections
check "IPv6 refuses" answered_by_switch_at ::1 127.0.0.1
forget_connections
check "the first address never answers a SYN" never_connects
forget_connections
check "all refuse: madre answers, switch_unreachable" all_refuse
finish
