#pragma once

/// \file
/// `RequestLimits`: limits rates and concurrency of the requests to any handler.

#include <vx11/clock.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/events.hpp>
#include <vx11/export.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/http_refusals.hpp>
#include <vx11/http_request_metrics.hpp>
#include <vx11/metric_family.hpp>
#include <vx11/result.hpp>
#include <vx11/session_member.hpp>
#include <vx11/token_limits.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

class SharedRates;

/// Which limits a request is subject to.
enum class RequestKind : unsigned char {
  probe,  ///< None: load balancers and monitoring must see an overload.
  other,  ///< Rates.
  chat,   ///< Rates and concurrency.
};

/// The kind by the path: `/livez`, `/readyz`, `/health`, `/metrics` and `/` are probes; `POST` to
/// `/operator/chat`, `/operator/chat/ask`, `/operator/task`, whose upstream may ask a model, too,
/// and the paths of `ChatCompletionsApi` are chats.
VX11_API RequestKind request_kind(const HttpRequest& head) noexcept;

/// The limits of `RequestLimitsOptions`, by which refusals are counted.
enum class RequestLimit : unsigned char {
  per_address,
  per_token,
  per_session,
  tokens_per_minute,
  concurrent_per_token,
  concurrent,
};
/// As many as `RequestLimit` has.
inline constexpr std::size_t kRequestLimits = 6;
/// Its name in metrics, such as `per_address`.
VX11_API std::string_view to_string(RequestLimit limit) noexcept;

/// Refusals so far. Thread-safe.
struct LimitCounters {
  /// By `RequestLimit`.
  std::array<std::atomic<std::uint64_t>, kRequestLimits> refused = {};
  /// Requests whose shared rates this process decided alone, since `SharedRates` did not.
  std::atomic<std::uint64_t> decided_alone = 0;
};
/// `vx11_limit_refusals_total`, for `OperatorApiOptions::metric_families`.
VX11_API MetricFamily limit_metrics(std::shared_ptr<const LimitCounters> counters);
/// `vx11_limits_decided_alone_total`, for programs with `RequestLimitsOptions::shared`.
VX11_API MetricFamily shared_limit_metrics(std::shared_ptr<const LimitCounters> counters);

/// Whether `RequestLimitsOptions::concurrent` is adjusted.
enum class ConcurrencyMode : unsigned char {
  fixed,
  /// It is the highest value of an `AdaptiveLimit`, which falls as chats become slower or fail.
  adaptive,
};

/// Limits; none is set by default.
struct RequestLimitsOptions {
  /// Of every address. All addresses of an IPv6 network of 64 bits count as one; requests of
  /// unknown addresses, as of a Unix socket, are not limited.
  std::optional<RequestRate> per_address = std::nullopt;
  /// Of every principal. Admitted requests without a principal, such as with the one token of
  /// `make_token_authenticator`, count as one. Requests to public endpoints are not limited.
  std::optional<RequestRate> per_token = std::nullopt;
  /// Of chats of every session of a principal.
  std::optional<RequestRate> per_session = std::nullopt;
  /// As `ChatCompletionsApiOptions::session_member`.
  SessionMember session_member = SessionMember::metadata;
  /// Of every principal: the tokens of its chats, input and output, per minute; 0: no limit. They
  /// are charged when an answer is complete, if its upstream has counted them; a principal that has
  /// used more than it may waits until the minute has made up for it.
  std::uint32_t tokens_per_minute = 0;
  /// Chats in progress of a principal, streams to their end; 0: no limit.
  std::uint32_t concurrent_per_token = 0;
  /// All chats in progress; 0: no limit. Further ones are answered 503, so that the other endpoints
  /// stay quick.
  std::uint32_t concurrent = 0;
  ConcurrencyMode concurrency = ConcurrencyMode::fixed;
  /// The limits of a principal that has its own. Thread-safe, fast. Null: none has.
  std::function<TokenLimits(std::string_view principal)> limits_of = {};
  /// Where `per_token`, `per_session` and `tokens_per_minute` are decided together with other
  /// processes: they hold in sum. While it fails each process decides by itself, as without it, so
  /// the rates hold per process. `per_address` is decided before anything is awaited, and
  /// concurrency is what this process can bear: both are always its own. Null: all are.
  std::shared_ptr<SharedRates> shared = {};
  /// How many addresses, principals and sessions are stored, of each, at about 100 bytes; at least
  /// 1. Beyond it the least recently used one is removed and starts anew.
  std::size_t max_clients = 10'000;
  /// As `OperatorApiOptions::cors_origins`: pages may read the refusals, too.
  std::vector<std::string> cors_origins{};
  /// Counts refusals. Null: they are not counted.
  std::shared_ptr<LimitCounters> counters = {};
  /// Counts the answers to admitted requests that the inner handler did not make. Null: they are
  /// not counted by route.
  std::shared_ptr<RequestMetrics> metrics = {};
  std::function<RequestKind(const HttpRequest& head)> kind_of = request_kind;
  SteadyClock clock = {};
  /// Receives `request_limit_rejected`. Empty, the default: nothing is reported.
  SharedEvents events = {};
};

/// Passes requests on to another handler within limits. Put it around an `OperatorApi`, a
/// `ChatCompletionsApi` or `HttpRoutes` with either.
///
/// Beyond a rate or its token's concurrency a request is answered 429, beyond `concurrent` 503,
/// with `Retry-After`; on the paths of `ChatCompletionsApi` in the form of the OpenAI API. Answers
/// have `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10), with the
/// policies `token` and `session`, or `address` where neither applies. The address is checked
/// before the credential, all else once the body is complete: the connection of a refused request
/// can be used again.
///
/// **Thread-safe**. Must outlive the tasks and bodies it returned.
class VX11_API RequestLimits final : public HttpHandler, public RefusalHandler {
 public:
  /// \return every mistake of the options in one `invalid_argument`
  static Result<std::shared_ptr<RequestLimits>> create(std::shared_ptr<HttpHandler> inner,
                                                       RequestLimitsOptions options);
  /// Limits that take the place of these, such as for a configuration that was read again: what
  /// clients have used counts on, and `max_clients` stays as it was. With another `concurrent`,
  /// chats that are in progress are not counted. Requests of these may still be in progress.
  /// \return the errors of `create`
  Result<std::shared_ptr<RequestLimits>> successor(std::shared_ptr<HttpHandler> inner,
                                                   RequestLimitsOptions options) const;
  ~RequestLimits() override;
  RequestLimits(const RequestLimits&) = delete;
  RequestLimits& operator=(const RequestLimits&) = delete;

  tl::expected<HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override;
  Task<StreamedResponse> open(const HttpRequest& request, const HttpAdmission& admission,
                              Deadline deadline) const override;
  std::string_view route(std::string_view target) const noexcept override;
  void drain() noexcept override;
  HttpResponse refused(const HttpRequest& head, HttpResponse answer) const override;

 private:
  struct Impl;
  explicit RequestLimits(std::unique_ptr<Impl> impl) noexcept;
  detail::Owned<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
