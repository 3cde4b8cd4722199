#!/usr/bin/env bash
# Traces as a collector reads them by OpenTelemetry's own definitions, while it works and while it fails.
#   traces.sh FOLDER             the one that install.sh filled from collector/
source "$(dirname "$0")/../lib.sh"

readonly FOLDER=$1
[[ -e $FOLDER/node_modules/installed.json ]] || { echo "skipped: the collector is not installed in $FOLDER" && exit 77; }
readonly TRACE=4bf92f3577b34da6a3ce929d0e0e4736 CALLER=00f067aa0ba902b7

at_collector() { curl --noproxy '*' -fsS --max-time 30 "$COLLECTOR$1" "${@:2}"; }
steer() { at_collector "/__fault/$1" -X POST >/dev/null || die "the collector refuses $1"; }
seen() { at_collector /__seen | jq -c "$@"; }
has_seen() { at_collector /__seen | jq -e "$@" >/dev/null; }
sees() { eventually 30 has_seen "$@" || unmet "not so: $*"$'\n'"$(seen .)"; }
metric() { curl --noproxy '*' -fsS "$BASE/metrics" | sed -n "s/^$1 //p"; }
metric_exceeds() { (($(metric "$1") > $2)); }
reaches() { eventually 30 metric_exceeds "$1" "$2" || unmet "$1 is $(metric "$1"), not above $2"; }

# asks FLAGS [MESSAGE]: a chat within the caller's trace.
asks() {
  chat "{\"message\":\"${2:-private words}\",\"session_id\":\"private-session\"}" \
    -H "traceparent: 00-$TRACE-$CALLER-$1" -H 'tracestate: vendor=1'
}

start collector '^collector on' node "$FOLDER/collector.mjs"
COLLECTOR=$(url_of collector 'collector on')
export VX11_TRACING_ENDPOINT=$COLLECTOR VX11_TRACING_DELAY=10ms VX11_TRACING_SERVICE_NAME=gateway-of-the-test
# switch is down, and madre is a part of the collector.
MADRE=$COLLECTOR SWITCH_URL=http://127.0.0.1:$(free_port)
start_gateway

# --- one trace ------------------------------------------------------------------------------------

follows_a_chat() {
  asks 01
  expect_status 200
  expect_json '.metadata.source == "madre_fallback"'
  sees '.spans | length == 3'
  sees --arg trace $TRACE --arg caller $CALLER '.spans as $spans | .calls[0] as $call
    | ($spans[] | select(.kind == 2)) as $own | [$spans[] | select(.kind == 3)] as $attempts
    | all($spans[]; .traceId == $trace and .traceState == "vendor=1")
      and $own.parentSpanId == $caller and $own.name == "POST /operator/chat/ask"
      and $own.attributes["http.response.status_code"] == 200
      and ($attempts | length == 2) and all($attempts[]; .parentSpanId == $own.spanId)
      and $attempts[0].attributes["vx11.target"] == "switch" and $attempts[0].status.code == 2
      and $attempts[0].attributes["error.type"] == "unreachable"
      and $attempts[1].attributes["vx11.target"] == "madre"
      and $attempts[1].events[0].name == "vx11.fallback"
      and $call.traceId == $trace and $call.spanId == $attempts[1].spanId
      and $call.traceFlags == 1 and $call.traceState == "vendor=1"'
  sees '.resources[0]["service.name"] == "gateway-of-the-test" and .resources[0]["telemetry.sdk.language"] == "cpp"'
  sees '.compressed == .requests and .mistakes == []'
  ! seen '.spans, .resources' | grep -q 'private\|operator-token' || unmet "spans have what is private"
  reaches 'vx11_trace_spans_total{outcome="exported"}' 2
}
streams() {
  chat '{"message":"hello"}' -H "traceparent: 00-$TRACE-$CALLER-01" -H 'Accept: text/event-stream'
  expect_status 200
  sees 'any(.spans[]; .attributes["vx11.stream.end"] == "done")'
}
is_quiet() {
  local before
  before=$(seen '.spans | length')
  for _ in {1..20}; do asks 00; done
  expect_status 200
  # A sampled one comes after all others.
  asks 01
  sees ".spans | length == $before + 3"
  sees '.calls[-2].traceFlags == 0'
}
keeps_failures() {
  asks 00 fail
  expect_status 503
  sees '[.spans[-3:][] | select(.kind == 2)][0] | .status.code == 2 and .attributes["error.type"] == "service_offline"'
  sees '.spans[-3:] | map(.attributes["vx11.outcome"]) | any(. == "error")'
}

check "a chat is a trace from its caller to both attempts, and the target gets the second one" follows_a_chat
check "the span of a stream is complete" streams
check "what is not sampled is not sent" is_quiet
check "failures are kept though they were not sampled" keeps_failures

# --- a collector that fails -----------------------------------------------------------------------

counts_a_partial_success() {
  steer partial
  asks 01
  reaches 'vx11_trace_spans_total{outcome="rejected"}' 0
  steer none
}
tries_again() {
  local before
  before=$(seen '.spans | length')
  steer busy
  asks 01
  reaches vx11_trace_export_retries_total 0
  steer none
  sees ".spans | length == $before + 3"
}
chats_go_on_while_it() { # FAULT
  local dropped='vx11_trace_spans_total{outcome="queue_full"}' before
  before=$(metric "$dropped")
  steer "$1"
  for _ in {1..8}; do
    asks 01
    expect_status 200
  done
  reaches "$dropped" "$before"
  steer none
}
ends_with_a_flush() {
  export VX11_TRACING_DELAY=1h
  restart_gateway
  local before
  before=$(seen '.spans | length')
  asks 01
  end_gateway
  sees ".spans | length == $before + 3"
}
ends_in_time() {
  start_gateway
  steer hang
  asks 01
  local begun=$SECONDS
  end_gateway
  ((SECONDS - begun < 20)) || unmet "it took $((SECONDS - begun)) s to end"
  grep -q 'collector of traces did not answer' "$WORK/gateway.err" || unmet "the log does not say so"
  steer none
}
follows_a_reload() {
  printf '[tracing]\nservice_name = "%s"\ndelay = "1h"\n' first | config
  unset VX11_TRACING_SERVICE_NAME VX11_TRACING_DELAY
  start_gateway --config "$CONFIG"
  asks 01
  printf '[tracing]\nservice_name = "%s"\n' second | config
  kill -HUP "${PIDS[gateway]}"
  sees '.resources[-1]["service.name"] == "first"' # what it had was sent before
  eventually 30 grep -q 'read again and is in force' "$WORK/gateway.err" || unmet "not in force"
  asks 01
  end_gateway
  sees '.resources[-1]["service.name"] == "second" and .mistakes == []'
}

counts_what_a_reload_loses() {
  printf '[tracing]\nservice_name = "%s"\ndelay = "1h"\n' third | config
  start_gateway --config "$CONFIG"
  steer hang
  asks 01
  printf '[tracing]\nservice_name = "%s"\n' fourth | config
  kill -HUP "${PIDS[gateway]}"
  reaches 'vx11_trace_spans_total{outcome="undelivered"}' 2
  grep -q 'collector of traces did not answer' "$WORK/gateway.err" || unmet "the log does not say so"
  steer none
}

check "spans that a partial success rejects are counted" counts_a_partial_success
check "a collector that is busy gets the spans later" tries_again
export VX11_TRACING_MAX_QUEUE=6 VX11_TRACING_MAX_BATCH=3
restart_gateway
for fault in down hang; do
  check "chats go on, and spans are dropped, while the collector has the fault $fault" chats_go_on_while_it $fault
done
unset VX11_TRACING_MAX_QUEUE VX11_TRACING_MAX_BATCH
check "the end of the gateway sends what waits" ends_with_a_flush
check "a collector that hangs does not hold up the end of the gateway" ends_in_time
check "a reload takes over another configuration, and loses nothing" follows_a_reload
check "what a reload cannot send is counted and logged" counts_what_a_reload_loses
finish
