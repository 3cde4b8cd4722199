#!/usr/bin/env bash
# Exercises every endpoint and every fault of vx11-upstream.
#   upstream_test.sh path/to/vx11-upstream
# Prints a line per check, then "N passed, M failed"; the exit code is 0 when none failed.
set -u

program=${1:?usage: upstream_test.sh path/to/vx11-upstream}
work=$(mktemp -d)
passed=0
failed=0
pid=

# shellcheck disable=SC2317  # called by the trap
cleanup() {
  [ -n "$pid" ] && kill "$pid" 2>/dev/null && wait "$pid"
  rm -rf "$work"
}
trap cleanup EXIT

pass() { passed=$((passed + 1)); echo "ok      $1"; }
fail() { failed=$((failed + 1)); echo "FAILED  $1: $2"; }

# is NAME EXPECTED ACTUAL
is() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "expected <$2>, got <$3>"; fi; }
# holds NAME JQ-EXPRESSION JSON
holds() {
  if jq -e "$2" >/dev/null 2>&1 <<<"$3"; then pass "$1"; else fail "$1" "not ($2) in <$3>"; fi
}
# at_least NAME LEAST ACTUAL
at_least() {
  if awk -v a="$3" -v b="$2" 'BEGIN { exit !(a >= b) }'; then pass "$1"
  else fail "$1" "$3 is less than $2"; fi
}
# eventually NAME COMMAND…: within ten seconds the command succeeds.
eventually() {
  local name=$1 i
  shift
  for ((i = 0; i < 200; ++i)); do
    if "$@" >/dev/null 2>&1; then pass "$name"; return; fi
    sleep 0.05
  done
  fail "$name" "never: $*"
}

# start ARGUMENTS…: sets pid, madre, switch and control (URLs).
start() {
  "$program" "$@" >"$work/out" 2>"$work/err" &
  pid=$!
  local i
  for ((i = 0; i < 400; ++i)); do
    grep -qx ready "$work/out" && break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  madre=$(sed -n 's/^madre listening on //p' "$work/out")
  switch=$(sed -n 's/^switch listening on //p' "$work/out")
  control=$(sed -n 's/^control listening on //p' "$work/out")
}
# stop SIGNAL NAME: the program ends at once, with 0.
stop() {
  kill -s "$1" "$pid"
  wait "$pid"
  is "$2" 0 $?
  [ -s "$work/err" ] && fail "$2: quiet" "$(head -c 2000 "$work/err")"
  pid=
}

get() { curl -s -m 20 "$@"; }
post() { curl -s -m 20 -X POST -d "$2" "$1" "${@:3}"; }
status_of() { curl -s -m 20 -o /dev/null -w '%{http_code}' "$@"; }
# code ARGUMENTS…: curl's exit code
code() { curl -s -o /dev/null "$@"; echo $?; }
header() { curl -s -m 20 -D - -o /dev/null "${@:2}" | tr -d '\r' | sed -n "s/^$1: //Ip"; }

ask() { post "$switch/switch/route-v5" '{"prompt":"hello there","session_id":"s1"}' "$@"; }
chat_url() { echo "$switch/switch/route-v5"; }
ask_code() { code -m "$1" -d '{"prompt":"hello there"}' "$(chat_url)"; }
ask_status() { status_of -d '{"prompt":"hello there"}' "$(chat_url)"; }
events() { post "$(chat_url)" "${1:-{\"prompt\":\"a b c\"\}}" -N -H 'Accept: text/event-stream' "${@:2}"; }
deltas() { sed -n 's/^data: {"delta":/{"delta":/p' | jq -j .delta; }

has_events() { [ "$(grep -c '^event: message$' "$2")" -eq "$1" ]; } # COUNT FILE
count() { get "$control/__count" | jq -r "$1"; }
count_is() { [ "$(count "$1")" = "$2" ]; }
reset() { post "$control/__reset" '' >/dev/null; }
set_to() { post "$control/__set" "$1" >/dev/null; }
heal() { post "$control/__heal" '' >/dev/null; }
# fault JSON-MEMBERS: a fault of switch
fault() {
  local answer
  answer=$(post "$control/__fault" "{\"service\":\"switch\",$1}")
  jq -e .switch >/dev/null 2>&1 <<<"$answer" || fail "fault $1 is accepted" "$answer"
}
# raw URL REQUEST: sends bytes, prints what comes until the end or five seconds.
raw() {
  local address=${1#http://}
  timeout 5 bash -c 'exec 3<>"/dev/tcp/$1/$2"; printf "$3" >&3; cat <&3' _ \
    "${address%:*}" "${address##*:}" "$2" 2>/dev/null
}
raw_chat='POST /switch/route-v5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 15\r\n\r\n{"prompt":"hi"}'

check_madre_endpoints() {
  is 'madre health' '{"status":"ok","module":"madre"}' "$(get "$madre/health")"
  local power="$madre/madre/power"
  holds 'power state of solo_madre, operative' '.policy == "solo_madre" and .active_windows == []
    and .running_services == ["madre","tentaculo_link","redis"]
    and (.available_services | length == 9 and index("switch") == 0)' "$(get "$power/state")"
  set_to '{"dialect":"windowed"}'
  holds 'power state of solo_madre, windowed' '. == {"policy":"solo_madre","window_id":null,
    "created_at":null,"deadline":null,"ttl_remaining_sec":null,
    "active_services":["madre","redis"]}' "$(get "$power/state")"

  local opened
  opened=$(post "$power/window/open" '{"services":["switch","hermes"],"ttl_sec":300,"mode":"ttl","reason":"t"}')
  holds 'a window opens' '.state == "open" and (.window_id | startswith("win-"))
    and .ttl_remaining_sec == 300 and (.deadline > .created_at)
    and .active_services == ["madre","redis","switch","hermes"]' "$opened"
  holds 'power state with a window, windowed' '.policy == "windowed" and .window_id != null
    and .ttl_remaining_sec > 0 and .ttl_remaining_sec <= 300
    and (.active_services | index("hermes")) != null' "$(get "$power/state")"
  set_to '{"dialect":"operative"}'
  holds 'power state with a window, operative' '.policy == "operative_core"
    and (.active_windows | length == 1) and .active_windows[0].ttl_seconds == 300
    and (.active_windows[0].created_at | test("^[0-9-]+T[0-9:]+[.][0-9]{3}Z$"))
    and .active_windows[0].services == ["switch","hermes"]
    and (.available_services | index("switch")) == null' "$(get "$power/state")"
  is 'a second window is refused' 409 \
    "$(status_of -d '{"services":["mcp"],"ttl_sec":5}' "$power/window/open")"
  is 'closing another window is 404' 404 \
    "$(status_of -d '{"window_id":"win-other"}' "$power/window/close")"
  holds 'the window closes by its id' '.state == "closed"' \
    "$(post "$power/window/close" "$(jq '{window_id}' <<<"$opened")")"
  is 'closing without a window is 404' 404 "$(status_of -X POST "$power/window/close")"

  local body
  for body in '{}' '{"services":[]}' '{"services":["nobody"]}' '{"services":["mcp"],"ttl_sec":0}' \
    '{"services":["mcp"],"ttl_sec":"5"}' '{"services":["mcp"],"mode":"ever"}' '[]' '{"services"'; do
    is "window order $body is 422" 422 "$(status_of -d "$body" "$power/window/open")"
  done
  post "$power/window/open" '{"services":["mcp"],"ttl_sec":1}' >/dev/null
  holds 'a short window is open' '.policy == "operative_core"' "$(get "$power/state")"
  # shellcheck disable=SC2016  # $0 belongs to the inner shell
  eventually 'it expires by itself' bash -c \
    'curl -s "$0/state" | jq -e ".policy == \"solo_madre\" and .active_windows == []"' "$power"
  holds 'a held window has no deadline' '.deadline == null and .ttl_remaining_sec == null' \
    "$(post "$power/window/open" '{"services":["mcp"],"mode":"hold"}')"
  holds 'solo_madre status names what is too much' \
    '.active == false and .extra_services == ["mcp"]' "$(get "$power/policy/solo_madre/status")"
  holds 'applying solo_madre closes windows' '(.closed_windows | length) == 1
    and .stopped_services == ["mcp"]' "$(post "$power/policy/solo_madre/apply" '')"
  holds 'solo_madre is active then' '.active' "$(get "$power/policy/solo_madre/status")"

  holds 'a service starts' '.status == "running"' "$(post "$power/service/hermes/start" '')"
  holds 'power status shows it' '.services.hermes == "running" and .window_open == false' \
    "$(get "$power/status")"
  holds 'it restarts' '.action == "restart"' "$(post "$power/service/hermes/restart" '')"
  holds 'it stops' '.status == "stopped"' "$(post "$power/service/hermes/stop" '')"
  is 'an unknown service is 422' 422 "$(status_of -X POST "$power/service/nobody/start")"
  is 'an unknown action is 404' 404 "$(status_of -X POST "$power/service/hermes/sing")"
  is 'a core service is not stopped' 409 "$(status_of -X POST "$power/service/redis/stop")"
  is 'GET of a service action is 405' 405 "$(status_of "$power/service/hermes/start")"

  holds 'madre chats' '.response == "madre heard: hi" and .session_id == "s1"
    and (.queue_id | startswith("q-"))' \
    "$(post "$madre/madre/chat" '{"message":"hi","session_id":"s1","context":{"a":[1]}}')"
  for body in '{"message":' '[]' '{}' '{"message":7}' '{"message":"a","context":[]}'; do
    is "chat body $body is 422" 422 "$(status_of -d "$body" "$madre/madre/chat")"
  done
  is 'an unknown path is 404' 404 "$(status_of "$madre/nowhere")"
  is 'another method is 405' 405 "$(status_of "$madre/madre/chat")"
  is 'a 405 says what is allowed' POST "$(header allow "$madre/madre/chat")"
}

check_switch_endpoints() {
  is 'switch health' '{"status":"ok","module":"switch"}' "$(get "$switch/health")"
  holds 'switch answers' '. == {"response":"switch heard: hello there","model":"vx11-stub",
    "provider":"local","latency_ms":0}' "$(ask)"
  holds 'text comes back as it went' '.response == "switch heard: \"ü\\\n\u0001😀"' \
    "$(post "$(chat_url)" '{"prompt":"\"\u00fc\\\n\u0001\ud83d\ude00","metadata":{"prompt":"no"}}')"
  is 'a prompt is needed' 422 "$(status_of -d '{"session_id":"s"}' "$(chat_url)")"
  holds 'a chunked request is read' '.response == "switch heard: hello there"' \
    "$(ask -H 'Transfer-Encoding: chunked')"
  holds 'a large request is read' '.response | length == 2000014' \
    "$(jq -nc '{prompt: ("x" * 2000000)}' | curl -s -m 20 -d @- "$(chat_url)")"
  local key
  for key in reply message response; do
    set_to "{\"reply_key\":\"$key\"}"
    holds "the text is under $key" ".$key == \"switch heard: hello there\" and length == 4" "$(ask)"
  done
  set_to '{"latency_ms":300}'
  at_least 'latency delays a chat' 0.3 \
    "$(curl -s -o /dev/null -w '%{time_total}' -d '{"prompt":"a"}' "$(chat_url)")"
  holds 'hundreds of slow chats wait side by side' '. < 20' "$(
    curl -s -Z --parallel-max 300 -o /dev/null -d '{"prompt":"a"}' "$(chat_url)?[1-300]" \
      -w '%{time_total}\n' 2>/dev/null | sort -n | tail -n 1)"
  set_to '{"latency_ms":0}'
}

check_streams() {
  holds 'no events while stream is off' '.response == "switch heard: a b c"' "$(events)"
  set_to '{"stream":true}'
  holds 'no events unless accepted' '.response == "switch heard: hello there"' "$(ask)"
  is 'events carry the text' 'switch heard: a b c' "$(events | deltas)"
  is 'one event per word' 5 "$(events | grep -c '^event: message$')"
  holds 'done comes last, with the whole text' '.response == "switch heard: a b c"' \
    "$(events | tail -n 2 | sed -n 's/^data: //p')"
  is 'the type is text/event-stream' text/event-stream \
    "$(header content-type -d '{"prompt":"a"}' -H 'Accept: text/event-stream' "$(chat_url)")"
  set_to '{"stream_chunks":40,"stream_gap_ms":5}'
  is 'as many events as set' 40 "$(events | grep -c '^event: message$')"
  at_least 'gaps take their time' 0.2 "$(curl -s -o /dev/null -w '%{time_total}' \
    -d '{"prompt":"a"}' -H 'Accept: text/event-stream' "$(chat_url)")"

  set_to '{"stream_chunks":0,"stream_gap_ms":0,"stream_released":2}'
  events >"$work/released" &
  local reader=$!
  eventually 'released events are sent' has_events 2 "$work/released"
  set_to '{"stream_released":3}'
  eventually 'one more is sent when it is released' has_events 3 "$work/released"
  set_to '{"stream_released":1000000}'
  wait "$reader"
  is 'the others are sent when they are released' 5 "$(grep -c '^event: message$' "$work/released")"

  set_to '{"stream_chunks":40}'
  fault '"fault":"stream_break","after":3'
  is 'stream_break ends with a reset' 56 \
    "$(events '' -o "$work/events"; echo $?)"
  is 'a 422 is not streamed' 422 \
    "$(status_of -d '' -H 'Accept: text/event-stream' "$(chat_url)")"
  events '{"prompt":"a"}' >"$work/events"
  is 'stream_break after three events' 3 "$(grep -c '^event: message$' "$work/events")"
  holds 'stream_break leaves other answers alone' '.response == "switch heard: hello there"' "$(ask)"
  fault '"fault":"stream_stall","after":4'
  curl -s -N -m 1 -d '{"prompt":"a"}' -H 'Accept: text/event-stream' "$(chat_url)" >"$work/events"
  is 'stream_stall stops sending' 28 $?
  is 'stream_stall after four events' 4 "$(grep -c '^event: message$' "$work/events")"
  heal
  set_to '{"stream":false,"stream_chunks":0,"stream_gap_ms":0}'
}

check_counters() {
  reset
  local answer
  ask >/dev/null
  ask >/dev/null
  get "$madre/health?x=1" >/dev/null
  answer=$(get "$switch/__count")
  holds 'requests are counted by method and path' '.total == 3 and .switch.total == 2
    and .switch["POST /switch/route-v5"] == 2 and .madre["GET /health"] == 1' "$answer"
  holds 'connections are counted' '.switch.connections == 3 and .madre.connections == 1' "$answer"
  holds 'a connection kept alive is one' '.switch.connections == 1 and .switch.total == 2' "$(
    reset; curl -s -o /dev/null "$switch/health" -o /dev/null "$switch/health"
    get "$control/__count")"
  eventually 'closed connections are not open' count_is '.switch.open' 0
  reset
  exec 4<>"/dev/tcp/127.0.0.1/${switch##*:}"
  eventually 'a mere connection is seen' count_is '.switch | [.connections, .open, .total] | @csv' '1,1,0'
  exec 4>&-
  eventually 'and seen to end' count_is '.switch.open' 0
  reset
  holds 'reset zeroes everything' '.total == 0 and .switch == {"total":0,"connections":0,
    "open":0,"abandoned":0}' "$(get "$control/__count")"

  post "$(chat_url)?q=1" '{"prompt":"né"}' -H 'X-Vx11-Token: secret' -H 'A: 1' -H 'a: 2' >/dev/null
  holds 'the last request is reported' '.madre == null and .switch.method == "POST"
    and .switch.target == "/switch/route-v5?q=1" and .switch.body == "{\"prompt\":\"né\"}"
    and .switch.headers["x-vx11-token"] == "secret" and .switch.headers.a == "1, 2"' \
    "$(get "$control/__last")"
  reset
  fault '"fault":"slow","ms":60000'
  is 'a client that leaves' 28 "$(ask_code 0.3)"
  eventually 'is seen to leave while its answer is pending' count_is '.switch.abandoned' 1
  eventually 'and its connection is freed' count_is '.switch.open' 0
  heal
  is 'two requests in one packet are both answered' 2 "$(
    raw "$switch" 'GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' |
      grep -c '200 OK')"
  is 'HTTP/1.0 is closed after the answer' '{"status":"ok","module":"switch"}' \
    "$(raw "$switch" 'GET /health HTTP/1.0\r\n\r\n' | tail -n 1)"
  is 'nonsense is 400' 'HTTP/1.1 400 Bad Request' "$(raw "$switch" 'nonsense\r\n\r\n' | head -n 1 | tr -d '\r')"
}

check_canned_faults() {
  local kind
  for kind in 500 503 429 404; do
    fault "\"fault\":\"$kind\""
    is "fault $kind" "$kind" "$(ask_status)"
  done
  fault '"fault":503'
  is 'no Retry-After unless given' '' "$(header retry-after -d '{"prompt":"a"}' "$(chat_url)")"
  fault '"fault":503,"retry_after":7'
  is 'Retry-After with 503' 7 "$(header retry-after -d '{"prompt":"a"}' "$(chat_url)")"
  fault '"fault":429'
  is 'Retry-After with 429 unasked' 1 "$(header retry-after -d '{"prompt":"a"}' "$(chat_url)")"
  fault '"fault":"invalid_json"'
  is 'invalid_json is 200' 200 "$(ask_status)"
  is 'invalid_json does not parse' no "$(ask | jq . >/dev/null 2>&1 && echo yes || echo no)"
  fault '"fault":"wrong_shape"'
  holds 'wrong_shape is a list' 'type == "array"' "$(ask)"
  fault '"fault":"no_text"'
  holds 'no_text has none' 'type == "object" and (has("response") | not)' "$(ask)"
  fault '"fault":"number_text"'
  holds 'number_text is a number' '.response == 42' "$(ask)"
  fault '"fault":"empty_text"'
  holds 'empty_text is empty' '.response == ""' "$(ask)"
  fault '"fault":"nul"'
  holds 'nul holds U+0000' '.response | explode | index(0) > 0' "$(ask)"
  fault '"fault":"bad_utf8"'
  is 'bad_utf8 is not UTF-8' no "$(ask | iconv -f UTF-8 -t UTF-8 >/dev/null 2>&1 && echo yes || echo no)"
  fault '"fault":"html"'
  is 'html is text/html' 'text/html; charset=utf-8' "$(header content-type -d '{}' "$(chat_url)")"
  is 'html is a page' '<!doctype' "$(ask | head -c 9)"
  reset
  fault '"fault":"redirect"'
  is 'redirect is 302' 302 "$(ask_status)"
  is 'redirect says where' /redirected/switch/route-v5 \
    "$(header location -d '{"prompt":"a"}' "$(chat_url)")"
  holds 'following it gets the real answer' '.response == "switch heard: hello there"' \
    "$(ask -L --post302)"
  is 'and is counted' 1 "$(count '.switch["POST /redirected/switch/route-v5"]')"
  heal
  holds 'healed' '.response == "switch heard: hello there"' "$(ask)"
}

check_wire_faults() {
  reset
  fault '"fault":"hang"'
  is 'hang never answers' 28 "$(ask_code 0.3)"
  eventually 'hang notices who left' count_is '.switch | [.total, .abandoned, .open] | @csv' '1,1,0'
  fault '"fault":"slow","ms":250'
  at_least 'slow takes its time' 0.25 \
    "$(curl -s -o /dev/null -w '%{time_total}' -d '{"prompt":"a"}' "$(chat_url)")"
  holds 'slow gives the real answer' '.response == "switch heard: hello there"' "$(ask)"
  fault '"fault":"trickle","ms":1'
  holds 'trickle gives the real answer' '.response == "switch heard: hello there"' "$(ask)"
  fault '"fault":"trickle","ms":50'
  is 'trickle takes its time' 28 "$(ask_code 0.6)"
  fault '"fault":"truncated"'
  is 'truncated ends early' 18 "$(ask_code 10)"
  fault '"fault":"wrong_length"'
  local length body
  length=$(header content-length -d '{"prompt":"hi"}' "$(chat_url)")
  body=$(raw "$switch" "$raw_chat" | tail -n 1)
  is 'wrong_length promises half' "$length" $((${#body} / 2))
  holds 'wrong_length sends it all' '.response == "switch heard: hi"' "$body"
  fault '"fault":"conflicting_length"'
  is 'conflicting_length promises twice' 2 \
    "$(raw "$switch" "$raw_chat" | grep '^content-length' | sort -u | wc -l)"
  fault '"fault":"reset"'
  is 'reset is a RST' 56 "$(ask_code 10)"
  fault '"fault":"early_close"'
  is 'early_close is an empty reply' 52 "$(ask_code 10)"
  fault '"fault":"huge"'
  is 'huge keeps sending' 3000000 "$(raw "$switch" "$raw_chat" | head -c 3000000 | wc -c)"
  fault '"fault":"huge_header"'
  is 'huge_header keeps sending' 3000000 "$(raw "$switch" "$raw_chat" | head -c 3000000 | wc -c)"
  is 'huge_header does not end' 0 \
    "$(raw "$switch" "$raw_chat" | head -c 3000000 | tr -d '\r' | grep -c '^$')"
  eventually 'nothing is left open' count_is '.switch.open' 0
  fault '"fault":"500","ms":200'
  at_least 'any fault can wait' 0.2 \
    "$(curl -s -o /dev/null -w '%{time_total}' -d '{"prompt":"a"}' "$(chat_url)")"
  heal
}

check_listener_faults() {
  local answer
  exec 5<>"/dev/tcp/127.0.0.1/${switch##*:}"
  eventually 'a connection is open' count_is '.switch.open' 1
  fault '"fault":"refuse"'
  is 'refuse refuses' 7 "$(ask_code 10)"
  timeout 5 cat <&5 >/dev/null
  is 'refuse ends open connections' 0 $?
  exec 5>&-
  is 'madre is not touched' 200 "$(status_of "$madre/health")"
  heal
  holds 'healed on the same port' '.response == "switch heard: hello there"' "$(ask)"
  eventually 'all closed' count_is '.switch.open' 0

  reset
  fault '"fault":"hang_connect"'
  answer=$(curl -s -m 0.5 -o /dev/null -w '%{time_connect}' -d '{"prompt":"a"}' "$(chat_url)")
  is 'hang_connect never answers' 28 $?
  at_least 'hang_connect connects' 0.000001 "$answer"
  is 'hang_connect accepts no connection' 0 "$(count '.switch.connections')"
  fault '"fault":"drop_connect"'
  answer=$(curl -s -m 0.5 -o /dev/null -w '%{time_connect}' -d '{"prompt":"a"}' "$(chat_url)")
  is 'drop_connect never answers' 28 $?
  is 'drop_connect never connects' 0.000000 "$answer"
  fault '"fault":"500"'
  is 'another fault reopens the listener' 500 "$(ask_status)"
  fault '"fault":"refuse"'
  fault '"fault":"none"'
  is 'none heals' 200 "$(ask_status)"
  is 'connections of the faults were not counted' 2 "$(count '.switch.connections')"
}

check_fault_orders() {
  fault '"fault":"500","times":2'
  is 'times: struck once' 500 "$(ask_status)"
  is 'times: struck twice' 500 "$(ask_status)"
  is 'times: then healed' 200 "$(ask_status)"
  holds 'times: nothing is in force' '.switch == []' "$(get "$control/__faults")"
  fault '"fault":"500","path":"/switch"'
  fault '"fault":"404","path":"/switch/other"'
  is 'path: below it' 500 "$(ask_status)"
  is 'path: the longest wins' 404 "$(status_of "$switch/switch/other/x")"
  is 'path: not elsewhere' 200 "$(status_of "$switch/health")"
  fault '"fault":"none","path":"/switch"'
  is 'path: taken away alone' 200 "$(ask_status)"
  holds 'path: the other stays' '.switch == [{"fault":"404","ms":0,"path":"/switch/other"}]' \
    "$(get "$control/__faults")"
  fault '"fault":"context_too_long","as":"vllm"'
  holds 'as: is shown'\
    '.switch[1] == {"fault":"context_too_long","ms":0,"as":"vllm"}' "$(get "$control/__faults")"
  heal
  local order
  while read -r member order; do
    holds "order $order names $member" ".detail | startswith(\"$member:\")" \
      "$(post "$control/__fault" "$order")"
    is "order $order is 400" 400 "$(status_of -d "$order" "$control/__fault")"
  done <<'ORDERS'
body nonsense
body []
service {"fault":"500"}
service {"service":"hermes","fault":"500"}
fault {"service":"switch"}
fault {"service":"switch","fault":"flood"}
ms {"service":"switch","fault":"slow"}
ms {"service":"switch","fault":"slow","ms":-1}
ms {"service":"switch","fault":"slow","ms":1.5}
times {"service":"switch","fault":"500","times":0}
path {"service":"switch","fault":"500","path":"x"}
path {"service":"switch","fault":"refuse","path":"/x"}
retry_after {"service":"switch","fault":"503","retry_after":"soon"}
colour {"service":"switch","fault":"500","colour":1}
as {"service":"switch","fault":"500","as":"openai"}
as {"service":"switch","fault":"context_too_long","as":"gpt"}
as {"service":"switch","fault":"content_refused","as":"tgi"}
as {"service":"switch","fault":"content_filtered","as":1}
ORDERS
  while read -r member order; do
    holds "setting $order names $member" ".detail | startswith(\"$member:\")" \
      "$(post "$control/__set" "$order")"
  done <<'SETTINGS'
dialect {"stream":true,"dialect":"old"}
reply_key {"reply_key":"text"}
stream {"stream":1}
stream_chunks {"stream_chunks":-1}
latency_ms {"latency_ms":"1"}
colour {"colour":1}
SETTINGS
  holds 'a bad setting changes nothing' '.stream == false and .dialect == "operative"' \
    "$(post "$control/__set" '{}')"
  is 'nothing bad was put in force' 200 "$(ask_status)"
}

check_command_line() {
  "$program" --madre 0.0.0.0:0 >/dev/null 2>&1
  is 'an open address is refused' 2 $?
  "$program" --switch 127.0.0.1 >/dev/null 2>&1
  is 'a port is needed' 2 $?
  "$program" --dialect old >/dev/null 2>&1
  is 'an unknown dialect is refused' 2 $?
  "$program" --madre "${madre#http://}" >/dev/null 2>&1
  is 'a taken port is refused' 1 $?
}

check_token() {
  is 'switch is not served when left out' '' "$switch"
  is 'health needs no token' 200 "$(status_of "$madre/health")"
  is 'no token is 401' 401 "$(status_of "$madre/madre/power/state")"
  is 'a wrong token is 403' 403 "$(status_of -H 'x-vx11-token: no' "$madre/madre/power/state")"
  is 'two tokens are 403' 403 \
    "$(status_of -H 'x-vx11-token: t0' -H 'x-vx11-token: no' "$madre/madre/power/state")"
  holds 'the right one is let in, and the dialect is windowed' 'has("window_id")' \
    "$(get -H 'x-vx11-token: t0' "$madre/madre/power/state")"
  is 'counters need no token' 200 "$(status_of "$madre/__count")"
  holds 'a service that is not served has no faults' '.detail | startswith("service:")' \
    "$(post "$control/__fault" '{"service":"switch","fault":"500"}')"
  at_least '--latency-ms delays chats' 0.2 "$(curl -s -o /dev/null -w '%{time_total}' \
    -H 'x-vx11-token: t0' -d '{"message":"a"}' "$madre/madre/chat")"
  is 'several loops serve' 200 "$(for _ in 1 2 3 4 5 6; do status_of "$madre/health"; echo; done | sort -u)"
  curl -s -m 20 -H 'x-vx11-token: t0' "$madre/madre/power/state?[1-200]" -Z -o /dev/null 2>/dev/null
  eventually 'and count together' count_is '.madre["GET /madre/power/state"]' 204
}

start --madre 127.0.0.1:0 --switch 127.0.0.1:0
if [ -z "$control" ]; then
  fail 'it starts' "$(cat "$work/out" "$work/err")"
else
  check_madre_endpoints
  check_switch_endpoints
  check_streams
  check_counters
  check_canned_faults
  check_wire_faults
  check_listener_faults
  check_fault_orders
  check_command_line
  fault '"fault":"hang"'
  curl -s -m 20 "$switch/health" &
  eventually 'a request hangs' count_is '.switch.open' 1
  stop TERM 'SIGTERM ends it with 0, whatever hangs'
  start --madre 'localhost:0' --control '127.0.0.1:0' --token t0 --threads 2 --dialect windowed \
    --latency-ms 200
  check_token
  stop INT 'SIGINT ends it with 0'
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
