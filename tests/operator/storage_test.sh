#!/usr/bin/env bash
# vx11-operator is killed with -9 while clients store events: none that was acknowledged is lost.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/operator.sh"

readonly ROUNDS=2 CLIENTS=4 EVENTS=20
ACKNOWLEDGED=$WORK/acknowledged

# ask METHOD PATH [CURL-ARGUMENT…] of the backend
ask() {
  local method=$1 path=$2
  shift 2
  fetch -X "$method" -H "x-vx11-token: $TOKEN" "$@" "$OPERATOR/operator/api$path"
}

# store_events NAME: writes the ids that the backend acknowledges, until it is gone
store_events() {
  local body i
  for ((i = 0; i < EVENTS; ++i)); do
    body=$(curl --noproxy '*' -sS --max-time 10 -H "x-vx11-token: $TOKEN" -H 'content-type: application/json' \
      -d "{\"source\":\"$1\",\"type\":\"test\",\"payload\":{\"number\":$i}}" \
      "$OPERATOR/operator/api/events/ingest" 2>/dev/null) || return 0
    jq -r 'select(.status == "received") | .event_id' <<<"$body" >>"$ACKNOWLEDGED"
  done
}

acknowledged_at_least() { (($(wc -l <"$ACKNOWLEDGED") >= $1)); }

kill_backend() {
  local client clients=() before
  before=$(wc -l <"$ACKNOWLEDGED")
  for ((client = 0; client < CLIENTS; ++client)); do
    store_events "client$client" &
    clients+=($!)
  done
  eventually 30 acknowledged_at_least $((before + 10)) || unmet 'no event is acknowledged'
  kill -9 "${PIDS[operator]}"
  wait "${clients[@]}"
  wait "${PIDS[operator]}" 2>/dev/null
  unset 'PIDS[operator]'
}

nothing_is_lost() {
  local missing
  ask GET '/events?limit=500'
  expect_status 200
  missing=$(sort -u "$ACKNOWLEDGED" | comm -23 - <(jq -r '.events[].event_id' "$BODY" | sort -u))
  expect_equal 'what is missing' "$missing" ''
  expect_equal 'the ids that were given twice' "$(sort "$ACKNOWLEDGED" | uniq -d)" ''
}

touch "$ACKNOWLEDGED"
start_upstream 0 0
start_gateway
start_operator
for ((round = 1; round <= ROUNDS; ++round)); do
  kill_backend
  start_operator
  check "no acknowledged event is lost by kill -9 ($round)" nothing_is_lost
done

second_is_refused() {
  local text
  text=$("$OPERATOR_PROGRAM" --listen 127.0.0.1:0 --gateway "$BASE" --database "$WORK/operator.db" 2>&1) &&
    unmet 'a second backend starts with the same file'
  [[ $text == *'another vx11-operator uses it'* ]] || unmet "it says: $text"
}
check 'a second backend with the same file is refused' second_is_refused

unusable_is_named() {
  local name text
  head -c 8192 /dev/urandom >"$WORK/junk.db"
  mkdir "$WORK/folder.db"
  for name in junk folder; do
    text=$(timeout $START_LIMIT "$OPERATOR_PROGRAM" --listen 127.0.0.1:0 --gateway "$BASE" --database "$WORK/$name.db" 2>&1) &&
      unmet "a backend starts with $name.db"
    [[ $text == *"database.file: \"$WORK/$name.db\": "* ]] || unmet "it says: $text"
  done
}
check 'a database that cannot be used is named, and nothing starts' unusable_is_named

resumes() {
  local last text
  ask POST /events/ingest -H 'content-type: application/json' -d '{"source":"s","type":"first","payload":{}}'
  last=$(jq -r .event_id "$BODY")
  ask POST /events/ingest -H 'content-type: application/json' -d '{"source":"s","type":"missed","payload":{}}'
  kill -9 "${PIDS[operator]}"
  wait "${PIDS[operator]}" 2>/dev/null
  unset 'PIDS[operator]'
  start_operator
  text=$(timeout 20 curl --noproxy '*' -sSN -H "x-vx11-token: $TOKEN" -H "Last-Event-ID: $last" \
    "$OPERATOR/operator/api/events/stream" 2>/dev/null | grep -m1 '^data: ')
  [[ $text == *'"missed"'* && $text != *'"first"'* ]] || unmet "the stream says: $text"
}
check 'a stream resumes after the backend was killed' resumes

is_private() {
  [[ $(stat -c %a "$WORK/operator.db") == 600 ]] || unmet 'others can read the database'
}
check 'the database is of its owner alone' is_private

end_operator
finish
