#!/usr/bin/env bash
# Upstreams are killed and restarted under load of chats, streams and other requests: every request
# gets an answer that the contract allows, and the gateway leaks nothing afterwards.
# Bounded by requests, not by time:
#   restart_under_load.sh [ROUNDS [REQUESTS-OF-A-KIND-AND-ROUND]]
source "$(dirname "$0")/../lib.sh"

readonly ROUNDS=${1:-5} REQUESTS=${2:-120}
readonly LOAD=$WORK/load
mkdir "$LOAD"
LOADS=()

# load NAME PATH [CURL-ARGUMENT…]: in the background; the answers go to files, and a line about
# each, unbuffered, to NAME.log.
load() {
  local name=$1 path=$2
  shift 2
  curl --noproxy '*' -sS --no-progress-meter --max-time 60 --parallel --parallel-immediate --parallel-max 8 \
    -H "x-vx11-token: $TOKEN" -o "$LOAD/$name.$ROUND.#1" -w '%{stderr}%{http_code} %{exitcode}\n' \
    "$@" "$BASE$path#[1-$REQUESTS]" 2>>"$LOAD/$name.log" {REPORT}>&- &
  LOADS+=($!)
}

readonly SAYS=(-H 'content-type: application/json' -d '{"message":"one two three"}')
load_of_all_kinds() {
  LOADS=()
  load chat /operator/chat/ask "${SAYS[@]}"
  load events /operator/chat/ask "${SAYS[@]}" -H 'accept: text/event-stream'
  load leaver /operator/chat/ask "${SAYS[@]}" -H 'accept: text/event-stream' --max-time 0.02
  load power /operator/power/state
  load status /operator/status
}
chats_answered() { wc -l <"$LOAD/chat.log"; }
has_answered() { (($(chats_answered) >= $1)); }

start_the_same_upstream() {
  start_upstream "$(port_of "$MADRE")" "$(port_of "$SWITCH_URL")" --latency-ms 5
  tune '{"stream":true,"stream_gap_ms":2}'
}

# The upstream dies when a third of the round's chats are answered, and comes back at once in every
# other round, in the others when half of the rest is answered, too.
goes_through_a_round() {
  local before
  before=$(chats_answered)
  load_of_all_kinds
  eventually 60 has_answered $((before + REQUESTS / 3)) || unmet "no progress with an upstream"
  stop upstream KILL
  if ((ROUND % 2)); then
    eventually 60 has_answered $((before + 2 * REQUESTS / 3)) || unmet "no progress without one"
  fi
  start_the_same_upstream
  wait "${LOADS[@]}" # how the transfers ended is in their logs
  true
}

# only NAME LINE…: every request logged one of these lines, and no request is missing.
only() {
  local name=$1 other
  shift
  other=$(printf '%s\n' "$@" | grep -vxFf - "$LOAD/$name.log" | sort | uniq -c | head -n 5)
  [[ -z $other ]] || unmet "$name: $other"
  expect_equal "answers to $name" "$(wc -l <"$LOAD/$name.log")" $((ROUNDS * REQUESTS))
}

# files NAME PATTERN: those of its answers in which it is found.
files() { grep -lE "$2" -r "$LOAD" --include="$1.[0-9]*"; }
expect_json_of_all() { # FILTER: of the files named on standard input
  xargs -r cat | jq -es "all(.[]; $1)" >/dev/null || unmet "not so of all: $1"
}

chats_are_answered_as_agreed() {
  only chat '200 0' '503 0'
  files chat . | expect_json_of_all '(.session_id | length > 0) and
    (has("response") or (.status == "service_offline" and (.reason | length > 0)))'
}
chats_saw_both() {
  grep -qx '200 0' "$LOAD/chat.log" || unmet "no chat was answered by an upstream"
  grep -qx '503 0' "$LOAD/chat.log" || unmet "no chat met a dead upstream"
}

streams_end_as_agreed() {
  local file last
  only events '200 0' '503 0'
  files events '^\{' | expect_json_of_all '.status == "service_offline"'
  for file in $(files events '^event: '); do
    last=$(grep '^event: ' "$file" | tail -n 1)
    [[ $last == 'event: done' || $last == 'event: error' ]] || unmet "a stream ends with '$last'"
  done
}

others_are_answered_as_agreed() {
  only power '200 0' '503 0'
  only status '200 0'
}

is_answered_by_switch() {
  chat '{"message":"hello"}'
  jq -e '.metadata.source == "switch"' "$BODY" >/dev/null
}
everything_works_again() {
  eventually 30 is_answered_by_switch || unmet "switch does not come back: $(cat "$BODY")"
  operator GET /operator/status
  expect_json '.status == "ok"'
  operator GET /operator/power/state
  expect_status 200
}

descriptors() { find "/proc/${PIDS[gateway]}/fd" -mindepth 1 2>/dev/null | wc -l; }
sockets() { find "/proc/${PIDS[gateway]}/fd" -lname 'socket:*' 2>/dev/null | wc -l; }
has_sockets() { (($(sockets) == $1)); }
has_descriptors() { (($(descriptors) == $1)); }
holds_nothing_back() {
  eventually 60 has_descriptors "$1" || unmet "$(descriptors) descriptors instead of $1"
}

config <<TOML
[switch]
limit = "5s"
breaker.open_for = "50ms"
[madre]
limit = "5s"
breaker.open_for = "50ms"
TOML
start_upstream "$(free_port)" "$(free_port)" --latency-ms 5
tune '{"stream":true,"stream_gap_ms":2}'
start_gateway --config "$CONFIG"
only_the_listener=$(sockets)
everything_works_again >/dev/null || die "it does not work to begin with"
eventually 60 has_sockets "$only_the_listener" || die "kept connections never expire"
base=$(descriptors)

: >"$LOAD/chat.log"
for ((ROUND = 1; ROUND <= ROUNDS; ROUND++)); do
  check "round $ROUND: upstreams die and come back under load" goes_through_a_round
done
check "chats met upstreams alive and dead" chats_saw_both
check "every chat is answered: 200 or 503" chats_are_answered_as_agreed
check "every stream ends with done or error, or is refused with 503" streams_end_as_agreed
check "power is answered 200 or 503, status always 200" others_are_answered_as_agreed
check "afterwards everything works as before" everything_works_again
check "no descriptor is left over" holds_nothing_back "$base"
finish
