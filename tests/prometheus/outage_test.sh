#!/usr/bin/env bash
# A real Prometheus scrapes the gateway through an outage made on purpose: no alert before, also after a restart,
# and the page within two minutes. Windows are a sixtieth of those in deploy/prometheus, so that it takes seconds
# (an hour is a minute); what the rules say in real time is tested by rules_test.py. Then every query of the
# Grafana dashboard returns series.
#   outage_test.sh PROMETHEUS [GATEWAY [UPSTREAM]]
PROMETHEUS_PROGRAM=${1:-$(command -v prometheus)}
[[ $# -lt 2 ]] || export VX11_GATEWAY=$2
[[ $# -lt 3 ]] || export VX11_UPSTREAM=$3
source "$(dirname "$0")/../lib.sh"

readonly DEPLOY=$TESTS_DIR/../deploy

# scaled FILE: the rules with windows of a sixtieth.
scaled() {
  sed -e 's/\[5m\]/[5s]/; s/\[30m\]/[30s]/; s/\[1h\]/[60s]/; s/\[6h\]/[6m]/; s/\[3d\]/[72m]/' \
    "$DEPLOY/prometheus/$1" >"$WORK/$1"
}

configure_prometheus() { # PORT: of another gateway
  scaled rules.yml
  scaled alerts.yml
  sed -e 's/: 15s/: 500ms/; s/"127.0.0.1:8000"/"'"${LISTEN}"'", "127.0.0.1:'"$1"'"/' \
    -e "s,rule_files:.*,rule_files: [$WORK/rules.yml\, $WORK/alerts.yml]," \
    "$DEPLOY/prometheus/prometheus.yml" >"$WORK/prometheus.yml"
}

is_ready() { curl --noproxy '*' -fsS "$PROMETHEUS/-/ready" >/dev/null 2>&1; }
start_prometheus() {
  local port
  port=$(free_port)
  PROMETHEUS=http://127.0.0.1:$port
  "$PROMETHEUS_PROGRAM" --config.file="$WORK/prometheus.yml" --storage.tsdb.path="$WORK/tsdb" \
    --web.listen-address="127.0.0.1:$port" --log.level=warn >"$WORK/prometheus.out" \
    2>"$WORK/prometheus.err" </dev/null {REPORT}>&- &
  PIDS[prometheus]=$!
  eventually $START_LIMIT is_ready || die 'prometheus does not start'
}

# value EXPRESSION: of its only series; empty without one, "no answer" and a mistake if it cannot be asked.
value() {
  local answer
  if ! answer=$(curl --noproxy '*' -fsS "$PROMETHEUS/api/v1/query" --data-urlencode "query=$1") ||
    ! jq -er '.data.result | if length > 1 then "\(length) series" else .[0].value[1] // "" end' <<<"$answer"; then
    echo 'no answer'
    return 1
  fi
}
has_value() { [[ $(value "$1") == "$2" ]]; }
# Values of the short windows exist while there is traffic.
has_value_in_traffic() {
  ask 1
  has_value "$@"
}
has_more() { awk -v is="$(value "$1")" -v least="$2" 'BEGIN { exit !(is != "" && is >= least) }'; }

ask() { # COUNT [JSON]: chats, whatever is answered
  local i
  for ((i = 0; i < $1; i++)); do chat "${2:-{\"message\":\"hello\"\}}"; done
}
streamed() {
  operator POST /operator/chat/ask -H 'content-type: application/json' -H 'accept: text/event-stream' \
    --data-binary '{"message":"hello","session_id":"s"}'
  expect_status 200
}
completed() { # [MEMBERS]
  operator POST /v1/chat/completions -H 'content-type: application/json' \
    --data-binary '{"model":"vx11","messages":[{"role":"user","content":"hello"}]'"${1-}"'}'
  expect_status 200
}

# What has fired since Prometheus began, also for a moment.
readonly FIRED='sum(count_over_time(ALERTS{alertstate="firing"}[1h]))'
readonly PAGES='sum(count_over_time(ALERTS{alertstate="firing",severity="page"}[1h]))'
readonly EVENTS='vx11_slo_events_total{slo="availability"}'

good_traffic_alarms_nothing() {
  eventually 30 has_value "sum($EVENTS)" 0 || unmet 'the counter is not there from the start'
  ask 20
  streamed
  completed
  completed ',"stream":true'
  operator GET /operator/status
  operator GET /nothing
  eventually 30 has_more "sum($EVENTS)" 23 || unmet "Prometheus counts $(value "sum($EVENTS)"), not 23"
  eventually 30 has_value_in_traffic 'slo:vx11_slo_burn_rate:rate5m{slo="availability"}' 0 || unmet 'no burn rate'
  expect_equal 'what has fired' "$(value "$FIRED")" ''
}

restart_alarms_nothing() {
  local before
  operator GET /operator/slo
  before=$(jq '.objectives[0].events.total' "$BODY")
  restart_gateway
  ask 5
  eventually 30 has_more "sum(resets($EVENTS[60s]))" 1 || unmet 'the counter was not reset'
  expect_equal 'what has fired' "$(value "$FIRED")" ''
  operator GET /operator/slo
  expect_json '.objectives[0].events.total == $before + 5' --argjson before "$before"
}

fallbacks_are_no_page() {
  fault switch 500
  eventually 30 has_value_in_traffic 'ALERTS{alertstate="firing",alertname="Vx11FallbacksFast"}' 1 ||
    unmet 'no ticket for fallbacks'
  heal
  expect_equal 'pages' "$(value "$PAGES")" ''
  operator GET /operator/slo
  expect_json '[.objectives[] | select(.name == "first_choice").alerts[].firing] | any'
  expect_json '[.objectives[] | select(.name == "availability").alerts[].firing] | any | not'
}

outage_pages() {
  local begun=$SECONDS
  fault switch 503
  fault madre 503
  while ! has_value 'ALERTS{alertstate="firing",alertname="Vx11BudgetBurnsFast"}' 1; do
    ((SECONDS - begun < 120)) || { unmet 'no page within two minutes'; break; }
    ask 5
  done
  echo "     the page after $((SECONDS - begun)) s" >&"$REPORT"
  expect_equal 'the status of chats' "$STATUS" 503
  operator GET /operator/slo
  expect_json '.objectives[] | select(.name == "availability") | .budget_remaining < 0 and .alerts[0].firing'
  eventually 10 has_value 'max(vx11_slo_alert_firing{slo="availability",window="1h"})' 1 || unmet 'no metric of it'
  heal
}

queries_have_series() {
  /usr/bin/python3 "$TESTS_DIR/prometheus/dashboard_test.py" "$PROMETHEUS" >"$WORK/queries"
}
dashboard_has_series() {
  streamed
  completed
  completed ',"stream":true'
  eventually 30 queries_have_series || unmet "$(cat "$WORK/queries")"
}

start_upstream
LISTEN=127.0.0.1:$(free_port) # the same after a restart
SESSIONS=sqlite:$WORK/sessions.db
start_gateway
# Another one, without requests and with sessions in memory: rules and queries add both up.
OTHER=$(free_port)
start other '^listening on ' "$GATEWAY_PROGRAM" --listen "127.0.0.1:$OTHER" --sessions memory \
  --madre "$MADRE" --switch "$SWITCH_URL"
configure_prometheus "$OTHER"
start_prometheus
check 'good traffic alarms nothing' good_traffic_alarms_nothing
check 'a restart of the gateway alarms nothing' restart_alarms_nothing
check 'fallbacks make a ticket, and no page' fallbacks_are_no_page
check 'every query of the dashboard returns series' dashboard_has_series
check 'an outage pages within two minutes' outage_pages
finish
