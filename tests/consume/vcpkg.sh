#!/usr/bin/env bash
# The vcpkg port, used by a project in manifest mode, with overlay ports that stand for the system's
# packages, so that nothing is downloaded. Needs a vcpkg: VCPKG_ROOT. Without one it is skipped.
#   vcpkg.sh WORK
set -euo pipefail
work=$1
here=$(cd "$(dirname "$0")" && pwd)
[[ -n ${VCPKG_ROOT:-} && -x $VCPKG_ROOT/vcpkg ]] || { echo 'VCPKG_ROOT names no vcpkg: skipped'; exit 77; }
export VCPKG_FORCE_SYSTEM_BINARIES=1 VCPKG_DISABLE_METRICS=1 VCPKG_BINARY_SOURCES=clear
rm -rf "$work" && mkdir -p "$work"
cmake -S "$here/vcpkg" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_TOOLCHAIN_FILE="$VCPKG_ROOT/scripts/buildsystems/vcpkg.cmake" >"$work/log" 2>&1 ||
  { cat "$work/log"; exit 1; }
if grep -i 'warning' "$work/log"; then exit 1; fi
cmake --build "$work/build"
"$work/build/consumer"
installed=$(echo "$work"/build/vcpkg_installed/*-linux)
test -s "$installed/share/vx11/copyright"
test -s "$installed/share/vx11/usage"
test -s "$installed/share/vx11/vx11-config.cmake"
test ! -e "$installed/debug/include" && test ! -e "$installed/debug/share/vx11"
