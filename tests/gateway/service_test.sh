#!/usr/bin/env bash
# The gateway as a service: what it reports by sd_notify, its watchdog, and its own health check.
#   service_test.sh [GATEWAY [UPSTREAM]]    without them the newest that were built
[[ $# -lt 1 ]] || export VX11_GATEWAY=$1
[[ $# -lt 2 ]] || export VX11_UPSTREAM=$2
source "$(dirname "$0")/../lib.sh"

readonly REPORTS=$WORK/reports
reported() { grep -Eq -- "$1" "$REPORTS"; }
reports() { grep -c -- "$1" "$REPORTS"; }
has_reported_more() { (($(reports "$1") > $2)); }
awaits() { eventually 30 reported "$1" || unmet "not reported: $1; $(cat "$REPORTS")"; }

# under SOCKET [VARIABLE=VALUE…]: a gateway that reports there.
under() {
  local socket=$1
  shift
  end_gateway
  : >"$REPORTS"
  [[ -z ${PIDS[receiver]:-} ]] || stop receiver KILL
  start receiver '^ready' python3 "$(dirname "$0")/notify_receiver.py" "$socket" "$REPORTS"
  export NOTIFY_SOCKET=$socket
  start_gateway --config "$CONFIG"
  unset NOTIFY_SOCKET
}

reports_ready() {
  under "$1"
  awaits ' READY=1 STATUS=serving$'
}

reports_reloads() {
  local now reported
  config <<<'[chat]'
  kill -HUP "${PIDS[gateway]}"
  awaits ' RELOADING=1 MONOTONIC_USEC=[0-9]+ STATUS='
  eventually 30 has_reported_more 'READY=1' 1 || unmet "no READY=1 after RELOADING=1"
  reported=$(sed -n 's/.*MONOTONIC_USEC=\([0-9]*\).*/\1/p' "$REPORTS" | tail -1)
  now=$(sed -n 's/ RELOADING=1.*//p' "$REPORTS" | tail -1)
  ((reported <= now && now - reported < 10000000)) || unmet "MONOTONIC_USEC=$reported, received at $now"
  operator POST /admin/reload
  expect_status 200
  eventually 30 has_reported_more 'RELOADING=1' 1 || unmet "the second reload is not reported"
  expect_equal "reloads" "$(reports 'RELOADING=1')" 2
  config <<<'[chat'
  operator POST /admin/reload
  expect_status 422
  awaits ' READY=1 STATUS=serving; the new configuration is refused$'
  config <<<'[chat]'
}

reports_its_end() {
  stop gateway
  expect_equal "exit code" "$EXIT_CODE" 0
  awaits ' STOPPING=1 STATUS='
}

reports_that_it_lives() {
  export WATCHDOG_USEC=300000
  under "$WORK/notify"
  unset WATCHDOG_USEC
  eventually 30 has_reported_more 'WATCHDOG=1' 5 || unmet "no watchdog: $(cat "$REPORTS")"
}

stays_silent_when_it_hangs() {
  kill -STOP "${PIDS[gateway]}"
  local before
  before=$(reports 'WATCHDOG=1')
  sleep 1
  expect_equal "reports of a stopped process" "$(reports 'WATCHDOG=1')" "$before"
  kill -CONT "${PIDS[gateway]}"
  eventually 30 has_reported_more 'WATCHDOG=1' "$before" || unmet "it does not continue"
}

is_not_watched() { # ENVIRONMENT…
  end_gateway
  export "$@" WATCHDOG_USEC=300000
  under "$WORK/notify.other"
  unset WATCHDOG_USEC WATCHDOG_PID
  awaits READY=1
  sleep 1
  expect_equal "reports" "$(reports WATCHDOG=1)" 0
}

serves_without_a_receiver() {
  end_gateway
  export NOTIFY_SOCKET=$WORK/nothing-there
  start_gateway
  unset NOTIFY_SOCKET
  operator GET /livez
  expect_status 200
  grep -q 'NOTIFY_SOCKET=.*gets no reports' "$WORK/gateway.err" || unmet "the log does not say so"
}

health_is() { # EXIT-CODE ARGUMENT…
  local code=0 wanted=$1
  shift
  "$GATEWAY_PROGRAM" healthcheck "$@" >"$WORK/said" 2>&1 || code=$?
  expect_equal "exit code of healthcheck $*" "$code" "$wanted"
}
checks_health() {
  health_is 0 "$BASE/livez"
  health_is 0 "$BASE"
  health_is 1 "$BASE/operator/status"
  grep -q 'status 401' "$WORK/said" || unmet "it says: $(cat "$WORK/said")"
  health_is 1 "http://127.0.0.1:$(free_port)/livez"
  health_is 1 nonsense
  health_is 2 --hep
  health_is 0 --help
  grep -q 'healthcheck \[URL\]' "$WORK/said" || unmet "the help says: $(cat "$WORK/said")"
}

config <<<'[chat]'
check "READY=1 when it serves" reports_ready "$WORK/notify"
check "RELOADING=1 with the time, then READY=1" reports_reloads
check "STOPPING=1 at SIGTERM" reports_its_end
check "an abstract socket" reports_ready "@vx11-test-$$"
rm -f "$WORK/notify"
check "WATCHDOG=1 while its loops turn" reports_that_it_lives
check "and none while it hangs" stays_silent_when_it_hangs
check "no WATCHDOG=1 for another process" is_not_watched WATCHDOG_PID=1
check "without a receiver it serves, with a warning" serves_without_a_receiver
check "healthcheck says by its exit code whether one runs" checks_health
finish
