#!/usr/bin/env bash
# What:     CTest 3.25.1 (Debian 12): a test that starts a server, with FIXTURES_SETUP, which is skipped since the server is not
#           installed (SKIP_RETURN_CODE), or fails; and a test that needs it by FIXTURES_REQUIRED.
# Guess:    the test that needs the server is not run in either case, as the manual says for a setup that fails.
# Seen:     if the setup fails it is not run. If the setup is skipped it runs, without its server. On a machine that lacks the
#           server, where all of the group is to be skipped, each test of it has to look for the server itself, or fails,
#           or passes on whatever it finds at that address. The cleanup runs in both cases.
# Output:   setup fails: needs_server Not Run, stop_server Passed
#           setup is skipped: needs_server Passed, stop_server Passed
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'cmake=3.25.1-*' 'cmake-data=3.25.1-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"

mkdir source
cat >source/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(finding NONE)
enable_testing()
add_test(NAME start_server COMMAND sh -c "exit ${RESULT}")
set_tests_properties(start_server PROPERTIES FIXTURES_SETUP server SKIP_RETURN_CODE 77)
add_test(NAME needs_server COMMAND true)
set_tests_properties(needs_server PROPERTIES FIXTURES_REQUIRED server)
add_test(NAME stop_server COMMAND true)
set_tests_properties(stop_server PROPERTIES FIXTURES_CLEANUP server)
CMAKE
observe() {
  cmake -S source -B "build$1" -DRESULT="$1" >log
  ctest --test-dir "build$1" >said 2>&1 || true
  result() { sed -nE "s/.* $1 \.+ *(\*+)?([A-Z][A-Za-z ]*[a-z]) .*/\2/p" said; }
  echo "$2: needs_server $(result needs_server), stop_server $(result stop_server)"
}
{
  observe 1 'setup fails'
  observe 77 'setup is skipped'
} | tee seen
diff - seen <<'EXPECTED'
setup fails: needs_server Not Run, stop_server Passed
setup is skipped: needs_server Passed, stop_server Passed
EXPECTED
