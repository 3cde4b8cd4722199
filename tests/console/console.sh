#!/usr/bin/env bash
# The tests of one file in the folder that install.sh filled.
#   console.sh FOLDER NAME
set -euo pipefail
folder=$1 name=$2
[[ -e $folder/node_modules/installed.json ]] || { echo "skipped: the tools are not installed in $folder" && exit 77; }
exec node --test-reporter=spec --test "$folder/$name.test.mjs"
