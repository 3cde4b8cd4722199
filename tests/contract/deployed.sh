#!/usr/bin/env bash
# CONTRACT §8: in front of programs that behave as the deployed madre and switch do.
source "$(dirname "$0")/../lib.sh"

readonly JSON='content-type: application/json'
readonly PHRASE=I_UNDERSTAND_THIS_STOPS_SERVICES
readonly PAGE=https://console.example AUDIT=$WORK/audit.log

post() { # PATH [BODY]
  operator POST "$1" -H "$JSON" -d "${2-}"
}
open_window() { post /operator/power/window/open "${1:-{\"services\":[\"switch\",\"hermes\"],\"ttl_sec\":300\}}"; }
close_window() { post /operator/power/window/close; }

# The stand-in's /health calls switch: a gateway that requests it is seen in the counters of switch.
health_of_madre_wakes_switch() {
  reset_counts
  curl --noproxy '*' -fsS "$MADRE/health" >/dev/null
  expect_count '.switch["GET /health"]' 1
}

status_wakes_nothing() {
  local path
  reset_counts
  for path in status power/state power/status observe; do
    expect_equal "answers of $path" "$(side_by_side 20 "/operator/$path")" '20 200'
  done
  expect_equal "answers of /vx11/status" "$(side_by_side 20 /vx11/status)" '20 200'
  expect_count '.switch | "\(.total) requests, \(.connections) connections"' '0 requests, 0 connections'
  expect_count '.madre["GET /health"] // 0' 0
  operator GET /operator/status
  expect_json '.status == "ok" and .components.madre.status == "ok" and .windows.policy == "solo_madre"'
}

one_round_is_one_call() {
  reset_counts
  operator GET /operator/status
  expect_count '"\(.madre.total) \(.madre["GET /madre/power/state"])"' '1 1'
}

without_power_windows() { # STATUS-FAULT
  fault madre "$1" '"path":"/madre/power"'
  tune '{"health_calls_switch":false}'
  operator GET /operator/status
  expect_json '.components.madre.status == "ok" and .windows.policy == "unknown"'
  tune '{"health_calls_switch":true}'
  heal
}

status_is_the_reason() { # STATUS-FAULT
  fault madre "$1" '"path":"/madre/power"'
  operator GET /operator/status
  expect_json '.status != "ok" and .components.madre.status == "degraded"
    and .components.madre.reason == $reason' --arg reason "http_$1"
  heal
}

# Longer than a status may take; the deployed system's docker takes 4 to 12 seconds.
docker_takes_its_time() {
  tune '{"command_ms":2500}'
  open_window
  expect_status 200
  expect_json '.state == "open"'
  operator GET /vx11/circuit-breaker/status
  expect_json '[.breakers[].state == "closed"] | all'
  tune '{"command_ms":0}'
}

times_are_read() {
  operator GET /operator/power/state
  expect_json '.active_windows[0] | (.created_at | test("^[0-9-]{10}T[0-9:]{8}\\.[0-9]{3}Z$"))
    and .ttl_seconds == 300 and .ttl_remaining_sec >= 0 and .ttl_remaining_sec <= 300
    and .services == ["switch", "hermes"]'
  close_window
}

limit_passes() {
  tune '{"command_ms":1500}'
  reset_counts
  open_window '{"services":["mcp"],"mode":"hold"}'
  expect_status 504
  expect_json '.status == "pending" and .module == "madre" and (.message | test("may still"))
    and has("executed") and .executed == null'
  operator GET /operator/power/state
  expect_json '.active_windows[0].services == ["mcp"]'
  tune '{"command_ms":0}'
  chat '{"message":"hello"}'
  expect_status 200
}

# What was begun is read to its end: the stand-in counts requests whose client left before.
not_hung_up_on() {
  sleep 1.7 # longer than the command takes
  expect_count .madre.abandoned 0
  close_window
  expect_status 200
}

client_leaves() {
  tune '{"command_ms":800}'
  reset_counts
  operator POST /operator/power/window/open -H "$JSON" -d '{"services":["mcp"],"mode":"hold"}' --max-time 0.2
  expect_equal "the client's own end" "$STATUS" 000
  sleep 1
  expect_count .madre.abandoned 0
  operator GET /operator/power/state
  expect_json '.active_windows[0].services == ["mcp"]'
  tune '{"command_ms":0}'
  close_window
}

audited() { # OUTCOME: of the last start of hermes
  eventually 10 grep -q '"action":"power.service.start","outcome":"'"$1"'".*"object":"hermes"' "$AUDIT" ||
    unmet "the audit log: $(cat "$AUDIT")"
}

plan_is_no_execution() {
  post /operator/power/service/hermes/start
  expect_status 200
  expect_json '.status == "plan" and .executed == false'
  audited planned
  operator GET /operator/power/state
  expect_json '(.running_services | index("hermes")) == null'
}

keys_are_passed_on() {
  local token
  token=$(token_of operator/1)
  operator POST /operator/power/service/hermes/start -H "$JSON" -A operator/1 \
    -H 'X-VX11-POWER-KEY: power-key-of-vx11-upstream' -H "X-VX11-POWER-TOKEN: $token" \
    -d "{\"apply\":true,\"confirm\":\"$PHRASE\"}"
  expect_status 200
  expect_json '.status == "running" and .executed == true'
  audited done
  operator GET /operator/power/state
  expect_json '.running_services | index("hermes") != null'
  operator GET /operator/power/policy/solo_madre/status
  expect_json '.policy_active == false and .extra_services == ["hermes"]'
  stop_hermes_with "$token" # which is used up
  expect_json '.status == "plan" and .executed == false'
  post /operator/power/policy/solo_madre/apply
  expect_json '.executed == true'
}

# A token that is not the caller's: another address, another program, or too old.
foreign_tokens_only_plan() {
  local token
  token=$(token_of operator/1 --interface 127.0.0.2)
  stop_hermes_with "$token"
  expect_json '.status == "plan" and .executed == false'
  token=$(token_of operator/2)
  stop_hermes_with "$token"
  expect_json '.status == "plan" and .executed == false'
  tune '{"power_token_ms":0}'
  token=$(token_of operator/1)
  stop_hermes_with "$token"
  expect_json '.status == "plan" and .executed == false'
  tune '{"power_token_ms":60000}'
}

token_of() { # USER-AGENT [CURL-ARGUMENT…]
  curl --noproxy '*' -fsS -A "$1" "${@:2}" -H "x-vx11-token: $TOKEN" "$MADRE/madre/power/token" | jq -r .token
}
stop_hermes_with() { # TOKEN
  operator POST /operator/power/service/hermes/stop -H "$JSON" -A operator/1 \
    -H 'X-VX11-POWER-KEY: power-key-of-vx11-upstream' -H "X-VX11-POWER-TOKEN: $1" \
    -d "{\"apply\":true,\"confirm\":\"$PHRASE\"}"
  expect_status 200
}

# With the key configured the gateway takes both steps for a caller that confirms.
key_is_the_gateways() {
  post /operator/power/service/hermes/start
  expect_json '.status == "plan" and .executed == false'
  reset_counts
  post /operator/power/service/hermes/start "{\"apply\":true,\"confirm\":\"yes\"}"
  expect_json '.status == "plan" and .executed == false'
  expect_count '.madre["GET /madre/power/token"] // 0' 0
  post /operator/power/service/hermes/start "{\"apply\":true,\"confirm\":\"$PHRASE\"}"
  expect_status 200
  expect_json '.status == "running" and .executed == true'
  operator GET /operator/power/state
  expect_json '.running_services | index("hermes") != null'
  ! grep -q power-key-of "$WORK/gateway.err" || unmet "the key is logged"
  post /operator/power/policy/solo_madre/apply
}

# Six commands of an address in a minute are carried out.
commands_are_limited() {
  local try
  for try in {1..7}; do
    post /operator/power/service/hermes/restart "{\"apply\":true,\"confirm\":\"$PHRASE\"}"
    [[ $STATUS == 429 ]] && break
    expect_status 200
    expect_json '.executed == true'
  done
  expect_status 429
  expect_header retry-after '^[1-9][0-9]?$'
  operator GET /vx11/circuit-breaker/status
  expect_json '.breakers.madre_power.state == "closed"'
}

madre_restarts_with_a_window() {
  open_window '{"services":["mcp"],"mode":"hold"}'
  order __restart >/dev/null
  operator GET /operator/power/state
  expect_status 503
  expect_json '.module == "madre" and .detail == "HTTP status 500"'
  operator GET /operator/status
  expect_json '.components.madre | .status == "degraded" and .reason == "http_500"'
  chat '{"message":"hello"}'
  expect_status 200
  close_window
  operator GET /operator/status
  expect_json '.components.madre.status == "ok"'
}

queued_without_text() {
  chat '{"message":"hello","metadata":{"prefer_cli":true}}'
  expect_status 200
  expect_json '.metadata.source == "madre_fallback" and .metadata.reason == "switch_invalid_reply"'
}

task_goes_to_switch() {
  post /operator/task '{"task_type":"summary","payload":{"n":1},"session_id":"s","provider_hint":"local"}'
  expect_status 200
  expect_json '.status == "ok" and .session_id == "s" and .result.n == 1'
  expect_last '.switch | .target == "/switch/task" and (.body | fromjson | .source == "operator"
    and .provider_hint == "local")'
}

metadata_is_kept() {
  chat '{"message":"hello","session_id":"with-metadata","metadata":{"tab":7}}'
  operator GET /operator/session/with-metadata
  expect_json '.messages[0].metadata == {"tab": 7}'
  expect_json '.created_at <= .messages[0].timestamp'
}

pages_may_call() {
  anonymous OPTIONS /operator/chat/ask -H "Origin: $PAGE" -H 'Access-Control-Request-Method: POST'
  expect_status 204
  expect_header access-control-allow-origin "^$PAGE"
  operator GET /operator/status -H "Origin: $PAGE"
  expect_header access-control-allow-origin "^$PAGE"
  expect_header access-control-expose-headers Retry-After
  expect_header vary Origin
  operator GET /operator/status -H 'Origin: https://evil.example'
  expect_no_header access-control-allow-origin
}

balancers_checks() {
  anonymous OPTIONS /
  expect_status 204
  anonymous GET /
  expect_status 200
  anonymous HEAD /
  expect_status 200
  raw 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  expect_equal "OPTIONS *" "$STATUS" 204
}

# The environment of the deployed container has tokens and a Redis, and no address of madre.
embedded_is_said() {
  grep -q 'madre.url is not set.*VX11_MADRE_URL' "$WORK/gateway.err" || unmet "no warning in the log"
  operator GET /operator/status
  expect_json '.components.madre.source == "embedded"'
  anonymous GET /health
  expect_json '.embedded == true'
  chat '{"message":"hello"}'
  expect_json '.metadata.embedded == true'
}

start_upstream 0 0 --deployed --command-ms 0
config <<TOML
[server]
cors_origins = ["$PAGE"]
[status]
limit = "2s"
[log]
audit = "$AUDIT"
TOML
start_gateway --config "$CONFIG"
check "the stand-in's /health wakes switch" health_of_madre_wakes_switch
check "status, power state, observe and vx11/status wake nothing" status_wakes_nothing
check "a round of status is one call to madre" one_round_is_one_call
check "a madre without power windows is judged by its health: policy unknown" without_power_windows 404
check "503 of the power state is the reason" status_is_the_reason 503
check "a window opens in docker's time" docker_takes_its_time
check "times that end in +00:00Z" times_are_read
check "a command without keys only plans: executed is false" plan_is_no_execution
check "with its keys a command is carried out, once" keys_are_passed_on
check "a token of another address, program or minute only plans" foreign_tokens_only_plan
check "madre restarts with a window open: degraded, http_500" madre_restarts_with_a_window
check "a chat that is only queued falls back" queued_without_text
check "a client that leaves aborts no command" client_leaves
check "POST /operator/task" task_goes_to_switch
check "the client's metadata is kept with its message" metadata_is_kept
check "pages of a configured origin may call" pages_may_call
check "balancers' checks" balancers_checks

echo power-key-of-vx11-upstream >"$WORK/power.key"
export VX11_POWER_COMMAND_LIMIT=300ms VX11_POWER_KEY_FILE=$WORK/power.key
restart_gateway --config "$CONFIG"
check "a command whose limit passes is pending, and the next state shows it" limit_passes
check "… and it is not hung up on" not_hung_up_on
check "with a power key the gateway has a confirmed command carried out" key_is_the_gateways
check "after six commands a minute madre's 429 is passed on, with Retry-After" commands_are_limited
unset VX11_POWER_COMMAND_LIMIT VX11_POWER_KEY_FILE

MADRE='' SWITCH_URL=''
export VX11_REDIS_URL=redis://:secret@redis:6379/0 VX11_GATEWAY_TOKEN=$TOKEN
restart_gateway
check "a madre that is embedded is said so" embedded_is_said
finish
