#!/usr/bin/env bash
# The headers under a program's own flags: they compile without a warning, or one error says what is wrong.
#   flags.sh HERE WORK COMPILER INCLUDES…
set -euo pipefail
here=$1 work=$2 compiler=$3
shift 3
mkdir -p "$work"
printf '#include <vx11/vx11.hpp>\n#include <vx11/testing/manual_timer.hpp>\nint main() {}\n' >"$work/all.cpp"
build() { "$compiler" -std=c++20 -O0 "$@"; }
refused() {  # TEXT FLAGS…
  local text=$1
  shift
  if "$compiler" -fsyntax-only "$@" "$work/all.cpp" 2>"$work/errors"; then echo "no error: $text"; exit 1; fi
  [[ $(grep -c "#error.*$text\|error: \"vx11.*$text" "$work/errors") -ge 1 ]] || { cat "$work/errors"; exit 1; }
  grep -m 1 'error' "$work/errors" | grep -q "$text" || { echo "another error comes first"; cat "$work/errors"; exit 1; }
  echo "ok   refused: $text"
}

warnings=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wcast-qual -Wundef
  -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi)
if ! "$compiler" -dM -E -x c++ /dev/null | grep -q '__clang__'; then
  warnings+=(-Wuseless-cast -Wlogical-op -Wduplicated-branches -Wsuggest-override)
fi
build "$@" -fsyntax-only "${warnings[@]}" -Werror "$work/all.cpp"
echo "ok   ${warnings[*]}"
build "$@" -fsyntax-only -fno-exceptions -Wall -Wextra -Werror "$work/all.cpp"
build "$@" -fno-exceptions -Wall -Wextra -Werror "$here/no_exceptions.cpp" -o "$work/no_exceptions" -pthread
"$work/no_exceptions"
echo "ok   -fno-exceptions"
build "$@" -D_GLIBCXX_USE_CXX11_ABI=0 "$here/no_exceptions.cpp" -o "$work/old_strings" -pthread
"$work/old_strings"
echo "ok   core with the old std::string"
refused 'built with another _GLIBCXX_USE_CXX11_ABI' -std=c++20 "$@" -D_GLIBCXX_USE_CXX11_ABI=0 -DVX11_CXX11_ABI=1
refused 'needs C++20' -std=c++17 "$@"

# libc++ before 20 has no std::stop_token unless it is asked for.
printf '#include <version>\n#if !defined(_LIBCPP_VERSION) || defined(__cpp_lib_jthread)\n#error\n#endif\n' >"$work/libcxx.cpp"
if command -v clang++ >/dev/null && clang++ -std=c++20 -stdlib=libc++ -fsyntax-only "$work/libcxx.cpp" 2>/dev/null; then
  compiler=clang++
  refused 'needs std::stop_token' -std=c++20 -stdlib=libc++ -D__cpp_impl_coroutine=201902L "$@"
fi
