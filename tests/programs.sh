# shellcheck shell=bash
# Second half of lib.sh: starting, steering and stopping the programs.

readonly GATEWAY_PROGRAM=${VX11_GATEWAY:-$(newest_program examples/gateway/vx11-gateway)}
readonly OPERATOR_PROGRAM=${VX11_OPERATOR:-$(newest_program examples/operator/vx11-operator)}
readonly UPSTREAM_PROGRAM=${VX11_UPSTREAM:-$(newest_program examples/upstream/vx11-upstream)}
readonly TOKEN=${VX11_TENTACULO_LINK_TOKEN:-${VX11_GATEWAY_TOKEN:-operator-token-of-this-test}}
BASE=${VX11_BASE_URL:-} # of the gateway
MADRE='' SWITCH_URL='' CONTROL=''
EXIT_CODE=none # of the program that stop() ended last

# The caller's environment must not reach the programs; tests set what they need.
for name in $(compgen -e | grep '^VX11_'); do unset "$name"; done
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
export XDG_STATE_HOME=$WORK/state VX11_TENTACULO_LINK_TOKEN=$TOKEN

end_programs() {
  local name
  for name in "${!PIDS[@]}"; do kill -KILL "${PIDS[$name]}"; done
  wait
  rm -rf "$WORK"
} 2>/dev/null
trap end_programs EXIT
trap 'exit 130' INT TERM

show_logs() {
  local log
  for log in "$WORK"/*.err; do
    [[ ! -s $log ]] || { echo "--- $(basename "$log")" && tail -n 20 "$log"; }
  done
}

# --- any program ----------------------------------------------------------------------------------

is_running() { kill -0 "${PIDS[$1]:-0}" 2>/dev/null; }
is_gone() { ! is_running "$1"; }
says() { grep -q "$2" "$WORK/$1.out"; }
says_or_is_gone() { says "$1" "$2" || is_gone "$1"; }

# start NAME PATTERN COMMAND…: in the background, until a line of its output matches.
start() {
  local name=$1 ready=$2
  shift 2
  : >"$WORK/$name.out" # here and now: what an earlier run said must not be taken for this one's
  "$@" >"$WORK/$name.out" 2>"$WORK/$name.err" </dev/null {REPORT}>&- &
  PIDS[$name]=$!
  eventually $START_LIMIT says_or_is_gone "$name" "$ready"
  says "$name" "$ready" || die "$name does not start: $*"
}

# stop NAME [SIGNAL]: until it has ended; EXIT_CODE is how.
stop() {
  local name=$1 pid=${PIDS[$1]:-}
  [[ -n $pid ]] || return 0
  kill "-${2:-TERM}" "$pid" 2>/dev/null
  eventually 30 is_gone "$name" || { kill -KILL "$pid"; echo "$name did not stop" >&2; }
  wait "$pid" 2>/dev/null
  EXIT_CODE=$?
  unset "PIDS[$name]"
}

# A port without a listener, below the system's ephemeral range.
free_port() {
  local port
  for _ in {1..100}; do
    port=$((20000 + RANDOM % 12000))
    : 2>/dev/null <"/dev/tcp/127.0.0.1/$port" || break
  done
  echo "$port"
}

# url_of NAME LINE-START: what follows it in the output.
url_of() { sed -n "s/^$2 *//p" "$WORK/$1.out" | head -n 1; }
port_of() { echo "${1##*:}"; }

# --- vx11-upstream --------------------------------------------------------------------------------

# start_upstream [MADRE-PORT SWITCH-PORT [OPTION…]]: both services; they ask for the token.
start_upstream() {
  [[ -x $UPSTREAM_PROGRAM ]] || die "vx11-upstream is not built"
  start upstream '^ready' "$UPSTREAM_PROGRAM" --madre "127.0.0.1:${1:-0}" \
    --switch "127.0.0.1:${2:-0}" --token "$TOKEN" "${@:3}"
  MADRE=$(url_of upstream 'madre listening on')
  SWITCH_URL=$(url_of upstream 'switch listening on')
  CONTROL=$(url_of upstream 'control listening on')
}

# order PATH [JSON]: posts to the upstream's control port; prints the answer.
order() {
  curl --noproxy '*' -fsS --max-time 30 -X POST "$CONTROL/$1" -d "${2-}" || die "$1 ${2-} is refused"
}

# fault SERVICE KIND [MEMBERS]: for one, fault madre hang '"path":"/health"'.
fault() { order __fault "{\"service\":\"$1\",\"fault\":\"$2\"${3:+,$3}}" >/dev/null; }
heal() { order __heal >/dev/null; }
reset_counts() { order __reset >/dev/null; }
tune() { order __set "$1" >/dev/null; }

# count FILTER, last FILTER: out of what the upstream was asked.
count() { curl --noproxy '*' -fsS "$CONTROL/__count" | jq -r "$1"; }
last() { curl --noproxy '*' -fsS "$CONTROL/__last" | jq -c "$1"; }
expect_count() { expect_equal "count $1" "$(count "$1")" "$2"; }
expect_last() { # FILTER [JQ-ARGUMENT…]: true of the last requests
  local filter=$1
  shift
  curl --noproxy '*' -fsS "$CONTROL/__last" | jq -e "$@" "[($filter)] | length > 0 and all(. == true)" >/dev/null ||
    unmet "not so: $filter"$'\n'"  last: $(last .)"
}

# --- redis ----------------------------------------------------------------------------------------

# start_redis [OPTION…]: sets REDIS_PORT.
start_redis() {
  REDIS_PORT=$(free_port)
  start_redis_on "$REDIS_PORT" "$@"
}

start_redis_on() { # PORT [OPTION…]
  start redis 'Ready to accept connections' redis-server --bind 127.0.0.1 --port "$1" --save '' \
    --appendonly no --dir "$WORK" "${@:2}"
}

# --- vx11-gateway ---------------------------------------------------------------------------------

# start_gateway [OPTION…]: on a free port, before the upstreams that were started. BASE is where.
# LISTEN and SESSIONS before the call say otherwise.
start_gateway() {
  [[ -x $GATEWAY_PROGRAM ]] || die "vx11-gateway is not built"
  # No balancer stands before it.
  VX11_SERVER_DRAIN_DELAY=${VX11_SERVER_DRAIN_DELAY:-0s} \
    start gateway '^listening on ' "$GATEWAY_PROGRAM" --listen "${LISTEN:-127.0.0.1:0}" \
    --sessions "${SESSIONS:-memory}" ${MADRE:+--madre "$MADRE"} ${SWITCH_URL:+--switch "$SWITCH_URL"} "$@"
  BASE=$(url_of gateway 'listening on')
}

# end_gateway: the gateway must always exit with 0; sanitizer reports are detected here.
end_gateway() {
  [[ -n ${PIDS[gateway]:-} ]] || return 0
  stop gateway
  ((EXIT_CODE == 0)) && return
  FAILED=$((FAILED + 1))
  echo "FAIL SIGTERM ends the gateway with $EXIT_CODE" >&"$REPORT"
}

restart_gateway() {
  end_gateway
  start_gateway "$@"
}

# config: writes standard input as the file that CONFIG names, for `start_gateway --config`.
readonly CONFIG=$WORK/gateway.toml
config() { cat >"$CONFIG"; }
