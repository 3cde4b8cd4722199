#!/usr/bin/env bash
# The OpenAPI descriptions are without findings of Redocly, and each one file is what its parts say.
#   description.sh FOLDER SOURCES [bundle]     FOLDER is the one that install.sh filled; bundle writes the files
set -euo pipefail
folder=$1 sources=$2 mode=${3:-check}
[[ -e $folder/node_modules/installed.json ]] || { echo "skipped: the tools are not installed in $folder" && exit 77; }
version=$(sed -n 's/^#define VX11_VERSION_STRING "\(.*\)"$/\1/p' "$sources/include/vx11/version.hpp")
for api in gateway operator; do
  node "$folder/description.mjs" "$mode" "$sources/docs/openapi/$api.yaml" "$sources/docs/openapi/$api.json" "$version"
done
