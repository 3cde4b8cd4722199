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
  std::optional<WallTime> created_at = std::nullopt;  ///< None if madre sends no readable time.
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
      {};                    ///< Known and not running, in the order of the topology.
  WallTime checked_at = {};  ///< When madre was asked; the epoch if the state was only parsed.
  Duration age = {};         ///< From then until this copy was handed out: how old it can be.
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
  WallClock wall_clock = {};
};

/// Looks at the power state and can do nothing else.
///
/// Over a transport that suspends, those who ask while a call is under way share its answer, each up
/// to its own deadline; the call is cancelled when the last of them has left. The answer may so be as
/// old as that call, `timeout` at most, and `PowerState::age` says how old. It is never older than a
/// command that was given through the same client or a copy of it and has been answered. Over a
/// transport that blocks, each caller makes a call of its own.
///
/// **Thread-safe**; copies share the transport, the breaker and the call under way.
class VX11_API PowerStateView {
 public:
  /// \param origin madre's base URL: `http://host[:port]`, no path
  /// \return every mistake of the description, in one `invalid_argument`
  static Result<PowerStateView> create(std::shared_ptr<Transport> transport,
                                       std::string_view origin, PowerOptions options = {});
  /// For a description that is part of the program: its mistakes are reported by each call, in the
  /// words of `create`, which checks one that comes from a configuration.
  PowerStateView(std::shared_ptr<Transport> transport, std::string_view origin,
                 PowerOptions options = {});

  /// Blocks.
  /// \see async_state
  Result<PowerState> state(Deadline deadline = {}) const;
  /// The answer to `GET /madre/power/state`.
  Task<Result<PowerState>> async_state(Deadline deadline = {}) const;

  /// Whether a call may hold up the calling thread: `Transport::blocks`.
  bool blocks() const noexcept;

 protected:
  /// Sends one request under the limit and the breaker; any answer but 5xx is a value.
  Task<Result<HttpResponse>> call(std::string method, std::string path, std::string json,
                                  Deadline deadline) const;

 private:
  class Connection;
  std::shared_ptr<const Connection> connection_;
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
/// repeated or shared.
/// **Thread-safe**; copies share the transport, the breaker and the call under way.
class VX11_API PowerStateClient : public PowerStateView {
 public:
  /// As `PowerStateView::create`.
  static Result<PowerStateClient> create(std::shared_ptr<Transport> transport,
                                         std::string_view origin, PowerOptions options = {});
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

 private:
  explicit PowerStateClient(PowerStateView&& view) noexcept : PowerStateView(std::move(view)) {}
};

}  // namespace v0
}  // namespace vx11
