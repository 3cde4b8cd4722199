#!/usr/bin/env bash
# Starts vx11-upstream as a server of models that asks for the key "k", and runs a program with
# MODELS_URL and CONTROL_URL in its environment.
#   with_upstream.sh UPSTREAM PROGRAM [ARGUMENT…]
set -euo pipefail
upstream=$1
shift
work=$(mktemp -d)
: >"$work/out" # must exist before it is read
"$upstream" --models 127.0.0.1:0 --models-key k >"$work/out" 2>"$work/err" &
pid=$!
trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null; rm -rf "$work"' EXIT
for ((i = 0; i < ${UPSTREAM_LOOKS:-200}; i++)); do
  grep -q '^ready' "$work/out" && break
  kill -0 $pid || { cat "$work/err" >&2; exit 1; }
  sleep 0.05
done
grep -q '^ready' "$work/out" || { echo "$upstream was not ready in time" >&2; exit 1; }
url_of() { sed -n "s/^$1 listening on //p" "$work/out"; }
MODELS_URL=$(url_of models) CONTROL_URL=$(url_of control) "$@"
