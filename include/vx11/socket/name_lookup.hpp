#pragma once

/// \file
/// How the transports resolve host names.

#include <vx11/clock.hpp>
#include <vx11/result.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// The addresses of a host name.
struct ResolvedName {
  /// Numeric IPv4 and IPv6 addresses without brackets, the preferred one first. Others are ignored.
  std::vector<std::string> addresses{};
  /// How long they are valid. None: as long as the transport's `name_cache`.
  std::optional<Duration> time_to_live = std::nullopt;
};

/// Resolves a host name, for example from a service registry.
///
/// It may block. It is called on a thread for look-ups, for several names at once but never twice
/// at once for the same name. A call that does not return keeps its thread; it may outlast the
/// transport, so it must own what it uses. An exception counts as a failed look-up.
/// \return `unreachable` if there is no such name, which the transport reports at once. With any
///         other error it continues to use the addresses that it had.
using NameLookup = std::function<Result<ResolvedName>(const std::string& name)>;

}  // namespace v0
}  // namespace vx11
