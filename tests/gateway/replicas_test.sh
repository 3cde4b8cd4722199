#!/usr/bin/env bash
# Three gateways behind HAProxy, with one Redis: sessions wander, limits hold in sum, gateways are killed, drained and
# replaced under load, and Redis is lost.
#   replicas_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"
PATH=$PATH:/usr/sbin:/sbin
for tool in haproxy redis-server; do
  command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed; apt-get install ${tool/redis-server/redis-server}" && exit 77; }
done

readonly JSON='content-type: application/json' LIMITED=limited-token-of-this-test
PORTS=()
for _ in 1 2 3; do PORTS+=("$(free_port)"); done
BALANCER_PORT=$(free_port)
readonly BALANCER_PORT BALANCER=http://127.0.0.1:$BALANCER_PORT

# start_replica NUMBER: on its port, from 0 on.
start_replica() {
  VX11_SERVER_DRAIN_DELAY=2s start "replica$1" '^listening on ' "$GATEWAY_PROGRAM" \
    --listen "127.0.0.1:${PORTS[$1]}" --sessions "redis://127.0.0.1:$REDIS_PORT" \
    --madre "$MADRE" --switch "$SWITCH_URL" --config "$CONFIG"
}
replica() { BASE=http://127.0.0.1:${PORTS[$1]}; }
balanced() { BASE=$BALANCER; }

start_balancer() {
  local i
  {
    cat <<CONF
defaults
  mode http
  option http-no-delay
  timeout connect 2s
  timeout client 75s
  timeout server 75s
frontend operators
  bind 127.0.0.1:$BALANCER_PORT
  http-response set-header X-Served-By %s
  default_backend vx11
backend vx11
  balance roundrobin
  option httpchk GET /readyz
  option redispatch
  retries 3
  retry-on conn-failure
  default-server check inter 200ms fall 1 rise 1
CONF
    for i in 0 1 2; do echo "  server replica$i 127.0.0.1:${PORTS[$i]}"; done
  } >"$WORK/haproxy.cfg"
  haproxy -db -f "$WORK/haproxy.cfg" >"$WORK/balancer.out" 2>"$WORK/balancer.err" </dev/null {REPORT}>&- &
  PIDS[balancer]=$!
  balanced
  eventually $START_LIMIT serves_from 3 || die "the balancer does not start: $(cat "$WORK/balancer.err")"
}
serving() { # which replicas answer through the balancer
  local i
  for i in {1..9}; do
    fetch "$BALANCER/livez"
    [[ $STATUS != 200 ]] || header X-Served-By
  done | sort -u
}
serves_from() { [[ $(serving | wc -l) == "$1" ]]; }

# --- sessions -------------------------------------------------------------------------------------

session_wanders() {
  local i served=''
  for i in {1..6}; do
    chat "{\"message\":\"turn $i\",\"session_id\":\"wanderer\"}"
    expect_status 200
    served+=$(header X-Served-By)$'\n'
  done
  expect_equal "gateways that served it" "$(sort -u <<<"$served" | grep -c replica)" 3
  for i in 0 1 2; do
    replica "$i"
    operator GET /operator/session/wanderer
    expect_json '.message_count == 12 and .messages[10].content == "turn 6"'
  done
  balanced
}

# --- limits ---------------------------------------------------------------------------------------

statuses_with() { # TOKEN COUNT: how often which status came, each request by a connection of its own
  curl --noproxy '*' -s -o /dev/null -w '%{http_code}\n' -H "authorization: Bearer $1" -H 'connection: close' \
    "$BALANCER/operator/power/status#[1-$2]" | sort | uniq -c | awk '{print $1, $2}'
}
limits_hold_in_sum() {
  expect_equal "admitted and refused" "$(statuses_with "$LIMITED_TOKEN" 60 | paste -sd ' ')" '20 200 40 429'
}

# --- idempotency ----------------------------------------------------------------------------------

keys_hold_in_sum() {
  local i clients=()
  reset_counts
  for i in 0 1 2; do
    curl --noproxy '*' -sS --max-time 30 -D "$WORK/keyed$i.head" -o "$WORK/keyed$i" -H "x-vx11-token: $TOKEN" -H "$JSON" \
      -H 'Idempotency-Key: one' -d '{"message":"hello","session_id":"keyed"}' \
      "http://127.0.0.1:${PORTS[$i]}/operator/chat/ask" {REPORT}>&- &
    clients+=($!)
  done
  wait "${clients[@]}"
  expect_equal "chats at switch" "$(count .switch.total)" 1
  expect_equal "different answers" "$(cat "$WORK"/keyed[012] | sed 's/}{/}\n{/g' | sort -u | wc -l)" 1
  expect_equal "replayed" "$(cat "$WORK"/keyed[012].head | grep -ci '^idempotent-replayed: true')" 2
}

# --- revocations ----------------------------------------------------------------------------------

revoke() { # PRINCIPAL FOR
  operator POST /admin/revocations -H "$JSON" -d "{\"principal\":\"$1\",\"for\":\"$2\"}"
}
answers_with() { # STATUS: the revoked token, at each gateway
  local i
  for i in 0 1 2; do
    fetch "http://127.0.0.1:${PORTS[$i]}/operator/power/status" -H "authorization: Bearer $REVOCABLE"
    [[ $STATUS == "$1" ]] || return 1
  done
}
revoked_everywhere() {
  answers_with 200 || unmet "it is not admitted at first"
  replica 0
  revoke revocable 1h
  expect_status 200
  eventually 10 answers_with 403 || unmet "it is still admitted"
  revoke revocable 0s
  eventually 10 answers_with 200 || unmet "it is still refused"
  revoke '' 1h
  expect_status 422
  balanced
}

# --- replicas come and go -------------------------------------------------------------------------

readonly LOG=$WORK/load.log OVER=$WORK/over
begin_load() {
  rm -f "$OVER"
  reset_counts
  python3 "$TESTS_DIR/gateway/replicas_load.py" "$BALANCER" "$TOKEN" 4 "$OVER" "$LOG" {REPORT}>&- &
  PIDS[load]=$!
  eventually 10 has_chats 40 || unmet "no load"
}
end_load() {
  touch "$OVER"
  wait "${PIDS[load]}"
  unset 'PIDS[load]'
}
has_chats() { (($(wc -l <"$LOG") >= $1)); }
more_chats() { eventually 10 has_chats $(($(wc -l <"$LOG") + $1)) || unmet "the load stands still"; }
failures() { grep -cv '^200 1 ' "$LOG"; }
# What was acknowledged is there, seen from any gateway, and switch has heard no chat twice.
nothing_is_lost() { # GATEWAY-NUMBER
  replica "$1"
  expect_equal "lost turns" "$(python3 "$TESTS_DIR/gateway/replicas_load.py" --verify "$BASE" "$TOKEN" "$LOG")" ''
  balanced
  (($(count .switch.total) <= $(wc -l <"$LOG"))) ||
    unmet "switch was asked $(count .switch.total) times for $(wc -l <"$LOG") chats"
}

killed_replica_loses_no_turn() {
  begin_load
  kill -KILL "${PIDS[replica0]}"
  wait "${PIDS[replica0]}" 2>/dev/null
  unset 'PIDS[replica0]'
  more_chats 60
  end_load
  # At most those that were in progress at the killed one: no more than there are clients.
  (($(failures) <= 4)) || unmet "failed: $(grep -v '^200 1 ' "$LOG")"
  nothing_is_lost 1
  expect_equal "gateways in use" "$(serving | paste -sd ' ')" 'replica1 replica2'
}
replaced_replica_serves() {
  begin_load
  start_replica 0
  eventually 10 serves_from 3 || unmet "serving: $(serving)"
  more_chats 30
  end_load
  expect_equal "failed chats" "$(failures)" 0
  nothing_is_lost 0
}
draining_replica_fails_no_chat() {
  begin_load
  stop replica1
  expect_equal "exit code" "$EXIT_CODE" 0
  more_chats 30
  end_load
  expect_equal "failed chats" "$(failures)" 0
  nothing_is_lost 2
}

# --- hints ----------------------------------------------------------------------------------------

metric() { # NAME, of the gateway at BASE
  operator GET /metrics
  sed -n "s/^$1 //p" "$BODY"
}
live() { [[ $(metric vx11_breaker_hints_live_replicas) == 3 ]]; }
exchanges_on() { (($(metric vx11_breaker_hints_exchanges_total) > $1)); }
reloaded_gateway_stays_one_replica() {
  local before
  replica 0
  eventually 10 live || unmet "live: $(metric vx11_breaker_hints_live_replicas)"
  for _ in 1 2 3; do
    operator POST /admin/reload
    expect_status 200
  done
  before=$(metric vx11_breaker_hints_exchanges_total)
  eventually 10 exchanges_on $((before + 1)) || unmet "no exchange after the reload"
  live || unmet "live: $(metric vx11_breaker_hints_live_replicas)"
  balanced
  expect_equal "admitted and refused" "$(statuses_with "$LIMITED_TOKEN" 3)" '3 429' # counts on
}
suspects() { (($(metric vx11_breaker_hints_suspicions_total) > 0)); }
open_breakers_are_hints() {
  local i
  fault switch 500
  for i in 0 2; do
    replica "$i"
    for _ in 1 2 3; do chat '{"message":"hello"}'; done
    operator GET /vx11/circuit-breaker/status
    expect_json '.breakers.switch.state == "open"'
  done
  replica 1
  eventually 15 suspects || unmet "no suspicion"
  heal
  chat '{"message":"hello"}'
  expect_json '.metadata.source == "switch"' # suspected, and asked all the same
  balanced
}

# --- Redis is lost --------------------------------------------------------------------------------

stopped_redis_is_not_waited_for() {
  kill -STOP "${PIDS[redis]}"
  for _ in {1..6}; do
    chat '{"message":"hello","session_id":"stopped"}'
    expect_status 200
    expect_json '.degraded'
    expect_within 1000 # twice sessions.max_wait, and 100 ms for the rates
  done
  expect_equal "decided alone" "$(statuses_with "$LIMITED_TOKEN" 3)" '3 200'
  kill -CONT "${PIDS[redis]}"
  eventually 10 stored_again || unmet "not stored: $(cat "$BODY")"
}
lost_redis_stops_no_chat() {
  local alone
  stop redis KILL
  chat '{"message":"hello","session_id":"without"}'
  expect_status 200
  expect_json '.metadata.session_stored == false and .degraded'
  # Each of the gateways decides alone now, so the client has the rate of each, less the three before.
  expect_equal "admitted and refused" "$(statuses_with "$LIMITED_TOKEN" 90 | paste -sd ' ')" '57 200 33 429'
  replica 0
  alone=$(metric vx11_limits_decided_alone_total)
  ((alone > 0)) || unmet "decided alone: $alone"
  grep -q 'limits are decided by this gateway alone' "$WORK/replica0.err" || unmet "no log line"
  balanced
}
stored_again() {
  chat '{"message":"hello","session_id":"again"}'
  jq -e '.metadata | has("session_stored") | not' "$BODY" >/dev/null
}
returned_redis_is_used() {
  start_redis_on "$REDIS_PORT"
  eventually 10 stored_again || unmet "not stored: $(cat "$BODY")"
}

start_redis
start_upstream
LIMITED_TOKEN=$("$GATEWAY_PROGRAM" token new limited --scopes power:read --rate 20/d --file "$WORK/tokens" 2>"$WORK/said")
REVOCABLE=$("$GATEWAY_PROGRAM" token new revocable --scopes power:read --file "$WORK/tokens" 2>"$WORK/said")
readonly LIMITED_TOKEN REVOCABLE
config <<TOML
[auth]
tokens = "$WORK/tokens"
shared_revocations = true
[limits]
shared = true
[idempotency]
shared = true
[chat]
breaker_hints = true
TOML
for i in 0 1 2; do start_replica "$i"; done
start_balancer
check "a session wanders between three gateways" session_wanders
check "a rate holds in sum" limits_hold_in_sum
check "an idempotency key holds for all: one chat at switch, one answer" keys_hold_in_sum
check "a token that one gateway revokes is refused by all" revoked_everywhere
check "a killed gateway loses no acknowledged turn, and no chat is sent twice" killed_replica_loses_no_turn
check "its replacement serves, without a failed chat" replaced_replica_serves
check "a gateway drains without a failed chat" draining_replica_fails_no_chat
start_replica 1
check "a gateway that reads its configuration again stays one replica" reloaded_gateway_stays_one_replica
check "breakers that two gateways have opened are a hint to the third, which asks all the same" open_breakers_are_hints
check "a Redis that hangs is not waited for, and is used again" stopped_redis_is_not_waited_for
check "without Redis chats go on, not stored, and limits are per gateway" lost_redis_stops_no_chat
check "Redis is used again when it is back" returned_redis_is_used
finish
