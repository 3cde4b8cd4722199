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

#include "redis/error.hpp"
#include "redis/url.hpp"

namespace vx11 {
inline namespace v0 {
namespace {

/// The answers to AUTH, SELECT and PING are short lines, those to INFO a few hundred bytes; a
/// longer answer is not Redis.
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

  /// Not by hiredis, whose writes raise SIGPIPE when the server has closed the connection. A
  /// failure is left to `receive`: a server without a place says so before it closes.
  void send(std::string_view text) {
    while (!text.empty()) {
      if (!ready(POLLOUT)) return;
      const ssize_t sent =
          ::send(context_->fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0 && !is_passing(errno)) return;
      if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// \param expected the first bytes of the answers expected
  /// \return the next answer; null if it is not one that a Redis server gives here
  Result<Reply> receive(std::string_view expected = "+-") {
    for (;;) {
      void* reply = nullptr;
      if (!is_plausible(expected) || redisReaderGetReply(context_->reader, &reply) != REDIS_OK) {
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

  /// Whether the bytes read can be a status, an error line or a text. Anything else is refused
  /// before hiredis allocates the array of the announced size; a text it allocates once it is
  /// complete.
  bool is_plausible(std::string_view expected) const noexcept {
    const redisReader& reader = *context_->reader;
    const bool at_start = reader.ridx < 0 && reader.pos < reader.len;
    return reader.len <= kMostBytes &&
           (!at_start || expected.find(reader.buf[reader.pos]) != std::string_view::npos);
  }

  const Deadline& deadline_;
  const Context context_;
};

std::string_view text_of(const redisReply* reply) noexcept {
  const bool has_text = reply != nullptr && reply->str != nullptr;
  return has_text ? std::string_view(reply->str, reply->len) : std::string_view();
}

/// Commands to be sent in one write; each is answered by one reply.
class Pipeline {
 public:
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
    if (size > 0) bytes_.append(command, static_cast<std::size_t>(size));
    redisFreeCommand(command);
    ++replies_;
  }
  std::string_view bytes() const noexcept { return bytes_; }
  int replies() const noexcept { return replies_; }

 private:
  std::string bytes_;
  int replies_ = 0;
};

class RedisProbe final : public Probe {
 public:
  explicit RedisProbe(RedisUrl url) : url_(std::move(url)) {
    if (url_.password) {
      url_.user.empty() ? greeting_.add({"AUTH", *url_.password})
                        : greeting_.add({"AUTH", url_.user, *url_.password});
    }
    if (url_.database) greeting_.add({"SELECT", std::to_string(*url_.database)});
    greeting_.add({"PING"});
    role_.add({"INFO", "replication"});
    role_.add({"INFO", "cluster"});
    cluster_.add({"CLUSTER", "INFO"});
  }

  Task<Result<ProbeAnswer>> look(Deadline deadline) override { co_return talk(deadline); }

 private:
  Result<ProbeAnswer> talk(const Deadline& deadline) const {
    if (is_over(deadline)) return failure(deadline);
    Conversation redis(url_, deadline);
    if (!redis.connected()) return failure(deadline);
    redis.send(greeting_.bytes());
    for (int left = greeting_.replies(); left > 0; --left) {
      const Result<Reply> reply = redis.receive();
      if (!reply) return fail(reply.error());
      if (!is_welcome(reply->get(), left == 1 ? "PONG" : "OK")) return degraded(reply->get());
    }
    return by_role(redis, deadline);
  }

  /// PING is answered by a replica and by a cluster that serves no key, too. What this user may not
  /// ask, or this server does not know, is no evidence against it.
  Result<ProbeAnswer> by_role(Conversation& redis, const Deadline& deadline) const {
    const auto role = ask(redis, role_, deadline);
    if (!role) return fail(role.error());
    if (says(*role, "role:slave") && says(*role, "slave_read_only:1")) {
      return ProbeAnswer(Health::degraded, "read_only");
    }
    if (!says(*role, "cluster_enabled:1")) return ProbeAnswer(Health::ok);
    const auto cluster = ask(redis, cluster_, deadline);
    if (!cluster) return fail(cluster.error());
    if (says(*cluster, "cluster_state:fail")) {
      return ProbeAnswer(Health::degraded, "cluster_down");
    }
    return ProbeAnswer(Health::ok);
  }

  /// The texts of the replies, one after the other; empty where there are none.
  /// \return `timeout` or `cancelled`
  static Result<std::string> ask(Conversation& redis, const Pipeline& questions,
                                 const Deadline& deadline) {
    std::string texts;
    redis.send(questions.bytes());
    for (int left = questions.replies(); left > 0; --left) {
      const Result<Reply> reply = redis.receive("$-");
      if (!reply && is_over(deadline)) return fail(reply.error());
      if (!reply || !*reply) break;
      if ((*reply)->type == REDIS_REPLY_STRING) texts += text_of(reply->get());
    }
    return texts;
  }

  static bool says(std::string_view info, std::string_view line) noexcept {
    for (std::size_t at = info.find(line); at != info.npos; at = info.find(line, at + 1)) {
      const std::size_t end = at + line.size();
      const bool begins = at == 0 || info[at - 1] == '\n';
      if (begins && (end == info.size() || info[end] == '\r')) return true;
    }
    return false;
  }

  static ProbeAnswer degraded(const redisReply* reply) {
    const bool is_line =
        reply != nullptr && (reply->type == REDIS_REPLY_ERROR || reply->type == REDIS_REPLY_STATUS);
    if (!is_line || text_of(reply).empty()) return {Health::degraded, "not_redis"};
    const bool is_error = reply->type == REDIS_REPLY_ERROR;
    return {
        Health::degraded,
        std::string(is_error ? redis::to_string(redis::error_kind(text_of(reply))) : "not_redis")};
  }

  static bool is_welcome(const redisReply* reply, std::string_view expected) noexcept {
    return reply != nullptr && reply->type == REDIS_REPLY_STATUS && text_of(reply) == expected;
  }

  RedisUrl url_;
  Pipeline greeting_;
  Pipeline role_;
  Pipeline cluster_;
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
