#include <vx11/health/redis_probe.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "health/redis_url.hpp"

namespace vx11 {
inline namespace v0 {
namespace {

/// The answers to AUTH, SELECT and PING are short lines; a longer answer is not Redis.
constexpr std::size_t kMostBytes = 16'384;

struct FreeContext {
  void operator()(redisContext* context) const noexcept { redisFree(context); }
};
using Context = std::unique_ptr<redisContext, FreeContext>;

struct FreeReply {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

/// The time left for the next step, clamped to a range that every call accepts.
Duration time_left(const Deadline& deadline) noexcept {
  const Duration left = deadline.remaining(SteadyClock().now());
  return std::clamp<Duration>(left, std::chrono::milliseconds(1), std::chrono::hours(1));
}

/// Rounded up, so that a wait never ends early.
timeval to_timeval(Duration time) noexcept {
  const auto micros = std::chrono::ceil<std::chrono::microseconds>(time).count();
  timeval converted{};
  converted.tv_sec = micros / 1'000'000;
  converted.tv_usec = micros % 1'000'000;
  return converted;
}

bool is_over(const Deadline& deadline) noexcept {
  return deadline.cancelled() || deadline.passed(SteadyClock().now());
}

/// Why a step failed: decided by the clock, because hiredis versions report it differently.
tl::unexpected<Error> failure(const Deadline& deadline) {
  if (deadline.cancelled()) return fail(Errc::cancelled, "the caller went away");
  if (is_over(deadline)) return fail(Errc::timeout, "redis did not answer in time");
  return fail(Errc::unreachable, "the connection to redis failed");
}

/// One connection whose every step ends at the deadline, however slow the peer: with hiredis's
/// timeout per read, a server that sends byte by byte could block it indefinitely.
class Conversation {
 public:
  Conversation(const RedisUrl& url, const Deadline& deadline)
      : deadline_(deadline),
        context_(
            redisConnectWithTimeout(url.host.c_str(), url.port, to_timeval(time_left(deadline)))) {}

  bool connected() const noexcept { return context_ && context_->err == 0; }

  /// Not by hiredis, whose writes raise SIGPIPE when the server has closed the connection.
  bool send(std::string_view text) {
    while (!text.empty()) {
      if (!ready(POLLOUT)) return false;
      const ssize_t sent =
          ::send(context_->fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0 && !is_passing(errno)) return false;
      if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// \return the next answer; null if it is not one that a Redis server gives here
  Result<Reply> receive() {
    for (;;) {
      void* reply = nullptr;
      if (!is_plausible() || redisReaderGetReply(context_->reader, &reply) != REDIS_OK) {
        return Reply();
      }
      if (reply != nullptr) return Reply(static_cast<redisReply*>(reply));
      if (!read_some()) return failure(deadline_);
    }
  }

 private:
  static bool is_passing(int error) noexcept {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
  }

  bool ready(short events) const noexcept {
    while (!is_over(deadline_)) {
      const auto limit = std::chrono::ceil<std::chrono::milliseconds>(time_left(deadline_));
      pollfd waited{context_->fd, events, 0};
      if (::poll(&waited, 1, static_cast<int>(limit.count())) > 0) return true;
    }
    return false;
  }

  bool read_some() {
    std::array<char, 1024> buffer;
    for (;;) {
      if (!ready(POLLIN)) return false;
      const ssize_t got = ::recv(context_->fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got < 0 && is_passing(errno)) continue;
      return got > 0 && redisReaderFeed(context_->reader, buffer.data(),
                                        static_cast<std::size_t>(got)) == REDIS_OK;
    }
  }

  /// Whether the bytes read can be a status or an error line. Anything else is refused before
  /// hiredis allocates the array or string of the announced size.
  bool is_plausible() const noexcept {
    const redisReader& reader = *context_->reader;
    const bool at_start = reader.ridx < 0 && reader.pos < reader.len;
    const char first = at_start ? reader.buf[reader.pos] : '+';
    return reader.len <= kMostBytes && (first == '+' || first == '-');
  }

  const Deadline& deadline_;
  const Context context_;
};

class RedisProbe final : public Probe {
 public:
  explicit RedisProbe(RedisUrl url) : url_(std::move(url)) {
    if (url_.password) {
      url_.user.empty() ? add({"AUTH", *url_.password}) : add({"AUTH", url_.user, *url_.password});
    }
    if (url_.database) add({"SELECT", std::to_string(*url_.database)});
    add({"PING"});
  }

  Task<Result<Health>> look(Deadline deadline) override { co_return talk(deadline); }

 private:
  void add(const std::vector<std::string>& words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& word : words) {
      texts.push_back(word.data());
      sizes.push_back(word.size());
    }
    char* command = nullptr;
    const int size = redisFormatCommandArgv(&command, static_cast<int>(words.size()), texts.data(),
                                            sizes.data());
    if (size > 0) commands_.append(command, static_cast<std::size_t>(size));
    redisFreeCommand(command);
    ++answers_;
  }

  Result<Health> talk(const Deadline& deadline) const {
    if (is_over(deadline)) return failure(deadline);
    Conversation redis(url_, deadline);
    if (!redis.connected() || !redis.send(commands_)) return failure(deadline);
    for (int left = answers_; left > 0; --left) {
      const Result<Reply> reply = redis.receive();
      if (!reply) return fail(reply.error());
      if (!is_welcome(reply->get(), left == 1 ? "PONG" : "OK")) return Health::degraded;
    }
    return Health::ok;
  }

  static bool is_welcome(const redisReply* reply, std::string_view expected) noexcept {
    return reply != nullptr && reply->type == REDIS_REPLY_STATUS &&
           std::string_view(reply->str, reply->len) == expected;
  }

  RedisUrl url_;
  std::string commands_;  ///< Sent in one write; each is answered by one line.
  int answers_ = 0;
};

}  // namespace

Result<std::shared_ptr<Probe>> make_redis_probe(std::string_view url) {
  Result<RedisUrl> parsed = parse_redis_url(url);
  if (!parsed) return fail(std::move(parsed.error()));
  return std::make_shared<RedisProbe>(std::move(*parsed));
}

Result<std::uint16_t> redis_port(std::string_view url) {
  return parse_redis_url(url).map([](const RedisUrl& parsed) { return parsed.port; });
}

}  // namespace v0
}  // namespace vx11
