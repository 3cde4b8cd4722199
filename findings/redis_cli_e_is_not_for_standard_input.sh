#!/usr/bin/env bash
# What:     redis-cli 7.0.15 (Debian 12) and the exit code of commands that the server refuses, with a server that wants a
#           password. `-e` is documented as "Return exit error code when command execution fails".
# Guess:    `redis-cli PING` fails on NOAUTH, or `-e` makes it fail, wherever the command comes from.
# Seen:     without `-e` every error reply is exit code 0: a health check `redis-cli ping` passes on NOAUTH, WRONGPASS,
#           LOADING and MISCONF. With `-e` it is 1 for a command in the arguments, and still 0 for commands on standard
#           input, the way in which scripts feed several. A check has to compare the reply with PONG.
# Output:   redis-cli PING: NOAUTH, exit code 0
#           redis-cli -e PING: NOAUTH, exit code 1
#           redis-cli -e <<<PING: NOAUTH, exit code 0
#           redis-cli -a wrong PING: NOAUTH, exit code 0
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$work/usr/sbin:$PATH

redis-server --port 0 --unixsocket "$work/redis" --requirepass secret --save '' --dir "$work" >"$work/log" &
until [[ -S $work/redis ]]; do sleep 0.05; done

# look TITLE COMMAND…: the kind of the server's reply, and the exit code
look() {
  local title=$1 code=0 reply
  shift
  reply=$("$@" 2>&1) || code=$?
  echo "$title: $(grep -oE 'NOAUTH|PONG' <<<"$reply"), exit code $code"
}
from_input() { redis-cli -s "$work/redis" -e <<<PING; }
{
  look 'redis-cli PING' redis-cli -s "$work/redis" PING
  look 'redis-cli -e PING' redis-cli -s "$work/redis" -e PING
  look 'redis-cli -e <<<PING' from_input
  look 'redis-cli -a wrong PING' redis-cli -s "$work/redis" -a wrong PING
} | tee "$work/seen"
diff - "$work/seen" <<'EXPECTED'
redis-cli PING: NOAUTH, exit code 0
redis-cli -e PING: NOAUTH, exit code 1
redis-cli -e <<<PING: NOAUTH, exit code 0
redis-cli -a wrong PING: NOAUTH, exit code 0
EXPECTED
