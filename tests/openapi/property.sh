#!/usr/bin/env bash
# The gateway's OpenAPI description against running gateways: everything that it says occurs, and nothing else.
#   property.sh FOLDER             the folder is the one that install.sh filled
source "$(dirname "$0")/../lib.sh"

readonly FOLDER=$1 TOKENS=$WORK/tokens
[[ -e $FOLDER/node_modules/installed.json ]] || { echo "skipped: the tools are not installed in $FOLDER" && exit 77; }
command -v redis-server >/dev/null || { echo 'skipped: there is no redis-server' && exit 77; }

token() { "$GATEWAY_PROGRAM" token new "$@" --file "$TOKENS" 2>"$WORK/said"; } # NAME --scopes SCOPES …

readonly ALL=chat,status,power:read,power:write,sessions:read,metrics,admin
scopes=$(for scope in ${ALL//,/ }; do jq -n --arg scope "$scope" --arg token "$(token "${scope/:/-}" --scopes "$scope")" \
  '{($scope): $token}'; done | jq -s add)
jq -n --arg all "$(token all --scopes $ALL)" --arg once "$(token once --scopes $ALL --rate 1/h)" \
  --argjson scopes "$scopes" '{all: $all, once: $once, scopes: $scopes}' >"$WORK/tokens.json"

start_redis
start_upstream 0 0 --models 127.0.0.1:0 --hormiguero 127.0.0.1:0
MODELS=$(url_of upstream 'models listening on')

configured() { # for both gateways
  cat <<TOML
[server]
max_connections_per_address = 8
[auth]
tokens = "$TOKENS"
[metrics]
access = "token"
[limits]
max_body_bytes = 16384
auth_failures = "2/h"
auth_failures_on_loopback = true
per_address = "300/h"
concurrent = 4
[chat]
fallback_after = "0s"
[power]
command_limit = "1s"
[idempotency]
max_wait = "0s"
[switch]
limit = "5s"
breaker.failures_to_open = 100000
[madre]
limit = "1s"
breaker.failures_to_open = 100000
[slo.quick]
kind = "latency"
threshold = "2s"
[slo.chats]
kind = "availability"
[targets.llama]
dialect = "openai"
url = "$MODELS"
model = "named"
limit = "1s"
breaker.failures_to_open = 100000
TOML
}

configured >"$WORK/shared.toml"
VX11_AUTH_SHARED_REVOCATIONS=true start shared '^listening on ' "$GATEWAY_PROGRAM" --listen 127.0.0.1:0 \
  --sessions "redis://127.0.0.1:$REDIS_PORT" --madre "$MADRE" --switch "$SWITCH_URL" --config "$WORK/shared.toml"
SHARED=$(url_of shared 'listening on')
{
  configured
  cat <<TOML
[intents]
enabled = true
[inee]
enabled = true
[hormiguero]
url = "$(url_of upstream 'hormiguero listening on')"
limit = "1s"
breaker.failures_to_open = 100000
TOML
} >"$CONFIG"
VX11_SERVER_DRAIN_DELAY=2s start_gateway --config "$CONFIG"

# Builds without Redoc have no page.
has_a_page_of_its_own() {
  anonymous GET /operator/docs/
  [[ $STATUS != 404 ]] || return 0
  expect_status 200
  expect_header content-type '^text/html'
  expect_header content-security-policy "default-src 'none'; script-src 'self';"
  local source sources
  sources=$(grep -o '\(src\|spec-url\)="[^"]*"' "$BODY" | cut -d'"' -f2)
  expect_equal 'what the page needs' "$(xargs <<<"$sources")" '/openapi.json /operator/docs/redoc.js'
  for source in $sources; do
    anonymous GET "$source"
    expect_status 200
  done
  anonymous GET /operator/docs/nothing
  expect_status 404
}
check 'the page needs nothing from elsewhere' has_a_page_of_its_own

is_as_described() {
  node "$FOLDER/property.mjs" "$BASE" "$SHARED" "$CONTROL" "$WORK/tokens.json" "$CONFIG" "${PIDS[gateway]}" \
    "${PIDS[redis]}" >"$WORK/report"
  local code=$?
  cat "$WORK/report"
  return $code
}
# The drivers have sent it SIGTERM.
ends_well() {
  wait "${PIDS[gateway]}"
  expect_equal 'exit code' $? 0
  unset 'PIDS[gateway]'
}
check 'every answer is described, and everything that is described occurs' is_as_described
check 'the gateway ends well' ends_well
tail -n 1 "$WORK/report"
finish
