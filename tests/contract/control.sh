#!/usr/bin/env bash
# What an operator's backend needs beside the contract: whoami, control of circuit breakers, intents and INEE.
source "$(dirname "$0")/../lib.sh"

readonly JSON='content-type: application/json' AUDIT=$WORK/audit.log
readonly EXTENDED=/hormiguero/inee/extended

post() { # PATH [BODY]
  operator POST "$1" -H "$JSON" -d "${2-}"
}

whoami() {
  operator GET /operator/whoami
  expect_status 200
  expect_json '. == {principal: null, scopes: ["admin"], names_users: false}'
  anonymous GET /operator/whoami
  expect_status 401
  anonymous GET /operator/whoami -H 'x-vx11-token: wrong'
  expect_status 403
}

a_named_token() {
  local secret
  secret=$("$GATEWAY_PROGRAM" token new console --scopes chat,status --file "$WORK/tokens" 2>/dev/null)
  restart_gateway --config "$CONFIG" --tokens "$WORK/tokens" --audit-log "$AUDIT"
  anonymous GET /operator/whoami -H "Authorization: Bearer $secret"
  expect_status 200
  expect_json '. == {principal: "console", scopes: ["chat", "status"], names_users: false}'
  anonymous POST /vx11/circuit-breaker/switch/isolate -H "x-vx11-token: $secret"
  expect_status 403
  expect_json '.error == "insufficient_scope" and .scope == "admin"'
}

mode_of_switch() { # MODE STATE
  operator GET /vx11/circuit-breaker/status
  expect_json '.breakers.switch | .mode == $mode and .state == $state' --arg mode "$1" --arg state "$2"
}

isolated_by_hand() {
  post /vx11/circuit-breaker/nothing/isolate
  expect_status 404
  reset_counts
  post /vx11/circuit-breaker/switch/isolate
  expect_status 200
  expect_json '.breakers | keys == ["switch"] and .switch.mode == "isolated"'
  chat '{"message":"hello"}'
  expect_json '.metadata.source == "madre_fallback" and .metadata.reason == "switch_circuit_open"'
  expect_count .switch.total 0
  operator GET /metrics
  grep -q '^vx11_circuit_mode{breaker="switch",mode="isolated"} 1' "$BODY" || unmet "no metric of the mode"
  eventually 10 grep -q '"action":"circuit-breaker.isolate","outcome":"done".*"object":"switch"' "$AUDIT" ||
    unmet "not in the audit log: $(cat "$AUDIT")"
  eventually 10 grep -q 'circuit breaker of switch: open, was closed, isolated' "$WORK/gateway.err" ||
    unmet "not in the log: $(cat "$WORK/gateway.err")"
}

isolation_lasts() {
  echo '[switch.breaker]
open_for = "90s"' >>"$CONFIG"
  post /admin/reload
  expect_status 200
  mode_of_switch isolated open
}

# With open times of a day: how long an isolation lasts is not known, and no answer says more than an hour.
isolation_is_said() {
  local retry='^3600$' path
  echo '[madre.breaker]
failures_to_open = 1000
open_for = "24h"
[switch.breaker]
open_for = "24h"' >"$CONFIG"
  post /admin/reload
  expect_status 200
  for path in madre madre_power switch_task; do post "/vx11/circuit-breaker/$path/isolate"; done
  reset_counts
  chat '{"message":"hello"}'
  expect_status 503
  expect_json '.module == "switch" and .reason == "isolated" and (.detail | test("operator"))'
  expect_header retry-after "$retry"
  chat '{"message":"hello"}' -H 'accept: text/event-stream'
  expect_status 503
  expect_json '.reason == "isolated"'
  post /operator/task '{"task_type":"summary"}'
  expect_status 503
  expect_json '.reason == "isolated"'
  expect_header retry-after "$retry"
  for path in '' ',"stream":true'; do
    post /v1/chat/completions '{"model":"vx11","messages":[{"role":"user","content":"hello"}]'"$path}"
    expect_status 503
    expect_json '.error.code == "isolated"'
    expect_header retry-after '^5$'
    expect_header x-should-retry '^false$'
  done
  operator GET /operator/power/state
  expect_status 503
  expect_json '.module == "madre" and .reason == "isolated"'
  expect_header retry-after "$retry"
  post /operator/power/window/open '{"services":["switch"],"ttl_sec":60}'
  expect_status 503
  expect_json '.reason == "isolated"'
  expect_header retry-after "$retry"
  operator GET /operator/status
  expect_json '.components.switch | .status == "offline" and .reason == "isolated"'
  expect_count .switch.total 0
  expect_count '.madre["POST /madre/power/window/open"] // 0' 0
  for path in madre madre_power switch_task; do post "/vx11/circuit-breaker/$path/reset"; done
}

reset_by_hand() {
  post /vx11/circuit-breaker/switch/reset
  expect_status 200
  mode_of_switch automatic closed
  chat '{"message":"hello"}'
  expect_json '.metadata.source == "switch"'
}

off_by_default() {
  post /operator/manifestator/emit-intent '{"target":"hermes"}'
  expect_status 404
  post /operator/inee/colony/register '{}'
  expect_status 404
}

intent_goes_to_madre() { # PATH
  reset_counts
  operator POST "$1" -H "$JSON" -H 'X-Correlation-Id: corr-7' \
    -d '{"intent_type":"build","target_service":"hermes","dockerfile_path":"Dockerfile","reason":"test"}'
  expect_status 200
  expect_json '(.intent_id | test("^int-")) and .status == "pending" and .queued == true
    and .assigned_to == "madre" and (.plan_id | test("^plan-")) and .correlation_id == "corr-7"'
  expect_last '.madre | .method == "POST" and .target == "/madre/intent" and (.body | fromjson) ==
    {type: "build", source: "manifestator", correlation_id: "corr-7",
     payload: {target_service: "hermes", dockerfile_path: "Dockerfile", reason: "test"}}'
}

intent_is_not_queued_without_madre() {
  fault madre refuse
  post /operator/manifestator/emit-intent '{"target":"hermes"}'
  expect_status 503
  expect_json '.status == "service_offline" and .module == "madre" and has("queued") == false'
  heal
}

# She has read the intent, and may have accepted it.
intent_is_pending_without_an_answer() { # FAULT REASON
  fault madre "$1"
  post /operator/manifestator/emit-intent '{"target":"hermes"}'
  expect_status 504
  expect_json '.status == "pending" and .queued == null and .reason == $reason' --arg reason "$2"
  heal
  post /vx11/circuit-breaker/madre_intent/reset
}

# Not even a connection is made.
hormiguero_sleeps() {
  reset_counts
  post /operator/inee/colony/register '{"colony_id":"c-1"}'
  expect_status 503
  expect_json '.status == "service_offline" and .module == "hormiguero" and .reason == "asleep"'
  operator GET /operator/inee/status
  expect_status 503
  fault madre 500 '"path":"/madre/power/state"'
  operator GET /operator/inee/status
  expect_status 503
  expect_json '.reason == "power_state_unknown"'
  heal
  expect_count '.hormiguero | "\(.total) \(.connections)"' '0 0'
}

colonies() {
  post /operator/power/window/open '{"services":["hormiguero"],"ttl_sec":300}'
  expect_status 200
  post /operator/inee/colony/register '{"colony_id":"c-1"}'
  expect_status 201
  expect_last '.hormiguero | .target == $target and (.body | fromjson) == {colony_id: "c-1"}' \
    --arg target "$EXTENDED/colony/register?colony_id=c-1"
  post '/operator/inee/colony/heartbeat?colony_id=c-1' '{"load":1}'
  expect_status 200
  expect_json '.colony_id == "c-1"'
  post '/operator/inee/colony/envelope?colony_id=c-1' '{"colony_id":"c-2"}'
  expect_status 422
  post /operator/inee/colony/lifecycle/advance '{"colony_id":"c-2"}'
  expect_status 404
  expect_json '.detail == "unknown colony"'
  operator GET '/operator/inee/status?colony_id=c-1'
  expect_status 200
  expect_json '.colonies == ["c-1"]'
}

builders_and_rewards() {
  local path
  for path in builder/patchset builder/prompt-pack manifestator/patch-plan manifestator/prompt-pack; do
    post "/operator/inee/$path" '{"n":1}'
    expect_status 202
    expect_json '.path == $path' --arg path "$path"
  done
  post /operator/inee/rewards/transaction '{"account_id":"a-1","amount":5}'
  expect_json '.balance == 5'
  operator GET /operator/inee/rewards/account/a-1
  expect_json '. == {account_id: "a-1", balance: 5}'
  operator GET /operator/inee/rewards/account/nobody
  expect_status 404
  operator GET /operator/inee/rewards/account/..%2F..%2Fstatus
  expect_status 404
  expect_json '.detail == "unknown account"'
  operator GET /operator/inee/rewards/status
  expect_json '.accounts == 1'
}

limits_of_hormiguero() {
  fault hormiguero 429 '"retry_after":9'
  operator GET /operator/inee/status
  expect_status 429
  expect_header retry-after '^9$'
  heal
}

its_own_breaker() {
  local try
  fault hormiguero 500
  for try in 1 2 3; do operator GET /operator/inee/status; done
  heal
  reset_counts
  operator GET /operator/inee/status
  expect_status 503
  expect_json '.reason == "circuit_open"'
  expect_count .hormiguero.total 0
  operator GET /vx11/circuit-breaker/status
  expect_json '.breakers | .hormiguero.state == "open" and .madre_intent.state == "closed"
    and .madre.state == "closed"'
  post /vx11/circuit-breaker/hormiguero/reset
  operator GET /operator/inee/status
  expect_status 200
}

refuses_to_start() { # MISTAKE OPTION…
  local mistake=$1
  shift
  "$GATEWAY_PROGRAM" --check-config --config "$CONFIG" "$@" >"$WORK/checked" 2>&1
  expect_equal 'exit code' $? 2
  grep -q "$mistake" "$WORK/checked" || unmet "$(cat "$WORK/checked")"
}

start_upstream 0 0 --hormiguero 127.0.0.1:0
config <<TOML
[madre.breaker]
failures_to_open = 1000
TOML
start_gateway --config "$CONFIG"
check "GET /operator/whoami" whoami
check "… of a named token" a_named_token
check "a breaker is isolated by hand, and every trace of it" isolated_by_hand
check "… which reading the configuration again does not change" isolation_lasts
check "… and what needs it says so on every path, with a bounded Retry-After" isolation_is_said
check "… until it is reset" reset_by_hand
check "intents and INEE do not exist by default" off_by_default

cat >>"$CONFIG" <<TOML
[intents]
enabled = true
[inee]
enabled = true
[hormiguero]
url = "$(url_of upstream 'hormiguero listening on')"
TOML
post /admin/reload
for path in /operator/manifestator/emit-intent /manifestator/builder/emit-intent; do
  check "POST $path" intent_goes_to_madre $path
done
check "an intent is not queued that madre did not accept" intent_is_not_queued_without_madre
check "an intent whose connection is lost may be queued" intent_is_pending_without_an_answer reset unreachable
check "an intent that madre fails on may be queued" intent_is_pending_without_an_answer 500 error
check "a hormiguero that sleeps is never connected to" hormiguero_sleeps
check "INEE: colonies" colonies
check "INEE: builders and rewards" builders_and_rewards
check "INEE: 429 is passed on" limits_of_hormiguero
check "INEE has its own breaker" its_own_breaker

config <<TOML
[inee]
enabled = true
[intents]
enabled = true
TOML
check "intents and INEE need madre" refuses_to_start 'intents.enabled.*needs madre.url'
check "INEE needs hormiguero" refuses_to_start 'inee.enabled.*needs hormiguero.url' --madre http://madre:8001
finish
