#pragma once

/// \file
/// `RateLimit-Policy` and `RateLimit`. Internal.

#include <vx11/headers.hpp>
#include <vx11/token_limits.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace limits {

/// What is left of one rate.
struct Quota {
  std::string_view policy = {};  ///< Its name, as long as the program runs.
  RequestRate rate = {};
  std::uint64_t left = 0;           ///< How many requests are admitted now.
  std::chrono::seconds reset = {};  ///< Until all are; of a refused request until one is.
};

/// The rates that a request was subject to.
class Quotas {
 public:
  void add(const Quota& quota) noexcept {
    if (count_ < quotas_.size()) quotas_[count_++] = quota;
  }
  bool empty() const noexcept { return count_ == 0; }
  /// Adds both fields (draft-ietf-httpapi-ratelimit-headers-10); nothing if there is no rate.
  void write(Headers& headers) const;

 private:
  std::array<Quota, 2> quotas_ = {};
  std::size_t count_ = 0;
};

}  // namespace limits
}  // namespace v0
}  // namespace vx11
