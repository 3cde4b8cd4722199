#!/usr/bin/env bash
# What a chat costs with sessions in SQLite by their number: the file is filled with sessions of two turns,
# the gateway is started on it and asked by 64 clients.
#   benchmarks/session_numbers.sh [-d seconds] [number …]
# Needs wrk and python3: apt-get install wrk python3
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=5
while getopts d: option; do case $option in d) seconds=$OPTARG ;; *) exit 2 ;; esac; done
shift $((OPTIND - 1))
numbers=("$@")
((${#numbers[@]})) || numbers=(1000 100000 1000000)

bin=$PWD/build/release/examples
source benchmarks/processes.sh
export VX11_SESSIONS_MAX=2000000 VX11_SESSIONS_MAX_BYTES=100000000000 VX11_SESSIONS_IDLE=24h

start_upstream() {
  "$bin/upstream/vx11-upstream" --madre 127.0.0.1:0 --switch 127.0.0.1:0 --threads 2 >"$work/upstream" &
  pid[upstream]=$!
  switch=$(wait_line "$work/upstream" 'switch listening on ')
  madre=$(wait_line "$work/upstream" 'madre listening on ')
}
start_gateway() {  # sets started_ms
  rm -f "$work/gateway"
  local begun=$EPOCHREALTIME
  VX11_TENTACULO_LINK_TOKEN=benchmark-token "$bin/gateway/vx11-gateway" --listen 127.0.0.1:0 \
    --switch "$switch" --madre "$madre" --sessions "sqlite:$work/sessions.db" --threads 2 >"$work/gateway" 2>&1 &
  pid[gateway]=$!
  url=$(wait_line "$work/gateway" 'listening on ')/operator/chat/ask
  started_ms=$(((${EPOCHREALTIME/./} - ${begun/./}) / 1000))
}
stop_gateway() {
  kill "${pid[gateway]}"
  wait "${pid[gateway]}" || true
  unset 'pid[gateway]'
}

fill() {  # fill NUMBER
  python3 - "$work/sessions.db" "$1" <<'PYTHON'
import sqlite3, sys, time

def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))

path, count = sys.argv[1], int(sys.argv[2])
now = int(time.time() * 1000)
turn = b"\0\0\0" + varint(80) + bytes(80) + varint(230) + bytes(230)  # see packed_session.hpp
database = sqlite3.connect(path)
database.execute("PRAGMA synchronous = OFF")
database.executemany(
    "INSERT INTO turns (key, session, bytes, used_at, turn) VALUES (?, ?, 600, ?, ?)",
    ((i + 1, i % count + 1, now, turn) for i in range(2 * count)))
database.executemany(
    "INSERT INTO sessions (key, id, user_id, created_at, last_accessed, used, owner, bytes, turns, turn_list)"
    " VALUES (?, ?, x'6c6f63616c', 0, ?, ?, x'', 1200, 2, ?)",
    ((i, b"00000000-0000-4000-8000-%012d" % i, now, i,
      varint(i) + varint(600) + varint(count) + varint(600)) for i in range(1, count + 1)))
database.execute("UPDATE totals SET sessions = ?, bytes = 1200 * ?, counted = 2 * ?", (count, count, count))
database.commit()
database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
PYTHON
}

echo '| sessions | file MB | start ms | resident MB at the start | and after | chats/s | p99 µs | CPU µs/chat | errors |'
echo '|---|---|---|---|---|---|---|---|---|'
start_upstream
for n in "${numbers[@]}"; do
  rm -f "$work"/sessions.db*
  start_gateway
  stop_gateway
  fill "$n"
  file=$(du -m "$work/sessions.db" | cut -f1)
  start_gateway
  resident() { awk '$1 == "VmRSS:" { printf "%d", $2 / 1024 }' "/proc/${pid[gateway]}/status"; }
  first=$(resident)
  SESSIONS=$n wrk -t1 -c64 -d1s --timeout 10s -s benchmarks/sessions.lua "$url" >/dev/null
  before=$(cpu "${pid[gateway]}")
  SESSIONS=$n wrk -t1 -c64 -d"${seconds}s" --timeout 10s --latency -s benchmarks/sessions.lua "$url" >"$work/wrk"
  after=$(cpu "${pid[gateway]}")
  awk -v n="$n" -v file="$file" -v start="$started_ms" -v first="$first" -v then="$(resident)" \
    -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" '
    function us(text) { return text ~ /us$/ ? text + 0 : text ~ /ms$/ ? text * 1000 : text * 1000000 }
    $1 == "99%" { p99 = us($2) } / requests in / { requests = $1 } /^Requests\/sec/ { rate = $2 }
    /Non-2xx/ { bad += $NF } /Socket errors/ { bad += $4 + $6 + $8 + $10 }
    END { printf "| %d | %d | %d | %d | %d | %d | %d | %.1f | %d |\n", n, file, start, first, then, rate, p99,
      ticks * 1e6 / hz / requests, bad }' "$work/wrk"
  stop_gateway
done
