#!/usr/bin/env bash
# What:     redis-cli 7.0.15 (Debian 12), `--cluster check` and `--cluster info`, as in a CI step or a probe of a deployment:
#           the exit code for a Cluster of three primaries and three replicas in several states.
# Guess:    0 if all is well, 1 for a node that cannot be reached, for a slot without a node and for a slot that is open.
# Seen:     `check` is 0 when every replica has ended, and when a primary is gone as well whose replica has taken over: what is
#           checked is whether the slots are covered, now; that the next failure ends the service is two lines on standard
#           error. `info` is 0 with "[OK]" when a third of the slots has no node. A deployment that waits for `check` counts
#           the replicas by itself, by CLUSTER NODES.
# Output:   all is well: check 0, info 0
#           a primary ended, its replica took over: check 0, info 0
#           all replicas ended: check 0, info 0
#           a slot is open: check 1, info 0
#           one more primary ended: check 1, info 0
set -euo pipefail
work=$(mktemp -d)
pids=()
trap 'kill -9 "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
{ apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' 2>apt &&
  for package in *.deb; do dpkg -x "$package" .; done; } || { cat apt >&2; exit 2; }
PATH=$work/usr/bin:$PATH
free_port() { # below 50000: a Cluster's bus has the port 10000 above
  python3 -c '
import socket
while True:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        if probe.getsockname()[1] < 50000:
            print(probe.getsockname()[1])
            break'
}
declare -A pid
ports=()
for _ in 1 2 3 4 5 6; do
  port=$(free_port)
  mkdir "$port"
  redis-server --port "$port" --bind 127.0.0.1 --dir "$work/$port" --save '' --cluster-enabled yes \
    --cluster-node-timeout 2000 --cluster-require-full-coverage no >"$port/log" &
  pid[$port]=$!
  pids+=($!)
  ports+=("$port")
  until [ "$(redis-cli -p "$port" PING 2>&1)" = PONG ]; do sleep 0.1; done
done
redis-cli --cluster create "${ports[@]/#/127.0.0.1:}" --cluster-replicas 1 --cluster-yes >created
role() { redis-cli -p "$1" ROLE 2>&1 | head -n 1; }
for port in "${ports[@]}"; do
  until [ "$(redis-cli -p "$port" CLUSTER NODES | grep -c 'slave ')" = 3 ]; do sleep 0.1; done
done
primaries=() replicas=()
for port in "${ports[@]}"; do
  if [ "$(role "$port")" = master ]; then primaries+=("$port"); else replicas+=("$port"); fi
done
for port in "${replicas[@]}"; do
  until redis-cli -p "$port" INFO replication | grep -q master_link_status:up; do sleep 0.1; done
done
end() { kill -9 "${pid[$1]}"; wait "${pid[$1]}" 2>/dev/null || true; }
observe() {
  local check=0 info=0
  redis-cli --cluster check "127.0.0.1:$2" >check.out 2>&1 || check=$?
  redis-cli --cluster info "127.0.0.1:$2" >info.out 2>&1 || info=$?
  echo "$1: check $check, info $info"
}
masters() { for port in "${replicas[@]}"; do role "$port"; done | grep -c master || true; }
{
  witness=${primaries[1]}
  observe 'all is well' "$witness"
  end "${primaries[0]}"
  until [ "$(masters)" = 1 ] && redis-cli -p "$witness" CLUSTER INFO | grep -q cluster_slots_fail:0; do sleep 0.2; done
  observe 'a primary ended, its replica took over' "$witness"
  for port in "${replicas[@]}"; do [ "$(role "$port")" = master ] || end "$port"; done
  observe 'all replicas ended' "$witness"
  id() { redis-cli -p "$1" CLUSTER MYID; }
  slot=$(redis-cli -p "$witness" CLUSTER NODES | sed -n 's/.*myself.* connected \([0-9]*\)-.*/\1/p')
  redis-cli -p "$witness" CLUSTER SETSLOT "$slot" MIGRATING "$(id "${primaries[2]}")" >set
  observe 'a slot is open' "$witness"
  redis-cli -p "$witness" CLUSTER SETSLOT "$slot" STABLE >set
  end "${primaries[2]}"
  until redis-cli -p "$witness" CLUSTER INFO | grep -Eq 'cluster_slots_fail:[1-9]'; do sleep 0.2; done
  observe 'one more primary ended' "$witness"
} >seen
cat seen
diff - seen <<'EXPECTED'
all is well: check 0, info 0
a primary ended, its replica took over: check 0, info 0
all replicas ended: check 0, info 0
a slot is open: check 1, info 0
one more primary ended: check 1, info 0
EXPECTED
