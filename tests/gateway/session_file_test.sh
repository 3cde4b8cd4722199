#!/usr/bin/env bash
# A session file that is locked, moved or replaced while the gateway runs.
#   session_file_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

readonly FILE=$WORK/sessions.db

# lock: another process holds the write lock until unlock.
lock() {
  start locker '^locked' python3 -u -c '
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("locked")
time.sleep(600)' "$FILE"
}
unlock() { stop locker KILL; }

remembers() { # COUNT: the messages of the session
  operator GET /operator/session/session-001
  expect_status 200
  expect_json '.message_count == $count' --argjson count "$1"
}

talk() { chat '{"message":"hello","session_id":"session-001"}'; }

stores_a_turn() {
  talk
  expect_status 200
  expect_json '.metadata | has("session_stored") | not'
}

is_degraded() {
  expect_status 200
  expect_json '.degraded and .metadata.session_stored == false'
}

answers_while_locked() {
  lock
  talk
  unlock
  is_degraded
  ((ELAPSED_MS < 3000)) || unmet "it took $ELAPSED_MS ms"
  grep -q 'session not stored: cannot write sessions: database is locked' "$WORK/gateway.err" ||
    unmet "the log does not say why"
  talk
  expect_json '.metadata | has("session_stored") | not'
  remembers 4
}

left_out() { # OPERATION: the value of its metric
  operator GET /metrics
  awk -v series="vx11_session_store_left_out{operation=\"$1\"}" '$1 == series { print $2 }' "$BODY"
}

# Each of the first five waits for the lock; then the store is left out, until a probe succeeds.
leaves_a_locked_file_out() {
  lock
  local i
  for i in 1 2 3 4 5; do talk; is_degraded; done
  [[ $(left_out write) == 1 && $(left_out read) == 0 ]] || unmet "the metric does not say so"
  eventually 10 is_left_out || unmet "the log does not say that a chat did without it"
  unlock
  grep -q 'storing sessions failed several times in a row' "$WORK/gateway.err" ||
    unmet "the log does not say that it is left out"
  eventually 20 stores_a_turn_again || unmet "it is not used again"
  [[ $(left_out write) == 0 ]] || unmet "the metric does not say that it is back"
  grep -q 'storing sessions works again' "$WORK/gateway.err" ||
    unmet "the log does not say that it is back"
}
# The log has one line a second of each kind.
is_left_out() {
  talk
  is_degraded || return
  grep -q 'session not stored: the session store is left out after failures' "$WORK/gateway.err"
}
stores_a_turn_again() {
  sleep 0.3 # the store is left out for seconds
  talk
  jq -e '.metadata | has("session_stored") | not' "$BODY" >/dev/null
}

notices_a_moved_file() {
  mv "$FILE" "$FILE.moved"
  talk
  is_degraded
  operator GET /operator/session/session-001
  expect_status 503
  grep -q 'session not \(read\|stored\): .*moved, deleted or replaced' "$WORK/gateway.err" ||
    unmet "the log does not say why"
  mv "$FILE.moved" "$FILE"
  talk
  expect_json '.metadata | has("session_stored") | not'
  remembers 6
}

# As docs/operations.md says.
makes_a_backup() {
  python3 -c 'import sqlite3, sys
sqlite3.connect(sys.argv[1]).execute("VACUUM INTO ?", sys.argv[2:])' "$FILE" "$WORK/backup.db"
}
restores_the_backup() {
  end_gateway
  SESSIONS=sqlite:$WORK/backup.db start_gateway
  remembers 2
  stores_a_turn
  remembers 4
}

notices_a_replaced_file() {
  cp "$FILE" "$FILE.copy"
  mv "$FILE.copy" "$FILE"
  talk
  is_degraded
}

# Long enough for a busy machine: a lock is waited for half as long.
export VX11_SESSIONS_MAX_WAIT=800ms
SESSIONS=sqlite:$FILE start_gateway
check "the first turn is stored" stores_a_turn
check "a backup is made beside the gateway" makes_a_backup
check "a locked file costs a chat its memory, not its answer" answers_while_locked
check "a file that was moved is noticed, and used again when it is back" notices_a_moved_file
check "a file that stays locked is left out, and used again" leaves_a_locked_file_out
check "a file that was replaced is noticed" notices_a_replaced_file
check "the backup has what was stored before it" restores_the_backup
finish
