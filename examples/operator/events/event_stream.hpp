#pragma once

/// \file
/// One open event stream. Internal.

#include <vx11/notifier.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "operator/events/event_feed.hpp"

namespace backend {

/// A position in the store, which moves to what is newer. Between messages it sleeps.
class EventStream final : public vx11::BodyStream {
 public:
  using Range = std::optional<EventRange>;

  /// \param newest the largest id that is known, which may have been removed from the store
  /// \param place of `EventFeed::places`
  EventStream(std::shared_ptr<EventFeed> feed, Places::Place place, EventStreamStart start,
              const Range& stored, std::uint64_t newest);
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;
  ~EventStream() override;

  vx11::Task<vx11::Result<std::string>> next(vx11::Deadline deadline) override;

 private:
  friend class EventFeed;

  vx11::Task<vx11::Result<std::string>> read_store();
  std::string move_to(const Range& stored);
  vx11::Duration until_heartbeat() const noexcept;
  vx11::TimePoint now() const noexcept { return feed_->options_.clock.now(); }
  std::string sent(std::string message);

  const std::shared_ptr<EventFeed> feed_;
  const Places::Place place_;
  const EventStreamStart start_;
  const std::shared_ptr<vx11::Notifier> sleeper_;
  std::uint64_t position_ = 0;  ///< The last event that the client has, or does not want.
  std::uint64_t newest_;        ///< The largest id that is known.
  bool login_ended_ = false;    ///< Guarded by the feed's mutex.
  std::string first_ = {};      ///< Leaves with the head of the answer.
  const vx11::TimePoint ends_at_;
  vx11::TimePoint last_sent_;
};

}  // namespace backend
