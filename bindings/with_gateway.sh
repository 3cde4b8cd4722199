#!/usr/bin/env bash
# Starts the gateway with madre in process, and runs a program with the gateway's URL added.
#   with_gateway.sh GATEWAY PROGRAM [ARGUMENT…]
set -euo pipefail
gateway=$1
shift
work=$(mktemp -d)
: >"$work/out" # must exist before it is read
XDG_STATE_HOME=$work VX11_GATEWAY_TOKEN=vx11-local-token "$gateway" --listen 127.0.0.1:0 >"$work/out" 2>"$work/err" &
pid=$!
trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null; rm -rf "$work"' EXIT
for ((i = 0; i < 200; i++)); do
  url=$(sed -n 's/^listening on //p' "$work/out")
  [[ -n $url ]] && break
  kill -0 $pid || { cat "$work/err" >&2; exit 1; }
  sleep 0.05
done
"$@" "$url"
