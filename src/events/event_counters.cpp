#include <vx11/event_counters.hpp>
#include <vx11/event_table.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {

namespace {

/// A bit for each kind.
using Kinds = std::uint64_t;
static_assert(kEventKinds < 64);

constexpr Kinds bit_of(EventKind kind) noexcept {
  return Kinds(1) << static_cast<unsigned>(kind);
}

constexpr Kinds kAllKinds = (Kinds(1) << kEventKinds) - 1;

/// None if there is no such part.
constexpr Kinds kinds_of(std::string_view part) noexcept {
  Kinds kinds = 0;
  for (const EventInfo& info : kEventTable) {
    if (info.part() == part) kinds |= bit_of(info.kind);
  }
  return kinds;
}

/// The counts of one name. Never moved or removed.
struct Row {
  explicit Row(std::string_view of) : name(of) {}

  bool is_declared(EventKind kind) const noexcept {
    return (declared.load(std::memory_order_relaxed) & bit_of(kind)) != 0;
  }
  std::uint64_t count(EventKind kind) const noexcept {
    return counts[static_cast<std::size_t>(kind)].load(std::memory_order_relaxed);
  }

  const std::string name;
  std::array<std::atomic<std::uint64_t>, kEventKinds> counts = {};
  std::atomic<Kinds> declared = 0;
};

/// FNV-1a: names are short, and chosen by the configuration, not by clients.
std::size_t hash_of(std::string_view name) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return static_cast<std::size_t>(hash ^ hash >> 32U);
}

std::size_t slots_for(std::size_t names) {
  std::size_t slots = 16;
  while (slots < 2 * names) slots *= 2;
  return slots;
}

}  // namespace

/// A hash table of rows with linear probing, at most half full. Rows are only added, so that a
/// reader needs no lock.
struct EventCounters::Impl {
  explicit Impl(const EventCountersOptions& options)
      : max_names(options.max_names),
        declared_only(options.declared_only),
        slots(slots_for(max_names)) {
    if (declared_only) other.declared = kAllKinds;
  }

  /// The row that counts `event`.
  Row& row_for(const Event& event) noexcept {
    if (!declared_only) return row_of(event.name);
    Row* const known = find(event.name);
    return known != nullptr && known->is_declared(event.kind) ? *known : other;
  }

  /// The row of `name`; null if there is none.
  Row* find(std::string_view name) noexcept {
    Row* const row = slots[slot_of(name)].load(std::memory_order_acquire);
    return row == nullptr && name == other.name ? &other : row;
  }
  /// The row of `name`, made if there is room for it; otherwise the one of all others.
  Row& row_of(std::string_view name) noexcept {
    if (Row* const known = find(name)) [[likely]]
      return *known;
    if (is_full.load(std::memory_order_relaxed)) return other;
    try {
      const std::lock_guard lock(mutex);
      Row* const added = add(name);
      return added == nullptr ? other : *added;
    } catch (...) {  // out of memory
      return other;
    }
  }
  /// With the mutex held. \return null if there is no room
  Row* add(std::string_view name) {
    if (Row* const known = find(name)) return known;
    const std::size_t slot = slot_of(name);
    if (rows.size() >= max_names) {
      is_full.store(true, std::memory_order_relaxed);
      return nullptr;
    }
    Row* const row = rows.emplace_back(std::make_unique<Row>(name)).get();
    slots[slot].store(row, std::memory_order_release);
    return row;
  }
  /// Where `name` is, or would be.
  std::size_t slot_of(std::string_view name) const noexcept {
    std::size_t slot = hash_of(name) & (slots.size() - 1);
    for (;;) {
      const Row* const row = slots[slot].load(std::memory_order_acquire);
      if (row == nullptr || row->name == name) return slot;
      slot = (slot + 1) & (slots.size() - 1);
    }
  }

  const std::size_t max_names;
  const bool declared_only;
  std::atomic<bool> is_full{false};
  std::vector<std::atomic<Row*>> slots;
  Row other{"other"};
  mutable std::mutex mutex;
  std::vector<std::unique_ptr<Row>> rows = {};  ///< In the order of their first event.
};

EventCounters::EventCounters(EventCountersOptions options)
    : impl_(std::make_shared<Impl>(options)) {}
EventCounters::~EventCounters() = default;

void EventCounters::on_event(const Event& event) noexcept {
  Row& row = impl_->row_for(event);
  row.counts[static_cast<std::size_t>(event.kind)].fetch_add(1, std::memory_order_relaxed);
}

bool EventCounters::declare(std::string_view part, std::string_view name) {
  const Kinds kinds = kinds_of(part);
  if (kinds == 0) return false;
  const std::lock_guard lock(impl_->mutex);
  Row* const row = impl_->add(name);
  if (row == nullptr) return false;
  row->declared.fetch_or(kinds, std::memory_order_relaxed);
  return true;
}

std::uint64_t EventCounters::count(EventKind kind, std::string_view name) const noexcept {
  const Row* const row = impl_->find(name);
  return row == nullptr ? 0 : row->count(kind);
}

std::uint64_t EventCounters::count(EventKind kind) const noexcept {
  const std::lock_guard lock(impl_->mutex);
  return std::accumulate(
      impl_->rows.begin(), impl_->rows.end(), impl_->other.count(kind),
      [kind](std::uint64_t sum, const auto& row) { return sum + row->count(kind); });
}

std::vector<MetricFamily> EventCounters::families() const {
  MetricFamily family{
      .name = "vx11_events_total",
      .help =
          "Decisions of breakers, router, limits, stores and server, by the name of what "
          "decided."};
  const auto add = [&](const Row& row) {
    for (const EventInfo& info : kEventTable) {
      if (!row.is_declared(info.kind) && row.count(info.kind) == 0) continue;
      family.series.push_back(
          {.labels = {{"event", std::string(info.name)}, {"name", row.name}},
           .value = [kept = impl_, &row, kind = info.kind] { return row.count(kind); }});
    }
  };
  const std::lock_guard lock(impl_->mutex);
  for (const auto& row : impl_->rows) add(*row);
  add(impl_->other);
  return {std::move(family)};
}

}  // namespace v0
}  // namespace vx11
