#!/usr/bin/env bash
# What:     Pushgateway 1.5.1 (Debian 12) with `--persistence.file`: a job pushes its result, is answered 200, and the process is
#           killed (as by the kernel when memory runs out, or by a lost machine) three seconds later; and the same with SIGTERM.
# Guess:    the file is written with each push, or within a second, since 200 says that the push is kept.
# Seen:     after a kill nothing is left, and there is not even a file: it is written each five minutes and at SIGTERM. The
#           job has ended well and does not push again before tomorrow: the alert on its last success, or on `absent()`, fires for a
#           job that is well, and one on a failure that was pushed is resolved. `--persistence.interval=1s` writes within a
#           second of a push.
# Output:   killed: 0 metrics after the start
#           ended by SIGTERM: 1 metric after the start
#           killed, with persistence.interval 1s: 1 metric after the start
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'prometheus-pushgateway=1.5.1-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
cd "$work"
port=$(/usr/bin/python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
start() {
  usr/bin/prometheus-pushgateway --web.listen-address="127.0.0.1:$port" --persistence.file="$1" "${@:2}" 2>>log &
  process=$!
  for ((i = 0; i < 100; i++)); do curl -sf -o /dev/null "http://127.0.0.1:$port/-/ready" && return; sleep 0.1; done
  cat log >&2
  exit 1
}
try() { # NAME SIGNAL [OPTION]
  start "file-$1" "${@:3}"
  printf 'last_success_seconds 1700000000\n' | curl -sf --data-binary @- "http://127.0.0.1:$port/metrics/job/backup"
  sleep 3
  kill "-$2" "$process"
  wait "$process" 2>/dev/null || true
  start "file-$1" "${@:3}"
  count=$(curl -sf "http://127.0.0.1:$port/metrics" | grep -c '^last_success_seconds{') || true
  kill "$process"
  wait "$process" 2>/dev/null || true
}
{
  try kill KILL
  echo "killed: $count metrics after the start"
  try term TERM
  echo "ended by SIGTERM: $count metric after the start"
  try often KILL --persistence.interval=1s
  echo "killed, with persistence.interval 1s: $count metric after the start"
} 2>messages | tee seen
diff - seen <<'EXPECTED'
killed: 0 metrics after the start
ended by SIGTERM: 1 metric after the start
killed, with persistence.interval 1s: 1 metric after the start
EXPECTED
