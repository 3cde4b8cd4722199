#!/usr/bin/env bash
# with_upstream.sh fails, and runs no program, if the upstream does not say that it is ready.
#   with_upstream_test.sh WITH_UPSTREAM
set -euo pipefail
stub=$(mktemp)
trap 'rm -f "$stub"' EXIT
printf '#!/bin/sh\nexec sleep 60\n' >"$stub"
chmod +x "$stub"
if said=$(UPSTREAM_LOOKS=2 "$1" "$stub" echo ran 2>&1); then
  echo "it succeeded: $said"
  exit 1
fi
[[ $said == *"was not ready in time" && $said != *ran* ]] || { echo "it said: $said"; exit 1; }
