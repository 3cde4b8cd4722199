#!/usr/bin/env bash
# A compiler, pkg-config and nothing else.
#   pkg_config.sh PREFIX COMPILER WORK [SANITIZERS]
set -euo pipefail
prefix=$1 compiler=$2 work=$3
here=$(cd "$(dirname "$0")" && pwd)
folder=$(dirname "$(find "$prefix" -name vx11.pc)")
# The prefix is not on the default paths of linker and loader.
export PKG_CONFIG_PATH=$folder LD_LIBRARY_PATH=${folder%/*}
mkdir -p "$work"
sanitize=()
[[ -z ${4:-} ]] || sanitize=(-fsanitize="$4")

read -ra flags <<<"$(pkg-config --cflags --libs vx11-net vx11-sqlite vx11-redis vx11-websocket)"
"$compiler" -std=c++20 "${sanitize[@]}" "$here/../../test_package/main.cpp" -o "$work/consumer" "${flags[@]}"
"$work/consumer"

read -ra flags <<<"$(pkg-config --cflags --libs vx11-c)"
"$compiler" -x c -std=c11 "${sanitize[@]}" "$here/c/main.c" -o "$work/c_consumer" "${flags[@]}"
"$work/c_consumer"
# The old name.
[[ $(pkg-config --libs vx11-asio) == *-lvx11_net* ]]
echo "with $(pkg-config --modversion vx11)"
