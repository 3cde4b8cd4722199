#!/usr/bin/env bash
# CONTRACT §4: the companion endpoints. Sessions: sessions.sh.
source "$(dirname "$0")/../lib.sh"

readonly JSON='content-type: application/json'
readonly SOLO=power/policy/solo_madre

post() { # PATH [BODY]
  operator POST "$1" -H "$JSON" -d "${2-}"
}

power_status() {
  operator GET /operator/power/status
  expect_status 200
  expect_json '.services.madre == "running" and .services.hermes == "stopped"'
  expect_json '.policy == "solo_madre" and .windows == []'
}

power_status_is_consistent() {
  local policy windows
  post /operator/power/window/open '{"services":["hermes"],"mode":"hold","reason":"test"}'
  operator GET /operator/power/state
  policy=$(jq -r .policy "$BODY") windows=$(jq .active_windows "$BODY")
  operator GET /operator/power/status
  expect_json '.policy == $policy' --arg policy "$policy"
  expect_json '.windows == $windows' --argjson windows "$windows"
  expect_json '.services.hermes == "running"'
  post /operator/power/window/close
}

solo_madre_status() {
  reset_counts
  operator GET "/operator/$SOLO/status"
  expect_status 200
  expect_json '.policy == "solo_madre" and .active == true and .policy_active == true
    and .extra_services == [] and .missing_services == [] and .madre.policy == "solo_madre"'
  expect_count ".madre[\"GET /madre/$SOLO/status\"]" 1
  post /operator/power/service/hermes/start
  operator GET "/operator/$SOLO/status"
  expect_json '.policy_active == false and .extra_services == ["hermes"]'
  post "/operator/$SOLO/apply"
}

solo_madre_apply() {
  post /operator/power/window/open '{"services":["hermes"],"mode":"hold","reason":"test"}'
  expect_status 200
  post "/operator/$SOLO/apply"
  expect_status 200
  expect_json '.policy == "solo_madre" and (.closed_windows | length) == 1'
  operator GET /operator/power/state
  expect_json '.policy == "solo_madre" and .active_windows == []'
}

service_command() { # ACTION STATUS-OF-THE-SERVICE
  post "/operator/power/service/hermes/$1"
  expect_status 200
  expect_json '.service == "hermes" and .action == $action and .status == $status and .executed == true' \
    --arg action "$1" --arg status "$2"
  expect_last '.madre | .method == "POST" and .target == $target' \
    --arg target "/madre/power/service/hermes/$1"
}

unknown_service() { # NAME
  reset_counts
  post "/operator/power/service/$1/start"
  expect_status 422
  expect_json '.detail | type == "array" and length == 1 and (.[0] | has("loc") and has("msg")
    and has("type"))'
  expect_count .total 0
}

unknown_action() {
  reset_counts
  post /operator/power/service/hermes/explode
  expect_status 404
  expect_count .total 0
}

window_open_and_close() {
  local order='{"services":["switch","hermes"],"ttl_sec":300,"mode":"ttl","reason":"test"}'
  post /operator/power/window/open "$order"
  expect_status 200
  expect_json '(.window_id | type == "string") and (.deadline | type == "string")'
  expect_last '.madre | .target == "/madre/power/window/open" and
    (.body | fromjson) == ($order | fromjson)' --arg order "$order"
  local id
  id=$(jq -r .window_id "$BODY")
  post /operator/power/window/open "$order"
  expect_status 409
  expect_json '.window.window_id == $id and .window.services == ["switch", "hermes"]' --arg id "$id"
  reset_counts
  post /operator/power/window/close '{"window_id":"win-of-yesterday"}'
  expect_status 404
  expect_json '.error == "window_not_open" and .window.window_id == $id' --arg id "$id"
  expect_count '.madre["POST /madre/power/window/close"] // 0' 0
  post /operator/power/window/close "{\"window_id\":\"$id\"}"
  expect_status 200
  post /operator/power/window/open "$order"
  post /operator/power/window/close
  expect_status 200
  expect_last '.madre | .method == "POST" and .target == "/madre/power/window/close"'
  operator GET /operator/power/state
  expect_json '.active_windows == []'
}

# Without a TTL a window gets a default one, so that services do not stay awake for ever.
window_without_ttl_ends() {
  post /operator/power/window/open '{"services":["mcp"],"reason":"test"}'
  expect_status 200
  expect_json '.deadline | type == "string"'
  post /operator/power/window/close
}

window_hold() {
  post /operator/power/window/open '{"services":["mcp"],"mode":"hold","reason":"test"}'
  expect_status 200
  expect_json '.deadline == null'
  post /operator/power/window/close
  expect_status 200
}

bad_window_order() { # BODY
  post /operator/power/window/open "$1"
  expect_status 422
  expect_json '.detail | type == "array" and (.[0].loc | index("body") == 0)'
}

madre_is_down() { # METHOD PATH [BODY]
  fault madre refuse
  operator "$1" "$2" -H "$JSON" ${3:+-d "$3"}
  expect_status 503
  expect_json '.status == "service_offline" and .module == "madre" and .reason == "unreachable"'
  heal
}

breakers() { # FILTER
  operator GET /vx11/circuit-breaker/status
  expect_status 200
  expect_json '.status == "ok" and (.timestamp | type | . == "string" or . == "number")'
  expect_json '.breakers | has("switch") and has("madre")'
  expect_json "$1"
}

breaker_opens() {
  local try
  fault switch 500
  for try in 1 2; do chat "{\"message\":\"$try\"}"; done
  breakers '.breakers.switch | .state == "closed" and .failure_count == 2 and .last_failure != null'
  chat '{"message":"3"}'
  breakers '.breakers.switch | .state == "open" and .failure_count == 3'
  breakers '.breakers.madre | .state == "closed" and .failure_count == 0'
  heal
}

health() {
  anonymous GET /health
  expect_status 200
  expect_json '.status == "ok" and .module == "tentaculo_link"
    and (.version | test("^[0-9]+\\.[0-9]+\\.[0-9]+"))'
}

# Every line is a comment or `name{labels} value`, as the text format has it.
metrics() {
  anonymous GET /metrics
  expect_status 200
  expect_header content-type '^text/plain.*version=0\.0\.4'
  ! grep -vE '^(# (HELP|TYPE) .+|[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})? [-+0-9.eE]+(Inf|NaN)?|)$' "$BODY" ||
    unmet "lines that are no Prometheus text"
  grep -q '^# TYPE vx11_' "$BODY" || unmet "no metric of ours"
}

config <<TOML
[madre.breaker]
failures_to_open = 1000
TOML
start_upstream
start_gateway --config "$CONFIG"

check "GET /operator/power/status: madre's, with policy and windows" power_status
check "GET /operator/power/status: consistent with power/state" power_status_is_consistent
check "GET /operator/$SOLO/status" solo_madre_status
check "POST /operator/$SOLO/apply" solo_madre_apply
check "POST /operator/power/service/{name}/start" service_command start running
check "POST /operator/power/service/{name}/restart" service_command restart running
check "POST /operator/power/service/{name}/stop" service_command stop stopped
for name in nobody MADRE ..%2fwindow%2fclose; do
  check "{name} must be a known service, else 422: $name" unknown_service $name
done
check "start, stop, restart and nothing else" unknown_action
check "POST /operator/power/window/open, close: madre's" window_open_and_close
check "POST /operator/power/window/open: mode hold" window_hold
check "POST /operator/power/window/open: without ttl_sec it ends all the same" \
  window_without_ttl_ends
for order in '{"mode":"ttl"}' '{"services":[],"mode":"hold"}' '{"services":["nobody"],"mode":"hold"}' \
  '{"services":"mcp","mode":"hold"}' '{"services":["mcp"],"mode":"x"}' '{' \
  '{"services":["mcp"],"ttl_sec":-1,"mode":"ttl"}'; do
  check "POST /operator/power/window/open: 422 for $order" bad_window_order "$order"
done
for path in "GET /operator/power/status" "GET /operator/$SOLO/status" "POST /operator/$SOLO/apply" \
  "POST /operator/power/service/hermes/start" "POST /operator/power/window/close"; do
  # shellcheck disable=SC2086
  check "$path: madre down → 503 module madre" madre_is_down $path
done
check "POST /operator/power/window/open: madre down → 503" madre_is_down POST \
  /operator/power/window/open '{"services":["mcp"],"mode":"hold"}'
check "GET /vx11/circuit-breaker/status: closed" breakers \
  '.breakers.switch == {state: "closed", failure_count: 0, last_failure: null, mode: "automatic"}'
check "GET /vx11/circuit-breaker/status: counts, opens, one per upstream" breaker_opens
check "GET /health (public)" health
check "GET /metrics: Prometheus text" metrics
finish
