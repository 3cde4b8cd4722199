#!/usr/bin/env bash
# The backend on bad days: hostile and slow clients, many of them, kill -9, a locked database, a gateway that is
# away or answers nonsense. Nothing that was acknowledged is lost, and memory is bounded.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/operator.sh"
ulimit -n "$(ulimit -Hn)"

start_upstream
OPERATOR_LISTEN=127.0.0.1:$(free_port)
LISTEN=127.0.0.1:$(free_port)
start_gateway
start_operator

day() { # MODE [ARGUMENT…]
  /usr/bin/python3 "$TESTS_DIR/operator/bad_days.py" "$1" "$OPERATOR" "$TOKEN" "${@:2}" 2>&1 | tee "$WORK/day" | tail -n 8
  local code=${PIPESTATUS[0]}
  grep KiB "$WORK/day" >&"$REPORT"
  return "$code"
}

streams=1000
(($(ulimit -n) >= 2200)) || streams=$(($(ulimit -n) / 2 - 100))
check "each of $streams event streams gets each event" day streams "${PIDS[operator]}" "$streams"

check 'frames against the protocol close one WebSocket and harm no other' day hostile
check '200 slow sockets take bounded memory and hold no one up' day slow "${PIDS[operator]}"
check 'two browsers share a login and a session' day browsers

while_locked() { day locked "$WORK/operator.db"; }
check 'a locked database refuses what it would have to store' while_locked

killed_during_a_chat() {
  tune '{"stream":true,"stream_released":1}'
  day kill "${PIDS[operator]}" "$WORK/acknowledged" || return 1
  tune '{"stream_released":1000000}'
  stop operator
  start_operator
  day kept "$WORK/acknowledged"
}
check 'kill -9 during a chat loses nothing that was acknowledged' killed_during_a_chat

gateway_gone_and_back() {
  coproc DAY { /usr/bin/python3 "$TESTS_DIR/operator/bad_days.py" gateway "$OPERATOR" "$TOKEN" "${PIDS[gateway]}" 2>&1; }
  local pid=$DAY_PID from=${DAY[0]} to=${DAY[1]} line
  read -r -t 120 line <&"$from"
  expect_equal 'the first line' "$line" away || return 1
  stop gateway
  start_gateway
  echo >&"$to"
  cat <&"$from"
  wait "$pid"
}
check 'a WebSocket outlasts a gateway that is killed and comes back' gateway_gone_and_back

nonsense() {
  end_gateway
  day nonsense "$(port_of "$LISTEN")" || return 1
  start_gateway
  is_running operator
}
check 'a gateway that answers nonsense is no reason to fall over' nonsense

end_operator
finish
