#!/usr/bin/env bash
# Rules of power windows, and chats that pass by a switch that sleeps.
#   power_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

readonly CHAT='{"message":"hello"}'
LEDGER=$WORK/power.json
AUDIT=$WORK/audit.log
# A zone where it is noon, so that no day ends within the test. The sign is that of POSIX.
ZONE=$(date -u +%-H | awk '{printf "Etc/GMT%+d", $1 - 12}')

policies() { operator GET /operator/power/policies; }
shows() { policies && jq -e "$1" "$BODY" >/dev/null; }
expect_soon() { eventually 20 shows "$1" || unmet "never so: $1$(echo; show_answer)"; }
open_window() { # JSON
  operator POST /operator/power/window/open -H 'content-type: application/json' -d "$1"
}
close_window() { operator POST /operator/power/window/close; }
switch_calls() { count '.switch | "\(.total) requests, \(.connections) connections"'; }
logged() { grep -q "$1" "$WORK/gateway.err"; }
expect_logged() { eventually 10 logged "$1" || unmet "no line of the log: $1"; }
audited() { # ACTION BY
  jq -e --arg action "$1" --arg by "$2" 'select(.action == $action and .by == $by)' "$AUDIT" \
    >/dev/null
}
asked_switch() { expect_more '.switch.total' 1; }
polled() { expect_more '.madre["GET /madre/power/state"]' "$1"; }
expect_more() { # JQ-PATH COUNT
  (($(count "$1 // 0") >= $2))
}

# Seconds of madre's state are whole, so its rules are read often here.
rules() {
  cat <<TOML
[log]
audit = "$AUDIT"
[power]
time_zone = "$ZONE"
poll_interval = "100ms"
max_age = "20s"
ledger = "$LEDGER"
TOML
}

# All day, every day: a test may run at any time.
always() {
  cat <<TOML
[power.schedules.always]
from = "00:00"
to = "24:00"
services = ["switch", "hermes"]
TOML
}

opens_by_schedule() {
  expect_soon '.windows[0] | .source == "schedule" and .schedule == "always"'
  expect_json '.schedules[0] | .active and (.closed | not)'
  expect_json '.decisions | map(select(.kind == "opened")) | length == 1'
  expect_count '.madre["POST /madre/power/window/open"]' 1
  operator GET /operator/power/state
  expect_json '.active_windows[0].services == ["switch", "hermes"]'
  expect_logged 'a power window is open.*schedule always'
  eventually 10 audited power.window.open 'schedule always' || unmet 'no line of the audit log'
  operator GET /metrics
  grep -q '^vx11_power_windows 1' "$BODY" || unmet 'no open window in the metrics'
  grep -q '^vx11_power_decisions_total{kind="opened"} 1' "$BODY" || unmet 'no decision in the metrics'
}

opens_nothing_twice() {
  open_window '{"services":["switch"],"ttl_sec":60}'
  expect_status 409
  expect_count '.madre["POST /madre/power/window/open"]' 2
  restart_gateway --config "$CONFIG"
  expect_soon '.windows | length == 1'
  expect_json '.windows[0].source == "schedule"'
  expect_count '.madre["POST /madre/power/window/open"]' 2
}

leaves_closed_what_a_hand_has_closed() {
  close_window
  expect_status 200
  expect_soon '.schedules[0].closed and (.windows | length == 0)'
  expect_json '.decisions | any(.kind == "closed" and .reason == "by_hand")'
  restart_gateway --config "$CONFIG"
  expect_soon '.seen_at != null and .schedules[0].closed'
  expect_json '.windows == [] and .decisions == []'
}

begins_anew_without_its_ledger() {
  end_gateway
  rm -f "$LEDGER"
  start_gateway --config "$CONFIG"
  expect_soon '.windows[0].source == "schedule"'
  close_window
  expect_status 200
}

leaves_a_damaged_ledger_alone() {
  end_gateway
  echo '{"format":"vx11 power","version":1,"used":7}' >"$LEDGER"
  start_gateway --config "$CONFIG"
  expect_soon '.windows | length == 1'
  end_gateway
  expect_logged 'power.json.* is damaged; it is left as it is'
  expect_equal 'the file' "$(cat "$LEDGER")" '{"format":"vx11 power","version":1,"used":7}'
  rm -f "$LEDGER"
}

refuses_by_policy() {
  open_window '{"services":["switch"],"ttl_sec":7200}'
  expect_status 403
  expect_json '.status == "OFF_BY_POLICY" and .service == "switch" and .reason == "ttl_too_long"
    and .max_ttl_sec == 3600 and (.message | length > 0) and (.recommended_action | length > 0)
    and (.correlation_id | length > 0)'
  open_window '{"services":["spawner"],"ttl_sec":60}'
  expect_status 403
  expect_json '.reason == "service_not_allowed"'
  open_window '{"services":["switch"],"mode":"hold"}'
  expect_status 403
  expect_json '.reason == "hold_not_allowed"'
  expect_count '.madre["POST /madre/power/window/open"] // 0' 0
  expect_logged 'not opened: switch; caller: ttl_too_long'
}

opens_one_of_eight() {
  reset_counts
  fault madre slow '"ms":4000,"path":"/madre/power/window"' # eight callers come within it
  local statuses
  statuses=$(side_by_side 8 /operator/power/window/open? -H 'content-type: application/json' \
    -d '{"services":["switch"],"ttl_sec":60}' | tr '\n' ' ')
  heal
  expect_equal 'the statuses' "$statuses" '1 200 7 409 '
  expect_count '.madre["POST /madre/power/window/open"]' 1
  eventually 20 shows '.command_in_progress | not'
  close_window
  expect_status 200
}

# The command goes on at madre when its caller has left.
knows_a_command_whose_caller_has_left() {
  reset_counts
  fault madre slow '"ms":4000,"path":"/madre/power/window"'
  curl --noproxy '*' -sS --max-time 30 -o /dev/null -H "x-vx11-token: $TOKEN" \
    -H 'content-type: application/json' -d '{"services":["switch"],"ttl_sec":60}' \
    "$BASE/operator/power/window/open" 2>/dev/null &
  local asking=$!
  eventually 10 expect_more '.madre["POST /madre/power/window/open"]' 1 || unmet 'no command'
  kill "$asking"
  wait "$asking" || true
  shows .command_in_progress || unmet 'it is forgotten'
  open_window '{"services":["hermes"],"ttl_sec":60}'
  expect_status 409
  heal
  eventually 20 shows '.command_in_progress | not' || unmet 'it never ends'
  expect_count '.madre["POST /madre/power/window/open"]' 1
  close_window
  expect_status 200
}

counts_its_budget() {
  expect_soon '.seen_at != null'
  open_window '{"services":["switch"],"ttl_sec":2}'
  expect_status 200
  expect_soon '.budget.day.used_sec >= 1'
  expect_soon '.decisions | any(.kind == "budget_spent")'
  eventually 20 shows '.windows | length == 0'
  open_window '{"services":["switch"],"ttl_sec":1}'
  expect_status 403
  expect_json '.reason == "day_budget_spent" and (.available_at | endswith(":00:00.000Z"))'
  restart_gateway --config "$CONFIG"
  open_window '{"services":["switch"],"ttl_sec":1}'
  expect_status 403
  operator GET /metrics
  grep -q '^vx11_power_budget_limit_seconds{period="day"} 2' "$BODY" || unmet 'no limit in the metrics'
}

touches_no_sleeping_switch() {
  expect_soon '.seen_at != null'
  reset_counts
  for _ in {1..5}; do
    chat "$CHAT"
    expect_status 200
    expect_json '.metadata.source == "madre_fallback" and .metadata.reason == "switch_asleep"
      and .metadata.attempts[0].outcome == "asleep"'
  done
  chat "$CHAT" -H 'accept: text/event-stream'
  expect_status 200
  operator POST /v1/chat/completions -H 'content-type: application/json' \
    -d '{"model":"vx11","messages":[{"role":"user","content":"hello"}]}'
  expect_status 200
  expect_equal 'the switch' "$(switch_calls)" '0 requests, 0 connections'
  operator GET /vx11/circuit-breaker/status
  expect_json '.breakers.switch | .state == "closed" and .failure_count == 0'
}

asks_a_switch_of_unknown_state() {
  fault madre hang '"path":"/madre/power/state"'
  restart_gateway --config "$CONFIG"
  chat "$CHAT"
  expect_json '.metadata.source == "switch"'
  heal
}

asks_a_switch_that_was_opened() {
  expect_soon '.seen_at != null'
  open_window '{"services":["switch"],"ttl_sec":60}'
  expect_status 200
  chat "$CHAT"
  expect_json '.metadata.source == "switch"'
  close_window
  expect_soon '.windows == []'
  chat "$CHAT"
  expect_json '.metadata.reason == "switch_asleep"'
}

opens_on_demand() {
  expect_soon '.seen_at != null'
  reset_counts
  for _ in {1..5}; do
    chat "$CHAT"
    expect_status 200
    expect_json '.metadata.source | . == "madre_fallback" or . == "switch"'
  done
  expect_soon '.windows[0].source == "demand"'
  chat "$CHAT"
  expect_json '.metadata.source == "switch"'
  expect_count '.madre["POST /madre/power/window/open"]' 1
}

respects_a_hand_on_demand() {
  close_window
  expect_status 200
  expect_soon '.on_demand.paused_until != null'
  for _ in {1..3}; do
    chat "$CHAT"
    expect_json '.metadata.reason == "switch_asleep"'
  done
  expect_json '.metadata.source == "madre_fallback"'
  shows '.windows == []' || unmet 'a window is open'
}

# For longer than max_age chats would try a switch that sleeps.
reads_on_during_a_command() {
  expect_soon '.seen_at != null'
  reset_counts
  fault madre hang '"path":"/madre/power/window"'
  chat "$CHAT"
  eventually 10 expect_more '.madre["POST /madre/power/window/open"]' 1 || unmet 'no command'
  reset_counts
  eventually 10 polled 3 || unmet 'madre is not read'
  shows .command_in_progress || unmet 'the command has ended'
  chat "$CHAT"
  expect_json '.metadata.reason == "switch_asleep"'
  heal
}

closes_an_idle_window() {
  expect_soon '.seen_at != null'
  open_window '{"services":["switch"],"ttl_sec":600}'
  expect_status 200
  expect_soon '.decisions | any(.kind == "closed" and .source == "idle")'
  expect_count '.madre["POST /madre/power/window/close"]' 1
  eventually 10 audited power.window.close idle || unmet "no line of the audit log$(cat "$AUDIT")"
}

# For longer than idle_after, by madre's readings.
leaves_a_window_in_use_open() {
  fault switch hang
  reset_counts
  curl --noproxy '*' -sS --max-time 60 -o /dev/null -H "x-vx11-token: $TOKEN" \
    -H 'content-type: application/json' -d "$1" "$BASE$2" 2>/dev/null &
  local asking=$!
  eventually 10 asked_switch || unmet 'switch is not asked'
  open_window '{"services":["switch"],"ttl_sec":600}'
  expect_status 200
  eventually 30 polled 25 || unmet 'madre is not read'
  shows '.windows | length == 1' || unmet "it was closed in the middle$(echo; show_answer)"
  kill "$asking"
  wait "$asking" || true
  heal
  expect_soon '.windows == []'
}
leaves_a_window_of_a_chat_open() { leaves_a_window_in_use_open "$CHAT" /operator/chat/ask; }
leaves_a_window_of_a_task_open() {
  leaves_a_window_in_use_open '{"task_type":"summary"}' /operator/task
}

alerts_before_an_end() {
  open_window '{"services":["hermes"],"ttl_sec":600}'
  expect_status 200
  expect_soon '.windows[0].ending'
  expect_logged 'a power window ends in '
  operator GET /metrics
  grep -q '^vx11_power_windows_ending 1' "$BODY" || unmet 'no alert in the metrics'
  close_window
}

takes_over_rules_at_a_reload() {
  { rules && always; } | config
  operator POST /admin/reload
  expect_status 200
  expect_soon '.windows[0].source == "schedule"'
  rules | config
  operator POST /admin/reload
  expect_status 200
  policies
  expect_json '.schedules == [] and .active == false and .windows == [] and .seen_at == null'
  close_window
}

# Both want to open one when a window of other services has ended.
opens_once_for_two_gateways() {
  curl --noproxy '*' -sS -X POST "$MADRE/madre/power/window/open" -H "x-vx11-token: $TOKEN" \
    -H 'content-type: application/json' -d '{"services":["mcp"],"ttl_sec":5}' >/dev/null
  start_gateway --config "$CONFIG"
  local first=$BASE base
  VX11_POWER_LEDGER=$WORK/second.json start second '^listening on ' "$GATEWAY_PROGRAM" \
    --listen 127.0.0.1:0 --sessions memory --madre "$MADRE" --switch "$SWITCH_URL" --config "$CONFIG"
  local second
  second=$(url_of second 'listening on')
  reset_counts
  for base in "$first" "$second"; do
    BASE=$base
    expect_soon '.windows[0].services == ["switch", "hermes"]'
    expect_json '.ledger == "kept" and (.decisions | all(.kind != "failed"))'
  done
  eventually 30 polled 40 || unmet 'madre is not read'
  expect_count '.madre["POST /madre/power/window/open"]' 1
  stop second
  BASE=$first
  close_window
  expect_status 200
}

names_mistakes() {
  config <<'TOML'
[power]
time_zone = "Europe/Nowhere"
open_on_demand = true
[power.schedules.bad]
days = ["monday"]
from = "25:00"
services = ["swich"]
[power.schedules.short]
from = "23:50"
to = "00:20"
[power.bounds]
min_ttl = "1h"
TOML
  "$GATEWAY_PROGRAM" --check-config --config "$CONFIG" >/dev/null 2>"$WORK/mistakes" && unmet 'it is taken'
  for what in 'power.time_zone: "Europe/Nowhere"' 'needs chat.power_aware' '"monday" is no day' \
    '"25:00" is no time of day' 'has no to' 'power.schedules.short: from "23:50" to "00:20" is shorter' '"swich" is no service, did you mean "switch"'; do
    grep -q "$what" "$WORK/mistakes" || unmet "not named: $what$(echo; cat "$WORK/mistakes")"
  done
}

start_upstream
{ rules && always; } | config
start_gateway --config "$CONFIG"
check 'a schedule opens its window once, says so, and shows it' opens_by_schedule
check 'neither a caller nor a restart opens a second window' opens_nothing_twice
check 'a window that was closed by hand stays closed, also after a restart' leaves_closed_what_a_hand_has_closed
check 'without its ledger the gateway opens what is left' begins_anew_without_its_ledger
check 'a damaged ledger is named, left alone, and stops nothing' leaves_a_damaged_ledger_alone
curl --noproxy '*' -sS -X POST "$MADRE/madre/power/window/close" -H "x-vx11-token: $TOKEN" -d '{}' >/dev/null
reset_counts

{ rules && printf '[power.bounds]\nmax_ttl = "1h"\nhold = false\nservices = ["switch", "hermes"]\n'; } | config
start_gateway --config "$CONFIG"
check 'bounds answer OFF_BY_POLICY with what to do, and madre is not asked' refuses_by_policy
check 'rules that were read again come into force and leave it' takes_over_rules_at_a_reload
check 'of eight windows at once one is opened, and madre is asked for one' opens_one_of_eight
check 'a command is in progress until madre has answered it' knows_a_command_whose_caller_has_left
end_gateway
rm -f "$LEDGER"

{ rules && printf '[power.budget]\nper_day = "2s"\n'; } | config
start_gateway --config "$CONFIG"
check 'a budget is counted, spent, and remembered' counts_its_budget
end_gateway
rm -f "$LEDGER"

{ rules && printf '[chat]\npower_aware = true\n'; } | config
start_gateway --config "$CONFIG"
check 'a switch that sleeps gets no connection and no failure' touches_no_sleeping_switch
check 'a switch is asked while its state is not known' asks_a_switch_of_unknown_state
check 'a switch is asked as soon as its window is open, and not after' asks_a_switch_that_was_opened
end_gateway
rm -f "$LEDGER" # a hand has closed the window

{ rules && printf 'open_on_demand = true\n[chat]\npower_aware = true\n'; } | config
start_gateway --config "$CONFIG"
check 'chats open one window of the switch, and are answered meanwhile' opens_on_demand
check 'chats open none after it was closed by hand' respects_a_hand_on_demand
end_gateway
rm -f "$LEDGER"
start_gateway --config "$CONFIG"
check 'the state of madre is read while she carries a command out' reads_on_during_a_command
end_gateway
rm -f "$LEDGER"

{ rules && printf 'idle_after = "1s"\nalert_before = "1h"\n'; } | config
start_gateway --config "$CONFIG"
reset_counts
check 'a window of the switch that no chat uses is closed' closes_an_idle_window
check 'a window is not closed under a chat' leaves_a_window_of_a_chat_open
check 'a window is not closed under a task' leaves_a_window_of_a_task_open
check 'an alert comes before a window ends' alerts_before_an_end
check 'mistakes of the rules are named with what to write' names_mistakes
end_gateway
rm -f "$LEDGER"

if command -v redis-server >/dev/null; then
  start_redis
  { rules && always && printf '[redis]\nurl = "redis://127.0.0.1:%s"\n' "$REDIS_PORT"; } | config
  check 'of two gateways with one Redis one opens the window' opens_once_for_two_gateways
fi
finish
