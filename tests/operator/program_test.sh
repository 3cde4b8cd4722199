#!/usr/bin/env bash
# vx11-operator between a browser and the real gateway: logins, what it forwards, whom it connects to.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/operator.sh"

readonly JAR=$WORK/cookies
API=''

# api METHOD PATH [CURL-ARGUMENT…]: below /operator/api, without a credential.
api() {
  local method=$1 path=$2
  shift 2
  fetch -X "$method" "$@" "$API$path"
}
# browser METHOD PATH [CURL-ARGUMENT…]: with the cookie.
browser() { api "$@" -b "$JAR" -c "$JAR"; }
log_in() {
  browser POST /auth/login -H 'content-type: application/json' --data "{\"token\":\"$1\"}"
  CSRF=$(jq -r '.csrf_token // empty' "$BODY")
}

# gateway_requests: how many requests for callers the gateway has logged.
gateway_requests() { wc -l <"$WORK/access"; }

begin() {
  start_operator "$@"
  API=$OPERATOR/operator/api
}

# --- claims ---------------------------------------------------------------------------------------

refuses_before_it_forwards() {
  local before
  before=$(gateway_requests)
  api GET /status
  expect_status 401
  expect_json '.error == "auth_required"'
  api POST /service/switch/stop --data '{}'
  expect_status 401
  api GET /status -H 'cookie: vx11_login=vx11_wrong'
  expect_status 401
  api GET /none
  expect_status 404
  expect_equal 'requests at the gateway' "$(gateway_requests)" "$before"
}

admits_tokens_that_the_gateway_confirms() {
  api GET /status -H "x-vx11-token: $TOKEN"
  expect_status 200
  api GET /v1/status/ -H "authorization: Bearer $TOKEN" -H 'x-correlation-id: my-id'
  expect_status 200
  expect_json '.correlation_id == "my-id"'
  expect_header X-Correlation-Id '^my-id$'
  api GET /status -H 'x-vx11-token: wrong'
  expect_status 403
}

refuses_foreign_hosts() {
  api GET /status -H "x-vx11-token: $TOKEN" -H 'host: evil.example'
  expect_status 403
  expect_json '.error == "host_not_allowed"'
}

logs_in() {
  log_in wrong
  expect_status 403
  expect_no_header Set-Cookie
  log_in "$TOKEN"
  expect_status 200
  expect_header Set-Cookie '^vx11_login=.*; Path=/operator; HttpOnly; SameSite=Strict; Max-Age=43200$'
  expect_header Cache-Control no-store
  browser GET /me
  expect_status 200
  expect_json '.csrf_token == $csrf' --arg csrf "$CSRF"
}

needs_the_csrf_token_for_writes() {
  local before
  before=$(count .madre)
  browser POST /chat/window/open --data '{"services":["switch"],"ttl_sec":60}' -H 'content-type: application/json'
  expect_status 403
  expect_json '.error == "csrf_token"'
  expect_equal 'requests at madre' "$(count .madre)" "$before"
  browser POST /auth/logout -H "x-csrf-token: $CSRF" -H 'origin: http://evil.example'
  expect_status 403
}

survives_a_restart() {
  stop operator
  expect_equal 'exit code' "$EXIT_CODE" 0
  expect_equal 'mode of the database' "$(stat -c %a "$WORK/operator.db")" 600
  ! grep -aq "$TOKEN" "$WORK"/operator.db* || unmet 'the database holds the token'
  ! grep -aq "$(awk '/vx11_login/ {print $7}' "$JAR")" "$WORK"/operator.db* || unmet 'the database holds the secret'
  begin
  browser GET /me
  expect_status 200
}

lets_none_in_without_the_gateway() {
  kill -STOP "${PIDS[gateway]}"
  api GET /status -H "x-vx11-token: another" -H 'x-correlation-id: away'
  kill -CONT "${PIDS[gateway]}"
  expect_status 503
  expect_json '.status == "service_offline" and .module == "tentaculo_link"'
}

logs_out() {
  browser POST /auth/logout -H "x-csrf-token: $CSRF"
  expect_status 200
  expect_json '.ended == 1'
  cp "$JAR" "$WORK/old"
  browser GET /me
  expect_status 401
}

records_logins() {
  api GET '/audit?limit=50' -H "x-vx11-token: $TOKEN"
  expect_status 200
  expect_json '[.. | objects | select(.action? == "login") | .outcome] | index("done") and index("refused")'
  expect_json '[.. | objects | select(.action? == "logout")] | length > 0'
  api GET '/events?limit=50' -H "x-vx11-token: $TOKEN"
  expect_json '[.events[].type] | index("login") and index("login.refused") and index("logout")'
}

serves_files_without_a_credential() {
  fetch "$OPERATOR/"
  expect_status 302
  expect_header Location '^/operator/ui/$'
  fetch "$OPERATOR/openapi.json"
  expect_status 200
  expect_json '.paths | has("/operator/api/auth/login")'
  mkdir -p "$WORK/console" && echo '<p>mine' >"$WORK/console/index.html"
  stop operator
  begin --console "$WORK/console"
  fetch "$OPERATOR/operator/ui/power"
  expect_status 200
  expect_header Content-Security-Policy "script-src 'self'"
  expect_equal page "$(cat "$BODY")" '<p>mine'
}

shows_health_and_metrics() {
  fetch "$OPERATOR/readyz"
  expect_status 200
  fetch "$OPERATOR/metrics"
  expect_status 200
  grep -q '^vx11_http_requests_total{route="/operator/ui/{file}",method="GET",code="200"} 1$' "$BODY" ||
    unmet 'the page is not counted'
  grep -q '^process_open_fds ' "$BODY" || unmet 'no process figures'
  local name
  for name in event_streams database_waiting database_errors_total 'event_streams_refused_total{bound="principal"}' \
    'bridge_sockets_refused_total{bound="all"}'; do
    grep -q "^vx11_operator_$name 0$" "$BODY" || unmet "no vx11_operator_$name"
  done
}

# reload TEXT <<<TOML: SIGHUP with this file, until the log has another line with TEXT.
reload() {
  local before
  before=$(grep -c "$1" "$WORK/operator.err")
  cat >"$WORK/operator.toml"
  kill -HUP "${PIDS[operator]}"
  another() { (($(grep -c "$1" "$WORK/operator.err") > $2)); }
  eventually 20 another "$1" "$before" || unmet "the log does not say: $1"
}

takes_over_a_changed_configuration() {
  local common stream
  common="[server]
listen = \"127.0.0.1:0\"
[database]
file = \"$WORK/reload.db\""
  stop operator
  printf '%s\n[gateway]\nurl = "%s"\n' "$common" "$BASE" >"$WORK/operator.toml"
  start operator '^listening on ' "$OPERATOR_PROGRAM" --config "$WORK/operator.toml"
  OPERATOR=$(url_of operator 'listening on')
  API=$OPERATOR/operator/api
  curl --noproxy '*' -sSN "$API/events/stream" -H "x-vx11-token: $TOKEN" >"$WORK/stream" 2>/dev/null &
  stream=$!
  eventually 20 test -s "$WORK/stream" || unmet 'the event stream does not open'

  reload 'configuration was read' <<<"$common
[gateway]
url = \"$BASE\"
token_file = \"$WORK/token\"
watch_interval = \"100ms\"
[events]
streams_per_principal = 1
[login]
lifetime = \"1h\"
[console]
read_only = true
[log]
level = \"debug\"
format = \"json\""
  grep -q 'log.format' "$WORK/operator.err" || unmet 'the log does not say what needs a restart'
  api GET /events/stream -H "x-vx11-token: $TOKEN"
  expect_status 429
  expect_header Retry-After '^5$'
  log_in "$TOKEN"
  expect_header Set-Cookie 'Max-Age=3600$'
  api POST /events/ingest -H "x-vx11-token: $TOKEN" -H 'content-type: application/json' --data '{}'
  expect_json '.status == "OFF_BY_POLICY"'
  watches() { api GET /latency -H "x-vx11-token: $TOKEN" && jq -e '[.series[].source] | index("status")' "$BODY" >/dev/null; }
  eventually 20 watches || unmet 'the gateway is not watched with the token of the file'

  reload 'login.lifetime' <<<"$common
[gateway]
url = \"http://127.0.0.1:1\"
[login]
lifetime = \"13h\""
  api GET /status -H "x-vx11-token: $TOKEN"
  expect_status 200

  reload 'configuration was read' <<<"$common
[gateway]
url = \"http://127.0.0.1:$(free_port)\""
  api GET /status -H "x-vx11-token: $TOKEN"
  expect_status 503
  reload 'configuration was read' <<<"$common
[gateway]
url = \"$BASE\""
  api POST /events/ingest -H "x-vx11-token: $TOKEN" -H 'content-type: application/json' \
    --data '{"source":"test","type":"test.reloaded","payload":{}}'
  expect_status 200
  eventually 20 grep -q test.reloaded "$WORK/stream" || unmet 'the stream has ended'
  kill "$stream"
}

# sees_a_pong: over a WebSocket with the token.
sees_a_pong() {
  PYTHONPATH="$TESTS_DIR/operator" /usr/bin/python3 - "$OPERATOR" "$TOKEN" <<'END'
import sys
from socket_client import Backend, Socket
client = Socket(Backend(*sys.argv[1:]))
client.send({"type": "ping"})
client.hear("pong")
client.chat(1, "hello")
assert client.hear("done", "error")["type"] == "done"
END
}

# strace sees every connect of every thread from the start to the end. Sockets that are inherited, or passed by
# others, do not exist: nothing else can lead anywhere. With a token of its own the backend watches the gateway too.
connects_to_the_gateway_alone() {
  command -v strace >/dev/null || { unmet 'there is no strace: scripts/prepare installs it'; return 1; }
  stop operator
  local program=$OPERATOR_PROGRAM
  VX11_TENTACULO_LINK_TOKEN=$TOKEN \
    start operator '^listening on ' strace -f -qq -o "$WORK/trace" -e trace=connect,sendto,sendmsg,sendmmsg \
    "$program" --listen 127.0.0.1:0 --gateway "$BASE" --database "$WORK/operator.db"
  OPERATOR=$(url_of operator 'listening on')
  API=$OPERATOR/operator/api
  log_in "$TOKEN"
  expect_status 200
  local path
  for path in status modules topology chat/window/status events sessions settings audit breakers slo; do
    browser GET "/$path"
  done
  browser POST /chat -H 'content-type: application/json' -H "x-csrf-token: $CSRF" --data '{"message":"hello"}'
  expect_status 200
  browser POST /service/switch/stop -H "x-csrf-token: $CSRF" --data '{}' -H 'content-type: application/json'
  sees_a_pong || unmet 'the WebSocket does not answer'
  # strace passes no signal on to what it traces.
  kill -TERM "$(pgrep -P "${PIDS[operator]}")"
  stop operator CONT
  grep -q 'connect(' "$WORK/trace" || unmet 'nothing was traced'
  grep -q '"GET /operator/slo ' "$WORK/trace" || unmet 'the watcher did not look'
  local others
  others=$(grep -E 'sa_family|sun_path' "$WORK/trace" | grep -v "sin_port=htons($(port_of "$BASE")), sin_addr=inet_addr(\"127.0.0.1\")" |
    grep -vE 'send(to|msg|mmsg)\(.*(NULL|msg_name=NULL)' | grep -v 'AF_NETLINK')
  expect_equal 'other addresses' "$others" ''
}

start_upstream 0 0 --deployed --command-ms 0
start_gateway --access-log "$WORK/access"
export VX11_TENTACULO_LINK_TOKEN='' # the backend has no token of its own, and so asks for callers alone
begin
check 'nothing is forwarded for requests without a credential' refuses_before_it_forwards
check 'tokens are admitted that the gateway confirms' admits_tokens_that_the_gateway_confirms
check 'requests name a host of the backend' refuses_foreign_hosts
check 'a token is exchanged for a cookie' logs_in
check 'writes by cookie need the CSRF token and a page of our own' needs_the_csrf_token_for_writes
check 'logins outlive a restart, and the database opens none' survives_a_restart
check 'no caller is let in while the gateway does not answer' lets_none_in_without_the_gateway
check 'a logout ends the login' logs_out
check 'logins, refusals and logouts are in audit and events' records_logins
check 'console and description need no credential' serves_files_without_a_credential
check 'health and metrics' shows_health_and_metrics
echo "$TOKEN" >"$WORK/token" && chmod 600 "$WORK/token"
check 'SIGHUP takes over what can change, and says what cannot' takes_over_a_changed_configuration
check 'it connects to the gateway and to nothing else' connects_to_the_gateway_alone
end_operator
finish
