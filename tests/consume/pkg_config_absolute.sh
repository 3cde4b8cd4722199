#!/usr/bin/env bash
# pkg-config finds the folders also where one of them, or both, are absolute.
#   pkg_config_absolute.sh SOURCE WORK SETTINGS…
# The library is configured only: the files are written then.
set -euo pipefail
source=$1 work=$2
shift 2
expect() {  # VARIABLE FOLDER
  local found
  found=$(PKG_CONFIG_PATH=$work/build pkg-config --define-variable=pcfiledir="$work/prefix/lib/pkgconfig" \
    --variable="$1" vx11)
  found=$(realpath -m "$found")
  [[ $found == "$2" ]] || { echo "$1 is $found, and not $2"; exit 1; }
  echo "ok   $1=$found"
}
configure() {
  rm -rf "$work" && mkdir -p "$work"
  cmake -S "$source" -B "$work/build" "$@" -DCMAKE_INSTALL_PREFIX="$work/prefix" -DVX11_BUILD_TESTS=OFF \
    -DVX11_BUILD_EXAMPLES=OFF -DVX11_C=OFF -DVX11_PYTHON_PACKAGE=OFF -DVX11_NODE_PACKAGE=OFF >"$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
}
configure "$@" -DCMAKE_INSTALL_LIBDIR=lib
expect prefix "$work/prefix"
expect libdir "$work/prefix/lib"
expect includedir "$work/prefix/include"
configure "$@" -DCMAKE_INSTALL_LIBDIR=/opt/vx11/lib
expect prefix "$work/prefix"
expect libdir /opt/vx11/lib
expect includedir "$work/prefix/include"
configure "$@" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_INSTALL_INCLUDEDIR=/opt/vx11/include
expect libdir "$work/prefix/lib"
expect includedir /opt/vx11/include
