#pragma once

/// \file
/// Answers that wait for their clients. Internal.

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "net/loop/loop.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

class ListedConnection;

/// Bounds the memory of all answers of a server that wait for their clients to read. Above the
/// bound, the connections whose clients have accepted nothing for longest are closed.
///
/// Not the new answers are refused: then few clients that do not read would take the large answers
/// away from all others for as long as the send timeout. Thread-safe.
class UnsentAnswers {
 public:
  using ConnectionPtr = std::weak_ptr<ListedConnection>;

  explicit UnsentAnswers(std::size_t most_bytes) noexcept : most_(most_bytes) {}

  /// An answer while it waits; counts until it is destroyed.
  class Waiting {
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
    struct Registered {};
    Waiting(Registered, UnsentAnswers& all, ConnectionPtr connection, Loop& loop,
            std::size_t bytes);

    UnsentAnswers& all_;
    ConnectionPtr connection_;
    Loop& loop_;
    std::size_t bytes_;
    std::size_t closed_ = 0;
    std::list<Waiting*>::iterator at_ = {};
    bool is_closing_ = false;  ///< Its memory is about to be freed.
  };

  std::size_t bytes() const;

 private:
  using List = std::list<Waiting*>;
  void make_room(std::size_t& closed);
  void close(Waiting& waiting);

  const std::size_t most_;
  mutable std::mutex mutex_;
  std::size_t bytes_ = 0;  ///< Of all but those being closed.
  List waiting_;           ///< The one that has waited for longest first.
  List closing_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
