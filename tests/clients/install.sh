#!/usr/bin/env bash
# Installs the clients from npm into a folder, with the scripts that use them, unless they are there.
#   install.sh FOLDER [FROM]     FROM has package.json and scripts; without it the folder of this script
# Ends with 77 (skipped) if they cannot be installed here.
set -euo pipefail
from=$(cd "${2:-$(dirname "$0")}" && pwd)
folder=$1

mkdir -p "$folder"
cp "$from"/*.mjs "$from/.npmrc" "$from/package.json" "$from/package-lock.json" "$folder"
command -v npm >/dev/null || { echo 'skipped: there is no npm' && exit 77; }
cmp -s "$folder/package-lock.json" "$folder/node_modules/installed.json" && exit 0
npm --prefix "$folder" ci --silent --fetch-retries=1 --fetch-retry-mintimeout=1000 ||
  { echo "skipped: 'npm ci' failed; is the npm registry reachable?" && exit 77; }
cp "$folder/package-lock.json" "$folder/node_modules/installed.json"
