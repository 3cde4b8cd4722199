#!/usr/bin/env bash
# TypeScript types made of the description compile under --strict, and say what the description says.
#   types.sh FOLDER DESCRIPTION     FOLDER is the one that install.sh filled
set -euo pipefail
folder=$1 description=$2
[[ -e $folder/node_modules/installed.json ]] || { echo "skipped: the tools are not installed in $folder" && exit 77; }
rm -rf "$folder/types"
mkdir "$folder/types"
cp "$(dirname "$0")/types_test.ts" "$folder/types"
cd "$folder"
node node_modules/openapi-typescript/bin/cli.js "$description" -o types/gateway.ts >types/said
node node_modules/typescript/bin/tsc --strict --noEmit --target es2022 --module nodenext types/types_test.ts
