#!/usr/bin/env bash
# What the program vx11-gateway does with every request: ids, idempotency, error forms, header fields,
# the access log and the audit log.
#   requests_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

readonly ACCESS=$WORK/access.log AUDIT=$WORK/audit.log
readonly QUESTION='{"message":"a secret question","session_id":"a-secret-session"}'

# --- ids ------------------------------------------------------------------------------------------

id_reaches_the_upstream() {
  chat "$QUESTION" -H 'X-Request-Id: for-switch'
  expect_header x-request-id for-switch
  expect_last '.switch.headers."x-request-id" == "for-switch"'
}

id_is_taken_over() {
  local path
  for path in /operator/status /v1/models /nothing /livez /readyz /metrics; do
    operator GET "$path" -H 'X-Correlation-Id: from-the-test'
    expect_header x-request-id from-the-test
    expect_equal "ids of $path" "$(grep -ci '^x-request-id:' "$HEAD")" 1
  done
  anonymous GET /operator/status -H 'X-Request-Id: <script>'
  expect_header x-request-id 'req_.*'
}

# --- idempotency ----------------------------------------------------------------------------------

keyed() { # KEY [JSON [CURL-ARGUMENT…]]
  chat "${2:-$QUESTION}" -H "Idempotency-Key: $1" "${@:3}"
}

chat_is_replayed() {
  local first
  keyed k-1
  expect_status 200
  expect_no_header idempotent-replayed
  first=$(cat "$BODY")
  keyed k-1
  expect_header idempotent-replayed true
  expect_equal "the body" "$(cat "$BODY")" "$first"
  expect_equal "ids" "$(grep -ci '^x-request-id:' "$HEAD")" 1
  keyed k-1 '{"message":"another"}'
  expect_status 422
  keyed "$(printf 'k%.0s' {1..256})"
  expect_status 400
}

completion_is_replayed() {
  local body='{"model":"vx11","messages":[{"role":"user","content":"hello"}]}' first
  local ask=(operator POST /v1/chat/completions -H 'content-type: application/json'
    -H 'Idempotency-Key: k-2' --data-binary)
  "${ask[@]}" "$body"
  expect_status 200
  first=$(cat "$BODY")
  "${ask[@]}" "$body"
  expect_header idempotent-replayed true
  expect_equal "the body" "$(cat "$BODY")" "$first"
  "${ask[@]}" "${body/hello/other}"
  expect_status 422
  expect_json '.error.code == "idempotency_key_reused"'
}

stream_is_replayed() {
  local first
  keyed k-3 "$QUESTION" -H 'Accept: text/event-stream'
  first=$(cat "$BODY")
  grep -q '^event: done' "$BODY" || unmet "the stream has no end: $first"
  keyed k-3 "$QUESTION" -H 'Accept: text/event-stream'
  expect_header idempotent-replayed true
  expect_equal "the events" "$(cat "$BODY")" "$first"
}

# Sixteen at the same time: the switch is asked once.
concurrent_chats_ask_once() {
  local i
  local -a clients=()
  tune '{"latency_ms":500}'
  reset_counts
  for i in {1..16}; do
    curl --noproxy '*' -sS --max-time 30 -H "x-vx11-token: $TOKEN" -o "$WORK/answer.$i" \
      -H 'content-type: application/json' -H 'Idempotency-Key: k-4' --data-binary "$QUESTION" \
      "$BASE/operator/chat/ask" &
    clients+=($!)
  done
  wait "${clients[@]}"
  tune '{"latency_ms":0}'
  expect_count .switch.total 1
  grep -q '"response"' "$WORK/answer.1" || unmet "no answer: $(cat "$WORK/answer.1")"
  expect_equal "different answers" "$(sha256sum "$WORK"/answer.* | cut -c1-64 | sort -u | wc -l)" 1
}

# --- error forms and header fields ----------------------------------------------------------------

problems_by_accept() {
  anonymous GET /operator/status -H 'Accept: application/json, application/problem+json' \
    -H 'X-Request-Id: p-1'
  expect_status 401
  expect_header content-type application/problem.json
  expect_json '.type == "about:blank" and .title == "Unauthorized" and .status == 401 and
    .instance == "urn:vx11:request:p-1" and .error == "auth_required" and .status_code == 401'
  anonymous GET /operator/status -H 'Accept: application/json, application/problem+json;q=0.5'
  expect_json '. == {"error":"auth_required","status_code":401}'
}

has_security_fields() {
  operator GET "$1"
  expect_header x-content-type-options nosniff
  expect_header cache-control 'no-store.*'
  expect_header referrer-policy no-referrer
  expect_no_header server
  expect_no_header strict-transport-security
}

cors_is_strict() {
  local origin=https://console.example
  anonymous OPTIONS /operator/chat/ask -H "Origin: $origin" \
    -H 'Access-Control-Request-Method: POST' -H 'Access-Control-Request-Headers: idempotency-key'
  expect_status 204
  expect_header access-control-allow-origin "$origin"
  header access-control-allow-headers | grep -qi idempotency-key || unmet "the key may not be sent"
  anonymous GET /operator/status -H "Origin: $origin"
  expect_status 401
  expect_header vary Origin
  expect_header access-control-allow-credentials true
  header access-control-expose-headers | grep -qi x-request-id || unmet "the id may not be read"
  operator GET /operator/status -H 'Origin: https://evil.example'
  expect_no_header access-control-allow-origin
  expect_header vary Origin
}

# --- logs -----------------------------------------------------------------------------------------

# has_line FILE FILTER: a line for which the filter is true.
has_line() { jq -es "any(.[]; $2)" "$1" >/dev/null 2>&1; }
gets_line() { eventually 10 has_line "$1" "$2" || unmet "no line: $2"$'\n'"$(tail -n 5 "$1")"; }

logs_requests() {
  chat "$QUESTION" -H 'X-Request-Id: log-1' \
    -H 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  gets_line "$ACCESS" '.request_id == "log-1" and .status == 200 and .method == "POST" and
    .route == "/operator/chat/ask" and .trace_id == "4bf92f3577b34da6a3ce929d0e0e4736" and
    .peer == "127.0.0.1" and .upstream == "switch" and .attempts == 1 and .duration_ms > 0 and
    .bytes_in > 10 and .bytes_out > 10'
  chat "$QUESTION" -H 'X-Request-Id: log-2' -H 'Accept: text/event-stream'
  gets_line "$ACCESS" '.request_id == "log-2" and .end == "done" and .upstream == "switch"'
  operator GET /operator/session/a-secret-session -H 'X-Request-Id: log-3'
  gets_line "$ACCESS" '.request_id == "log-3" and .route == "/operator/session/{}"'
  operator GET /a-secret-path -H 'X-Request-Id: log-4'
  gets_line "$ACCESS" '.request_id == "log-4" and .status == 404 and (has("route") | not)'
}

logs_a_client_that_leaves() {
  tune '{"stream":true}'
  fault switch stream_stall
  curl --noproxy '*' -sS --max-time 1 -H "x-vx11-token: $TOKEN" -H 'X-Request-Id: log-5' \
    -H 'Accept: text/event-stream' -H 'content-type: application/json' \
    --data-binary "$QUESTION" "$BASE/operator/chat/ask" >/dev/null 2>&1
  heal
  tune '{"stream":false}'
  gets_line "$ACCESS" '.request_id == "log-5" and .end == "client_left" and .status == 200'
}

audits() {
  operator POST /operator/power/service/redis/stop -H 'X-Request-Id: audit-1'
  gets_line "$AUDIT" '.request_id == "audit-1" and .action == "power.service.stop" and
    .object == "redis" and .peer == "127.0.0.1" and .outcome == "refused"'
  anonymous GET /operator/status -H 'x-vx11-token: a-wrong-secret' -H 'X-Request-Id: audit-2'
  gets_line "$AUDIT" '.request_id == "audit-2" and .action == "access" and .outcome == "refused" and
    .error == "forbidden" and .reason == "another token"'
  operator GET /operator/session/a-secret-session -H 'X-Request-Id: audit-3'
  gets_line "$AUDIT" '.request_id == "audit-3" and .action == "session.read"'
}

logs_have_no_secrets() {
  local text
  for text in "$TOKEN" a-wrong-secret 'secret question' a-secret-path; do
    ! grep -q -- "$text" "$ACCESS" "$AUDIT" || unmet "there is '$text'"
  done
  ! grep -q a-secret-session "$ACCESS" || unmet "the access log has the session's id"
}

reopens_at_hangup() {
  mv "$ACCESS" "$ACCESS.1"
  kill -HUP "${PIDS[gateway]}"
  eventually 10 test -e "$ACCESS" || unmet "no new file"
  operator GET /livez -H 'X-Request-Id: after-hangup'
  gets_line "$ACCESS" '.request_id == "after-hangup"'
  gets_line "$AUDIT" '.action == "reload" and .by == "SIGHUP" and .outcome == "done"'
}

counts_lines() {
  operator GET /metrics
  grep -Eq '^vx11_gateway_log_lines_total\{log="access",outcome="written"\} [1-9]' "$BODY" &&
    grep -q '^vx11_gateway_log_lines_total{log="audit",outcome="lost"} 0' "$BODY" ||
    unmet "$(grep log_lines "$BODY")"
}

writes_its_last_lines() {
  operator GET /livez -H 'X-Request-Id: the-last'
  end_gateway
  has_line "$ACCESS" '.request_id == "the-last"' || unmet "the last line is lost"
}

does_not_start_with_a_bad_log() {
  local code=0
  timeout 30 "$GATEWAY_PROGRAM" --sessions memory --listen 127.0.0.1:0 \
    --access-log "$WORK/none/access.log" >"$WORK/out" 2>"$WORK/said" || code=$?
  expect_equal "exit code" $code 1
  grep -q 'log.access: .*none/access.log cannot be opened: No such' "$WORK/said" ||
    unmet "it says: $(cat "$WORK/said")"
}

start_upstream
VX11_SERVER_CORS_ORIGINS=https://console.example \
  start_gateway --access-log "$ACCESS" --audit-log "$AUDIT"
check "ids: taken over, made, and in every answer once" id_is_taken_over
check "ids: passed to the upstream of a chat" id_reaches_the_upstream
check "Idempotency-Key: a chat is replayed, another body is 422" chat_is_replayed
check "Idempotency-Key: a completion is replayed" completion_is_replayed
check "Idempotency-Key: a stream is replayed" stream_is_replayed
check "Idempotency-Key: concurrent chats ask the upstream once" concurrent_chats_ask_once
check "errors are problem details where Accept prefers them" problems_by_accept
for path in /operator/status /v1/models /livez /nothing; do
  check "header fields of $path" has_security_fields "$path"
done
check "CORS: no token for a preflight, no credentials, Vary" cors_is_strict
check "access log: a line for each request" logs_requests
check "access log: a client that leaves" logs_a_client_that_leaves
check "audit log: commands, refusals, sessions" audits
check "logs: no secrets" logs_have_no_secrets
check "logs: SIGHUP opens them anew" reopens_at_hangup
check "logs: lines are counted" counts_lines
check "logs: the last lines are written at the end" writes_its_last_lines
check "a log that cannot be opened: the gateway does not start" does_not_start_with_a_bad_log
finish
