#pragma once

/// \file
/// What the event loops of one client share: options, TLS, and what is known of the servers.
/// Internal.

#include <vx11/redis.hpp>
#include <vx11/socket/detail/resolver.hpp>
#include <vx11/socket/detail/tls.hpp>
#include <vx11/url.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "files/file_watch.hpp"
#include "redis/error.hpp"
#include "redis/servers_url.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

/// Counters as the loops count. Thread-safe.
struct Counters {
  std::atomic<std::uint64_t> commands = 0;
  std::atomic<std::uint64_t> failures = 0;
  std::atomic<std::uint64_t> timeouts = 0;
  std::atomic<std::uint64_t> sends = 0;
  std::atomic<std::uint64_t> connections = 0;
  std::atomic<std::uint64_t> disconnections = 0;
  std::atomic<std::uint64_t> redirections = 0;
  std::atomic<std::uint64_t> repetitions = 0;
  std::atomic<std::uint64_t> failovers = 0;

  static void add(std::atomic<std::uint64_t>& counter) noexcept {
    counter.fetch_add(1, std::memory_order_relaxed);
  }
};

/// The states of the servers, as the connections report them. Thread-safe.
class NodeBoard {
 public:
  void connected(const std::string& address, std::string_view role);
  void disconnected(const std::string& address, ErrorKind why);
  /// A connection failed, or a command was refused.
  void failed(const std::string& address, ErrorKind why);
  /// The connection is closed by this side.
  void closed(const std::string& address);
  /// The addresses that are of interest from now on; others leave once they have no connection.
  void keep_only(std::set<std::string, std::less<>> addresses);
  std::vector<RedisNode> nodes() const;

 private:
  void drop_if_gone(const std::string& address);

  mutable std::mutex mutex_;
  std::set<std::string, std::less<>> kept_ = {};  ///< Empty: all.
  std::map<std::string, RedisNode> by_address_;
};

/// The TLS context, read anew for a new connection once a file has changed. Thread-safe.
class TlsSource {
 public:
  using Context = std::shared_ptr<const socket_detail::TlsContext>;
  explicit TlsSource(const RedisOptions& options);
  /// \return the context; the one before if changed files cannot be read
  Result<Context> context();

 private:
  Result<void> read();

  const std::string ca_file_;
  const socket_detail::ClientCertificate own_;
  std::mutex mutex_;
  files::FileWatch watch_;
  Context context_ = nullptr;
};

struct Shared {
  Shared(RedisOptions wanted, ServersUrl parsed);

  /// Call it without a lock.
  void report(EventKind kind, std::string_view detail = {}) const noexcept {
    options.events(Event{.kind = kind, .name = options.name, .detail = detail});
  }

  const RedisOptions options;
  const ServersUrl url;
  socket_detail::Resolver resolver;
  TlsSource tls;
  Counters counters;
  NodeBoard board;
};

}  // namespace redis
}  // namespace v0
}  // namespace vx11
