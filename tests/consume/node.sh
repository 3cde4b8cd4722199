#!/usr/bin/env bash
# The Node package as npm packs it, built in another project against an installed libvx11_c.
#   node.sh PACKAGE PREFIX WORK
set -euo pipefail
package=$1 prefix=$2 work=$3
rm -rf "$work" && mkdir -p "$work"
# npm installs what it packed, and puts node-addon-api beside the package, not into it.
pack() { (cd "$1" && npm pack --silent --pack-destination "$work"); }
own=$(pack "$package")
api=$(pack "$package/node_modules/node-addon-api")
cd "$work"
echo '{"name":"consumer","private":true}' >package.json
npm install --silent --offline --no-audit --no-fund "./$api" "./$own"
test -d node_modules/node-addon-api && test ! -e node_modules/vx11/node_modules
(cd node_modules/vx11 && CMAKE_PREFIX_PATH=$prefix CMAKE_GENERATOR=Ninja npm run --silent build >/dev/null)
node -e '
  const { FunctionTransport, Router } = require("vx11");
  const transport = new FunctionTransport(() => ({ body: `{"response":"hello"}` }));
  const router = new Router({ targets: [{ name: "madre", url: "http://m:1", transport }] });
  router.ask("hi").then((reply) => process.exit(reply.text === "hello" ? 0 : 1));'
