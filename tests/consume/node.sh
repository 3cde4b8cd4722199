#!/usr/bin/env bash
# The Node package as npm packs it, built in another project against an installed libvx11_c.
#   node.sh PACKAGE PREFIX WORK
set -euo pipefail
package=$1 prefix=$2 work=$3
rm -rf "$work" && mkdir -p "$work/node_modules/vx11/node_modules"
tarball=$(cd "$package" && npm pack --silent --pack-destination "$work")
tar -xzf "$work/$tarball" -C "$work/node_modules/vx11" --strip-components=1
cp -r "$package/node_modules/node-addon-api" "$work/node_modules/vx11/node_modules/"
cd "$work/node_modules/vx11"
cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build build >/dev/null
cd "$work"
node -e '
  const { FunctionTransport, Router } = require("vx11");
  const transport = new FunctionTransport(() => ({ body: `{"response":"hello"}` }));
  const router = new Router({ targets: [{ name: "madre", url: "http://m:1", transport }] });
  router.ask("hi").then((reply) => process.exit(reply.text === "hello" ? 0 : 1));'
