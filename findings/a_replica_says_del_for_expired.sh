#!/usr/bin/env bash
# What:     Redis 7.0.15 (Debian 12): keyspace events of keys that expire, as read from a replica to spare the primary.
# Guess:    the replica publishes 'expired' for each, as the primary does.
# Seen:     it publishes 'set' and 'expire', and then 'del': to the replica an expiry is a deletion that the primary sends. A
#           listener for the end of sessions hears nothing on a replica, and cannot tell there what has expired from what a
#           client has deleted; with notify-keyspace-events "Ex" no event comes at all. While the primary hangs, GET is empty
#           and KEYS is, but no event comes until it is back, DBSIZE counts the key, and RANDOMKEY gives it.
# Output:   primary: set session, expire session, expired session, set other, expire other, del other
#           replica: set session, expire session, del session, set other, expire other, del other
#           replica with "Ex":
#           replica, primary hangs: set late, expire late; GET "" KEYS "" DBSIZE "1" RANDOMKEY "late"
set -euo pipefail
work=$(mktemp -d)
trap 'kill -CONT $(jobs -p) 2>/dev/null || true; kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"

read -r port1 port2 port3 < <(/usr/bin/python3 -c '
import socket
free = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(one.getsockname()[1] for one in free))')
serve() { # PORT EVENTS [OPTION...]
  mkdir "$1"
  redis-server --port "$1" --bind 127.0.0.1 --save '' --dir "$work/$1" --repl-diskless-sync-delay 0 \
    --notify-keyspace-events "$2" "${@:3}" >"$1.log" &
  until redis-cli -p "$1" PING >/dev/null 2>&1; do sleep 0.05; done
}
serve "$port1" AKE
primary=$!
for port in $port2 $port3; do
  [[ $port == "$port2" ]] && events=AKE || events=Ex
  serve "$port" $events --replicaof "127.0.0.1 $port1"
  until redis-cli -p "$port" INFO replication | grep -q master_link_status:up; do sleep 0.05; done
done
for port in $port1 $port2 $port3; do
  redis-cli -p "$port" PSUBSCRIBE '__keyevent@0__:*' >"events.$port" &
done
for port in $port1 $port2 $port3; do
  until [[ -s events.$port ]]; do sleep 0.05; done
done
heard() { # PORT: what came since the last call, as "event key, ..."
  /usr/bin/python3 - "events.$1" <<'PY'
import sys
lines = open(sys.argv[1]).read().split("\n")
print(*(f"{lines[i + 2].split(':')[1]} {lines[i + 3]}" for i, line in enumerate(lines) if line == "pmessage"), sep=", ")
PY
}
redis() { redis-cli -p "$1" "${@:2}"; }
{
  redis "$port1" SET session 1 PX 200 >/dev/null
  sleep 1.5
  redis "$port1" SET other 1 PX 5000 >/dev/null
  redis "$port1" DEL other >/dev/null
  sleep 0.5
  echo "primary: $(heard "$port1")"
  before=$(heard "$port2")
  echo "replica: $before"
  echo "replica with \"Ex\":$(heard "$port3")"
  redis "$port1" SET late 1 PX 500 >/dev/null
  kill -STOP $primary
  sleep 2
  after=$(heard "$port2")
  echo "replica, primary hangs: ${after#"$before, "}; GET \"$(redis "$port2" GET late)\"" \
    "KEYS \"$(redis "$port2" KEYS '*')\" DBSIZE \"$(redis "$port2" DBSIZE)\" RANDOMKEY \"$(redis "$port2" RANDOMKEY)\""
} | tee seen
diff - seen <<'EXPECTED'
primary: set session, expire session, expired session, set other, expire other, del other
replica: set session, expire session, del session, set other, expire other, del other
replica with "Ex":
replica, primary hangs: set late, expire late; GET "" KEYS "" DBSIZE "1" RANDOMKEY "late"
EXPECTED
