#!/usr/bin/env bash
# GET /metrics as scrapers read it: promtool, the parser of prometheus_client, and a real Prometheus.
#   metrics_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

readonly JSON='content-type: application/json' OPENMETRICS='application/openmetrics-text; version=1.0.0'
readonly PAGE=$WORK/page TRACE=4bf92f3577b34da6a3ce929d0e0e4736

# file [LINE…]: everything that has metrics of its own.
file() {
  config <<TOML
[targets.llama]
dialect = "openai"
url = "$MODELS"
model = "small"
[targets.spare]
dialect = "openai"
url = "$MODELS"
model = "small"
[groups.models]
targets = ["llama", "spare"]
[routes.chat]
targets = ["models", "switch", "madre"]
[chat]
route = "chat"
[limits]
per_token = "100000/1s"
concurrent = 100
[log]
access = "$WORK/access.log"
[metrics]
access = "public"
$(printf '%s\n' "$@")
TOML
}

page() { # [ACCEPT]
  operator GET /metrics ${1:+-H "Accept: $1"}
  expect_status 200
  cp "$BODY" "$PAGE"
}
value() { sed -n "s/^$1 //p" "$PAGE"; }
series() { grep -v '^#' "$BODY" | sed 's/ [^ ]*$//' | sort; }
completion() { # MEMBERS [CURL-ARGUMENT…]
  operator POST /v1/chat/completions -H "$JSON" "${@:2}" -d \
    "{\"model\":\"vx11/llama\",$1,\"messages\":[{\"role\":\"user\",\"content\":\"one two three\"}]}"
}

counters_begin_at_zero() {
  page
  expect_equal "chats" "$(value 'vx11_http_requests_total{route="\/operator\/chat\/ask",method="POST",code="200"}')" 0
  local name
  for name in vx11_chat_fallbacks_total vx11_chat_tokens_total gen_ai_client_token_usage_bucket \
    vx11_circuit_transitions_total vx11_circuit_rejections_total vx11_circuit_probes_total \
    vx11_limit_refusals_total vx11_upstream_connections_reused_total vx11_status_wakeups_total; do
    grep -q "^$name" "$PAGE" || unmet "$name is missing"
    ! grep "^$name" "$PAGE" | grep -qv ' 0$' || unmet "$name is not 0: $(grep "^$name" "$PAGE" | grep -v ' 0$')"
  done
}

formats_are_negotiated() {
  page
  expect_header content-type '^text/plain; version=0.0.4'
  page 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
  expect_header content-type '^application/openmetrics-text; version=1.0.0'
  expect_equal "the last line" "$(tail -n 1 "$PAGE")" '# EOF'
  page 'application/openmetrics-text;q=0.2, text/plain'
  expect_header content-type '^text/plain'
  page 'application/openmetrics-text;version=2.0.0'
  expect_header content-type '^text/plain'
}

promtool_finds_nothing() {
  page
  expect_equal "what promtool says" "$(promtool check metrics <"$PAGE" 2>&1)" ''
}

is_read_by_another_parser() {
  page "$OPENMETRICS"
  /usr/bin/python3 - "$PAGE" "$TRACE" <<'PY' || unmet "the page cannot be read"
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(open(sys.argv[1]).read()))
by_name = {family.name: family for family in families}
assert len(by_name) == len(families), "a family twice"
assert by_name["vx11_build"].type == "info"
assert by_name["vx11_http_request_duration_seconds"].unit == "seconds"
assert by_name["vx11_http_requests"].type == "counter"
assert by_name["process_start_time_seconds"].samples[0].value > 1.6e9
seen = set()
exemplars = set()
for family in families:
    assert family.documentation, family.name + " has no help"
    for sample in family.samples:
        key = (sample.name, tuple(sorted(sample.labels.items())))
        assert key not in seen, key
        seen.add(key)
        if sample.exemplar: exemplars.add(sample.exemplar.labels["trace_id"])
assert exemplars == {sys.argv[2]}, exemplars
PY
}

uses_are_counted() {
  local before
  chat '{"message":"hello"}' -H "traceparent: 00-$TRACE-00f067aa0ba902b7-01"
  expect_status 200
  completion '"stream":false'
  expect_status 200
  completion '"stream":true,"stream_options":{"include_usage":true}'
  expect_status 200
  page
  expect_equal "chats" "$(value 'vx11_http_requests_total{route="\/operator\/chat\/ask",method="POST",code="200"}')" 1
  expect_equal "completions" "$(value 'vx11_http_requests_total{route="\/v1\/chat\/completions",method="POST",code="200"}')" 2
  expect_equal "timed completions" "$(value 'vx11_http_request_duration_seconds_count{route="\/v1\/chat\/completions"}')" 2
  (($(value 'vx11_chat_tokens_total{target="llama",type="output"}') > 0)) || unmet "no tokens of llama"
  local labels='gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="small"'
  expect_equal "token counts" "$(value "gen_ai_client_token_usage_count{$labels,gen_ai_token_type=\"output\"}")" 3
  expect_equal "chats of the model" "$(value "gen_ai_server_request_duration_seconds_count{$labels}")" 3
  expect_equal "first tokens" "$(value "gen_ai_server_time_to_first_token_seconds_count{$labels}")" 1
  expect_equal "first pieces" "$(value vx11_chat_first_piece_seconds_count)" 1
  expect_equal "own times" "$(value vx11_chat_own_duration_seconds_count)" 2
  (($(value 'vx11_session_store_duration_seconds_count{operation="write"}') == 1)) || unmet "no time of the store"
  (($(value vx11_sessions) == 1)) || unmet "not one session"
  (($(value 'vx11_session_store_operations{operation="write"}') == 0)) || unmet "an operation is under way"
}

failures_are_counted() {
  fault switch 500
  operator POST /v1/chat/completions -H "$JSON" -d \
    '{"model":"vx11/switch","messages":[{"role":"user","content":"hello"}]}'
  expect_status 503
  for _ in 1 2 3; do chat_through_switch; done
  page
  expect_equal "transitions" "$(value 'vx11_circuit_transitions_total{breaker="switch"}')" 1
  (($(value 'vx11_circuit_failed_calls_total{breaker="switch"}') >= 2)) || unmet "no failures"
  (($(value 'vx11_circuit_rejections_total{breaker="switch"}') >= 1)) || unmet "no rejections"
  (($(value 'vx11_chat_fallbacks_total{target="switch",reason="circuit_open"}') >= 1)) || unmet "no fallbacks"
  heal
}
chat_through_switch() {
  operator POST /v1/chat/completions -H "$JSON" -d \
    '{"model":"vx11/both","messages":[{"role":"user","content":"hello"}]}'
  expect_status 200
}

connections_and_loops_are_counted() {
  page
  (($(value 'vx11_upstream_connections_opened_total{upstream="llama"}') >= 1)) || unmet "none was opened"
  (($(value 'vx11_upstream_connections_reused_total{upstream="llama"}') >= 1)) || unmet "none was used again"
  (($(value 'vx11_upstream_connecting_calls{upstream="llama"}') == 0)) || unmet "calls wait"
  (($(value vx11_server_connections) >= 1)) || unmet "the scrape has no connection"
  (($(value 'vx11_loop_turns_total{loop="0"}') > 0)) || unmet "the loop has not turned"
  jq -en "$(value 'vx11_loop_busy_seconds_total{loop="0"}') > 0" >/dev/null || unmet "the loop was never busy"
  jq -en "$(value process_cpu_seconds_total) > 0 and $(value process_resident_memory_bytes) > 1e6" >/dev/null ||
    unmet "the process uses nothing"
  (($(value process_open_fds) > 3 && $(value process_max_fds) >= $(value process_open_fds))) || unmet "no files"
  (($(value process_threads) >= 2)) || unmet "no threads"
}

# What clients choose reaches no label: paths, methods, ids, models, sessions, principals.
no_request_makes_a_series() {
  local before odd n
  page
  before=$(series)
  for n in {1..8}; do
    odd="odd-$n-\"}{%0a"
    anonymous GET "/$(jq -rn --arg t "$odd" '$t|@uri')"
    operator "ODD$n" /operator/status
    operator DELETE /metrics
    operator GET "/operator/session/$n"
    operator GET /operator/status -H "X-Request-Id: id-$n" -H "traceparent: $odd"
    anonymous GET /operator/status -H "x-vx11-token: wrong-$n"
    operator POST /v1/chat/completions -H "$JSON" -d "$(jq -nc --arg m "$odd" '{model:$m,messages:[]}')"
    operator POST /v1/embeddings -H "$JSON" -d "$(jq -nc --arg m "$odd" '{model:$m,input:"x"}')"
    chat "$(jq -nc --arg t "$odd" '{message:$t,session_id:$t,user_id:$t,mode:$t}')"
    raw 'ODD%s /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$n"
    raw 'not http at all %s\r\n\r\n' "$n"
  done
  page
  expect_equal "new or lost series" "$(diff <(echo "$before") <(series))" ''
  (($(value 'vx11_http_requests_total{route="\/operator\/status",method="other",code="405"}') == 8)) ||
    unmet "other methods are not counted"
  (($(value 'vx11_http_requests_total{route="\/operator\/status",method="GET",code="403"}') >= 8)) ||
    unmet "wrong tokens are not counted"
  (($(value 'vx11_http_requests_total{route="none",method="other",code="400"}') >= 8)) ||
    unmet "what is no HTTP is not counted"
}

counters_outlast_a_reload() {
  local before after
  page
  before=$(grep -v '^#' "$PAGE" | grep -E '_(total|count|bucket)[{ ]' | grep -v '^vx11_loop' | sort)
  file '[switch]' "breaker.failures_to_open = 7"
  operator POST /admin/reload
  expect_status 200
  page
  after=$(grep -v '^#' "$PAGE" | grep -E '_(total|count|bucket)[{ ]' | grep -v '^vx11_loop' | sort)
  /usr/bin/python3 - <(echo "$before") <(echo "$after") <<'PY' || unmet "a counter went back or was lost"
import sys
read = lambda path: {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in open(path) if line.strip()}
before, after = read(sys.argv[1]), read(sys.argv[2])
wrong = [name for name in before if after.get(name, -1) < before[name]]
print("\n".join(wrong))
sys.exit(bool(wrong))
PY
}

families() { sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$PAGE" | sort; }
reloaded_with() { # [LINE…]
  file "$@" '[routes.both]' 'targets = ["switch", "madre"]'
  operator POST /admin/reload
  expect_status 200
  page
}
requests_can_be_left_out() {
  local -r OF_REQUESTS='^(vx11_http_|vx11_chat_|gen_ai_|vx11_requests_total|vx11_completions_)'
  local -r CHATS='vx11_http_requests_total{route="\/operator\/chat\/ask",method="POST",code="200"}'
  local all counted
  page
  all=$(families) counted=$(value "$CHATS")
  reloaded_with 'requests = false'
  expect_equal "what is left" "$(families)" "$(grep -vE "$OF_REQUESTS" <<<"$all")"
  chat '{"message":"not counted"}'
  expect_status 200
  operator POST /v1/chat/completions -H "$JSON" \
    -d '{"model":"vx11/llama","stream":true,"messages":[{"role":"user","content":"not counted"}]}'
  expect_status 200
  anonymous GET /operator/status
  reloaded_with
  expect_equal "families again" "$(families)" "$all"
  expect_equal "chats that were counted" "$(value "$CHATS")" "$counted"
  chat '{"message":"counted"}'
  page
  expect_equal "chats that are counted again" "$(value "$CHATS")" "$((counted + 1))"
}

# A status asks madre alone, and only for her power state; any other request would be counted.
wakeups_stay_at_zero() {
  for _ in 1 2 3; do operator GET /operator/status; operator GET /operator/power/state; done
  page
  expect_equal "wakeups" "$(value vx11_status_wakeups_total)" 0
  fault madre 404 '"path":"/madre/power/state"'
  sleep 0.1 # the age at which a status is not served again
  operator GET /operator/status
  page
  (($(value vx11_status_wakeups_total) >= 1)) || unmet "a request for /health is not counted"
  heal
}

is_scraped() { [[ $(query 'up{job="vx11-gateway"}') == 1 ]]; }
query() {
  curl --noproxy '*' -fsS --get "$PROMETHEUS/api/v1/query" --data-urlencode "query=$1" 2>/dev/null |
    jq -r '.data.result[0].value[1] // empty'
}
prometheus_drops_nothing() {
  local port
  port=$(free_port)
  PROMETHEUS=http://127.0.0.1:$port
  cat >"$WORK/prometheus.yml" <<YML
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: vx11-gateway
    static_configs: [{targets: ["${BASE#http://}"]}]
YML
  GOMAXPROCS=1 prometheus --config.file="$WORK/prometheus.yml" --storage.tsdb.path="$WORK/tsdb" \
    --web.listen-address="127.0.0.1:$port" --enable-feature=exemplar-storage \
    >"$WORK/prometheus.out" 2>"$WORK/prometheus.err" </dev/null &
  PIDS[prometheus]=$!
  eventually 60 is_scraped || unmet "it is not scraped"
  page "$OPENMETRICS"
  expect_equal "samples that were kept" "$(query 'count({job="vx11-gateway",__name__!~"up|scrape_.*"})')" \
    "$(query 'scrape_samples_scraped{job="vx11-gateway"}')"
  expect_equal "samples of the page" "$(query 'scrape_samples_scraped{job="vx11-gateway"}')" "$(grep -vc '^#' "$PAGE")"
  curl --noproxy '*' -fsS --get "$PROMETHEUS/api/v1/query_exemplars" -d start=0 -d end=9999999999 \
    --data-urlencode 'query=vx11_http_request_duration_seconds_bucket' |
    grep -q "$TRACE" || unmet "there is no exemplar"
  stop prometheus
}

start_upstream
start models '^ready' "$UPSTREAM_PROGRAM" --models 127.0.0.1:0
MODELS=$(url_of models 'models listening on')
file '[routes.both]' 'targets = ["switch", "madre"]'
SESSIONS=sqlite:$WORK/sessions.db restart_gateway --config "$CONFIG"
check "counters exist at 0 from the start" counters_begin_at_zero
check "the format is that of Accept" formats_are_negotiated
check "uses are counted: routes, tokens, models, pieces, the store" uses_are_counted
check "failures are counted: breakers, fallbacks" failures_are_counted
check "connections, loops and the process are counted" connections_and_loops_are_counted
if /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null; then
  check "another parser reads OpenMetrics, with units and exemplars" is_read_by_another_parser
else
  echo "left out, because it is not installed: what needs python3-prometheus-client" >&2
fi
check "whatever is sent, the series stay the same" no_request_makes_a_series
check "counters outlast a reload" counters_outlast_a_reload
check "requests and chats can be left out, and count on after that" requests_can_be_left_out
check "status wakes nothing, and what might is counted" wakeups_stay_at_zero
if command -v promtool >/dev/null; then
  check "promtool check metrics: nothing" promtool_finds_nothing
  check "a real Prometheus keeps every sample" prometheus_drops_nothing
else
  echo "left out, because it is not installed: what needs prometheus" >&2
fi
finish
