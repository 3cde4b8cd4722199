#pragma once

/// \file
/// The power windows kept by madre: `PowerState`, the read-only `PowerStateView`, and
/// `PowerStateClient`, which can also change them.

#include <vx11/circuit_breaker.hpp>
#include <vx11/export.hpp>
#include <vx11/linked_breakers.hpp>
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

/// Which services are allowed to run.
enum class PowerPolicy : std::uint8_t {
  solo_madre,      ///< madre, tentaculo_link and redis only: the default of VX11.
  operative_core,  ///< A window is open.
  full,            ///< Everything.
};
/// "solo_madre", "operative_core" or "full".
VX11_API std::string_view to_string(PowerPolicy policy) noexcept;

/// A period during which madre keeps some services awake.
struct PowerWindow {
  PowerWindow() = default;

  std::string id = {};
  std::optional<WallTime> created_at = std::nullopt;  ///< None if madre sends no valid time.
  /// As granted, from `created_at` on; none: no end. What is left, if `created_at` is none.
  std::optional<std::chrono::seconds> ttl = std::nullopt;
  /// What was left when madre answered; zero once expired, none without an end.
  std::optional<std::chrono::seconds> remaining = std::nullopt;
  std::vector<std::string> services{};  ///< As madre lists them, none left out.
};

/// Which services run and sleep, and why. Both dialects of madre are parsed into this.
struct PowerState {
  PowerState() = default;

  PowerPolicy policy = PowerPolicy::solo_madre;
  std::vector<PowerWindow> windows{};  ///< The open ones.
  std::vector<std::string> running{};  ///< Always has tentaculo_link, which sends the request.
  std::vector<std::string> available =
      {};                    ///< Known and not running, in the order of the topology.
  WallTime checked_at = {};  ///< When madre was queried; the epoch if the state was only parsed.
  Duration age = {};         ///< From then until this copy was returned: its maximum age.
};

/// The services of VX11, in the order of the topology.
VX11_API const std::vector<std::string>& known_services();
/// Whether `name` is one of them.
VX11_API bool is_known_service(std::string_view name) noexcept;

/// Parses madre's answer to `GET /madre/power/state` in either dialect: the contract's, or the
/// deployed one with `active_services`, of which `windowed` is `operative_core`.
/// \param now the time of the answer, from which the remaining time of a window is calculated
///            where madre does not send it
/// \return `invalid_reply` if it is neither.
VX11_API Result<PowerState> parse_power_state(std::string_view json,
                                              WallTime now = WallClock().now());

/// madre's answer to one call for the power state.
struct PowerReading {
  PowerReading(Result<PowerState> answer, int http_status, TimePoint sent_at = {})
      : state(std::move(answer)), status(http_status), asked_at(sent_at) {}

  Result<PowerState> state;  ///< Its `age` is the duration of the call.
  int status = 0;            ///< HTTP status; 0 if there was no answer.
  TimePoint asked_at = {};   ///< When the request was sent.
};

/// How madre is called.
struct PowerOptions {
  /// Upper limit of one call that reads. Two seconds: madre answers from memory, and status waits
  /// for it.
  Duration timeout = std::chrono::seconds(2);
  /// How long the caller of a command waits for its answer. madre starts and stops containers
  /// meanwhile, which takes 4 to 12 seconds each.
  Duration command_limit = std::chrono::seconds(60);
  /// How long the answer to a command is awaited in all: after `command_limit`, or once its caller
  /// has left, the request is not aborted but continues for the breaker and the next state.
  /// Only over a transport that suspends; one that blocks ends at `command_limit`.
  Duration command_patience = std::chrono::minutes(5);
  /// Maximum age of a state that is returned without a call, counted from the end of the call that
  /// brought it; `PowerState::age` counts from its start. Only good states are reused, and never
  /// past a command of the same client. Default: every call asks madre, unless one is under way.
  /// Only over a transport that suspends.
  Duration reuse_for = Duration::zero();
  Headers headers = {};  ///< Sent with every request; for example the token.
  /// madre's power key. With it a service command whose body has `"apply":true` and the phrase in
  /// `confirm`, and that brings no power token of its own, is sent in two steps: a token is
  /// requested from madre, then the command with key and token. Empty: commands are sent as they
  /// are.
  std::string power_key = {};
  /// Admits every call and records its outcome. Null: none. Not the one that chat uses: slow or
  /// failing power calls would refuse chats. None for a view used by health: probes must not count.
  std::shared_ptr<CircuitBreaker> breaker = {};
  /// All breakers of madre: a good answer is evidence for each. Null: `breaker` alone.
  std::shared_ptr<const LinkedBreakers> linked = {};
  SteadyClock clock = {};
  WallClock wall_clock = {};
};

/// Read-only access to the power state.
///
/// Over a transport that suspends, concurrent callers share one call, each up to its own deadline;
/// the call is cancelled when the last caller has left. The answer can therefore be as old as that
/// call, `timeout` at most, and `reuse_for` besides; `PowerState::age` gives its age. It is never
/// older than a command that was sent through the same client or a copy of it and has been
/// answered. Over a transport that blocks, each caller makes its own call.
///
/// **Thread-safe**; copies share the transport, the breaker and the current call.
class VX11_API PowerStateView {
 public:
  /// \param origin madre's base URL: `http://host[:port]`, no path
  /// \return every mistake of the description, in one `invalid_argument`
  static Result<PowerStateView> create(std::shared_ptr<Transport> transport,
                                       std::string_view origin, PowerOptions options = {});
  /// For a description that is part of the program: each call reports its mistakes, with the text
  /// of `create`. Use `create` for one that comes from a configuration.
  PowerStateView(std::shared_ptr<Transport> transport, std::string_view origin,
                 PowerOptions options = {});

  /// Blocks.
  /// \see async_state
  Result<PowerState> state(Deadline deadline = {}) const;
  /// The answer to `GET /madre/power/state`.
  Task<Result<PowerState>> async_state(Deadline deadline = {}) const;
  /// The same with the HTTP status, as one object shared by the callers of one call. Never null.
  Task<std::shared_ptr<const PowerReading>> async_reading(Deadline deadline = {}) const;

  /// Whether a call may block the calling thread: `Transport::blocks`.
  bool blocks() const noexcept;

 protected:
  /// Sends one request that reads, under the limit and the breaker; any answer but 5xx is a value.
  Task<Result<HttpResponse>> get(std::string path, Deadline deadline) const;
  const std::string& power_key() const noexcept;
  /// Sends one command, under its own limit and the breaker.
  Task<Result<HttpResponse>> post(std::string path, std::string json, const Headers& headers,
                                  Deadline deadline) const;

 private:
  class Connection;
  std::shared_ptr<const Connection> connection_;
};

/// A window to open.
struct WindowRequest {
  std::vector<std::string> services{};  ///< At least one, all known.
  /// None: the window stays open until it is closed.
  std::optional<std::chrono::seconds> ttl = std::chrono::minutes(5);
  std::string reason = {};  ///< For madre's journal.
};

/// What accompanies a command to a service.
struct ServiceOrder {
  ServiceOrder() = default;
  explicit ServiceOrder(std::string body) : json(std::move(body)) {}

  /// The body, a JSON object, passed on unchanged. The deployed madre only plans without
  /// `{"apply":true,"confirm":"…"}` and the two headers `X-VX11-POWER-KEY` and
  /// `X-VX11-POWER-TOKEN`.
  std::string json = "{}";
  Headers headers = {};  ///< Beside those of `PowerOptions`.
};

/// madre's answer to a command: its status (2xx or 4xx) and its JSON unchanged; or status 504 if it
/// has not answered within `PowerOptions::command_limit`.
struct MadreReply {
  MadreReply() = default;
  MadreReply(int code, std::string body) : status(code), json(std::move(body)) {}
  int status = 200;
  std::string json = "{}";
  Duration retry_after = {};  ///< By the Retry-After of a refusal; zero: none.

  bool ok() const noexcept { return status >= 200 && status < 300; }
  /// madre has not answered and may still carry the command out; the next state shows it.
  bool pending() const noexcept { return status == 504; }
};

/// Reads and changes madre's power state. Each member blocks, and is `invalid_argument` on an event
/// loop over a transport that suspends; its `async_` twin is awaited.
///
/// A refusal by madre (4xx) is an answer; `unreachable`, `timeout`, `http_status` (5xx),
/// `circuit_open` and `invalid_reply` (not JSON) are errors. Commands are sent once, never
/// repeated or shared. A command whose limit or deadline has passed is `MadreReply::pending`. Over
/// a transport that suspends, neither that nor a caller's leaving aborts it: its request continues
/// for up to `PowerOptions::command_patience`. Over one that blocks it ends with its caller's wait.
/// At most 64 commands are in progress at a time; further ones are `exhausted`.
/// **Thread-safe**; copies share the transport, the breaker and the current call.
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
  /// `POST /madre/power/policy/solo_madre/apply`: all services but the three are put to sleep.
  Task<Result<MadreReply>> async_apply_solo_madre(Deadline deadline = {}) const;
  /// The same with headers for madre, beside those of `PowerOptions`, such as a trace context; and
  /// likewise for windows.
  Task<Result<MadreReply>> async_apply_solo_madre(const Headers& headers, Deadline deadline) const;
  Result<MadreReply> apply_solo_madre(Deadline deadline = {}) const;

  /// `POST /madre/power/window/open`. `invalid_argument` for unknown services or a ttl below a
  /// second.
  Task<Result<MadreReply>> async_open_window(WindowRequest window, Deadline deadline = {}) const;
  Task<Result<MadreReply>> async_open_window(WindowRequest window, const Headers& headers,
                                             Deadline deadline) const;
  Result<MadreReply> open_window(WindowRequest window, Deadline deadline = {}) const;
  /// `POST /madre/power/window/close`. Empty id: the current window.
  Task<Result<MadreReply>> async_close_window(std::string window_id = {},
                                              Deadline deadline = {}) const;
  Task<Result<MadreReply>> async_close_window(const std::string& window_id, const Headers& headers,
                                              Deadline deadline) const;
  Result<MadreReply> close_window(std::string window_id = {}, Deadline deadline = {}) const;

  /// `POST /madre/power/service/{name}/start`, and likewise for the others. `invalid_argument` for
  /// an unknown service.
  Task<Result<MadreReply>> async_start(std::string service, Deadline deadline = {}) const;
  Result<MadreReply> start(std::string service, Deadline deadline = {}) const;
  Task<Result<MadreReply>> async_stop(std::string service, Deadline deadline = {}) const;
  Result<MadreReply> stop(std::string service, Deadline deadline = {}) const;
  Task<Result<MadreReply>> async_restart(std::string service, Deadline deadline = {}) const;
  Result<MadreReply> restart(std::string service, Deadline deadline = {}) const;
  /// The same with a body and headers for madre.
  Task<Result<MadreReply>> async_start(std::string service, ServiceOrder order,
                                       Deadline deadline = {}) const;
  Task<Result<MadreReply>> async_stop(std::string service, ServiceOrder order,
                                      Deadline deadline = {}) const;
  Task<Result<MadreReply>> async_restart(std::string service, ServiceOrder order,
                                         Deadline deadline = {}) const;

 private:
  Task<Result<MadreReply>> command(const std::string& service, std::string_view action,
                                   ServiceOrder order, Deadline deadline) const;
  static Task<Result<MadreReply>> keyed_command(PowerStateClient self, std::string path,
                                                ServiceOrder order, Deadline deadline);
  explicit PowerStateClient(PowerStateView&& view) noexcept : PowerStateView(std::move(view)) {}
};

}  // namespace v0
}  // namespace vx11
