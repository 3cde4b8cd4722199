#pragma once

/// \file
/// How much a token may use: `RequestRate` and `TokenLimits`.

#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// A number of requests per period, all of which may arrive at once after a pause.
struct RequestRate {
  constexpr RequestRate() = default;
  constexpr RequestRate(std::uint32_t count, std::chrono::seconds per) noexcept
      : requests(count), period(per) {}

  std::uint32_t requests = 1;                             ///< At least 1.
  std::chrono::seconds period = std::chrono::seconds(1);  ///< 1 s to 366 d.
  friend bool operator==(const RequestRate&, const RequestRate&) = default;
};

/// `60/m`, or with a number before the unit, `30/5m`; the units are `s`, `m`, `h` and `d`.
VX11_API std::string to_string(const RequestRate& rate);
/// \return `invalid_argument` for any other text, and for numbers out of range
VX11_API Result<RequestRate> parse_request_rate(std::string_view text);

/// The limits of one token, in place of those for all tokens.
struct TokenLimits {
  std::optional<RequestRate> rate = std::nullopt;  ///< None: the rate for all tokens.
  /// Chats in progress at a time; 0: as many as all tokens may have.
  std::uint32_t concurrent = 0;

  bool empty() const noexcept { return !rate && concurrent == 0; }
  friend bool operator==(const TokenLimits&, const TokenLimits&) = default;
};

/// `rate=60/m concurrent=4`, without what is not set; empty if nothing is.
VX11_API std::string to_string(const TokenLimits& limits);

}  // namespace v0
}  // namespace vx11
