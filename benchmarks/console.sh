#!/usr/bin/env bash
# Lighthouse's scores of the operator's console, as a table for benchmarks/README.md. Needs Debian's chromium, node
# and the npm registry once; the programs as built by scripts/prepare.
#   console.sh [BUILD-FOLDER]     build/release without it
set -euo pipefail
cd "$(dirname "$0")/.."
build=$(realpath "${1:-build/release}")
folder=$build/benchmarks/console-npm
tests/clients/install.sh "$folder" benchmarks/console
cp tests/console/{programs,system}.mjs "$folder"
export VX11_GATEWAY=$build/examples/gateway/vx11-gateway VX11_UPSTREAM=$build/examples/upstream/vx11-upstream
export VX11_OPERATOR=$build/examples/operator/vx11-operator
node "$folder/lighthouse.mjs"
