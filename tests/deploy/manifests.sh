#!/usr/bin/env bash
# The manifests of Kubernetes by the schemas of its API, and the configuration in them by the gateway.
#   manifests.sh DEPLOY-FOLDER NPM-FOLDER GATEWAY
set -uo pipefail

readonly DEPLOY=$1 FOLDER=$2 GATEWAY=$3
here=$(cd "$(dirname "$0")" && pwd) && readonly here
command -v npm >/dev/null || { echo "skipped: there is no npm; apt-get install npm" && exit 77; }
mkdir -p "$FOLDER"
# The stamp is written last: an installation that was interrupted is made again.
if ! cmp -s "$here/package.json" "$FOLDER/node_modules/installed.json"; then
  cp "$here/package.json" "$FOLDER/package.json"
  if ! npm install --prefix "$FOLDER" --no-audit --no-fund --ignore-scripts >"$FOLDER/log" 2>&1; then
    echo "skipped: npm cannot install the schemas; $(tail -n 3 "$FOLDER/log")"
    exit 77
  fi
  cp "$here/package.json" "$FOLDER/node_modules/installed.json"
fi
cp "$here/manifests.mjs" "$FOLDER"
node "$FOLDER/manifests.mjs" "$DEPLOY" || exit 1
if VX11_TENTACULO_LINK_TOKEN=0123456789abcdef0123456789abcdef VX11_REDIS_PASSWORD=a VX11_REDIS_SENTINEL_PASSWORD=b \
  "$GATEWAY" --check-config --config "$FOLDER/gateway.toml" >"$FOLDER/checked" 2>&1; then
  echo "ok   the gateway takes its configuration"
else
  echo "FAIL the gateway takes its configuration"
  sed 's/^/       /' "$FOLDER/checked"
  exit 1
fi
