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

/// Happy Eyeballs (RFC 8305 §4 and §5): the addresses of both families alternately, one after the
/// other a quarter of a second apart, the next at once when an attempt fails. The first that
/// connects wins; the others are then closed.
///
/// Decides and performs nothing, so it knows neither sockets nor threads: the event loop and the
/// blocking transport each start the attempts that `next` names and report those that fail.
/// Not thread-safe.
class VX11_API AddressRace {
 public:
  /// RFC 8305 §5, "Connection Attempt Delay".
  static constexpr Duration kDelay = std::chrono::milliseconds(250);

  /// \param found addresses as the resolver orders them, by preference
  explicit AddressRace(std::vector<Address> found);

  /// The address to try at `now`, if one is due; to be called until there is none.
  const Address* next(TimePoint now) noexcept;
  /// When another becomes due although none has failed; `TimePoint::max()` if none is left.
  TimePoint due() const noexcept;
  /// An attempt ended with `error`, an errno: the next address is due at once.
  void failed(int error) noexcept;

  /// Why it is lost: once every attempt has failed, the error of the first to fail, which was the
  /// preferred address as a rule.
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
