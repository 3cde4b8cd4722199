#include "shared/run_script.hpp"

#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace shared {

namespace {

using redis::Command;

Command command_of(std::string_view name, const redis::Script& script, std::string_view text,
                   const std::vector<std::string>& keys,
                   const std::vector<std::string>& arguments) {
  Command command(name);
  if (script.writes()) command.writing();
  command.add(text).add(keys.size());
  for (const std::string& key : keys) command.add(key);
  for (const std::string& argument : arguments) command.add(argument);
  return command;
}

}  // namespace

Task<redis::RedisResult<redis::Reply>> run_script(RedisClient& client, const redis::Script& script,
                                                  std::vector<std::string> keys,
                                                  std::vector<std::string> arguments,
                                                  Deadline deadline) {
  Command by_digest = command_of("EVALSHA", script, script.sha1(), keys, arguments);
  Task<redis::RedisResult<redis::Reply>> trying =
      redis::run(client, keys.front(), std::move(by_digest), deadline);
  redis::RedisResult<redis::Reply> reply = co_await std::move(trying);
  if (reply || reply.error().kind != redis::ErrorKind::no_script) co_return std::move(reply);
  Command in_full = command_of("EVAL", script, script.source(), keys, arguments);
  Task<redis::RedisResult<redis::Reply>> running =
      redis::run(client, keys.front(), std::move(in_full), deadline);
  co_return co_await std::move(running);
}

}  // namespace shared
}  // namespace v0
}  // namespace vx11
