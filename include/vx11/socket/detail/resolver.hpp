#pragma once

/// \file
/// `Resolver`: host names to addresses, with a cache. Internal to the transports.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/socket/detail/address.hpp>
#include <vx11/socket/name_lookup.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

/// Configuration of a `Resolver`.
struct ResolverOptions {
  NameLookup look_up = {};  ///< Empty: the system's resolver, which gives no time to live.
  /// How long addresses without a time to live are used.
  Duration keep = std::chrono::seconds(30);
  /// How long outdated addresses may still be used while a look-up hangs or fails (RFC 8767).
  Duration stale_for = std::chrono::hours(1);
  /// After how long a look-up counts as hanging.
  Duration patience = std::chrono::milliseconds(200);
  /// Look-ups at a time, each on a thread; further ones wait for their turn.
  std::size_t concurrent = 16;
  SteadyClock clock = {};
};

/// Resolves names on threads of its own, since the system's resolver blocks without a limit.
///
/// A name is looked up once at a time, whatever the number of callers, so a name whose look-up
/// hangs occupies one thread and one place. Addresses are cached; outdated ones are used while a
/// new look-up hangs or fails. Threads start on demand and end with their work; the destructor
/// does not wait for them.
///
/// **Thread-safe.**
class VX11_API Resolver {
 public:
  using Found = Result<std::vector<Address>>;
  /// Called once, on any thread and perhaps before `look_up` returns, under the resolver's lock: it
  /// must not call the resolver.
  using Done = std::function<void(const Found&)>;

  /// A caller that waits. Once destroyed, its `Done` is neither running nor called any more.
  /// Must not outlive the resolver's last user; not thread-safe.
  class VX11_API Waiting {
   public:
    Waiting() noexcept;
    Waiting(Waiting&& other) noexcept;
    Waiting& operator=(Waiting&& other) noexcept;
    ~Waiting();
    /// Whether the look-up still waits for a thread.
    bool queued() const;

   private:
    friend class Resolver;
    struct Place;
    explicit Waiting(std::unique_ptr<Place> place) noexcept;
    std::unique_ptr<Place> place_;
  };

  explicit Resolver(ResolverOptions options);
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver();

  Duration patience() const noexcept;
  /// Cached addresses that need no look-up: valid ones, or outdated ones while a look-up hangs or
  /// shortly after it failed. Their port is 0.
  std::optional<std::vector<Address>> known(const std::string& name) const;
  /// Looks the name up, or joins a look-up that runs. Addresses have port 0.
  /// \return passes to `done` `unreachable` for an unknown name or a failed look-up, and
  ///         `exhausted` if the system is out of threads, descriptors or memory
  Waiting look_up(const std::string& name, Done done);
  /// Connecting to the cached addresses failed: the next call looks the name up anew. Effective at
  /// most once a second, so that an upstream that is down does not cause a look-up per call.
  /// \return whether it was effective
  bool distrust(const std::string& name);
  /// Look-ups begun so far.
  std::uint64_t look_ups() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
