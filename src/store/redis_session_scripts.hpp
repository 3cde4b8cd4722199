#pragma once

/// \file
/// The scripts that Redis runs on a session; see redis_session_values.hpp for its elements.
/// Internal.

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace redis_sessions {

/// What `kAppend` returns.
enum class Appended : int {
  stored = 1,
  repeated = 0,        ///< The turn is the last one already.
  not_a_session = -1,  ///< A value of another kind; unchanged, as below.
  newer = -2,          ///< A newer version wrote it.
  damaged = -3,
};

/// Appends a turn, or begins the session with it; removes the oldest turns beyond the limits, and
/// sets the expiry.
///
/// KEYS: the session. ARGV: a header, the part of the turn before the sum and the one after it, the
/// idle time in milliseconds, the most turns, the most bytes.
///
/// The last turn alone shows that it is a session, and of this version: newer versions give turns
/// other forms. Nothing is written before all is checked, and no later step can fail: Redis undoes
/// nothing. Redis decides about memory at the start of a script, so the header finds room again.
///
/// A session that has all its turns keeps one more every other time, within its bytes, so that the
/// header is moved half as often; readers pass over it.
inline constexpr std::string_view kAppend = R"lua(
local key = KEYS[1]
local last = redis.pcall('LINDEX', key, -1)
if type(last) == 'table' then
  if string.find(last.err, 'WRONGTYPE', 1, true) then return -1 end
  return last
end
if not last then
  redis.call('RPUSH', key, ARGV[1], ARGV[2] .. struct.pack('>I6', 0) .. ARGV[3])
  redis.call('PEXPIRE', key, ARGV[4])
  return 1
end
local form = string.byte(last)
if (form ~= 1 and form ~= 2) or #last < 19 then
  local header = redis.call('LINDEX', key, 0)
  if string.sub(header, 1, 5) ~= 'VX11S' then return -1 end
  if string.sub(header, 1, 6) ~= string.sub(ARGV[1], 1, 6) then return -2 end
  return -3
end
if string.sub(last, 12, 19) == string.sub(ARGV[3], 1, 8) then return 0 end
local weight_of_last, sum_of_last = struct.unpack('>I4I6', last, 2)
local sum = sum_of_last + weight_of_last
local turns = redis.call('RPUSH', key, ARGV[2] .. struct.pack('>I6', sum) .. ARGV[3]) - 1
local surplus = turns - ARGV[5]
local most = tonumber(ARGV[6])
local total = sum + struct.unpack('>I4', ARGV[2], 2)
local too_large = 0
if total > most then
  while too_large < turns - 1 do
    local oldest = redis.call('LINDEX', key, too_large + 1)
    if #oldest >= 11 and total - struct.unpack('>I6', oldest, 6) <= most then break end
    too_large = too_large + 1
  end
end
if too_large > 0 or surplus > 1 then
  local header = redis.call('LINDEX', key, 0)
  redis.call('LTRIM', key, math.max(too_large, surplus) + 1, -1)
  redis.call('LPUSH', key, header)
end
redis.call('PEXPIRE', key, ARGV[4])
return 1
)lua";

/// For servers before 7.0, where `PEXPIRE` has no `GT`. Returns the newest elements, oldest first,
/// and sets the expiry if the last one is a turn. A server that cannot write, for example because
/// its disk is full, still answers: the session then expires earlier.
///
/// KEYS: the session. ARGV: the index of the first element, negative; the idle time in
/// milliseconds.
inline constexpr std::string_view kRead = R"lua(
local elements = redis.pcall('LRANGE', KEYS[1], ARGV[1], -1)
if elements.err then
  if string.find(elements.err, 'WRONGTYPE', 1, true) then return -1 end
  return elements
end
local form = string.byte(elements[#elements] or '')
if form == 1 or form == 2 then redis.pcall('PEXPIRE', KEYS[1], ARGV[2]) end
return elements
)lua";

}  // namespace redis_sessions
}  // namespace v0
}  // namespace vx11
