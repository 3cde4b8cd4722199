#pragma once

/// \file
/// `AddressRace`: which address of a host to try next, and when. Internal to the transports.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/socket/detail/address.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

/// Happy Eyeballs (RFC 8305 §4 and §5): alternates the address families and starts an attempt every
/// 250 ms, or at once when one fails. The first to connect wins; the others are closed.
///
/// Only decides, without sockets or threads: the event loop and the blocking transport start the
/// attempts that `next` returns and report failures. Not thread-safe.
class VX11_API AddressRace {
 public:
  /// RFC 8305 §5, "Connection Attempt Delay".
  static constexpr Duration kDelay = std::chrono::milliseconds(250);

  /// \param found addresses in the resolver's order of preference
  explicit AddressRace(std::vector<Address> found);

  /// The address to try at `now`, if one is due; call it until it returns none.
  const Address* next(TimePoint now) noexcept;
  /// When the next address is due if no attempt fails; `TimePoint::max()` if none is left.
  TimePoint due() const noexcept;
  /// An attempt failed with `error`, an errno: the next address is due at once.
  void failed(int error) noexcept;

  /// The error once every attempt has failed: that of the first to fail, usually the preferred
  /// address, but a shortage of this process only if every attempt met one.
  std::optional<Error> lost() const;

 private:
  std::vector<Address> addresses_;
  std::size_t started_ = 0;
  std::size_t failed_ = 0;
  TimePoint due_ = TimePoint::min();
  int first_error_ = 0;
};

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
