#!/usr/bin/env bash
# The operator backend's OpenAPI description against running backends: everything that it says occurs, and nothing else.
#   operator.sh FOLDER             the folder is the one that install.sh filled
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../operator/operator.sh"

readonly FOLDER=$1 TOKENS=$WORK/tokens
[[ -e $FOLDER/node_modules/installed.json ]] || { echo "skipped: the tools are not installed in $FOLDER" && exit 77; }
[[ -x $OPERATOR_PROGRAM ]] || { echo 'skipped: vx11-operator is not built' && exit 77; }

token() { "$GATEWAY_PROGRAM" token new "$@" --file "$TOKENS" 2>"$WORK/said"; } # NAME --scopes SCOPES …

readonly ALL=chat,status,power:read,power:write,sessions:read,metrics,admin
scopes=$(for scope in ${ALL//,/ }; do jq -n --arg scope "$scope" --arg token "$(token "${scope/:/-}" --scopes "$scope")" \
  '{($scope): $token}'; done | jq -s add)
all=$(token all --scopes $ALL)
once=$(token once --scopes $ALL --rate 1/h)

start_upstream 0 0 --deployed --command-ms 0
config <<TOML
[server]
trusted_proxies = ["127.0.0.1"]
[limits]
auth_failures = "5/h"
auth_failures_on_loopback = true
[auth]
tokens = "$TOKENS"
[chat]
fallback_after = "0s"
[power]
command_limit = "1s"
bounds.max_ttl = "30m"
[switch]
breaker.failures_to_open = 100000
[madre]
breaker.failures_to_open = 100000
TOML
start_gateway --config "$CONFIG"

# another_operator NAME [OPTION…]: a further backend on a database of its own; prints where it listens.
another_operator() {
  local name=$1
  shift
  start "$name" '^listening on ' "$OPERATOR_PROGRAM" --listen 127.0.0.1:0 --gateway "$BASE" --database "$WORK/$name.db" "$@"
}
VX11_OPERATOR_SERVER_DRAIN_DELAY=2s start_operator
another_operator read_only --read-only
printf '[events]\nmax = 100\n' >"$WORK/small.toml"
another_operator small --config "$WORK/small.toml"
printf '[events]\nstreams_per_principal = 1\n[websockets]\nper_principal = 1\n' >"$WORK/narrow.toml"
another_operator narrow --config "$WORK/narrow.toml"

jq -n --arg base "$OPERATOR" --arg readOnly "$(url_of read_only 'listening on')" --arg small "$(url_of small 'listening on')" \
  --arg narrow "$(url_of narrow 'listening on')" \
  --arg control "$CONTROL" --arg database "$WORK/operator.db" --arg all "$all" --arg once "$once" --argjson scopes "$scopes" \
  --argjson gateway "${PIDS[gateway]}" --argjson operator "${PIDS[operator]}" '{$base, $readOnly, $small, $narrow, $control, $database,
  tokens: {$all, $once, $scopes}, pids: {$gateway, $operator}}' >"$WORK/where.json"

is_as_described() {
  node "$FOLDER/operator.mjs" "$WORK/where.json" >"$WORK/report"
  local code=$?
  cat "$WORK/report"
  return $code
}
# The driver has sent SIGTERM to both.
ends_well() {
  local name
  for name in gateway operator; do
    wait "${PIDS[$name]}"
    expect_equal "exit code of $name" $? 0
    unset "PIDS[$name]"
  done
}
check 'every answer is described, and everything that is described occurs' is_as_described
check 'gateway and backend end well' ends_well
tail -n 1 "$WORK/report"
finish
