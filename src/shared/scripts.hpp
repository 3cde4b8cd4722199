#pragma once

/// \file
/// The Lua scripts of what replicas share, beside sessions. Internal.

#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace shared {

/// What the scripts of rates have in common: the server's time, and how arrival times are stored.
///
/// An arrival time is stored as seconds and nanoseconds, since a number of Lua holds whole
/// nanoseconds up to 104 days only. Differences are computed in nanoseconds.
inline constexpr std::string_view kRateTimes = R"lua(
local t = redis.call('TIME')
local now_s, now_ns = tonumber(t[1]), tonumber(t[2]) * 1000
local function backlog(value)
  local s, ns = string.match(value or '', '^(%d+) (%d+)$')
  if not s then return 0 end
  return math.max((tonumber(s) - now_s) * 1e9 + tonumber(ns) - now_ns, 0)
end
local function instant(ahead)
  local ns = now_ns + ahead
  local s = math.floor(ns / 1e9)
  return string.format('%.0f %.0f', now_s + s, ns - s * 1e9)
end
local function expires(ahead) return string.format('%.0f', math.floor(ahead / 1e6) + 1) end
)lua";

/// A script of rates in full.
inline std::string rate_script(std::string_view script) {
  return std::string(kRateTimes).append(script);
}

/// Decides on up to three rates by the generic cell rate algorithm, with the server's clock.
///
/// KEYS: the principal, and its session; in one slot. ARGV: for tokens per minute, token, session
/// each the interval and the tolerance in nanoseconds; an interval of 0: no such rate.
/// Returns the refusing rate (0 none, 1 tokens, 2 token, 3 session), the wait, and the backlogs of
/// token and session, in nanoseconds.
///
/// A backlog is at most the whole rate, also after the server's clock was put back or the rate was
/// changed; that of tokens, which a chat uses before they are counted, a day.
inline constexpr std::string_view kTakeRates = R"lua(
local function limit(at)
  local interval, tolerance = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  return interval > 0, interval, tolerance
end
local saved = redis.call('HMGET', KEYS[1], 'tokens', 'token')
local tokens, token, session = math.min(backlog(saved[1]), 86400e9), 0, 0
local is_limited, interval, tolerance = limit(1)
if is_limited and tokens > tolerance then return {1, tokens - tolerance, 0, 0} end
is_limited, interval, tolerance = limit(3)
if is_limited then
  token = math.min(backlog(saved[2]), tolerance + interval)
  if token > tolerance then return {2, token - tolerance, token, 0} end
  token = token + interval
  redis.call('HSET', KEYS[1], 'token', instant(token))
  redis.call('PEXPIRE', KEYS[1], expires(math.max(token, tokens)))
end
is_limited, interval, tolerance = limit(5)
if is_limited then
  session = math.min(backlog(redis.call('GET', KEYS[2])), tolerance + interval)
  if session > tolerance then return {3, session - tolerance, token, session} end
  session = session + interval
  redis.call('SET', KEYS[2], instant(session), 'PX', expires(session))
end
return {0, 0, token, session}
)lua";

/// Charges the tokens that a chat has used. KEYS: the principal. ARGV: the interval and the cost in
/// nanoseconds. A debt is at most a day, so that no mistaken count locks a principal out for ever.
inline constexpr std::string_view kChargeTokens = R"lua(
local saved = redis.call('HMGET', KEYS[1], 'tokens', 'token')
local tokens = math.min(backlog(saved[1]) + tonumber(ARGV[1]), 86400e9)
redis.call('HSET', KEYS[1], 'tokens', instant(tokens))
redis.call('PEXPIRE', KEYS[1], expires(math.max(tokens, backlog(saved[2]))))
return 1
)lua";

/// Claims an idempotency key. KEYS: the key. ARGV: the digest of the content, the owner, the lease
/// in milliseconds. Returns the value that it has; nil if the owner has it from now on.
///
/// A value is `P` for a request in progress or `A` for an answer, the digest of 32 bytes, and the
/// owner or the answer.
inline constexpr std::string_view kClaimKey = R"lua(
local value = redis.call('GET', KEYS[1])
if value then return value end
redis.call('SET', KEYS[1], 'P' .. ARGV[1] .. ARGV[2], 'PX', ARGV[3])
return false
)lua";

/// Replaces or deletes the value of a key that the owner has. KEYS: the key. ARGV: the value that
/// the owner has set, its next one, empty to delete it, and the lifetime in milliseconds.
/// Returns 1, or 0 if another one has the key.
inline constexpr std::string_view kSettleKey = R"lua(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1
)lua";

/// Exchanges hints of breakers. KEYS: the live replicas, then one key for each target. ARGV: this
/// replica, the age of the oldest report in milliseconds, then for each target 1 if its breaker is
/// open here, or 0. Returns the number of live replicas, this one included, and for each target of
/// the others that have it open.
inline constexpr std::string_view kExchangeHints = R"lua(
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local me, age = ARGV[1], tonumber(ARGV[2])
local function note(key, is_set)
  if is_set then
    redis.call('ZADD', key, now, me)
    redis.call('PEXPIRE', key, age)
  end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. (now - age))
  redis.call('ZREMRANGEBYSCORE', key, '(' .. (now + age), '+inf')
  return redis.call('ZCARD', key)
end
local reply = {note(KEYS[1], true)}
for i = 2, #KEYS do
  local is_open = ARGV[i + 1] == '1'
  if not is_open then redis.call('ZREM', KEYS[i], me) end
  reply[i] = note(KEYS[i], is_open) - (is_open and 1 or 0)
end
return reply
)lua";

/// The revoked principals. KEYS: their set, by the time of expiry, and its version. ARGV: the
/// version that the caller knows, and a fresh one. Returns nil if it has not changed, or else the
/// version and the principals.
///
/// Each change sets a version that has never been used: after a failover that has lost some, a
/// counter would reach the same numbers again. The expired leave the set where writes are possible;
/// they are never returned.
inline constexpr std::string_view kReadRevoked = R"lua(
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local expired = redis.call('ZCOUNT', KEYS[1], '-inf', now)
if expired > 0 and type(redis.pcall('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)) == 'number' then
  if redis.pcall('SET', KEYS[2], ARGV[2]).err then redis.pcall('DEL', KEYS[2]) end
end
local version = redis.call('GET', KEYS[2]) or ''
if version == ARGV[1] and version ~= '' and expired == 0 then return false end
local reply = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')
table.insert(reply, 1, version)
return reply
)lua";

/// Revokes a principal. KEYS: as above. ARGV: the principal, the milliseconds, 0 to lift it, and a
/// fresh version.
inline constexpr std::string_view kRevoke = R"lua(
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
if ARGV[2] == '0' then redis.call('ZREM', KEYS[1], ARGV[1]) else
  redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
end
redis.call('SET', KEYS[2], ARGV[3])
return 1
)lua";

/// Takes or extends a lease. KEYS: it. ARGV: the name of who asks, and milliseconds. Returns
/// `taken`, `kept` or `other`.
inline constexpr std::string_view kHoldLease = R"lua(
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 'other' end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return holder and 'kept' or 'taken'
)lua";

/// Gives a lease back. KEYS and ARGV: as above.
inline constexpr std::string_view kReleaseLease = R"lua(
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
)lua";

}  // namespace shared
}  // namespace v0
}  // namespace vx11
