#pragma once

/// \file
/// Room for what clients keep open: event streams, WebSockets. Internal.

#include <vx11/metric_family.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include <tl/expected.hpp>

#include "operator/api/api_routes.hpp"

namespace backend {

struct PlaceLimits {
  std::size_t all = 0;
  /// Of `all`. A principal is one token, which several people may share.
  std::size_t per_principal = 0;
};

/// Why there is no place.
enum class NoPlace : std::uint8_t { all, principal };

/// Counts what is open or about to be, in all and for each principal, so that one login leaves room
/// for the others.
///
/// **Thread-safe**; held by `shared_ptr`s, among them those of its places.
class Places : public std::enable_shared_from_this<Places> {
 public:
  /// Is given back when the last copy is destroyed.
  using Place = std::shared_ptr<void>;

  explicit Places(PlaceLimits limits) noexcept : limits_(limits) {}
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  /// \param principal empty: of no one that is bounded
  tl::expected<Place, NoPlace> take(const std::string& principal);
  /// For places that are taken from now on; none is taken back.
  void limit(PlaceLimits limits);
  std::size_t taken() const;
  std::uint64_t refused(NoPlace why) const noexcept {
    return refused_[static_cast<std::size_t>(why)].load(std::memory_order_relaxed);
  }

 private:
  class Held;

  tl::expected<void, NoPlace> count(const std::string& principal);
  void give_back(const std::string& principal) noexcept;

  mutable std::mutex mutex_ = {};
  PlaceLimits limits_;  ///< Guarded by `mutex_`, as those below.
  std::size_t taken_ = 0;
  std::unordered_map<std::string, std::size_t> by_principal_ = {};
  std::array<std::atomic<std::uint64_t>, 2> refused_ = {};  ///< By `NoPlace`.
};

/// 429 if the principal has as many as it may have, else 503; with Retry-After.
/// \param what plural, such as "WebSockets"
/// \param error `too_many_sockets`
ApiAnswer no_place(NoPlace why, const std::string& what, const std::string& error);

/// What was refused, by reason. `places` is kept.
vx11::MetricFamily refused_places(const char* name, const char* help,
                                  const std::shared_ptr<const Places>& places);

}  // namespace backend
