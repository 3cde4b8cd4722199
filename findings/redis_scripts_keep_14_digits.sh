#!/usr/bin/env bash
# What:     Redis 7.0.15 (Debian 12): numbers in a script, as JSON that cjson decodes and encodes, as text made by `..` or
#           tostring(), and as an argument of redis.call().
# Guess:    integers up to 2^53 stay as they are: Lua's numbers are doubles, and these hold them.
# Seen:     redis.call() keeps them. cjson and `..` write 14 digits: an id or a time in microseconds, which has 16, comes
#           back rounded and in the form 1.7642800001235e+15, which a reader of integers refuses. A script that only adds
#           a message to a session's JSON alters the rest of it (`[]` becomes `{}` besides). And a sliding window whose
#           members are the time in microseconds and a suffix counts all requests within 100 microseconds as one: a limit
#           is passed by as many. Text stays as it is: a script gets numbers as text, and writes them with
#           string.format("%.0f", …).
# Output:   as JSON: 1764280000123456 becomes 1.7642800001235e+15, 9007199254740991 becomes 9.007199254741e+15
#           by "..": 1.7642800001235e+15; by redis.call: 1764280000123456; by string.format: 1764280000123456
#           window of 1000 requests, a microsecond apart: 11 members by "..", 1000 by string.format
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server"; wait "$server"; } || true; rm -rf "$work"' EXIT
cd "$work"
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
{ apt-get download -qq 'redis-server=5:7.0.15-*' 'redis-tools=5:7.0.15-*' 2>apt &&
  for package in *.deb; do dpkg -x "$package" .; done; } || { cat apt >&2; exit 2; }
PATH=$work/usr/bin:$PATH
redis-server --port 0 --unixsocket "$work/socket" --save '' --dir "$work" >log &
server=$!
cli() { redis-cli -s "$work/socket" "$@"; }
until [ "$(cli PING 2>&1)" = PONG ]; do sleep 0.1; done

json='{"id":1764280000123456,"largest":9007199254740991}'
changed=$(cli EVAL 'return cjson.encode(cjson.decode(ARGV[1]))' 0 "$json")
field() { grep -o "\"$1\":[^,}]*" <<<"$changed" | cut -d: -f2; }
concatenated=$(cli EVAL 'return tonumber(ARGV[1]) .. ""' 0 1764280000123456)
called=$(cli EVAL 'redis.call("SET", KEYS[1], tonumber(ARGV[1])) return redis.call("GET", KEYS[1])' 1 key 1764280000123456)
formatted=$(cli EVAL 'return string.format("%.0f", tonumber(ARGV[1]))' 0 1764280000123456)
window() {
  cli EVAL "for i = 0, 999 do
      local now = tonumber(ARGV[1]) + i
      redis.call('ZADD', KEYS[1], now, $2)
    end
    return redis.call('ZCARD', KEYS[1])" 1 "$1" 1764280000123456
}
{
  echo "as JSON: 1764280000123456 becomes $(field id), 9007199254740991 becomes $(field largest)"
  echo "by \"..\": $concatenated; by redis.call: $called; by string.format: $formatted"
  echo "window of 1000 requests, a microsecond apart: $(window one "now .. ':client'") members by \"..\"," \
    "$(window two "string.format('%.0f', now) .. ':client'") by string.format"
} | tee seen
diff - seen <<'EXPECTED'
as JSON: 1764280000123456 becomes 1.7642800001235e+15, 9007199254740991 becomes 9.007199254741e+15
by "..": 1.7642800001235e+15; by redis.call: 1764280000123456; by string.format: 1764280000123456
window of 1000 requests, a microsecond apart: 11 members by "..", 1000 by string.format
EXPECTED
