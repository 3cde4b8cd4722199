#!/usr/bin/env bash
# Misuse of the library is refused by messages that say what to do.
#   misuse.sh HERE WORK COMPILER INCLUDES…
set -euo pipefail
here=$1 work=$2 compiler=$3
shift 3
mkdir -p "$work"
check() { "$compiler" -std=c++20 -fsyntax-only -Wall -Werror "$@" "$here/misuse.cpp"; }
refused() {  # PART INCLUDES… -- TIMES TEXT …: the errors contain each text that often
  local part=$1 includes=()
  shift
  while [[ $1 != -- ]]; do includes+=("$1") && shift; done
  shift
  if check "-D$part" "${includes[@]}" 2>"$work/$part"; then echo "no error: $part" && exit 1; fi
  while (($#)); do
    local times
    times=$(grep 'error: ' "$work/$part" | grep -c -- "$2") || true
    ((times >= $1)) || { echo "$part: $times instead of $1 times: $2"; cat "$work/$part"; exit 1; }
    echo "ok   $part: $2"
    shift 2
  done
}

check "$@"
refused LOST "$@" -- 2 'ignoring return'
refused WRONG_CALL "$@" -- 1 'co_await async_run()' 2 'returns no Task: call run()' 1 'takes a Deadline or nothing'
refused NO_POLICY "$@" -- 1 'give std::ref(policy)' 1 'given to Pipeline::run' 1 'const Result<T>&' \
  1 'a task returns a value'
refused NO_ROUTE "$@" -- 2 "a route's function takes"
