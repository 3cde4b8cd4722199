#pragma once

/// \file
/// A client of Redis for what replicas share: one server, Sentinels or a Cluster.

#include <vx11/events.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/socket/name_lookup.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// Configuration of a `RedisClient`.
struct RedisOptions {
  /// One of
  /// - `redis://[[user]:password@]host[:6379][/database]`: one server;
  /// - `redis+sentinel://[[user]:password@]host[:26379],host,…/name[/database]`: the master of that
  ///   name, as the Sentinels report it; the credentials are those of the master;
  /// - `redis+cluster://[[user]:password@]host[:6379],host,…`: a Cluster.
  ///
  /// `rediss` in place of `redis` connects with TLS, to Sentinels too. Credentials are
  /// percent-encoded.
  std::string url = {};
  /// Name look-up, connecting, TLS and the greeting together. A server one hop away takes a
  /// millisecond; one second allows for one lost SYN.
  Duration connect_timeout = std::chrono::seconds(1);
  /// The longest wait for a command: connecting, redirections and repetitions included. A server
  /// that leaves a command unanswered for so long counts as dead, and its connection is discarded.
  Duration command_timeout = std::chrono::seconds(1);
  /// PEM file of certificate authorities. Empty: the system's. The files are read when a client is
  /// made, and again for a new connection once one of them has changed.
  std::string ca_file = {};
  /// PEM file with the certificate that identifies this client, followed by those of its
  /// authorities. Empty: none is sent.
  std::string certificate_file = {};
  /// PEM file with its key, not encrypted.
  std::string key_file = {};
  /// The name in the servers' certificates, also sent as SNI. Empty: the host connected to, which
  /// with Sentinels and Clusters is what they announce, usually a numeric address.
  std::string server_name = {};
  /// The user at the Sentinels. Empty: their default user.
  std::string sentinel_user = {};
  /// The password at the Sentinels. Empty: none, also if the master has one.
  std::string sentinel_password = {};
  /// How connections are named (CLIENT SETNAME), for CLIENT LIST. No spaces.
  std::string client_name = "vx11";
  /// Replicas that have to confirm a write before it counts as done (WAIT). Zero, the default:
  /// none. It shows that replicas have the write; it does not prevent its loss, since a failover
  /// may choose another replica, and a write that was not confirmed may be done all the same.
  std::uint32_t wait_replicas = 0;
  /// How long a write waits for them. While it does, later commands of the same connection wait
  /// too.
  Duration wait_timeout = std::chrono::milliseconds(100);
  /// Commands that wait for their replies, per connection; further ones fail at once. At 50,000
  /// commands a second it is a fifth of a second's.
  std::size_t max_pending = 10'000;
  /// The largest reply. Larger ones, and what announces itself as larger, end the connection.
  std::size_t max_reply_bytes = 16 * 1024 * 1024;
  /// The longest pause between attempts to connect to a server that is down, before jitter: it is
  /// in use again within this time and one `connect_timeout` after its return.
  Duration reconnect_cap = std::chrono::seconds(2);
  /// After how long an idle connection is checked by PING.
  Duration idle_check = std::chrono::seconds(15);
  /// Resolves names in place of the system's resolver. Empty: the system's.
  NameLookup look_up = {};
  std::string name = {};  ///< For `Event::name`; nothing else depends on it.
  /// Receives `redis_…` events. Empty, the default: nothing is reported.
  SharedEvents events = {};
};

/// What a client knows of one server.
struct RedisNode {
  std::string address = {};       ///< `host:port`.
  std::string role = {};          ///< `master`, `sentinel`, or empty if unknown.
  std::uint32_t connections = 0;  ///< Usable ones: one per event loop, and one to ask for masters.
  /// Why the last connection ended or the last command was refused, as a word of
  /// `make_redis_probe`'s or `timeout`, `unreachable`, `tls_failed`, `overloaded`; empty: nothing
  /// since the last connection was made.
  std::string last_error = {};
};

/// What a client has done since it was made.
struct RedisCounters {
  std::uint64_t commands = 0;        ///< Calls, whatever became of them.
  std::uint64_t failures = 0;        ///< Calls that returned an error.
  std::uint64_t timeouts = 0;        ///< Of these, for want of time.
  std::uint64_t sends = 0;           ///< Batches of commands given to a socket.
  std::uint64_t connections = 0;     ///< Connections that became usable.
  std::uint64_t disconnections = 0;  ///< Of these, ended by an error.
  std::uint64_t redirections = 0;    ///< MOVED and ASK.
  std::uint64_t repetitions = 0;     ///< Commands sent again, because the server had not done them.
  std::uint64_t failovers = 0;       ///< Changes of the master, or of a Cluster's slots.
};

/// A client's view of its servers.
struct RedisStatus {
  std::string topology = {};  ///< `single`, `sentinel` or `cluster`.
  /// Whether the last attempt to reach a master succeeded. True before the first one.
  bool usable = true;
  /// Why it is not usable, as a word; empty if it is.
  std::string reason = {};
  std::vector<RedisNode> nodes{};
  RedisCounters counters = {};
};

namespace redis {
class Client;
}

/// A client of Redis, which the stores share.
///
/// It keeps one connection per event loop and server, made when first used, on which the commands
/// of all calls are pipelined. RESP2 is spoken, so every Redis since 2.8 and every Valkey will do.
/// Without an event loop, calls run on a thread of the client.
///
/// While a server is down, calls fail at once, and one attempt at a time per event loop is made to
/// connect again, with growing, jittered pauses.
///
/// Must outlive its calls; its connections are closed with it. **Thread-safe.**
class VX11_API RedisClient {
 public:
  /// Internal: made by `make_redis_client`.
  explicit RedisClient(std::unique_ptr<redis::Client> client) noexcept;
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;
  ~RedisClient();

  RedisStatus status() const;
  /// Internal: for the stores.
  redis::Client& internal() const noexcept { return *client_; }

 private:
  std::unique_ptr<redis::Client> client_;
};

/// Makes a client. Connects to nothing yet.
/// \return `invalid_argument` that names every mistake and repeats nothing of the URL, which may
///         contain a password
VX11_API Result<std::shared_ptr<RedisClient>> make_redis_client(RedisOptions options);

}  // namespace v0
}  // namespace vx11
