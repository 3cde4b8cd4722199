#!/usr/bin/env bash
# Documents the public headers by docs/Doxyfile and fails for every warning: unreadable comments,
# broken links, and undocumented classes. Members may be undocumented.
#   doxygen.sh REPOSITORY OUTPUT
set -euo pipefail
cd "$1"
mkdir -p "$2"
in_mid_line=$(grep -rnE '^ *///? .*[^ ] \\(return|param|throws|see)\b' include || true)
if [[ -n $in_mid_line ]]; then
  printf 'commands belong at the beginning of a line:\n%s\n' "$in_mid_line"
  exit 1
fi
warnings=$({ cat docs/Doxyfile; echo "OUTPUT_DIRECTORY = $2"; } | doxygen - 2>&1 |
  grep -v 'warning: Member .* is not documented\.' || true)
if [[ -n $warnings ]]; then
  echo "$warnings"
  exit 1
fi
echo "$(find "$2/html" -name 'classvx11*.html' -o -name 'structvx11*.html' | wc -l) pages of classes in $2/html"
