#!/usr/bin/env bash
# Checks that the library exports, and the header declares, exactly the functions of the list.
#   symbols.sh LIBRARY LIST HEADER
set -euo pipefail
exported=$(nm -D --defined-only "$1" | awk '{print $3}' | grep -v '^__\(asan\|tsan\|ubsan\|odr\)' | LC_ALL=C sort)
declared=$(grep -o 'vx11_[a-z_]*(' "$3" | tr -d '(' | LC_ALL=C sort -u)
listed=$(LC_ALL=C sort "$2")
status=0
diff <(echo "$listed") <(echo "$exported") || { echo 'the exports differ from the list'; status=1; }
diff <(echo "$listed") <(echo "$declared") || { echo 'the header differs from the list'; status=1; }
echo "$(wc -l <<<"$listed") symbols"
exit $status
