#!/usr/bin/env bash
# Sessions in a real redis-server: shared by gateways, lost for a while, encrypted.
#   redis_sessions_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

talk() { chat '{"message":"a private word","session_id":"'"${1:-session-001}"'"}'; }
is_stored() { talk "$@" && expect_status 200 && jq -e '.metadata | has("session_stored") | not' "$BODY" >/dev/null; }
stores_a_turn() {
  is_stored "$@" || unmet "not stored$(show_answer)"
}
is_not_stored() {
  expect_status 200
  expect_json '.degraded and .metadata.session_stored == false'
}
remembers() { # COUNT [SESSION]
  operator GET "/operator/session/${2:-session-001}"
  expect_status 200
  expect_json '.message_count == $count' --argjson count "$1"
}
store_status() { # STATUS [REASON]
  operator GET /operator/status
  expect_json '.components.redis.status == $status and (.components.redis.reason // "") == $reason' \
    --arg status "$1" --arg reason "${2:-}"
}
ask_redis() { redis-cli -p "$REDIS_PORT" "$@" 2>&1; }

is_found_by_another_gateway() {
  local first=$BASE
  VX11_SERVER_DRAIN_DELAY=0s start other '^listening on ' "$GATEWAY_PROGRAM" --listen 127.0.0.1:0 --madre "$MADRE" \
    --sessions "redis://127.0.0.1:$REDIS_PORT"
  BASE=$(url_of other 'listening on ')
  remembers 2
  stores_a_turn
  BASE=$first
  remembers 4
  stop other
}

# Under load: each chat is answered, whether Redis is there or not.
outlives_redis() {
  side_by_side 600 /operator/chat/ask -H 'content-type: application/json' \
    --data-binary '{"message":"hi","session_id":"load"}' >"$WORK/load" &
  local load=$!
  eventually 10 has_turns || unmet "no load"
  stop redis KILL
  wait $load
  expect_equal "answers under load" "$(xargs <"$WORK/load")" "600 200"
  talk
  is_not_stored
  expect_within 500
  store_status unreachable
  operator GET /operator/session/session-001
  expect_status 503
}
has_turns() { (($(ask_redis LLEN 'vx11:s:{load}') >= 25)); }

comes_back() {
  start_redis_on "$REDIS_PORT"
  eventually 5 is_stored || unmet "nothing is stored 5 s after the return of redis"
  eventually 5 is_shown_as_ok || unmet "the status says ${STATUS} $(cat "$BODY")"
}
# Each event loop of the gateway connects anew on its own.
is_shown_as_ok() {
  operator GET /operator/status
  jq -e '.components.redis.status == "ok"' "$BODY" >/dev/null
}

# A server that does not answer costs a chat two times max_wait at most, whatever the limits of the client.
waits_within_the_limit() {
  end_gateway
  VX11_REDIS_COMMAND_TIMEOUT=30s VX11_REDIS_CONNECT_TIMEOUT=30s \
    start_gateway --sessions "redis://127.0.0.1:$REDIS_PORT"
  stores_a_turn stopped
  kill -STOP "${PIDS[redis]}"
  talk stopped
  kill -CONT "${PIDS[redis]}"
  is_not_stored
  expect_within 500
  eventually 5 is_stored stopped || unmet "nothing is stored after it continues"
  end_gateway
  start_gateway --sessions "redis://127.0.0.1:$REDIS_PORT"
}

says_that_redis_is_full() {
  ask_redis CONFIG SET maxmemory 1 >/dev/null
  talk
  is_not_stored
  grep -q 'session not stored: cannot write the session in redis: redis is out of memory' \
    "$WORK/gateway.err" || unmet "the log does not say why"
  store_status degraded out_of_memory
  ask_redis CONFIG SET maxmemory 0 >/dev/null
  stores_a_turn
  store_status ok
}

loses_no_acknowledged_turn() {
  local session
  (
    turn=0
    while talk "killed-$((++turn))" && [[ $STATUS == 200 ]]; do
      jq -e '.metadata | has("session_stored") | not' "$BODY" >/dev/null && echo "killed-$turn"
    done
  ) >"$WORK/acknowledged" 2>/dev/null &
  local load=$!
  eventually 10 has_acknowledged 15 || unmet "no load"
  stop gateway KILL
  wait $load
  start_gateway --sessions "redis://127.0.0.1:$REDIS_PORT"
  while read -r session; do remembers 2 "$session"; done <"$WORK/acknowledged"
}
has_acknowledged() { (($(wc -l <"$WORK/acknowledged") >= $1)); }

encrypts() {
  (umask 077 && echo "7 $(openssl rand -hex 32)" >"$WORK/keys" && echo 'right word' >"$WORK/password")
  ask_redis CONFIG SET requirepass 'right word' >/dev/null
  end_gateway
  VX11_SESSIONS_ENCRYPTION_KEYS=$WORK/keys VX11_REDIS_PASSWORD_FILE=$WORK/password \
    VX11_REDIS_PREFIX=sealed: start_gateway --sessions "redis://127.0.0.1:$REDIS_PORT"
  stores_a_turn
  remembers 2
  store_status ok
  ask_redis -a 'right word' --no-auth-warning LRANGE 'sealed:s:{session-001}' 0 -1 >"$WORK/value"
  [[ -s $WORK/value ]] || unmet "no value"
  ! grep -q 'private word' "$WORK/value" || unmet "the text can be read in redis"
  ! grep -rq 'right word' "$WORK"/gateway.{err,out} || unmet "the password is shown"
  chmod 644 "$WORK/keys"
  ! VX11_SESSIONS_ENCRYPTION_KEYS=$WORK/keys "$GATEWAY_PROGRAM" --check-config \
    --sessions redis://r >"$WORK/checked" 2>&1 || unmet "keys that everyone may read are accepted"
  grep -q 'chmod o-r' "$WORK/checked" || unmet "what to do is not said: $(cat "$WORK/checked")"
}

# documented_acl ROW: of the table in docs/operations.md.
documented_acl() { sed -n "s/^| $1.*| \`\(.*\)\` |$/\1/p" "$TESTS_DIR/../docs/operations.md"; }
metric() { operator GET /metrics && sed -n "s/^$1 //p" "$BODY"; }
exchanges_hints() { (($(metric vx11_breaker_hints_exchanges_total) > 0)); }

needs_no_more_than_documented() {
  local keyed=(-H 'Idempotency-Key: one' -H 'content-type: application/json' -d '{"message":"a","session_id":"acl"}')
  local revoking=(-H 'content-type: application/json' -d '{"principal":"revoked-one","for":"1h"}') rules command
  rules="$(documented_acl 'an ACL user') $(documented_acl 'and for rates') $(documented_acl 'and with')"
  end_gateway
  ask_redis FLUSHALL >/dev/null
  ask_redis ACL SETUSER gateway on '>word' $rules >/dev/null # shellcheck disable=SC2086
  ask_redis ACL LOG RESET >/dev/null
  VX11_AUTH_SHARED_REVOCATIONS=true VX11_LIMITS_SHARED=true VX11_LIMITS_PER_TOKEN=1000/m \
    VX11_LIMITS_TOKENS_PER_MINUTE=100000 VX11_LIMITS_PER_SESSION=1000/m VX11_IDEMPOTENCY_SHARED=true \
    VX11_CHAT_BREAKER_HINTS=true \
    start_gateway --sessions "redis://gateway:word@127.0.0.1:$REDIS_PORT/0"
  for _ in 1 2; do
    operator POST /operator/chat/ask "${keyed[@]}"
    expect_status 200
  done
  expect_header Idempotent-Replayed true
  for _ in {1..30}; do talk acl; expect_status 200; done # beyond the messages that are kept
  operator POST /admin/revocations "${revoking[@]}"
  operator DELETE /operator/session/acl
  operator GET /operator/status
  eventually 10 exchanges_hints || unmet "no hints are exchanged"
  for command in 'WAIT 0 1' 'CLUSTER SLOTS' ASKING; do # without replicas and a cluster
    ask_redis --user gateway --pass word --no-auth-warning $command >/dev/null # shellcheck disable=SC2086
  done
  expect_equal "what was denied" "$(ask_redis ACL LOG | grep -A1 '^ *object' | xargs)" ''
  (($(ask_redis DBSIZE) >= 4)) || unmet "keys: $(ask_redis KEYS '*')"
  end_gateway
  start_gateway --sessions "redis://127.0.0.1:$REDIS_PORT"
}

# A Cluster of one node that has half of the slots: sessions of the others cannot be stored.
serves_what_a_cluster_has() {
  local served=() lost=() id
  end_gateway
  stop redis
  start_redis --cluster-enabled yes --cluster-port "$(free_port)" --cluster-require-full-coverage no
  ask_redis CLUSTER ADDSLOTSRANGE 0 8191 >/dev/null
  eventually 10 cluster_is_ok || unmet "no cluster"
  start_gateway --sessions "redis+cluster://127.0.0.1:$REDIS_PORT"
  for id in part-{1..40}; do
    if (($(ask_redis CLUSTER KEYSLOT "vx11:s:{$id}") < 8192)); then served+=("$id"); else lost+=("$id"); fi
  done
  for id in "${lost[@]:0:12}"; do
    talk "$id"
    is_not_stored
  done
  stores_a_turn "${served[0]}"
}
cluster_is_ok() { ask_redis CLUSTER INFO | grep -q '^cluster_state:ok'; }

start_upstream
start_redis
start_gateway --sessions "redis://127.0.0.1:$REDIS_PORT"
check "the first turn is stored" stores_a_turn
check "the status shows the redis of the sessions" store_status ok
check "another gateway finds the session, and continues it" is_found_by_another_gateway
check "a full redis is named in answer, log and status" says_that_redis_is_full
check "a killed redis costs chats their memory, not their answers" outlives_redis
check "a redis that is back is used within 5 s" comes_back
check "a redis that hangs costs a chat no more than the limit" waits_within_the_limit
check "a gateway that is killed loses no acknowledged turn" loses_no_acknowledged_turn
check "the documented ACL suffices for all that is shared" needs_no_more_than_documented
check "sessions are encrypted, and the password comes from a file" encrypts
check "a cluster without a part of its slots serves the others" serves_what_a_cluster_has
finish
