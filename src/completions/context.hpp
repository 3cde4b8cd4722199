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
      : options(std::move(complete)),
        created(earlier != nullptr ? earlier->created : seconds_now()),
        counters(earlier != nullptr ? earlier->counters : std::make_shared<Metrics>()),
        chats(options.chat_metrics != nullptr ? options.chat_metrics : ChatMetrics::create({})) {}

  void report(OperatorEventKind kind, std::string_view subject = {},
              std::string_view reason = {}) const {
    if (options.on_event) options.on_event(OperatorEvent{kind, subject, reason});
  }

  Duration since(TimePoint then) const noexcept { return options.clock.now() - then; }
  /// Counts an answer by its route.
  /// \param pattern of the route
  endpoints::RouteCount count_of(std::string_view pattern, const HttpRequest& request,
                                 const HttpAdmission& admission) const {
    const auto& counts = options.request_metrics;
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
  const std::shared_ptr<Metrics> counters;  ///< Those of `metrics`.
  Metrics& metrics = *counters;
  const std::shared_ptr<ChatMetrics> chats;
};

}  // namespace completions
}  // namespace v0
}  // namespace vx11
