#!/usr/bin/env bash
# What:     journalctl of systemd 252 (Debian 12): log lines of a service in JSON, of 100, 4,000, 5,000 and 20,000
#           bytes, as `-o json` prints them for a shipper or for jq. The journal is written by systemd-journal-remote.
# Guess:    MESSAGE is the line, whatever its length: journald takes lines of up to 48 KiB as one.
# Seen:     with more than 4,096 bytes MESSAGE is null, in all three JSON formats, with exit code 0 and no warning: the
#           entry is there, its time and unit too, and the line is not. It is the longest lines that are lost, those
#           with an error's stack or a request in them. `--all` prints them, and so do the formats for people (cat,
#           short) and `export`.
# Output:   json: 100 whole, 4000 whole, 5000 null, 20000 null
#           json-pretty: 100 whole, 4000 whole, 5000 null, 20000 null
#           json-sse: 100 whole, 4000 whole, 5000 null, 20000 null
#           json --all: 100 whole, 4000 whole, 5000 whole, 20000 whole
#           cat: 100 whole, 4000 whole, 5000 whole, 20000 whole
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# Debian 12's packages, unpacked into the temporary folder.
{ apt-get download -qq 'systemd-journal-remote=252.*' 'libmicrohttpd12=0.9.75*' 2>apt &&
  for package in *.deb; do dpkg -x "$package" .; done; } || { cat apt >&2; exit 2; }
[[ $(journalctl --version) == systemd\ 252* ]] || exit 2

sizes=(100 4000 5000 20000)
line() { # SIZE
  local head='{"event":"chat.failed","error":"'
  printf '%s%*s"}' "$head" $(($1 - ${#head} - 2)) '' | tr ' ' x
}
number=0
for size in "${sizes[@]}"; do
  number=$((number + 1))
  printf '%s\n' "__REALTIME_TIMESTAMP=$((1700000000000000 + number))" "__MONOTONIC_TIMESTAMP=$number" \
    _BOOT_ID=0123456789abcdef0123456789abcdef SYSLOG_IDENTIFIER=gateway "MESSAGE=$(line "$size")" ''
done >entries
LD_LIBRARY_PATH=$(dirname usr/lib/*/libmicrohttpd.so.12) lib/systemd/systemd-journal-remote -o gateway.journal entries 2>log

observe() { # TITLE, messages on standard input
  local seen=() message number=0
  while IFS= read -r message; do
    [ "$message" = "$(line "${sizes[number]}")" ] && seen+=("${sizes[number]} whole") || seen+=("${sizes[number]} $message")
    number=$((number + 1))
  done
  (IFS=,; echo "$1: ${seen[*]}" | sed 's/,/, /g')
}
read_journal() { journalctl --file gateway.journal "$@"; }
{
  for format in json json-pretty json-sse; do
    read_journal -o $format | sed 's/^data: //' | jq -r .MESSAGE | observe $format
  done
  read_journal -o json --all | jq -r .MESSAGE | observe 'json --all'
  read_journal -o cat | observe cat
} | tee seen
diff - seen <<'EXPECTED'
json: 100 whole, 4000 whole, 5000 null, 20000 null
json-pretty: 100 whole, 4000 whole, 5000 null, 20000 null
json-sse: 100 whole, 4000 whole, 5000 null, 20000 null
json --all: 100 whole, 4000 whole, 5000 whole, 20000 whole
cat: 100 whole, 4000 whole, 5000 whole, 20000 whole
EXPECTED
