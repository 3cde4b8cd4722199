#!/usr/bin/env bash
# Every fault of vx11-upstream × chat, status, power state: the exact answer, and that it comes
# within the limits that were configured.
source "$(dirname "$0")/../lib.sh"

# Long enough for a healthy answer on a busy machine.
readonly SWITCH_MS=800 STATUS_MS=800 CHAT_MS=2500
readonly POWER_MS=2000 # of vx11::PowerOptions; the gateway has no setting for it

# The effect of each fault on each endpoint. "answers": the endpoint is not affected, as by an event
# stream that was not requested, or by a body, which the /health probe ignores.
readonly MATRIX='
fault               chat            health        power-state    members
refuse              unreachable     unreachable   unreachable
hang_connect        timeout         unreachable   timeout
drop_connect        timeout         unreachable   timeout
hang                timeout         unreachable   timeout
slow                timeout         unreachable   timeout        "ms":20000
trickle             timeout         unreachable   timeout        "ms":40
truncated           invalid_reply   degraded      invalid_reply
wrong_length        invalid_reply   degraded      invalid_reply
conflicting_length  invalid_reply   degraded      invalid_reply
reset               unreachable     unreachable   unreachable
early_close         unreachable     unreachable   unreachable
huge                invalid_reply   degraded      invalid_reply
huge_header         invalid_reply   degraded      invalid_reply
stream_break        answers         answers       answers
stream_stall        answers         answers       answers
500                 error           degraded      error
503                 error           degraded      error
429                 error           degraded      error
404                 error           degraded      error
redirect            error           degraded      error
html                invalid_reply   degraded      invalid_reply
invalid_json        invalid_reply   degraded      invalid_reply
wrong_shape         invalid_reply   degraded      invalid_reply
no_text             invalid_reply   degraded      invalid_reply
number_text         invalid_reply   degraded      invalid_reply
empty_text          invalid_reply   degraded      invalid_reply
nul                 answers         degraded      invalid_reply
bad_utf8            invalid_reply   degraded      invalid_reply'

chat_is_answered_by_switch() {
  chat '{"message":"hello","session_id":"session-001"}'
  expect_status 200
  expect_json '.session_id == "session-001" and .metadata.source == "switch"
    and (.response | test("^(switch heard: hello|before\u0000after)$"))'
  expect_within "$SWITCH_MS"
}

chat_falls_back() { # REASON
  chat '{"message":"hello","session_id":"session-001"}'
  expect_status 200
  expect_json '.session_id == "session-001" and .response == "madre heard: hello"
    and .metadata.source == "madre_fallback" and .metadata.reason == "switch_" + $reason' \
    --arg reason "$1"
  expect_within "$CHAT_MS"
}

chat_is_offline() { # REASON
  chat '{"message":"hello","session_id":"session-001"}'
  expect_status 503
  expect_header retry-after '^[1-9][0-9]*$'
  expect_json '.status == "service_offline" and .module == "switch" and .reason == $reason
    and .message == "Chat service temporarily unavailable" and .session_id == "session-001"' \
    --arg reason "$1"
  expect_within "$CHAT_MS"
}

# Madre is the only required component here, so without it the whole is offline.
status_tells() { # HEALTH POWER-STATE
  operator GET /operator/status
  expect_status 200
  if [[ $1 == answers ]]; then
    expect_json '.status == "ok" and .components.madre.status == "ok"'
  else
    expect_json '.status == "offline" and .components.madre.status == $health' --arg health "$1"
  fi
  if [[ $1 == unreachable ]]; then
    expect_json '.components.madre.error | type == "string" and length > 0'
  fi
  if [[ $2 == answers ]]; then
    expect_json '.windows == {policy: "solo_madre", active_count: 0}'
  else
    expect_json '.windows == {policy: "unknown", active_count: 0}'
  fi
  expect_json '.components | .tentaculo_link.status == "ok" and .switch.status == "available"'
  expect_within "$STATUS_MS"
}

power_state_tells() { # POWER-STATE
  operator GET /operator/power/state
  if [[ $1 == answers ]]; then
    expect_status 200
    expect_json '.policy == "solo_madre"'
  else
    expect_status 503
    expect_json '.status == "service_offline" and .module == "madre" and .reason == $reason
      and (.message | type == "string" and length > 0)' --arg reason "$1"
  fi
  expect_within "$POWER_MS"
}

# One row: switch only, both, madre only, and that a broken connection is not reused.
strike() { # FAULT CHAT HEALTH POWER-STATE [MEMBERS]
  fault switch "$1" "${5-}"
  if [[ $2 == answers ]]; then
    check "chat, switch $1: switch answers" chat_is_answered_by_switch
  else
    check "chat, switch $1: madre_fallback, switch_$2" chat_falls_back "$2"
    fault madre "$1" "${5-}"
    check "chat, switch and madre $1: 503, $2, Retry-After" chat_is_offline "$2"
  fi
  heal
  check "chat, after switch $1: switch answers" chat_is_answered_by_switch
  fault madre "$1" "${5-}"
  check "status, madre $1: $3" status_tells "$3" "$4"
  check "power/state, madre $1: $4" power_state_tells "$4"
  heal
  check "power/state, after madre $1: 200" power_state_tells answers
}

# Breakers never open, so that every fault reaches its answer.
config <<TOML
[switch]
limit = "${SWITCH_MS}ms"
breaker.failures_to_open = 1000000
[madre]
limit = "${SWITCH_MS}ms"
breaker.failures_to_open = 1000000
[chat]
deadline = "${CHAT_MS}ms"
[status]
limit = "${STATUS_MS}ms"
TOML
start_upstream
start_gateway --config "$CONFIG"

while read -r kind in_chat in_health in_power members; do
  [[ -z $kind || $kind == fault ]] || strike "$kind" "$in_chat" "$in_health" "$in_power" "$members"
done <<<"$MATRIX"

fault switch slow '"ms":50'
check "chat, switch slow within its limit: switch answers" chat_is_answered_by_switch
heal
finish
