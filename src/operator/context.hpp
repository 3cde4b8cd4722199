#pragma once

/// \file
/// The state shared by all endpoints, and the arguments of one request. Internal.

#include <vx11/operator_api.hpp>

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "http/request_id.hpp"
#include "operator/metrics.hpp"
#include "operator/shared_text.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// The components and counters of one API. `OperatorApi::create` has validated the options.
struct Context {
  /// \param earlier the one that this replaces; null: none
  explicit Context(OperatorApiOptions complete, const Context* earlier = nullptr)
      : options(std::move(complete)),
        draining(earlier != nullptr && earlier->draining.load(std::memory_order_relaxed)),
        metrics(options.router->targets(), earlier != nullptr ? &earlier->metrics : nullptr) {}

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

  /// Counts the attempts of a chat, and reports replies that cannot be used.
  void attempted(std::span<const Attempt> attempts) const {
    metrics.attempted(attempts);
    for (const Attempt& attempt : attempts) {
      if (attempt.outcome != Outcome::invalid_reply) continue;
      report(OperatorEventKind::reply_refused, attempt.target, to_string(attempt.outcome));
    }
  }

  /// Adds the fields that every answer has.
  void finish(HttpResponse& answer, const HttpRequest& request, std::string_view request_id) const;
  /// Counts an answer. A streamed chat counts itself when it ends.
  /// \param since when the head of the request was complete
  void count(Endpoint endpoint, int status, TimePoint since) const noexcept {
    metrics.answered(endpoint, status, options.clock.now() - since);
  }

  const OperatorApiOptions options;
  std::atomic<bool> draining;
  mutable Metrics metrics;
  /// The JSON of the power state that was read last.
  mutable SharedText<PowerReading> power_state;
};

/// One admitted request. Holds references: `OperatorApi::handle` outlives the tasks it awaits.
struct Call {
  Call(const HttpRequest& request, const HttpAdmission& admission, const Deadline& deadline)
      : request(request),
        argument(admission.match().argument),
        principal(admission.match().principal),
        scopes(admission.match().scopes),
        deadline(deadline),
        meter(admission.meter()),
        trace(admission.trace()),
        request_id(http_detail::request_id_of(request.headers)) {}

  const HttpRequest& request;
  std::string_view argument;  ///< The value of `{}` in the route, still percent-encoded.
  const std::shared_ptr<const std::string>& principal;  ///< Who sent it; null if unknown.
  Scopes scopes;
  const Deadline& deadline;
  const std::shared_ptr<UsageMeter>& meter;
  const std::shared_ptr<RequestTrace>& trace;  ///< Null: not traced.
  const std::string request_id;
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
