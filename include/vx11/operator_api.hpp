#pragma once

/// \file
/// `OperatorApi`: the endpoints of the operator contract, as a function from request to response.

#include <vx11/auth.hpp>
#include <vx11/chat_metrics.hpp>
#include <vx11/chat_stream_limits.hpp>
#include <vx11/export.hpp>
#include <vx11/health_aggregator.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/http_request_metrics.hpp>
#include <vx11/metric_family.hpp>
#include <vx11/operator_event.hpp>
#include <vx11/power_governor.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/router.hpp>
#include <vx11/service_objectives.hpp>
#include <vx11/session_store.hpp>
#include <vx11/streaming.hpp>
#include <vx11/timer.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// A breaker and its name in reports.
struct NamedBreaker {
  std::string name = {};
  std::shared_ptr<const CircuitBreaker> breaker = {};
  /// The same breaker, for `POST /vx11/circuit-breaker/{name}/isolate` and `…/reset`. Null: it is
  /// shown alone, and these are answered 409.
  std::shared_ptr<CircuitBreaker> control = {};
};

/// A condition without which requests should not be sent here.
struct ReadinessCheck {
  std::string name = {};  ///< The `reason` of `GET /readyz` while it is not met.
  /// Whether it is met. Thread-safe; must not block.
  std::function<bool()> is_ready = {};
};

/// Answers an admitted request to one of the paths of `AdminActions`. Thread-safe; must not block.
/// The request lives until the task has completed.
using AdminAction = std::function<Task<HttpResponse>(const HttpRequest& request)>;

/// What operators may do to the program. Paths of actions that are empty are answered 404; the
/// others require the scope `admin`.
struct AdminActions {
  AdminAction reload = {};         ///< `POST /admin/reload`, with or without a body.
  AdminAction set_log_level = {};  ///< `PUT /admin/log-level`, with a JSON body.
  AdminAction revoke = {};         ///< `POST /admin/revocations`, with a JSON body.
};

/// Access to `GET /metrics`.
enum class MetricsAccess : unsigned char { with_token, everyone };

/// The components and settings of the API.
struct OperatorApiOptions {
  std::shared_ptr<const Authenticator> auth = {};      ///< Required.
  std::optional<Router> router = std::nullopt;         ///< Required.
  std::shared_ptr<HealthAggregator> health = {};       ///< Required.
  std::shared_ptr<const PowerStateClient> power = {};  ///< Required.
  /// Admits the windows that callers open, and is shown by `GET /operator/power/policies`. The API
  /// carries out none of its orders. Null: one without rules, which lets one window be opened at a
  /// time.
  std::shared_ptr<PowerGovernor> governor = {};
  std::shared_ptr<SessionStore> sessions = {};  ///< Required.
  /// The breakers in `GET /vx11/circuit-breaker/status` and the metrics; names must differ. Empty:
  /// those of the router. The one named "madre_power", or else "madre", also gives the retry time
  /// for power requests.
  std::vector<NamedBreaker> breakers{};
  /// Where `POST /operator/task` is sent, under `/switch/task`; its dialect is not used. None:
  /// tasks are answered 503.
  std::optional<RouterTarget> tasks = std::nullopt;
  /// Where `POST /operator/manifestator/emit-intent` is sent, under `/madre/intent`: madre; its
  /// dialect is not used. None: the path does not exist.
  std::optional<RouterTarget> intents = std::nullopt;
  /// Where requests below `/operator/inee/` are sent, under `/hormiguero/inee/extended/`:
  /// hormiguero; its dialect is not used. It is called only while the power state says that a
  /// service of the target's name runs. None: the paths do not exist.
  std::optional<RouterTarget> inee = std::nullopt;
  /// The targets that this process answers for itself: chats they answer, and `/health`, say
  /// `embedded`.
  std::vector<std::string> embedded{};
  /// Origins whose pages may call the API (CORS): `https://host[:port]` as browsers send them, or
  /// `*` for every one. Empty: none, and preflight requests are not answered.
  std::vector<std::string> cors_origins{};
  /// Conditions of `GET /readyz`, beside that of the session store unless one is named `sessions`.
  std::vector<ReadinessCheck> readiness{};
  /// The name of the preferred chat target: an answer from any other is reported as a fallback.
  std::string primary = "switch";
  /// Targets that are alternatives to `primary`, such as the others of its group: their answers are
  /// no fallbacks either.
  std::vector<std::string> primary_group{};
  /// Size limit of a body. 1 MiB is far above any message and too small to exhaust memory.
  std::size_t max_body_bytes = 1024 * 1024;
  /// Size limit of `message`, in bytes: 413 above.
  std::size_t max_message_bytes = 64 * 1024;
  /// How many earlier messages of its session a chat carries in `ChatRequest::history`, for targets
  /// that take a conversation; they bound it by tokens. 0, the default: none, for routers of switch
  /// and madre alone, which take the summary.
  std::size_t history_messages = 0;
  /// Open it only on loopback listeners.
  MetricsAccess metrics = MetricsAccess::with_token;
  /// What `GET /metrics` shows besides, such as the counters of a transport. The names must differ
  /// from each other and from those of the API.
  std::vector<MetricFamily> metric_families{};
  /// What `GET /operator/slo` shows. The API counts nothing for them: pass the same to
  /// `make_request_log`, and their `service_level_metrics` to `metric_families`. Null: none.
  std::shared_ptr<const ServiceObjectives> objectives = {};
  ChatStreamLimits stream = {};
  /// Wakes silent streams; on an event loop use the loop's, such as `make_net_timer`. Null: no
  /// early head and no heartbeats. Shared with streams that may outlive the API.
  std::shared_ptr<Timer> timer = {};
  /// Hosts that requests may name, without a port: `localhost`, `127.0.0.1`, `[::1]`. Others are
  /// answered 403, so that a page whose name resolves to a loopback address (DNS rebinding) reaches
  /// nothing. Names without a dot are always allowed: the public DNS does not resolve them.
  /// Requests without a Host, and `/health`, `/livez` and `/readyz`, are not checked.
  /// Empty: no check.
  std::vector<std::string> hosts{};
  /// Default: none, and the paths do not exist.
  AdminActions admin = {};
  /// Receives what a log should say. Default: none.
  OperatorEventSink on_event = {};
  SteadyClock clock = {};
  WallClock wall_clock = {};
  /// Counts chats by target and model, and is shown by `GET /metrics`; share it with every API that
  /// has chats. Null: the API has one of its own, for the targets of the router.
  std::shared_ptr<ChatMetrics> chat_metrics = {};
  /// Counts requests by route, and is shown by `GET /metrics`, in place of the times by endpoint;
  /// share it with every API. Null: times are counted by endpoint.
  std::shared_ptr<RequestMetrics> request_metrics = {};
  /// Off: `chat_metrics` and `request_metrics` are not used. Everything else that `GET /metrics`
  /// shows stays. A `successor` that counts again continues where counting ended.
  RequestCounting request_counting = RequestCounting::on;
};

/// Handles the operator endpoints. Independent of any server: call it with requests from any
/// source, or serve it as an `HttpHandler`. Copies share everything.
///
/// The credential is checked before the body is read and before any upstream is called. Every error
/// text in an answer is the library's own.
///
/// **Thread-safe**; requests may be handled concurrently. Must outlive the tasks it returned. Never
/// throws.
class VX11_API OperatorApi final : public HttpHandler {
 public:
  /// \return every part that is missing, in one `invalid_argument`
  static Result<OperatorApi> create(OperatorApiOptions options);
  /// An API that takes the place of this one, such as for a configuration that was read again: the
  /// counters of both are the same, so that no metric goes backwards. Requests of this one may
  /// still be in progress.
  /// \return the errors of `create`
  Result<OperatorApi> successor(OperatorApiOptions options) const;

  using Admission = HttpAdmission;

  /// The answer to `request`, which the caller keeps alive until the task has completed. An answer
  /// to HEAD has no body, and the Content-Length that GET would have: send it unchanged.
  Task<HttpResponse> handle(const HttpRequest& request, Deadline deadline = {}) const;
  /// Deleted for all overloads: a temporary would be destroyed before the task runs.
  Task<HttpResponse> handle(const HttpRequest&& request, Deadline deadline = {}) const = delete;

  /// The same for servers that can stream: a chat whose request accepts `text/event-stream` is
  /// streamed. A response without a body stream is complete.
  Task<StreamedResponse> open(const HttpRequest& request, Deadline deadline = {}) const;
  Task<StreamedResponse> open(const HttpRequest&& request, Deadline deadline = {}) const = delete;

  /// For servers, once the head of a request is complete: an admission, or the refusal that the
  /// head alone justifies (no route, wrong method, no credential, wrong type, declared size too
  /// large). `handle` performs the same check; calling `admit` first saves reading a body that
  /// would be discarded, and checking the head twice.
  tl::expected<Admission, HttpResponse> admit(const HttpRequest& head) const override;
  std::string_view route(std::string_view target) const noexcept override;

  /// `handle` and `open` for an admitted request whose body is complete. `request` is the object
  /// that was admitted, its head unchanged, its body at most `max_body_bytes` long.
  Task<HttpResponse> handle(const HttpRequest& request, Admission admission,
                            Deadline deadline = {}) const;
  Task<HttpResponse> handle(const HttpRequest&& request, Admission admission,
                            Deadline deadline = {}) const = delete;
  Task<StreamedResponse> open(const HttpRequest& request, const Admission& admission,
                              Deadline deadline = {}) const override;
  Task<StreamedResponse> open(const HttpRequest&& request, const Admission& admission,
                              Deadline deadline = {}) const = delete;

  std::size_t max_body_bytes() const noexcept;

  /// What is served, for `RequestMetrics`.
  static std::vector<ServedRoute> routes();

  /// From now on `/readyz` answers 503, so that load balancers stop sending while requests drain.
  void drain() noexcept override;

 private:
  struct Impl;
  static Result<OperatorApi> make(OperatorApiOptions options, const Impl* earlier);
  enum class Form : unsigned char { whole, may_stream };
  Task<StreamedResponse> answer(const HttpRequest& request, const Admission& admission,
                                Deadline deadline, Form form) const;
  Task<StreamedResponse> answer_any(const HttpRequest& request, const Admission& admission,
                                    Deadline deadline, Form form) const;
  Task<StreamedResponse> answer_owned(const HttpRequest& request, Admission admission,
                                      Deadline deadline, Form form) const;
  explicit OperatorApi(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
