#!/usr/bin/env bash
# The installed libraries neither contain nor need anything of Boost's.
#   no_boost.sh PREFIX
set -euo pipefail
libraries=$(find "$1" -name 'libvx11*.a' -o -name 'libvx11*.so')
[[ $libraries == *libvx11_net.* ]] || { echo "no libvx11_net under $1"; exit 1; }
for library in $libraries; do
  symbols=$(nm -C "$library" 2>&1; [[ $library == *.a ]] || nm -DC "$library" 2>&1)
  grep -q 'vx11' <<<"$symbols" || { echo "$library has no symbols to look at"; exit 1; }
  if grep -m 5 'boost::' <<<"$symbols"; then echo "in $library"; exit 1; fi
  echo "ok   $library"
done
