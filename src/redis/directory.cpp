#include "redis/directory.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace redis {

namespace {

/// CRC-16/XMODEM, as the Cluster specification says.
constexpr std::array<std::uint16_t, 256> make_crc_table() noexcept {
  std::array<std::uint16_t, 256> table{};
  for (unsigned int byte = 0; byte < table.size(); ++byte) {
    unsigned int crc = byte << 8U;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1U) ^ ((crc & 0x8000U) != 0 ? 0x1021U : 0U);
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}

std::uint16_t crc_of(std::string_view text) noexcept {
  static constexpr auto kTable = make_crc_table();
  unsigned int crc = 0;
  for (const char c : text) {
    crc = (crc << 8U) ^ kTable[((crc >> 8U) ^ static_cast<unsigned char>(c)) & 0xFFU];
  }
  return static_cast<std::uint16_t>(crc);
}

std::string_view hash_tag_of(std::string_view key) noexcept {
  const std::size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const std::size_t close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

}  // namespace

std::uint16_t slot_of(std::string_view key) noexcept {
  return crc_of(hash_tag_of(key)) % ServerMap::kSlots;
}

std::optional<std::size_t> ServerMap::master_of(std::string_view key) const noexcept {
  if (of_slot.empty()) return masters.empty() ? std::nullopt : std::optional<std::size_t>(0);
  const std::uint16_t index = of_slot[slot_of(key)];
  return index == kNone ? std::nullopt : std::optional<std::size_t>(index);
}

bool ServerMap::has(std::string_view address) const {
  return std::any_of(masters.begin(), masters.end(),
                     [=](const Url& master) { return address_of(master) == address; });
}

Directory::Directory(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {
  if (shared_->url.topology != Topology::single) return;
  map_ = std::make_shared<const ServerMap>(ServerMap{shared_->url.servers, {}});
  version_ = 1;
}

std::shared_ptr<const ServerMap> Directory::map() const {
  const std::lock_guard lock(mutex_);
  return map_;
}

std::optional<ErrorKind> Directory::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Directory::publish(ServerMap map) {
  if (!replace(std::move(map))) return;
  Counters::add(shared_->counters.failovers);
  shared_->report(EventKind::redis_failed_over);
}

bool Directory::replace(ServerMap map) {
  const std::lock_guard lock(mutex_);
  failure_.reset();
  if (map_ && *map_ == map) return false;
  const bool is_failover = map_ != nullptr;
  map_ = std::make_shared<const ServerMap>(std::move(map));
  std::set<std::string, std::less<>> known;
  for (const Url& server : map_->masters) known.insert(address_of(server));
  for (const Url& server : shared_->url.servers) known.insert(address_of(server));
  shared_->board.keep_only(std::move(known));
  notify();
  return is_failover;
}

void Directory::publish_failure(ErrorKind why) {
  const std::lock_guard lock(mutex_);
  failure_ = why;
  notify();
}

void Directory::add(MapListener& listener) {
  const std::lock_guard lock(mutex_);
  listeners_.insert(&listener);
}

void Directory::remove(MapListener& listener) {
  const std::lock_guard lock(mutex_);
  listeners_.erase(&listener);
}

void Directory::close() {
  const std::lock_guard lock(mutex_);
  closed_.store(true, std::memory_order_release);
  notify();
}

/// Under the lock, so that a listener is not called after `remove`; listeners only post a job.
void Directory::notify() {
  version_.fetch_add(1, std::memory_order_release);
  for (MapListener* const listener : listeners_) listener->map_changed();
}

}  // namespace redis
}  // namespace v0
}  // namespace vx11
