#pragma once

/// \file
/// State shared by the sessions of a server. Internal.

#include <vx11/http_handler.hpp>
#include <vx11/net/server.hpp>
#include <vx11/net/trusted_proxies.hpp>

#include <atomic>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/http/request_reader.hpp"
#include "net/http/response_text.hpp"
#include "net/loop/loop.hpp"
#include "net/server/unsent_answers.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

class ListedConnection;
using ConnectionList = std::list<ListedConnection*>;

/// A connection that is in one of its loop's lists while it exists.
class ListedConnection {
 public:
  explicit ListedConnection(ConnectionList& list)
      : list_(&list), at_(list.insert(list.end(), this)) {}
  ListedConnection(const ListedConnection&) = delete;
  ListedConnection& operator=(const ListedConnection&) = delete;
  virtual ~ListedConnection() { list_->erase(at_); }
  /// Ends it: at once if idle, else after the current response.
  virtual void drain() noexcept = 0;
  /// Ends it immediately.
  virtual void abort() noexcept = 0;
  /// Ends it: a stream by its last piece, anything else immediately.
  virtual void cut_short() noexcept = 0;
  /// Ends it immediately and gives its place back, unless it is idle and a request is in its
  /// socket.
  /// \return whether it did
  virtual bool evict() noexcept = 0;
  /// Since when it has been idle; meaningful in a list of idle connections.
  virtual TimePoint idle_since() const noexcept = 0;

 protected:
  /// Moves it to the end of `list`, of the same loop.
  void move_to(ConnectionList& list) noexcept {
    list.splice(list.end(), *list_, at_);
    list_ = &list;
  }

 private:
  ConnectionList* list_;
  ConnectionList::iterator at_;
};

/// What a connection may ask for.
enum class Lane : std::uint8_t {
  regular,
  reserved,  ///< Above the limits: one of the reserved targets, once.
};

/// Memory for one request in progress. Lent by the loop, so that an idle connection holds none and
/// a busy one gets recently used memory.
struct RequestScratch {
  explicit RequestScratch(const RequestLimits& limits) : reader(limits) {}
  RequestReader reader;
  std::string out;
  std::size_t sent = 0;                         ///< How much of `out` was sent at once.
  Persistence persistence = Persistence::keep;  ///< As stated in `out`.
};

/// Counts connections, in total, by address and on the reserved lane. Thread-safe.
class ConnectionCounts {
 public:
  enum class Room : std::uint8_t { free, full, address_full };

  explicit ConnectionCounts(const ServerLimits& limits) : limits_(limits) {}
  /// Takes a place on the regular lane until `leave`, if there is one. An empty address is not
  /// counted: there is none, or it is not known yet.
  Room enter(const std::string& address);
  /// Counts a connection that entered without an address, on the regular lane, by its address.
  /// \return whether there is room for it; else nothing has changed
  bool attribute(const std::string& address);
  /// Takes a place on the reserved lane until `leave`.
  /// \return whether there is one
  bool enter_reserved();
  /// \param address by which it is counted
  void leave(const std::string& address, Lane lane);
  /// Of both lanes.
  std::size_t total() const;

 private:
  bool count(const std::string& address);

  const ServerLimits& limits_;
  mutable std::mutex mutex_;
  std::size_t total_ = 0;
  std::size_t reserved_ = 0;
  std::unordered_map<std::string, std::size_t> by_address_;
};

/// State shared by all loops.
struct ServerState {
  ServerState(const HttpHandler& server_handler, const ServeOptions& serve_options,
              const TrustedProxies& trusted_proxies, UnsentAnswers& unsent_answers);
  /// Whether the request may be answered on the reserved lane.
  bool is_reserved(const HttpRequest& head) const noexcept;
  /// Whether requests of this peer name their client.
  bool believes_headers_of(const std::string& address) const noexcept;
  void report(ServerEvent event) const;

  const HttpHandler& handler;
  const ServeOptions& options;
  const ServerLimits& limits;
  const TrustedProxies& proxies;
  RequestLimits request_limits;
  ConnectionCounts connections;
  UnsentAnswers& unsent;
  std::atomic<bool> draining{false};
};

/// State of one loop.
class LoopState {
 public:
  explicit LoopState(const ServerState& server) : server_(server) { spare_.reserve(kKeep); }

  std::unique_ptr<RequestScratch> lend();
  void give_back(std::unique_ptr<RequestScratch> scratch);

  /// Where a connection puts a piece of a stream together: one text for all, so that streams hold
  /// no memory for it while they wait.
  std::string stream_text = {};
  /// Those that wait for a request, the one that has waited for longest first.
  ConnectionList idle;
  ConnectionList busy;
  /// On the reserved lane, without a complete head.
  ConnectionList reserved;

 private:
  static constexpr std::size_t kKeep = 512;  ///< Reused memory; at most some 2 MiB a loop.

  const ServerState& server_;
  std::vector<std::unique_ptr<RequestScratch>> spare_;
};

/// Takes a place on the reserved lane. Silent connections must not occupy the lane: the newest
/// probe takes the place of the loop's oldest connection that has not asked for anything.
/// \return whether there is one
bool enter_reserved(ServerState& server, LoopState& loop);

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
