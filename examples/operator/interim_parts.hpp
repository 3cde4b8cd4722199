#pragma once
// Until the database's parts are here.
#include "transcripts.hpp"

#include <memory>

#include "audit_log.hpp"
#include "event_store.hpp"
namespace backend::interim {
class Events final : public EventStore {
 public:
  vx11::Task<vx11::Result<std::uint64_t>> add(NewEvent) override { co_return std::uint64_t{1}; }
  vx11::Task<vx11::Result<EventPage>> list(EventFilter) override { co_return EventPage(); }
  vx11::Task<vx11::Result<std::vector<StoredEvent>>> after(std::uint64_t, std::size_t) override {
    co_return std::vector<StoredEvent>();
  }
  vx11::Task<vx11::Result<std::optional<std::pair<std::uint64_t, std::uint64_t>>>> range()
      override {
    co_return std::nullopt;
  }
  std::shared_ptr<void> listen(EventListener) override { return {}; }
};
class Audit final : public AuditLog {
 public:
  vx11::Task<vx11::Result<void>> add(AuditEntry) override { co_return vx11::Result<void>(); }
};
inline std::shared_ptr<EventStore> make_events() {
  return std::make_shared<Events>();
}
class Turns final : public Transcripts {
 public:
  vx11::Task<vx11::Result<void>> add(Turn) override { co_return vx11::Result<void>(); }
};
inline std::shared_ptr<Transcripts> make_transcripts() { return std::make_shared<Turns>(); }
inline std::shared_ptr<AuditLog> make_audit() {
  return std::make_shared<Audit>();
}
}  // namespace backend::interim
