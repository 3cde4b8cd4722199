#pragma once

/// \file
/// Which server has which keys, as the client knows at the moment. Internal.

#include <vx11/url.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "net/loop/background_loop.hpp"
#include "redis/shared.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

/// The hash slot of a key: of what stands between its first braces, if there is anything.
std::uint16_t slot_of(std::string_view key) noexcept;

/// The masters, and in a Cluster the slots of each.
struct ServerMap {
  static constexpr std::size_t kSlots = 16'384;
  static constexpr std::uint16_t kNone = 0xFFFF;

  std::vector<Url> masters = {};
  std::vector<std::uint16_t> of_slot = {};  ///< Index of the master, or `kNone`. Empty: one master.

  /// The index of the key's master; none if it is not known.
  std::optional<std::size_t> master_of(std::string_view key) const noexcept;
  /// Whether there is a master of that address.
  bool has(std::string_view address) const;
  friend bool operator==(const ServerMap&, const ServerMap&) = default;
};

/// Is called after each change of the map, on any thread.
class MapListener {
 public:
  virtual void map_changed() noexcept = 0;

 protected:
  ~MapListener() = default;
};

/// The map of one client, kept up to date by `Discovery`. Thread-safe.
class Directory {
 public:
  explicit Directory(std::shared_ptr<Shared> shared);

  /// Null: nothing is known yet.
  std::shared_ptr<const ServerMap> map() const;
  /// Changes with the map.
  std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }
  /// Why the servers could not be asked for the map the last time; none if they could.
  std::optional<ErrorKind> failure() const;

  void publish(ServerMap map);
  void publish_failure(ErrorKind why);

  void add(MapListener& listener);
  void remove(MapListener& listener);
  /// The client goes: listeners are called once more.
  void close();
  bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }

  Shared& shared() const noexcept { return *shared_; }
  const std::shared_ptr<Shared>& shared_pointer() const noexcept { return shared_; }

 private:
  /// \return whether there was another map before
  bool replace(ServerMap map);
  void notify();

  const std::shared_ptr<Shared> shared_;
  mutable std::mutex mutex_;
  std::shared_ptr<const ServerMap> map_ = nullptr;
  std::optional<ErrorKind> failure_ = std::nullopt;
  std::set<MapListener*> listeners_ = {};
  std::atomic<std::uint64_t> version_ = 0;
  std::atomic<bool> closed_ = false;
};

}  // namespace redis
}  // namespace v0
}  // namespace vx11
