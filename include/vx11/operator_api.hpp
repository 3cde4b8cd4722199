#pragma once

/// \file
/// `OperatorApi`: the endpoints of the operator contract, as a function from request to response.

#include <vx11/auth.hpp>
#include <vx11/export.hpp>
#include <vx11/health_aggregator.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/router.hpp>
#include <vx11/session_store.hpp>
#include <vx11/streaming.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// A breaker and the name it is reported under.
struct NamedBreaker {
  std::string name = {};
  std::shared_ptr<const CircuitBreaker> breaker = {};
};

/// Who may read `GET /metrics`.
enum class MetricsAccess : unsigned char { with_token, everyone };

/// The parts the API is put together from.
struct OperatorApiOptions {
  std::shared_ptr<const Authenticator> auth = {};      ///< Required.
  std::optional<Router> router = std::nullopt;         ///< Required.
  std::shared_ptr<HealthAggregator> health = {};       ///< Required.
  std::shared_ptr<const PowerStateClient> power = {};  ///< Required.
  std::shared_ptr<SessionStore> sessions = {};         ///< Required.
  /// What `GET /vx11/circuit-breaker/status` and the metrics report; names differ. Empty: those of
  /// the router. The one named "madre" also says when power can be asked for again.
  std::vector<NamedBreaker> breakers = {};
  /// The name of the preferred chat target: any other that answers is reported as a fallback.
  std::string primary = "switch";
  /// The largest body that is read. 1 MiB is far above any message and far below harm.
  std::size_t max_body_bytes = 1024 * 1024;
  /// The largest `message`, in bytes: 413 above.
  std::size_t max_message_bytes = 64 * 1024;
  /// Open it only on loopback listeners.
  MetricsAccess metrics = MetricsAccess::with_token;
  SteadyClock clock = {};
  WallClock wall_clock = {};
};

/// Answers the operator endpoints. Knows no server: hand it requests from any, or serve it as the
/// `HttpHandler` it is. Copies share everything.
///
/// The credential is checked before the body is looked at and before any upstream is touched. Every
/// error text in an answer is the library's own.
///
/// **Thread-safe**; many requests may be handled at once. Outlives the tasks it returned. Never
/// throws.
class VX11_API OperatorApi final : public HttpHandler {
 public:
  /// \return every part that is missing, in one `invalid_argument`
  static Result<OperatorApi> create(OperatorApiOptions options);

  using Admission = HttpAdmission;

  /// The answer to `request`, which the caller keeps alive until the task has completed. An answer
  /// to HEAD has no body but the Content-Length it would have: send it as it is.
  Task<HttpResponse> handle(const HttpRequest& request, Deadline deadline = {}) const;
  /// A temporary would be gone before the task runs; so for the other overloads.
  Task<HttpResponse> handle(const HttpRequest&& request, Deadline deadline = {}) const = delete;

  /// The same for servers that can stream: a chat whose request accepts `text/event-stream` is
  /// answered piece by piece. Without a body stream in it the response is complete.
  Task<StreamedResponse> open(const HttpRequest& request, Deadline deadline = {}) const;
  Task<StreamedResponse> open(const HttpRequest&& request, Deadline deadline = {}) const = delete;

  /// For servers, once the head of a request is there: the right to have it answered, or the
  /// refusal that its head already earns (no route, wrong method, no credential, wrong type,
  /// declared too large). `handle` does the same first; asking here saves reading a body that would
  /// be thrown away, and looking at the head twice.
  tl::expected<Admission, HttpResponse> admit(const HttpRequest& head) const override;

  /// `handle` and `open` for a request that was admitted and has its body by now. `request` is the
  /// object that was admitted, its head unchanged, its body at most `max_body_bytes` long.
  Task<HttpResponse> handle(const HttpRequest& request, Admission admission,
                            Deadline deadline = {}) const;
  Task<HttpResponse> handle(const HttpRequest&& request, Admission admission,
                            Deadline deadline = {}) const = delete;
  Task<StreamedResponse> open(const HttpRequest& request, Admission admission,
                              Deadline deadline = {}) const override;
  Task<StreamedResponse> open(const HttpRequest&& request, Admission admission,
                              Deadline deadline = {}) const = delete;

  std::size_t max_body_bytes() const noexcept;

  /// From now on `/readyz` says no, so that load balancers look elsewhere while work drains.
  void drain() noexcept override;

 private:
  struct Impl;
  enum class Form : unsigned char { whole, may_stream };
  Task<StreamedResponse> answer(const HttpRequest& request, Admission admission, Deadline deadline,
                                Form form) const;
  explicit OperatorApi(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
