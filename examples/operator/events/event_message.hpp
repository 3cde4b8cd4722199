#pragma once

/// \file
/// Messages of event streams (WHATWG HTML §9.2). Internal.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "operator/events/event_feed.hpp"

namespace backend {

/// In milliseconds: how long after the end of a stream its client connects again.
inline constexpr std::string_view kStreamBeginning = "retry: 3000\n\n";
inline constexpr std::string_view kHeartbeat = ":\n";

/// An event as it stands in messages, without line ends.
std::string event_text(const StoredEvent& event);
bool is_wanted(const EventStreamStart& filter, const StoredEvent& event);

/// `{"type":"events","events":[…]}` as an unnamed message. Bounded: what a client is behind comes
/// as several.
class EventMessage {
 public:
  void add(std::string_view event);
  bool is_full() const noexcept { return count_ >= kMaxEvents || events_.size() >= kMaxBytes; }
  /// \param id of the last event that was looked at
  /// \return empty if there is no event
  std::string finish(std::uint64_t id) const;

 private:
  static constexpr std::size_t kMaxEvents = 64;
  static constexpr std::size_t kMaxBytes = std::size_t{128} * 1024;

  std::string events_ = {};
  std::size_t count_ = 0;
};

/// `{"type":"gap",…}`: of the events between `after` and `before` some are no longer stored.
std::string gap_message(std::uint64_t after, std::uint64_t before);

}  // namespace backend
