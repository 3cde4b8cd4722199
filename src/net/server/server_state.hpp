#pragma once

/// \file
/// State shared by the sessions of a server. Internal.

#include <vx11/http_handler.hpp>
#include <vx11/net/server.hpp>

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

namespace vx11 {
inline namespace v0 {
namespace net_detail {

class ListedConnection;
using ConnectionList = std::list<ListedConnection*>;

/// A connection that is in its loop's list while it exists.
class ListedConnection {
 public:
  explicit ListedConnection(ConnectionList& list)
      : list_(list), at_(list.insert(list.end(), this)) {}
  ListedConnection(const ListedConnection&) = delete;
  ListedConnection& operator=(const ListedConnection&) = delete;
  virtual ~ListedConnection() { list_.erase(at_); }
  /// Ends it: at once if idle, else after the current response.
  virtual void drain() noexcept = 0;
  /// Ends it immediately.
  virtual void abort() noexcept = 0;

 private:
  ConnectionList& list_;
  ConnectionList::iterator at_;
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

/// Counts connections, in total and by address.
class ConnectionCounts {
 public:
  explicit ConnectionCounts(const ServerLimits& limits) : limits_(limits) {}
  /// \return whether there is room; if so it is reserved until `leave`
  bool enter(const std::string& address);
  void leave(const std::string& address);
  std::size_t total() const;

 private:
  const ServerLimits& limits_;
  mutable std::mutex mutex_;
  std::size_t total_ = 0;
  std::unordered_map<std::string, std::size_t> by_address_;
};

/// State shared by all loops.
struct ServerState {
  ServerState(const HttpHandler& server_handler, const ServerLimits& server_limits);
  const HttpHandler& handler;
  const ServerLimits& limits;
  RequestLimits request_limits;
  ConnectionCounts connections;
  std::atomic<bool> draining{false};
};

/// State of one loop.
class LoopState {
 public:
  explicit LoopState(const ServerState& server) : server_(server) {}

  std::unique_ptr<RequestScratch> lend();
  void give_back(std::unique_ptr<RequestScratch> scratch);

  ConnectionList connections;
  /// Where a connection puts a piece of a stream together: one text for all, so that streams hold no
  /// memory for it while they wait.
  std::string stream_text = {};

 private:
  const ServerState& server_;
  std::vector<std::unique_ptr<RequestScratch>> spare_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
