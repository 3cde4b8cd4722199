# shellcheck shell=bash
# Helpers of the process tests. A script sources this file, starts programs, says
#
#   check "what is claimed" some_function
#
# for every claim and ends with `finish`. Programs listen on ports that the system picks and live in
# a temporary directory, so scripts may run in parallel; programs they started are killed at exit.
#
# VX11_GATEWAY and VX11_UPSTREAM name the programs; without them the newest under build/ are taken.
set -uo pipefail

TESTS_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) && readonly TESTS_DIR
readonly START_LIMIT=60 # seconds; generous, for loaded machines and sanitizers
WORK=$(mktemp -d "${TMPDIR:-/tmp}/vx11-test.XXXXXX") && readonly WORK
readonly BODY=$WORK/body HEAD=$WORK/head

PASSED=0 FAILED=0 UNMET=0
STATUS=none ELAPSED_MS=0
declare -A PIDS=()
exec {REPORT}>&1 # for what must be seen even while check() collects the output

for tool in curl jq; do
  command -v "$tool" >/dev/null || { echo "the tests need $tool" >&2; exit 2; }
done

newest_program() {
  find "$TESTS_DIR/../build" -path "*/$1" -printf '%T@ %p\n' 2>/dev/null |
    sort -rn | head -n 1 | cut -d' ' -f2-
}

# --- claims ---------------------------------------------------------------------------------------

# check NAME COMMAND…: runs the command here; it fails by its exit code or by an unmet expectation.
check() {
  local name=$1 code=0
  shift
  UNMET=0
  "$@" >"$WORK/why" 2>&1 || code=$?
  if ((code == 0 && UNMET == 0)); then
    PASSED=$((PASSED + 1))
    echo "ok   $name"
  else
    FAILED=$((FAILED + 1))
    echo "FAIL $name"
    sed 's/^/       /' "$WORK/why"
    ((UNMET > 0)) || echo "       $1 returned $code"
  fi
}

# The last line of every test. Nothing checked is a failure too.
finish() {
  end_gateway
  ((FAILED == 0)) || show_logs
  echo "$PASSED passed, $FAILED failed"
  ((FAILED == 0 && PASSED > 0))
  exit
}

# The test itself cannot continue.
die() {
  {
    echo "ERROR $*"
    show_logs
    echo "$PASSED passed, $((FAILED + 1)) failed"
  } >&"$REPORT"
  exit 1
}

unmet() {
  UNMET=$((UNMET + 1))
  echo "$*"
  return 1
}

show_answer() {
  echo "  answer: $STATUS after $ELAPSED_MS ms: $(head -c 1000 "$BODY" | tr -d '\0')"
}

expect_equal() { # WHAT GOT WANTED
  [[ $2 == "$3" ]] || unmet "$1 is '$2', not '$3'"
}

expect_status() {
  [[ $STATUS == "$1" ]] || unmet "the status is $STATUS, not $1$(echo; show_answer)"
}

# expect_json FILTER [JQ-ARGUMENT…]: the body is one JSON text for which the filter says true and
# nothing else. (Slurped, because jq -e is content with an empty input.)
expect_json() {
  local filter=$1
  shift
  jq -es "$@" "length == 1 and ([.[0] | ($filter)] | length > 0 and all(. == true))" "$BODY" >/dev/null 2>&1 ||
    unmet "not so: $filter $*$(echo; show_answer)"
}

expect_header() { # NAME REGULAR-EXPRESSION
  [[ $(header "$1") =~ $2 ]] || unmet "header $1 is '$(header "$1")', which is not $2"
}

expect_no_header() {
  ! grep -qi "^$1:" "$HEAD" || unmet "there is a header $1: '$(header "$1")'"
}

# expect_within LIMIT_MS: of the last request. The limit is one that was configured; the slack is for
# busy machines. What this proves is that there is a bound.
readonly SLACK_MS=5000
expect_within() {
  ((ELAPSED_MS <= $1 + SLACK_MS)) || unmet "it took $ELAPSED_MS ms; the limit is $1 ms"
}

# --- requests -------------------------------------------------------------------------------------

header() { # NAME: its value in the last answer
  tr -d '\r' <"$HEAD" | sed -n "s/^$1: *//Ip" | tail -n 1
}

# fetch URL [CURL-ARGUMENT…]: sets STATUS and ELAPSED_MS, fills $BODY and $HEAD.
fetch() {
  local seconds
  rm -f "$BODY" "$HEAD"
  touch "$BODY" "$HEAD"
  read -r STATUS seconds < <(curl --noproxy '*' -sS --max-time 30 -o "$BODY" -D "$HEAD" \
    -w '%{http_code} %{time_total}\n' "$@" 2>"$WORK/curl.err")
  local digits=${seconds/./}
  ELAPSED_MS=$((10#$digits / 1000))
}

# anonymous METHOD PATH [CURL-ARGUMENT…]
anonymous() {
  local how=(-X "$1") path=$2
  [[ $1 != HEAD ]] || how=(--head)
  shift 2
  fetch "${how[@]}" "$@" "$BASE$path"
}

# operator METHOD PATH [CURL-ARGUMENT…]: with the token.
operator() {
  local method=$1 path=$2
  shift 2
  anonymous "$method" "$path" -H "x-vx11-token: $TOKEN" "$@"
}

# raw FORMAT [ARGUMENT…]: sends what printf makes of it, byte for byte, and reads the first line of
# the answer; sets STATUS, empty when the gateway just hangs up.
raw() {
  local where=${BASE#http://} socket line=''
  exec {socket}<>"/dev/tcp/${where%:*}/${where##*:}"
  # In a subshell: SIGPIPE ends it when the gateway closes before all is written.
  # shellcheck disable=SC2059
  (printf "$@" >&"$socket") 2>/dev/null
  read -r -t 30 line <&"$socket" || (($? <= 128)) || unmet "nothing comes, and no end either"
  exec {socket}>&-
  STATUS=$(sed -n 's/^HTTP[^ ]* \([0-9]*\).*/\1/p' <<<"$line")
}

# Sends CALLS requests over one connection without waiting for answers.
# Prints the number of good answers, and how many times 10 ms that took, and two.
pipelined() { # CALLS PATH
  /usr/bin/python3 - "${BASE##*:}" "$TOKEN" "$@" <<'PY'
import socket, sys, threading, time
port, token, calls, path = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nx-vx11-token: {token}\r\n\r\n".encode()
connection = socket.create_connection(("127.0.0.1", port), 60)
begun = time.monotonic()
threading.Thread(target=connection.sendall, args=(request * calls,), daemon=True).start()
read = b""
answers = 0
while answers < calls:
    piece = connection.recv(1 << 20)
    if not piece:
        break
    read += piece
    answers += read.count(b"HTTP/1.1 200 OK")
    read = read[-14:]
print(answers, int((time.monotonic() - begun) * 100) + 2)
PY
}

# side_by_side COUNT PATH [CURL-ARGUMENT…]: that many operator requests, 16 at a time; the statuses
# that came, each once, with how often: "300 200".
side_by_side() {
  local count=$1 path=$2
  shift 2
  curl --noproxy '*' -sS --max-time 60 --parallel --parallel-immediate --parallel-max 16 \
    -H "x-vx11-token: $TOKEN" -w '%{http_code}\n' -o /dev/null "$@" "$BASE$path#[1-$count]" |
    sort | uniq -c | awk '{print $1, $2}'
}

# chat JSON [CURL-ARGUMENT…]
chat() {
  local json=$1
  shift
  operator POST /operator/chat/ask -H 'content-type: application/json' --data-binary "$json" "$@"
}

# --- waiting --------------------------------------------------------------------------------------

# eventually SECONDS COMMAND…: asks until the command succeeds, but not longer.
eventually() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS <= deadline)) || return 1
    sleep 0.02 # between two looks, not instead of them
  done
}

source "$TESTS_DIR/programs.sh"
