#!/usr/bin/env bash
# The machine runs out of descriptors and of disk, the clock jumps, and the gateway is stopped in the
# middle of a hundred streams.
source "$(dirname "$0")/../lib.sh"

metric() { operator GET /metrics && sed -n "s/^$1 //p" "$BODY"; }
chats_well() { chat '{"message":"hello"}' && expect_status 200; }
is_answered() { chat "$1"; [[ $STATUS == 200 ]]; }

# --- descriptors ----------------------------------------------------------------------------------

open_files() { ls "/proc/${PIDS[gateway]}/fd" | wc -l; }
may_open() { prlimit --pid "${PIDS[gateway]}" --nofile="$1:$1"; }
ready_is() { [[ $(curl --noproxy '*' -s -o /dev/null -w '%{http_code}' --max-time 5 "$BASE/readyz") == "$1" ]]; }

# New connections wait in the system's queue, and are served when there are descriptors again.
survives_without_descriptors() {
  local clients=() i statuses
  may_open "$(($(open_files) + 2))"
  for i in {1..20}; do
    curl --noproxy '*' -sS --max-time 60 -o /dev/null -w '%{http_code}\n' -H "x-vx11-token: $TOKEN" \
      -H 'content-type: application/json' -d '{"message":"hello"}' "$BASE/operator/chat/ask" \
      >"$WORK/client.$i" 2>&1 {REPORT}>&- &
    clients+=($!)
  done
  eventually 30 grep -q 'no descriptor or memory is left' "$WORK/gateway.err" || unmet "no line in the log"
  may_open 1024
  wait "${clients[@]}"
  statuses=$(cat "$WORK"/client.* | sort -u | xargs)
  [[ $statuses == 200 || $statuses == '200 503' ]] || unmet "the statuses are $statuses"
  eventually 30 is_answered '{"message":"hello"}' || unmet "afterwards chats fail"
  (($(metric 'vx11_server_events_total{event="accept_failed"}') > 0)) || unmet "it is not counted"
  eventually 30 ready_is 200 || unmet "it is not ready again"
}

# --- disk -----------------------------------------------------------------------------------------

readonly DISK=$WORK/disk
has_small_disk() { mkdir "$DISK" && mount -t tmpfs -o size=2m tmpfs "$DISK" 2>/dev/null; }
leave_disk() { umount -l "$DISK" 2>/dev/null; }
trap 'leave_disk; end_programs' EXIT

survives_a_full_disk() {
  local id=full before
  is_answered '{"message":"remember this","session_id":"full"}' || unmet "no chat with an empty disk"
  dd if=/dev/zero of="$DISK/ballast" bs=4k 2>/dev/null
  before=$(metric vx11_session_store_failures_total)
  is_lost() {
    printf '{"session_id":"s-%s","message":"%s"}' "$RANDOM" "$(head -c 40000 /dev/zero | tr '\0' a)" >"$WORK/large"
    chat "@$WORK/large"
    expect_status 200
    (($(metric vx11_session_store_failures_total) > before))
  }
  eventually 30 is_lost || unmet "no turn is lost: the disk is not full"
  grep -q 'session not stored' "$WORK/gateway.err" || unmet "the log does not say so"
  operator GET "/operator/session/$id"
  expect_status 200
  rm "$DISK/ballast"
  is_kept() {
    chat '{"message":"and this","session_id":"full"}'
    operator GET /operator/session/full
    jq -e '[.. | strings | select(. == "and this")] | length > 0' "$BODY" >/dev/null
  }
  eventually 30 is_kept || unmet "with space again turns are not stored: $(cat "$BODY")"
}

# --- streams --------------------------------------------------------------------------------------

ends_a_hundred_streams_whole() {
  local i clients=() whole
  tune '{"stream":true,"stream_chunks":40,"stream_gap_ms":50}'
  for i in {1..100}; do
    curl --noproxy '*' -sS --max-time 60 -N -H "x-vx11-token: $TOKEN" -H 'accept: text/event-stream' \
      -H 'content-type: application/json' -d '{"message":"hello"}' "$BASE/operator/chat/ask" \
      >"$WORK/stream.$i" 2>&1 {REPORT}>&- &
    clients+=($!)
  done
  all_begun() { (($(find "$WORK" -name 'stream.*' -size +0 | wc -l) == 100)); }
  eventually 30 all_begun || unmet "$(find "$WORK" -name 'stream.*' -size +0 | wc -l) of 100 have begun"
  stop gateway
  expect_equal "exit code" "$EXIT_CODE" 0
  wait "${clients[@]}"
  whole=$(grep -l '^event: done' "$WORK"/stream.* | wc -l)
  expect_equal "streams with their end" "$whole" 100
  ! grep -q 'cut off' "$WORK/gateway.err" || unmet "some were cut off"
  tune '{"stream":false}'
}

# --- clock ----------------------------------------------------------------------------------------

FAKETIME_LIBRARY=$(find /usr/lib -name 'libfaketime.so.1' 2>/dev/null | head -n 1)

# The wall clock is that of a file; monotonic time is the machine's.
start_with_own_clock() {
  echo '+0' >"$WORK/clock"
  export LD_PRELOAD=$FAKETIME_LIBRARY FAKETIME_TIMESTAMP_FILE=$WORK/clock FAKETIME_NO_CACHE=1 \
    FAKETIME_DONT_FAKE_MONOTONIC=1
  SESSIONS=sqlite:$WORK/clock.db start_gateway --config "$CONFIG"
  unset LD_PRELOAD FAKETIME_TIMESTAMP_FILE FAKETIME_NO_CACHE FAKETIME_DONT_FAKE_MONOTONIC
}
says_year() { anonymous GET /livez; [[ $(header Date) == *" $1 "* ]]; }

survives_jumps() {
  local jump
  switch_opens() { fault switch 500; is_answered '{"message":"x"}'; is_answered '{"message":"x"}'; heal; }
  switch_opens
  for jump in +3650d -3650d +0; do
    echo "$jump" >"$WORK/clock"
    chats_well
    operator GET /operator/status
    expect_status 200
    operator GET /vx11/circuit-breaker/status
    [[ $(jq -r .breakers.switch.state "$BODY") == open ]] ||
      unmet "at $jump the breaker, which is open for an hour, is not open"
    chat '{"message":"remember","session_id":"clock"}'
    operator GET /operator/session/clock
    expect_status 200
  done
}

start_upstream
config <<'TOML'
[switch]
breaker.failures_to_open = 2
breaker.open_for = "1h"
TOML
start_gateway
check "without descriptors nothing fails for ever" survives_without_descriptors
restart_gateway
check "SIGTERM: a hundred streams end whole" ends_a_hundred_streams_whole
if has_small_disk; then
  SESSIONS=sqlite:$DISK/sessions.db start_gateway
  check "on a full disk chats are answered, and sessions are stored again afterwards" survives_a_full_disk
  end_gateway
  leave_disk
else
  echo "skip a full disk: it needs the right to mount a tmpfs"
fi
if [[ -n $FAKETIME_LIBRARY ]]; then
  end_gateway
  start_with_own_clock
  check "jumps of the clock by ten years open no breaker, close none, and lose no session" survives_jumps
else
  echo "skip jumps of the clock: apt-get install libfaketime"
fi
finish
