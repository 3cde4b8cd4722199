#!/usr/bin/env bash
# What:     npm 10.8.2 (shipped with Node.js 20) on Node.js 20: `npm install openai`, whose newest release, 7.59.0 and
#           later, requires Node.js 22.
# Guess:    a bare name means the tag `latest`: 7.x is installed with a warning that the engine does not fit, as
#           `npm install openai@latest` does.
# Seen:     without a word, the newest release whose `engines` fit is taken: the major before, 6.x. The same command
#           builds one client on Node.js 20 and another on 22; `openai@latest` is not the same as `openai`. The same
#           holds for `ai` (6.x in place of 7.x). Pin the client's version wherever its retries or events matter.
# Output:   openai: major 6, silent
#           openai@latest: major 7, warned
#           ai: major 6, silent
#           ai@latest: major 7, warned
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
[[ $(node -p 'process.versions.node.split(".")[0]') == 20 ]] || { echo 'needs Node.js 20' >&2; exit 2; }
mkdir npm && npm install --silent --prefix npm npm@10.8.2 || exit 2

installed() {  # installed NAME[@TAG]
  local name=${1%@latest} folder
  folder=$(mktemp -d -p "$work")
  (cd "$folder" && "$work/npm/node_modules/.bin/npm" install --no-audit --no-fund "$1" >out 2>&1)
  echo "$1: major $(jq -r '.version | split(".")[0]' "$folder/node_modules/$name/package.json")," \
    "$(grep -q EBADENGINE "$folder/out" && echo warned || echo silent)"
}
for package in openai openai@latest ai ai@latest; do installed "$package"; done | tee seen
diff - seen <<'EXPECTED'
openai: major 6, silent
openai@latest: major 7, warned
ai: major 6, silent
ai@latest: major 7, warned
EXPECTED
