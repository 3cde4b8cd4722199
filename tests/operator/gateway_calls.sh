#!/usr/bin/env bash
# What the backend asks of a real gateway before the stand-ins, and the events that its watcher makes.
#   gateway_calls.sh    VX11_OPERATOR, VX11_GATEWAY and VX11_UPSTREAM name the programs
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/operator.sh"

readonly JSON='content-type: application/json'
readonly PHRASE=I_UNDERSTAND_THIS_STOPS_SERVICES

start_console() { VX11_OPERATOR_GATEWAY_WATCH_INTERVAL=200ms start_operator; }
# console METHOD PATH [JSON [CURL-ARGUMENT…]]: a call of the backend with the token.
console() {
  local method=$1 path=$2 body=${3:-}
  fetch -X "$method" "$OPERATOR/operator/api$path" -H "x-vx11-token: $TOKEN" \
    ${body:+-H "$JSON" --data-binary "$body"} "${@:4}"
}
# has_event TYPE [FILTER]: among the last events.
has_event() {
  console GET '/events?limit=100'
  jq -e --arg type "$1" "any(.events[]?; .type == \$type and (${2:-true}))" "$BODY" >/dev/null
}
expect_event() { eventually 20 has_event "$@" || unmet "there is no event $*: $(jq -c '[.events[]?.type]' "$BODY")"; }
count_events() { # TYPE
  console GET '/events?limit=500'
  jq --arg type "$1" '[.events[]? | select(.type == $type)] | length' "$BODY"
}

status_wakes_no_service() {
  reset_counts
  console GET /status
  expect_status 200
  expect_json '.status == "ok" and .policy == "solo_madre" and (.degraded | not) and .window.mode == "solo_madre"'
  expect_json '.core_services.madre.status == "ok" and (.core_services.madre.source | test("probe|cache"))'
  console GET /modules
  expect_json '.modules.madre.status == "UP" and .modules.hermes.status == "OFF_BY_POLICY"'
  console GET /topology
  expect_json '(.nodes | length) >= 12 and (.edges | length) > 5'
  console GET /chat/window/status
  expect_json '.status == "none" and .mode == "solo_madre"'
  console GET /breakers
  expect_json '.breakers.switch.state == "closed" and .breakers.switch.mode == "automatic"'
  console GET /slo
  expect_json '(.objectives | length) > 0'
  expect_count '.switch.total' 0
  expect_count '.madre["GET /health"] // 0' 0
}

chats_are_answered_and_stored() {
  console POST /chat '{"message":"one","session_id":"calls-1"}' -H 'X-Correlation-Id: corr-42'
  expect_status 200
  expect_json '.response == "switch heard: one" and .fallback_source == "switch" and (.degraded | not)'
  expect_json '.provider == "local" and .latency_ms >= 0 and .correlation_id == "corr-42"'
  fault switch 503
  console POST /chat '{"message":"two","session_id":"calls-1"}'
  heal
  expect_json '.fallback_source == "madre_fallback" and .degraded and .metadata.reason == "switch_error"'
  expect_event chat.fallback '.module == "switch" and .severity == "warn"'
  console GET /latency
  expect_json '[.series[].source] | index("chat") != null'
  console POST /chat '{"message":""}'
  expect_status 422
}

chats_are_streamed() {
  tune '{"stream":true}'
  console POST /chat '{"message":"three words here","session_id":"calls-2"}' -H 'accept: text/event-stream' -N
  expect_status 200
  expect_header content-type '^text/event-stream'
  local deltas
  deltas=$(sed -n 's/^data: //p' "$BODY" | jq -rj '.delta // empty')
  expect_equal 'the text' "$deltas" 'switch heard: three words here'
  sed -n 's/^data: //p' "$BODY" | tail -n 1 >"$WORK/done" && cp "$WORK/done" "$BODY"
  expect_json '.fallback_source == "switch" and .session_id == "calls-2" and (.correlation_id | length) > 0'
  fault switch stream_break
  console POST /chat '{"message":"three words here","session_id":"calls-2"}' -H 'accept: text/event-stream' -N
  heal
  grep -q '^event: error' "$BODY" || unmet "no error event: $(cat "$BODY")"
  tune '{"stream":false}'
}

windows_open_and_expire() {
  console POST /chat/window/open '{"services":["switch"]}'
  expect_status 422
  console POST /chat/window/open '{"services":["nonsense"],"ttl_sec":5}'
  expect_status 422
  console POST /chat/window/open '{"services":["switch","hermes"],"ttl_sec":3}'
  expect_status 200
  expect_json '.status == "open" and .mode == "window_active" and .ttl_seconds == 3 and .deadline != null'
  expect_json '.services == ["switch","hermes"] and (.active_services | index("switch") != null)'
  local id
  id=$(jq -r .window_id "$BODY")
  console POST /chat/window/open '{"services":["mcp"],"ttl_sec":3}'
  expect_status 409
  expect_json '.error == "window_open" and .window.window_id == $id' --arg id "$id"
  console POST /chat/window/close '{"window_id":"win-of-another"}'
  expect_status 409
  expect_event power.window_opened '.payload.window_id == "'"$id"'"'
  expect_event power.window_expired '.payload.window_id == "'"$id"'"'
  expect_equal 'openings reported' "$(count_events power.window_opened)" 1
  console POST /chat/window/open '{"services":["hermes"],"mode":"hold"}'
  expect_json '.ttl_seconds == null and .deadline == null'
  console POST /chat/window/close
  expect_status 200
  expect_json '.status == "none"'
  expect_event power.window_closed
  console POST /chat/window/close
  expect_status 404
}

services_are_planned_and_restarted() {
  console POST /service/hermes/restart '{}'
  expect_status 200
  expect_json '.executed == false and .status == "plan" and .service == "hermes"'
  console POST /service/hermes/start "{\"apply\":true,\"confirm\":\"$PHRASE\",\"reason\":\"test\"}"
  expect_status 200
  expect_json '.executed and .action == "start"'
  console GET /modules
  expect_json '.modules.hermes.status == "UP"'
  console POST /service/nonsense/start '{}'
  expect_status 422
  expect_event service.restart_planned
  expect_event service.start_done '.payload.principal != null'
}

breakers_are_taken_by_hand() {
  console POST /breakers/switch/isolate
  expect_status 200
  expect_json '.name == "switch" and .mode == "isolated"'
  console POST /chat '{"message":"four"}'
  expect_json '.fallback_source == "madre_fallback" and .metadata.reason == "switch_circuit_open"'
  expect_event breaker.isolated
  console POST /breakers/switch/reset
  expect_json '.state == "closed"'
  console POST /breakers/nonsense/reset
  expect_status 404
}

madre_away_is_degraded() {
  fault madre refuse
  console GET /chat/window/status
  expect_status 200
  expect_json '.mode == "degraded" and .degraded and .reason != null and .policy == "unknown"'
  expect_event component.changed '.module == "madre" and .payload.to == "unreachable"'
  heal
  expect_event component.changed '.module == "madre" and .payload.to == "ok"'
}

events_of_the_backend_are_not_forged() {
  console POST /events/ingest '{"source":"hermes","type":"gateway.away","payload":{"watched":"gateway:tentaculo_link","to":"away"}}'
  expect_status 422
  console POST /events/ingest '{"source":"hermes","type":"hermes.ready","payload":{}}'
  expect_status 200
}

restarts_repeat_nothing() {
  fault madre refuse
  is_reported() { (($(count_events component.changed) >= 3)); }
  eventually 20 is_reported || unmet 'madre is not reported as away'
  local before
  before=$(count_events component.changed)
  end_operator
  start_console
  looked() { console GET /latency && jq -e '[.series[] | select(.source == "status")] | length > 0' "$BODY" >/dev/null; }
  eventually 20 looked || unmet 'the watcher does not look'
  expect_equal 'events after a restart' "$(count_events component.changed)" "$before"
  heal
}

gateway_away_and_back() {
  local port=${BASE##*:} stream
  # A caller cannot be confirmed while the gateway is away, but an open stream continues.
  curl --noproxy '*' -sSN "$OPERATOR/operator/api/events/stream" -H "x-vx11-token: $TOKEN" >"$WORK/stream" 2>/dev/null &
  stream=$!
  eventually 20 test -s "$WORK/stream" || unmet 'the event stream does not open'
  end_gateway
  eventually 20 grep -q gateway.away "$WORK/stream" || unmet "the watcher does not see it: $(cat "$WORK/stream")"
  kill "$stream"
  console GET /status
  expect_status 503
  expect_json '.status == "service_offline" and .module == "tentaculo_link"'
  LISTEN=127.0.0.1:$port start_gateway --config "$CONFIG"
  back() { console GET /status && [[ $STATUS == 200 ]]; }
  eventually 20 back || unmet "the gateway is not found again: $(show_answer)"
  expect_event gateway.away '.severity == "critical"'
  expect_event gateway.back
}


what_is_no_gateway_is_said() {
  local real=$BASE kind
  end_operator
  for kind in html redirect list truncated huge deep; do
    start nonsense '^listening on ' /usr/bin/python3 "$TESTS_DIR/operator/nonsense.py" "$kind"
    BASE=$(url_of nonsense 'listening on')
    start_console
    console GET /status
    expect_status 503
    expect_json '.status == "service_offline"'
    console POST /chat '{"message":"hi"}'
    expect_status 503
    end_operator
    stop nonsense
  done
  BASE=$real
}

start_upstream 0 0 --deployed --command-ms 0
echo power-key-of-vx11-upstream >"$WORK/power.key" && chmod 600 "$WORK/power.key"
config <<TOML
[power]
key_file = "$WORK/power.key"
TOML
start_gateway --config "$CONFIG"
start_console
check 'status, modules and topology come from evidence and wake no service' status_wakes_no_service
check 'a chat is answered, falls back, and is stored' chats_are_answered_and_stored
check 'a chat is streamed, and a stream that breaks says so' chats_are_streamed
check 'a window opens, conflicts, expires and closes, with events' windows_open_and_expire
check 'a service is planned, then started, and says which' services_are_planned_and_restarted
check 'a breaker is isolated and reset' breakers_are_taken_by_hand
check 'a madre that is away is degraded, not full' madre_away_is_degraded
check 'events of the backend itself cannot be forged' events_of_the_backend_are_not_forged
check 'a restart of the backend repeats no event' restarts_repeat_nothing
check 'a gateway that is away is said, and found again' gateway_away_and_back
check 'what is no gateway is said to be none' what_is_no_gateway_is_said
end_operator
finish
