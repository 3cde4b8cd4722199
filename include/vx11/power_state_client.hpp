#pragma once

/// \file
/// Power windows as madre keeps them: `PowerState`, the read-only `PowerStateView`, and
/// `PowerStateClient`, which can also change them.

#include <vx11/circuit_breaker.hpp>
#include <vx11/export.hpp>
#include <vx11/transport.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// Which services may run at all.
enum class PowerPolicy : std::uint8_t {
  solo_madre,      ///< madre, tentaculo_link and redis only: the default of VX11.
  operative_core,  ///< A window is open.
  full,            ///< Everything.
};
/// "solo_madre", "operative_core" or "full".
VX11_API std::string_view to_string(PowerPolicy policy) noexcept;

/// A span of time for which madre keeps some services awake.
struct PowerWindow {
  PowerWindow() = default;

  std::string id = {};
  std::string created_at = {};                             ///< RFC 3339, UTC, milliseconds.
  std::optional<std::chrono::seconds> ttl = std::nullopt;  ///< In all; none for a window held open.
  std::vector<std::string> services = {};
};

/// What runs, what sleeps, and why. Both dialects of madre are turned into this.
struct PowerState {
  PowerState() = default;

  PowerPolicy policy = PowerPolicy::solo_madre;
  std::vector<PowerWindow> windows = {};  ///< The open ones.
  std::vector<std::string> running = {};  ///< Always contains tentaculo_link, which asks.
  std::vector<std::string> available =
      {};  ///< Known and not running, in the order of the topology.
};

/// The services of VX11, in the order of the topology.
VX11_API const std::vector<std::string>& known_services();
/// Whether `name` is one of them.
VX11_API bool is_known_service(std::string_view name) noexcept;

/// Reads madre's answer to `GET /madre/power/state` in either dialect: the contract's, or the
/// deployed one with `active_services`, of which `windowed` is `operative_core`.
/// \return `invalid_reply` if it is neither.
VX11_API Result<PowerState> parse_power_state(std::string_view json);

/// How madre is called.
struct PowerOptions {
  /// The most one call may take. Two seconds: madre answers from memory, and status waits for it.
  Duration timeout = std::chrono::seconds(2);
  Headers headers = {};  ///< Sent with every request, for one the token.
  /// Asked before every call and told what came of it. Null: none. Give the one that chat uses,
  /// except to a view that health looks through: looking never counts.
  std::shared_ptr<CircuitBreaker> breaker = {};
  SteadyClock clock = {};
};

/// Looks at the power state and can do nothing else.
///
/// **Thread-safe**; immutable; copies share the transport and the breaker.
class VX11_API PowerStateView {
 public:
  /// `origin` is madre's base URL. A null transport or a bad origin is reported by the calls.
  PowerStateView(std::shared_ptr<Transport> transport, std::string origin,
                 PowerOptions options = {});

  /// Blocks.
  /// \see async_state
  Result<PowerState> state(Deadline deadline = {}) const;
  /// One `GET /madre/power/state`.
  Task<Result<PowerState>> async_state(Deadline deadline = {}) const;

 protected:
  /// Sends one request under the limit and the breaker; any answer but 5xx is a value.
  Task<Result<HttpResponse>> call(std::string method, std::string path, std::string json,
                                  Deadline deadline) const;

 private:
  std::shared_ptr<Transport> transport_;
  std::string origin_;
  PowerOptions options_;
};

/// A window to open.
struct WindowRequest {
  std::vector<std::string> services = {};  ///< At least one, all known.
  /// None holds the window open until it is closed.
  std::optional<std::chrono::seconds> ttl = std::chrono::minutes(5);
  std::string reason = {};  ///< For madre's journal.
};

/// madre's answer to a command: its status (2xx or 4xx) and its JSON as it came.
struct MadreReply {
  MadreReply() = default;
  MadreReply(int status, std::string json) : status(status), json(std::move(json)) {}
  int status = 200;
  std::string json = "{}";
  bool ok() const noexcept { return status >= 200 && status < 300; }
};

/// Talks to madre about power. Each member blocks; its `async_` twin is awaited.
///
/// A refusal by madre (4xx) is an answer; `unreachable`, `timeout`, `http_status` (5xx),
/// `circuit_open` and `invalid_reply` (not JSON) are errors. Commands are sent once, never
/// repeated.
/// **Thread-safe**; immutable; copies share the transport and the breaker.
class VX11_API PowerStateClient : public PowerStateView {
 public:
  using PowerStateView::PowerStateView;

  /// `GET /madre/power/status`.
  Task<Result<MadreReply>> async_status(Deadline deadline = {}) const;
  Result<MadreReply> status(Deadline deadline = {}) const;
  /// `GET /madre/power/policy/solo_madre/status`.
  Task<Result<MadreReply>> async_solo_madre_status(Deadline deadline = {}) const;
  Result<MadreReply> solo_madre_status(Deadline deadline = {}) const;
  /// `POST /madre/power/policy/solo_madre/apply`: everything but the three goes to sleep.
  Task<Result<MadreReply>> async_apply_solo_madre(Deadline deadline = {}) const;
  Result<MadreReply> apply_solo_madre(Deadline deadline = {}) const;

  /// `POST /madre/power/window/open`. `invalid_argument` for unknown services or a ttl below a
  /// second.
  Task<Result<MadreReply>> async_open_window(WindowRequest window, Deadline deadline = {}) const;
  Result<MadreReply> open_window(WindowRequest window, Deadline deadline = {}) const;
  /// `POST /madre/power/window/close`. Empty id: the one that is open.
  Task<Result<MadreReply>> async_close_window(std::string window_id = {},
                                              Deadline deadline = {}) const;
  Result<MadreReply> close_window(std::string window_id = {}, Deadline deadline = {}) const;

  /// `POST /madre/power/service/{name}/start` and its like. `invalid_argument` for an unknown
  /// service.
  Task<Result<MadreReply>> async_start(std::string service, Deadline deadline = {}) const;
  Result<MadreReply> start(std::string service, Deadline deadline = {}) const;
  Task<Result<MadreReply>> async_stop(std::string service, Deadline deadline = {}) const;
  Result<MadreReply> stop(std::string service, Deadline deadline = {}) const;
  Task<Result<MadreReply>> async_restart(std::string service, Deadline deadline = {}) const;
  Result<MadreReply> restart(std::string service, Deadline deadline = {}) const;
};

}  // namespace v0
}  // namespace vx11
