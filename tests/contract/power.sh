#!/usr/bin/env bash
# CONTRACT §3, GET /operator/power/state, in both dialects of madre.
source "$(dirname "$0")/../lib.sh"

readonly JSON='content-type: application/json'
readonly EVERYTHING='["switch","hermes","hormiguero","mcp","shubniggurath","spawner","manifestator",
  "operator-backend","operator-frontend"]'

open_window() { # ORDER
  operator POST /operator/power/window/open -H "$JSON" -d "$1"
  expect_status 200
}
close_window() { operator POST /operator/power/window/close; }

solo_madre() {
  operator GET /operator/power/state
  expect_status 200
  expect_header content-type '^application/json'
  expect_json '.policy == "solo_madre" and .active_windows == []
    and (.running_services | sort) == ["madre", "redis", "tentaculo_link"]'
  expect_json '.available_services == $all' --argjson all "$EVERYTHING"
}

# The example of the contract.
operative_core() {
  open_window '{"services":["switch","hermes"],"ttl_sec":300,"mode":"ttl","reason":"test"}'
  operator GET /operator/power/state
  expect_status 200
  expect_json '.policy == "operative_core" and (.active_windows | length) == 1'
  expect_json '.active_windows[0] | (.window_id | test("^win-")) and .ttl_seconds == 300
    and (.created_at | test("^[0-9-]{10}T[0-9:]{8}\\.[0-9]{3}Z$"))
    and (.services | sort) == ["hermes", "switch"]'
  expect_json '(.running_services | sort) == ["hermes", "madre", "redis", "switch", "tentaculo_link"]'
  expect_json '.available_services == ["hormiguero", "mcp", "shubniggurath", "spawner",
    "manifestator", "operator-backend", "operator-frontend"]'
  close_window
}

held_window() {
  open_window '{"services":["mcp"],"mode":"hold","reason":"test"}'
  operator GET /operator/power/state
  expect_status 200
  expect_json '.policy == "operative_core" and (.active_windows | length) == 1
    and .active_windows[0].ttl_seconds == null and (.running_services | index("mcp")) != null'
  close_window
}

window_expires() {
  open_window '{"services":["mcp"],"ttl_sec":1,"mode":"ttl","reason":"test"}'
  eventually 20 is_solo_madre || unmet "the window stays open: $(cat "$BODY")"
  solo_madre
}
is_solo_madre() {
  operator GET /operator/power/state
  jq -e '.policy == "solo_madre"' "$BODY" >/dev/null
}

full() {
  open_window "{\"services\":$EVERYTHING,\"ttl_sec\":300,\"mode\":\"ttl\",\"reason\":\"test\"}"
  operator GET /operator/power/state
  expect_json '.available_services == [] and (.running_services | length) == 12'
  expect_json '.policy == $policy' --arg policy "$1"
  close_window
}

order_is_stable() {
  local try first
  open_window '{"services":["spawner","hermes"],"ttl_sec":300,"mode":"ttl","reason":"test"}'
  operator GET /operator/power/state
  first=$(jq -cS 'del(.active_windows, .checked_at, .age_ms)' "$BODY")
  for try in {1..10}; do
    operator GET /operator/power/state
    expect_equal "answer $try" "$(jq -cS 'del(.active_windows, .checked_at, .age_ms)' "$BODY")" "$first"
  done
  close_window
}

one_call() {
  reset_counts
  operator GET /operator/power/state
  expect_count '"\(.total) \(.madre["GET /madre/power/state"])"' '1 1'
  expect_last '.madre.headers["x-vx11-token"] == $token' --arg token "$TOKEN"
}

# By default a state may be reused for 10 ms, so that pipelined calls cannot flood madre.
pipelined_calls_share_states() {
  local answers most calls
  reset_counts
  read -r answers most <<<"$(pipelined 10000 /operator/power/state)"
  expect_equal answers "$answers" 10000
  calls=$(count '.madre["GET /madre/power/state"]')
  ((calls >= 1 && calls <= most)) || unmet "$calls calls, at most $most"
  operator GET /operator/power/state
  expect_json '.age_ms >= 0 and (.checked_at | type == "string")'
}

madre_is_down() { # KIND REASON
  fault madre "$1"
  operator GET /operator/power/state
  expect_status 503
  expect_json '.status == "service_offline" and .module == "madre" and .reason == $reason
    and (.message | type == "string" and length > 0)' --arg reason "$2"
  heal
}

config <<TOML
[status]
limit = "400ms"
[madre.breaker]
failures_to_open = 1000
TOML
start_upstream
start_gateway --config "$CONFIG"

for dialect in operative windowed; do
  tune "{\"dialect\":\"$dialect\"}"
  check "$dialect dialect: solo_madre runs madre, tentaculo_link and redis" solo_madre
  check "$dialect dialect: operative_core, the window, running and available" operative_core
  check "$dialect dialect: a window held open has no ttl" held_window
  check "$dialect dialect: a window that has passed is gone" window_expires
  check "$dialect dialect: order is stable" order_is_stable
  check "$dialect dialect: one call to madre, with the token" one_call
done
check "windowed maps to operative_core, even with everything running" full operative_core
tune '{"dialect":"operative"}'
check "policy full" full full
check "pipelined calls share states: at most one call in 10 ms" pipelined_calls_share_states
check "madre down → 503 module madre: refused" madre_is_down refuse unreachable
check "madre down → 503 module madre: timeout" madre_is_down hang timeout
check "madre down → 503 module madre: 500" madre_is_down 500 error
check "madre down → 503 module madre: not understood" madre_is_down html invalid_reply
check "after that madre is asked again" solo_madre
finish
