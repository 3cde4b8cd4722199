#!/usr/bin/env bash
# GET /operator/power/state: authorization, form, and consistency with itself and with status.
source "$(dirname "$0")/gateway.sh"

readonly KNOWN_SERVICES='["hermes","hormiguero","madre","manifestator","mcp","operator-backend",
  "operator-frontend","redis","shubniggurath","spawner","switch","tentaculo_link"]'

has_the_four_members() {
  operator GET /operator/power/state
  expect_status 200
  expect_header content-type '^application/json'
  expect_json 'has("policy", "active_windows", "running_services", "available_services")'
  expect_json '.policy | IN("solo_madre", "operative_core", "full")'
  expect_json '[.active_windows, .running_services, .available_services | type == "array"] | all'
  expect_json '[.active_windows[] | (.window_id | type == "string") and (.created_at |
    type == "string") and has("ttl_seconds") and (.services | type == "array")] | all'
}

runs_the_core() {
  operator GET /operator/power/state
  expect_json '.running_services | contains(["madre", "tentaculo_link"])'
  expect_json '.policy != "solo_madre" or .active_windows == []'
  expect_json '. as $state | [.active_windows[].services[]] - $state.running_services == []'
}

knows_every_service_once() {
  operator GET /operator/power/state
  expect_json '.running_services + .available_services | sort == $known' \
    --argjson known "$KNOWN_SERVICES"
}

agrees_with_status() {
  local policy windows
  operator GET /operator/power/state
  expect_status 200
  policy=$(jq -r .policy "$BODY") windows=$(jq '.active_windows | length' "$BODY")
  operator GET /operator/status
  expect_json '.windows | .policy == $policy and .active_count == $windows' \
    --arg policy "$policy" --argjson windows "$windows"
}

check "power/state: 401 without a token, 403 with a wrong one" needs_token GET /operator/power/state
check "power/state: policy, active_windows, running_services, available_services" \
  has_the_four_members
check "power/state: madre and tentaculo_link run, and so does what a window opened" runs_the_core
check "power/state: every known service runs or is available, not both" knows_every_service_once
check "power/state: the same policy and number of windows as in status" agrees_with_status
finish
