#pragma once

/// \file
/// The state shared by all requests of one completions API. Internal.

#include <vx11/chat_completions_api.hpp>

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "completions/metrics.hpp"
#include "front/route_count.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

/// `ChatCompletionsApi::create` has validated the options.
struct Context {
  /// \param earlier the one that this replaces; null: none
  explicit Context(ChatCompletionsApiOptions complete, const Context* earlier = nullptr)
      : options(only_counted(std::move(complete))),
        created(earlier != nullptr ? earlier->created : seconds_now()),
        counters(earlier != nullptr ? earlier->counters : std::make_shared<Metrics>()),
        metrics(options.request_counting == RequestCounting::on ? counters.get() : nullptr) {}

  /// Without the counters of requests, if these are not counted.
  static ChatCompletionsApiOptions only_counted(ChatCompletionsApiOptions options) {
    if (options.request_counting == RequestCounting::on) return options;
    options.chat_metrics = nullptr;
    options.request_metrics = nullptr;
    return options;
  }

  void report(OperatorEventKind kind, std::string_view subject = {},
              std::string_view reason = {}) const {
    if (options.on_event) options.on_event(OperatorEvent{kind, subject, reason});
  }

  void ended(const EndedChat& chat) const noexcept {
    if (options.chat_metrics != nullptr) options.chat_metrics->ended(chat);
  }
  /// Counts a whole answer, or a refusal.
  void answered(RouteLabel route, int status) const noexcept {
    if (metrics != nullptr) metrics->answered(route, status);
  }

  Duration since(TimePoint then) const noexcept { return options.clock.now() - then; }
  /// Counts an answer by its route. Must not outlive this.
  /// \param pattern of the route
  endpoints::RouteCount count_of(std::string_view pattern, const HttpRequest& request,
                                 const HttpAdmission& admission) const {
    RequestMetrics* const counts = options.request_metrics.get();
    return {counts, counts != nullptr ? counts->index_of(pattern) : 0, request,
            admission.trace().get()};
  }

  /// Unix time.
  std::int64_t seconds_now() const {
    const auto since_epoch = options.wall_clock.now().time_since_epoch();
    return std::chrono::floor<std::chrono::seconds>(since_epoch).count();
  }

  const ChatCompletionsApiOptions options;
  const std::int64_t created;               ///< The `created` of all models.
  const std::shared_ptr<Metrics> counters;  ///< For successors, also if nothing is counted.
  Metrics* const metrics;                   ///< Those, or null: nothing is counted.
};

}  // namespace completions
}  // namespace v0
}  // namespace vx11
