#!/usr/bin/env bash
# The Debian packages: their contents, and a program built against the unpacked files.
#   debian.sh BUILD WORK CPACK
set -euo pipefail
build=$1 work=$2 cpack=$3
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$work" && mkdir -p "$work/root"
"$cpack" --config "$build/CPackConfig.cmake" -B "$work/packages" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
for package in "$work"/packages/*.deb; do
  dpkg-deb -x "$package" "$work/root"
  echo "$(dpkg-deb -f "$package" Package) needs $(dpkg-deb -f "$package" Depends)"
done
find "$work/root" -type f | sed "s|$work/root||" | LC_ALL=C sort >"$work/files"
for file in '/usr/include/vx11/vx11\.hpp' '/usr/lib/.*libvx11_c\.so\.[0-9.]*' '/usr/bin/vx11-gateway' \
  '/usr/lib/.*cmake/vx11/vx11-config\.cmake' '/usr/lib/.*pkgconfig/vx11\.pc'; do
  grep -q "^$file\$" "$work/files" || { echo "not packed: $file"; exit 1; }
done
cmake -S "$here/core_alone" -B "$work/consumer" -G Ninja -DCMAKE_PREFIX_PATH="$work/root/usr" >/dev/null
cmake --build "$work/consumer" >/dev/null
"$work/consumer/core_alone"
