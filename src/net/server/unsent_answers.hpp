#pragma once

/// \file
/// Answers that wait for their clients. Internal.

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <utility>

#include "net/loop/loop.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

class ListedConnection;

/// Bounds the memory of all answers of a server that wait for their clients to read. Above the
/// bound, the connections whose clients have accepted nothing for longest are closed: first those
/// with large answers, because closing one with a small answer frees next to nothing. An answer
/// that exceeds the bound alone is closed itself, and no other.
///
/// Not the new answers are refused: then few clients that do not read would take the large answers
/// away from all others for as long as the send timeout. Thread-safe.
class UnsentAnswers {
 public:
  using ConnectionPtr = std::weak_ptr<ListedConnection>;

  explicit UnsentAnswers(std::size_t most_bytes) noexcept : most_(most_bytes) {}
  class Waiting;

  std::size_t bytes() const;

 private:
  using List = std::list<Waiting*>;

  /// Closes a connection on its loop, unless its answer no longer waits by then: the connection may
  /// have begun the next one. Made before memory is short, so that closing needs none.
  class Closing : public std::enable_shared_from_this<Closing> {
   public:
    explicit Closing(ConnectionPtr connection) noexcept : connection_(std::move(connection)) {}
    /// Call once. Thread-safe.
    void post(Loop& loop) noexcept;
    /// The answer no longer waits. On the loop's thread only.
    void end() noexcept { is_over_ = true; }

   private:
    void close();

    const ConnectionPtr connection_;
    bool is_over_ = false;
    SharedJob<Closing, &Closing::close> job_;
  };

  List& list_for(std::size_t bytes) noexcept;
  void make_room(Waiting& newest) noexcept;
  void close(Waiting& waiting, std::size_t& closed) noexcept;

  const std::size_t most_;
  mutable std::mutex mutex_;
  std::size_t bytes_ = 0;  ///< Of all but those being closed.
  List large_;             ///< The one that has waited for longest first.
  List small_;             ///< The same; each below a small part of the bound.
  List closing_;           ///< Their memory is about to be freed.
};

/// An answer while it waits; counts in full until it is destroyed. Belongs to the thread of its
/// connection's loop.
class UnsentAnswers::Waiting {
 public:
  /// May cause connections to be closed, also its own.
  Waiting(UnsentAnswers& all, ConnectionPtr connection, Loop& loop, std::size_t bytes);
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting();

  /// The client has accepted some bytes.
  void progress();
  /// How many connections are closed because of this answer.
  std::size_t closed() const noexcept { return closed_; }

 private:
  friend class UnsentAnswers;

  UnsentAnswers& all_;
  const std::shared_ptr<Closing> closing_;
  Loop& loop_;
  const std::size_t bytes_;
  std::size_t closed_ = 0;
  List* list_ = nullptr;  ///< Where `all_` keeps it.
  List::iterator at_ = {};
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
