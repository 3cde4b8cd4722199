#include <vx11/store/redis.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "redis/client.hpp"
#include "store/beginning.hpp"
#include "store/limits.hpp"
#include "store/redis_session_key.hpp"
#include "store/redis_session_scripts.hpp"
#include "store/redis_session_values.hpp"
#include "store/summary.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using redis::Reply;
using redis_sessions::Appended;
using redis_sessions::NewTurn;
using redis_sessions::Values;

/// What Lua's numbers hold exactly.
constexpr std::uint64_t kMostOfLua = std::uint64_t{1} << 53U;
/// Three thousand years; Redis refuses times that overflow.
constexpr std::int64_t kLongestIdle = 100'000'000'000'000;

std::string in_lua(std::size_t number) {
  return std::to_string(std::min<std::uint64_t>(number, kMostOfLua));
}

/// A key still exists in the millisecond of its expiry, and PEXPIRE with zero deletes it.
std::string expiry_after(Duration idle) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(idle).count() - 1;
  return std::to_string(std::clamp<std::int64_t>(count, 1, kLongestIdle));
}

tl::unexpected<Error> failure(std::string_view doing, std::string_view reason,
                              Errc code = Errc::storage) {
  Error error(code, fmt::format("cannot {} the session in redis: {}", doing, reason));
  error.upstream = "redis";
  return tl::unexpected<Error>(std::move(error));
}

/// A fault of one session, not of the store.
tl::unexpected<Error> bad_value(std::string_view doing, std::string_view reason) {
  return failure(doing, reason, Errc::invalid_reply);
}

constexpr std::string_view kNotASession = "its value is not a session";

class RedisSessionStore final : public SessionStore {
 public:
  RedisSessionStore(std::shared_ptr<RedisClient> client, RedisSessionStoreOptions options)
      : client_(std::move(client)),
        prefix_(std::move(options.key_prefix)),
        limits_(detail::at_least_one(options.store.limits)),
        patience_(options.store.patience),
        wall_clock_(options.store.wall_clock),
        idle_(expiry_after(limits_.idle_timeout)),
        most_turns_(limits_.messages / 2 + limits_.messages % 2),
        values_(std::move(options.keys)) {}

  Task<Result<std::vector<Message>>> recent(std::string id, std::size_t count) override {
    count = std::min(count, limits_.messages);
    Task<Result<Reply>> reading = read(id, std::max<std::size_t>(count / 2 + count % 2, 1));
    const Result<Reply> reply = co_await std::move(reading);
    if (!reply) co_return fail(reply.error());
    co_return newest(id, *reply, count);
  }

  Task<Result<std::optional<Session>>> find(std::string id) override {
    Task<Result<Reply>> reading = read(id, kMostOfLua);
    const Result<Reply> reply = co_await std::move(reading);
    if (!reply) co_return fail(reply.error());
    if (reply->size() == 0) co_return std::optional<Session>();
    co_return whole(std::move(id), *reply);
  }

  Task<Result<std::string>> summary(std::string id, std::string_view question) override {
    Task<Result<Reply>> reading = read(id, 1);
    const Result<Reply> reply = co_await std::move(reading);
    if (!reply) co_return fail(reply.error());
    const auto messages = newest(id, *reply, std::min<std::size_t>(limits_.messages, 2));
    if (!messages) co_return fail(messages.error());
    std::vector<MessageView> said(messages->begin(), messages->end());
    said.emplace_back("user", question);
    co_return summary_of(said);
  }

  Task<Result<void>> append(std::string id, std::string user_id, Turn turn) override {
    detail::bound_turn(turn, limits_.message_bytes);
    auto arguments = arguments_of(id, std::move(user_id), turn);
    if (!arguments) co_return failure("write", arguments.error().detail);
    auto writing = redis::run_script(*client_, append_, keys_of(id), *std::move(arguments),
                                     redis::deadline_in(patience_));
    const auto reply = co_await std::move(writing);
    if (!reply) co_return failure("write", reply.error().detail);
    co_return outcome(*reply);
  }

  Task<Result<bool>> erase(std::string id) override {
    const std::string key = redis_sessions::key_of(prefix_, id);
    redis::Command command("UNLINK");
    command.add(key).writing();
    auto erasing = redis::run(*client_, key, std::move(command), redis::deadline_in(patience_));
    const auto reply = co_await std::move(erasing);
    if (!reply) co_return failure("delete", reply.error().detail);
    co_return reply->integer() == 1;
  }

 private:
  std::vector<std::string> keys_of(const std::string& id) const {
    return std::vector<std::string>(1, redis_sessions::key_of(prefix_, id));
  }

  /// The newest `turns` elements, which counts as use. The header is the first if there are fewer
  /// turns.
  Task<Result<Reply>> read(std::string id, std::size_t turns) {
    const std::string first = '-' + in_lua(turns);
    if (!needs_script_) {
      const std::string key = redis_sessions::key_of(prefix_, id);
      redis::Command elements("LRANGE");
      elements.add(key).add(first).add("-1");
      // Only ever later, so that a foreign value without an expiry does not get one.
      redis::Command expiry("PEXPIRE");
      expiry.add(key).add(idle_).add("GT");
      elements.after(expiry);
      Reply expires;
      auto reading =
          redis::run(*client_, key, std::move(elements), redis::deadline_in(patience_), &expires);
      auto reply = co_await std::move(reading);
      if (!reply) co_return read_failure(reply.error());
      if (!is_unknown_form(expires)) co_return elements_in(*std::move(reply));
      needs_script_ = true;
    }
    std::vector<std::string> arguments;
    arguments.push_back(first);
    arguments.push_back(idle_);
    auto reading = redis::run_script(*client_, read_, keys_of(id), std::move(arguments),
                                     redis::deadline_in(patience_));
    auto reply = co_await std::move(reading);
    if (!reply) co_return read_failure(reply.error());
    co_return elements_in(*std::move(reply));
  }

  static tl::unexpected<Error> read_failure(const redis::RedisError& error) {
    if (error.kind == redis::ErrorKind::wrong_type) return bad_value("read", kNotASession);
    return failure("read", error.detail);
  }

  /// Of servers before 7.0. Others that do not execute it, for example because their disk is full,
  /// have their own error lines; the session then expires earlier.
  static bool is_unknown_form(const Reply& reply) noexcept {
    return reply.is_error() && redis::error_kind(reply.text()) == redis::ErrorKind::error;
  }

  static Result<Reply> elements_in(Reply reply) {
    if (!reply.is_array()) return bad_value("read", kNotASession);
    return reply;
  }

  /// The newest `count` messages of the elements, of which the first may be the header.
  Result<std::vector<Message>> newest(std::string_view id, const Reply& elements,
                                      std::size_t count) const {
    const bool has_header =
        elements.size() != 0 && elements[0].text().starts_with(redis_sessions::kMagic);
    if (has_header) {
      auto header = values_.read_header(id, elements[0].text());
      if (!header) return bad_value("read", header.error().detail);
    }
    return turns(id, elements, has_header ? 1 : 0, count);
  }

  /// The newest `count` messages of the turns from the element at `first` on.
  Result<std::vector<Message>> turns(std::string_view id, const Reply& elements, std::size_t first,
                                     std::size_t count) const {
    std::vector<Message> messages;
    messages.reserve(2 * elements.size());
    for (std::size_t i = first; i < elements.size(); ++i) {
      auto turn = values_.read_turn(id, elements[i].text());
      if (!turn) return bad_value("read", turn.error().detail);
      messages.push_back(std::move(turn->user));
      messages.push_back(std::move(turn->assistant));
    }
    const auto surplus = messages.size() - std::min(messages.size(), count);
    messages.erase(messages.begin(), messages.begin() + static_cast<std::ptrdiff_t>(surplus));
    return messages;
  }

  Result<std::optional<Session>> whole(std::string id, const Reply& elements) const {
    auto header = values_.read_header(id, elements[0].text());
    if (!header) return bad_value("read", header.error().detail);
    auto messages = turns(id, elements, 1, limits_.messages);
    if (!messages) return fail(std::move(messages.error()));
    Session session;
    session.id = std::move(id);
    session.user_id = std::move(header->user_id);
    session.created_at = header->created_at;
    session.last_accessed = wall_clock_.now();
    session.messages = *std::move(messages);
    return std::optional<Session>(std::move(session));
  }

  Result<std::vector<std::string>> arguments_of(std::string_view id, std::string user_id,
                                                const Turn& turn) const {
    const SessionBeginning beginning(begun_at(turn.user, wall_clock_.now()), std::move(user_id));
    auto header = values_.header(id, beginning);
    if (!header) return fail(std::move(header.error()));
    auto packed = values_.turn(id, turn);
    if (!packed) return fail(std::move(packed.error()));
    std::vector<std::string> arguments;
    arguments.reserve(6);
    arguments.push_back(*std::move(header));
    arguments.push_back(std::move(packed->before));
    arguments.push_back(std::move(packed->after));
    arguments.push_back(idle_);
    arguments.push_back(in_lua(most_turns_));
    arguments.push_back(in_lua(limits_.session_bytes));
    return arguments;
  }

  static Result<void> outcome(const Reply& reply) {
    if (reply.kind() != Reply::Kind::integer) return failure("write", "redis refused the script");
    switch (static_cast<Appended>(reply.integer())) {
      case Appended::stored:
      case Appended::repeated:
        return {};
      case Appended::not_a_session:
        return bad_value("write", kNotASession);
      case Appended::newer:
        return bad_value("write", "a newer version wrote it; update this gateway");
      case Appended::damaged:
        break;
    }
    return bad_value("write", "it is damaged");
  }

  const std::shared_ptr<RedisClient> client_;
  const std::string prefix_;
  const SessionLimits limits_;
  const Duration patience_;
  const WallClock wall_clock_;
  const std::string idle_;
  const std::size_t most_turns_;
  const Values values_;
  const redis::Script append_{redis_sessions::kAppend};
  std::atomic<bool> needs_script_ = false;  ///< To read: the server is older than 7.0.
  const redis::Script read_{redis_sessions::kRead, redis::Script::Effect::reads};
};

}  // namespace

Result<std::shared_ptr<SessionStore>> make_redis_session_store(std::shared_ptr<RedisClient> client,
                                                               RedisSessionStoreOptions options) {
  if (client == nullptr) return fail(Errc::invalid_argument, "a redis store needs a client");
  if (options.key_prefix.find_first_of("{}") != std::string::npos) {
    return fail(Errc::invalid_argument, "key_prefix must not contain { or }");
  }
  return std::make_shared<RedisSessionStore>(std::move(client), std::move(options));
}

}  // namespace v0
}  // namespace vx11
