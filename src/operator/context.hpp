#pragma once

/// \file
/// The state shared by all endpoints, and the arguments of one request. Internal.

#include <vx11/answer_origin.hpp>
#include <vx11/operator_api.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "front/route_count.hpp"
#include "http/request_id.hpp"
#include "metrics/exposition.hpp"
#include "operator/breaker_metrics.hpp"
#include "operator/metrics.hpp"
#include "operator/route_indices.hpp"
#include "operator/shared_text.hpp"
#include "power/held_commands.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

struct Call;

/// The components and counters of one API. `OperatorApi::create` has validated the options.
struct Context {
  /// \param earlier the one that this replaces; null: none
  explicit Context(OperatorApiOptions complete, const Context* earlier = nullptr)
      : options(only_counted(std::move(complete))),
        draining(earlier != nullptr && earlier->draining.load(std::memory_order_relaxed)),
        metrics(request_counts(options), earlier != nullptr ? &earlier->metrics : nullptr),
        chats(chat_metrics(options, earlier)),
        commands(options.clock),
        breakers(options.breakers, earlier != nullptr ? &earlier->breakers : nullptr),
        route_counts(route_indices(options.request_metrics.get())) {}

  /// Without `request_metrics`, if requests are not counted.
  static OperatorApiOptions only_counted(OperatorApiOptions options);
  static RequestCounts request_counts(const OperatorApiOptions& with) noexcept;
  /// The counters of chats: those that all APIs share, or its own.
  static std::shared_ptr<ChatMetrics> chat_metrics(const OperatorApiOptions& with,
                                                   const Context* earlier);

  /// Reports an event to the program, if it listens.
  void report(OperatorEventKind kind, std::string_view subject = {},
              std::string_view reason = {}) const {
    if (options.on_event) options.on_event(OperatorEvent{kind, subject, reason});
  }

  /// The user in whose name `principal` sends a request: itself, if it is one.
  /// \return null: the one that the request names
  const std::string* user_of(const std::string* principal) const noexcept {
    return principal != nullptr && options.auth->names_users() ? principal : nullptr;
  }

  bool counts_chats() const noexcept { return options.request_counting == RequestCounting::on; }
  /// Counts a chat, and reports replies that cannot be used.
  void ended(const EndedChat& chat) const {
    if (counts_chats()) chats->ended(chat);
    for (const Attempt& attempt : chat.attempts) {
      if (attempt.outcome != Outcome::invalid_reply) continue;
      report(OperatorEventKind::reply_refused, attempt.target, to_string(attempt.outcome));
    }
  }

  /// What `GET /metrics` shows.
  std::vector<MetricFamily> metric_families() const;

  /// Adds the fields that every answer has.
  void finish(HttpResponse& answer, const HttpRequest& request, std::string_view request_id) const;
  Duration since(TimePoint then) const noexcept { return options.clock.now() - then; }
  /// Counts an answer. A streamed chat counts itself when it ends.
  /// \param took from when the head of the request was complete
  void count(const Call& call, int status, Duration took) const noexcept;
  /// For a streamed chat. Must not outlive this.
  RouteCount count_of(const Call& call) const;

  const OperatorApiOptions options;
  std::atomic<bool> draining;
  mutable Metrics metrics;
  const std::shared_ptr<ChatMetrics> chats;  ///< Also if they are not counted, for successors.
  const HeldCommands commands;
  const BreakerMetrics breakers;
  const RouteIndices route_counts;    ///< Of `OperatorApiOptions::request_metrics`.
  std::optional<metrics::Page> page;  ///< Made once the metrics of the program are checked.
  /// The JSON of the power state that was read last.
  mutable SharedText<PowerReading> power_state;
};

/// One admitted request. Holds references: `OperatorApi::handle` outlives the tasks it awaits.
struct Call {
  Call(const HttpRequest& request, const HttpAdmission& admission, const Deadline& deadline)
      : request(request),
        route(static_cast<const Route*>(admission.match().route)),
        argument(admission.match().argument),
        principal(admission.match().principal),
        scopes(admission.match().scopes),
        deadline(deadline),
        meter(admission.meter()),
        trace(admission.trace()),
        origin(admission.origin()),
        request_id(http_detail::request_id_of(request.headers)) {}

  const HttpRequest& request;
  const Route* route;
  std::string_view argument;  ///< The value of `{}` in the route, still percent-encoded.
  const std::shared_ptr<const std::string>& principal;  ///< Who sent it; null if unknown.
  Scopes scopes;
  const Deadline& deadline;
  const std::shared_ptr<UsageMeter>& meter;
  const std::shared_ptr<RequestTrace>& trace;  ///< Null: not traced.
  AnswerOrigin* const origin;                  ///< Null: nothing is reported.
  const std::string request_id;

  /// What became of a command, for logs.
  void report_outcome(std::string_view word) const noexcept {
    if (origin != nullptr) origin->outcome = word;
  }
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
