#!/usr/bin/env bash
# What:     Redis 7.0.15 (Debian 12): an absolute expiry (EXAT, PXAT, EXPIREAT) that is past for the
#           server, as when the client's clock is behind the server's by more than the time to live.
# Guess:    SET with such an expiry is refused, as SET with EX 0 is ("invalid expire time"): it
#           cannot do what was asked. EXPIREAT answers 0 where it sets no expiry.
# Seen:     SET answers OK and there is no key, not even the one that was there before. EXPIREAT
#           answers 1, as for an expiry in the future, and deletes the key: an append of the pair
#           RPUSH and EXPIREAT removes all that was in the list, with replies that cannot be told
#           from those of success. Only EX 0 is an error. Relative expiries (EX, PX, EXPIRE) do not
#           depend on the client's clock; with absolute ones, the reply is no proof of anything
#           stored.
# Output:   SET EX 0: ERR invalid expire time in 'set' command
#           SET EXAT, an hour ahead: OK, then EXISTS 1
#           SET EXAT, an hour back: OK, then EXISTS 0
#           RPUSH and EXPIREAT, an hour ahead: 51 1, then LLEN 51
#           RPUSH and EXPIREAT, an hour back: 52 1, then LLEN 0
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/bin:$PATH
cd "$work"

redis-server --port 0 --unixsocket "$work/redis.sock" --save '' --dir "$work" >log &
until [[ -S redis.sock ]]; do sleep 0.05; done
redis() { redis-cli -s "$work/redis.sock" "$@" | paste -sd' ' | sed 's/ *$//'; }
ahead=$(($(date +%s) + 3600))
back=$(($(date +%s) - 3600))
append() { # TIME: both commands in one transaction, the replies of EXEC alone
  printf '%s\n' MULTI 'RPUSH session turn' "EXPIREAT session $1" EXEC | redis | sed 's/.*QUEUED //'
}
{
  echo "SET EX 0: $(redis SET key value EX 0)"
  for time in "ahead $ahead" "back $back"; do
    echo "SET EXAT, an hour ${time% *}: $(redis SET key value EXAT "${time#* }"), then EXISTS $(redis EXISTS key)"
  done
  for _ in {1..50}; do echo 'RPUSH session turn'; done | redis >pushed
  for time in "ahead $ahead" "back $back"; do
    echo "RPUSH and EXPIREAT, an hour ${time% *}: $(append "${time#* }"), then LLEN $(redis LLEN session)"
  done
} | tee seen
diff - seen <<'EXPECTED'
SET EX 0: ERR invalid expire time in 'set' command
SET EXAT, an hour ahead: OK, then EXISTS 1
SET EXAT, an hour back: OK, then EXISTS 0
RPUSH and EXPIREAT, an hour ahead: 51 1, then LLEN 51
RPUSH and EXPIREAT, an hour back: 52 1, then LLEN 0
EXPECTED
