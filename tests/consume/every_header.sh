#!/usr/bin/env bash
# Every public header with another compiler than the build's, as users have it who include by -I with many warnings.
# Headers of libraries that are not installed are left out, and so are the deprecated names.
#   every_header.sh WORK COMPILER INCLUDE OTHER-INCLUDES…
set -euo pipefail
work=$1 compiler=$2 include=$3
shift 3
mkdir -p "$work"
cd "$include"
third='boost|date|httplib|opentelemetry|prometheus|spdlog'
find vx11 -name '*.hpp' | LC_ALL=C sort | while read -r header; do
  if grep -q '^#pragma message' "$header"; then continue; fi
  needed=$({ grep -Eo "^#include <($third)[./][^>]*>" "$header" || true; } | sed 's/#include \(.*\)/__has_include(\1) \&\& /')
  printf '#if %s1\n#include <%s>\n#endif\n' "${needed//$'\n'/}" "$header"
done >"$work/every_header.cpp"
[[ $(wc -l <"$work/every_header.cpp") -gt 450 ]]  # three lines a header: it did find them
"$compiler" -std=c++20 -fsyntax-only -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
  -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual -Wundef -Wdouble-promotion -Wextra-semi \
  -Wsuggest-override -DBOOST_ASIO_HAS_CO_AWAIT=1 "-I$include" "$@" "$work/every_header.cpp"
echo "ok   $(($(wc -l <"$work/every_header.cpp") / 3)) headers by $("$compiler" --version | head -1)"

printf '#include <vx11/boost_asio.hpp>\n' >"$work/boost_asio.cpp"
if "$compiler" --version | grep -q clang && [[ -e /usr/include/boost/asio.hpp ]] &&
  ! "$compiler" -std=c++20 -fsyntax-only "-I$include" "$@" "$work/boost_asio.cpp" 2>"$work/errors"; then
  grep -m 1 'error: ' "$work/errors" | grep -q 'define BOOST_ASIO_HAS_CO_AWAIT=1'
  echo 'ok   Asio without coroutines is refused with what to define'
fi
