#include "router/attempt_spans.hpp"

#include <vx11/span_attributes.hpp>
#include <vx11/url.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "json/scan.hpp"
#include "tracing/span_text.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

namespace names = span_attributes;
using tracing::add_text;

double seconds(Duration time) noexcept {
  return std::chrono::duration<double>(time).count();
}

bool has_failed(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::answered:
    case Outcome::asleep:
    case Outcome::cancelled:
    case Outcome::overtaken:
    case Outcome::unsupported:
      return false;
    default:
      return true;
  }
}

const RouterTarget* target_of(const RouterOptions& options, std::string_view name) noexcept {
  const auto& all = options.targets;
  const auto found =
      std::find_if(all.begin(), all.end(), [=](const RouterTarget& t) { return t.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string member_of(std::string_view object, std::string_view name) {
  if (object.empty()) return {};
  const std::array<std::string_view, 1> wanted = {name};
  const auto read = json::scan_object(object, wanted);
  const bool is_text = read && read->members[0].kind == json::Kind::string;
  return is_text ? std::string(read->members[0].text) : std::string();
}

void add_count(Span& span, std::string_view name, const std::optional<std::uint64_t>& count) {
  if (count) span.add(name, static_cast<std::int64_t>(*count));
}

/// The span of one attempt, as it is composed.
class AttemptSpan {
 public:
  AttemptSpan(RequestTrace& trace, const Attempt& attempt, TimePoint otherwise)
      : trace_(trace),
        attempt_(attempt),
        began_(attempt.began == TimePoint() ? otherwise : attempt.began),
        span_(trace.child_span(attempt.span_id != 0 ? attempt.span_id : trace.next_span_id(),
                               began_, ended())) {}

  TimePoint ended() const noexcept { return began_ + attempt_.elapsed; }
  Span& span() noexcept { return span_; }

  void add_outcome() {
    span_.add(names::kTarget, attempt_.target);
    span_.add(names::kOutcome, std::string(to_string(attempt_.outcome)));
    const int status = attempt_.http_status;
    if (status != 0) span_.add(names::kStatus, std::int64_t{status});
    span_.has_failed = has_failed(attempt_.outcome);
    if (span_.has_failed) {
      span_.add(names::kErrorType,
                status != 0 ? std::to_string(status) : std::string(to_string(attempt_.outcome)));
    }
    if (attempt_.first_piece) span_.add(names::kFirstChunk, seconds(*attempt_.first_piece));
  }
  void add_target(const RouterTarget& target, const TracedAnswer& answer) {
    const ModelIdentity identity = target.dialect->identity();
    const std::string_view model = identity.model.empty() ? answer.client_model : identity.model;
    span_.name = identity.operation;
    if (!model.empty()) span_.name.append(1, ' ').append(model);
    add_text(span_, names::kOperation, identity.operation);
    add_text(span_, names::kProvider, identity.provider);
    add_text(span_, names::kRequestModel, model);
    if (answer.is_stream) span_.add(names::kRequestStream, true);
    const auto url = Url::parse(target.url);
    if (!url) return;
    span_.add(names::kServerAddress, url->host());
    span_.add(names::kServerPort, std::int64_t{url->port()});
  }
  void add_answer(const TracedAnswer& answer) {
    const ChatEnding& ending = *answer.ending;
    add_text(span_, names::kResponseModel, member_of(answer.completion_json, "model"));
    add_count(span_, names::kInputTokens, ending.input_tokens);
    add_count(span_, names::kOutputTokens, ending.output_tokens);
    if (ending.finish_reason.empty()) return;
    span_.add(names::kFinishReasons, std::vector<std::string>{ending.finish_reason});
  }
  void add_events(const Attempt* before) {
    if (before != nullptr) {
      event(names::kFallback, began_).attributes = {
          {names::kFallbackFrom, before->target},
          {names::kFallbackReason, std::string(to_string(before->outcome))}};
    }
    if (attempt_.outcome == Outcome::circuit_open) event(names::kBreakerRejected, began_);
    if (const auto& change = attempt_.breaker_change) {
      event(names::kBreakerTransition, ended()).attributes = {
          {names::kBreakerFrom, std::string(to_string(change->from))},
          {names::kBreakerTo, std::string(to_string(change->to))}};
    }
  }

 private:
  SpanEvent& event(std::string_view name, TimePoint at) {
    return span_.events.emplace_back(SpanEvent{.name = name, .time = trace_.time_of(at)});
  }

  RequestTrace& trace_;
  const Attempt& attempt_;
  TimePoint began_;
  Span span_;
};

void add_all(RequestTrace& trace, const RouterOptions& options, std::span<const Attempt> attempts,
             const TracedAnswer& answer) {
  TimePoint at = trace.since();
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    const Attempt& attempt = attempts[i];
    AttemptSpan made(trace, attempt, at);
    if (const RouterTarget* const target = target_of(options, attempt.target)) {
      made.add_target(*target, answer);
    }
    made.add_outcome();
    if (attempt.outcome == Outcome::answered && answer.ending != nullptr) made.add_answer(answer);
    made.add_events(i == 0 ? nullptr : &attempts[i - 1]);
    at = std::max(at, made.ended());
    trace.add(std::move(made.span()));
  }
}

}  // namespace

void add_attempt_spans(RequestTrace& trace, const RouterOptions& options,
                       std::span<const Attempt> attempts, const TracedAnswer& answer) noexcept {
  try {
    add_all(trace, options, attempts, answer);
  } catch (...) {
  }
}

std::string client_model_of(const ChatRequest& chat) {
  return member_of(chat.completion_json, "model");
}

void trace_chat(const ChatRequest& chat, const RouterOptions& options,
                std::span<const Attempt> attempts, const ChatReply* reply,
                bool is_stream) noexcept {
  if (!chat.trace->keeps(reply == nullptr)) return;
  try {
    const std::string model = client_model_of(chat);
    TracedAnswer answer{.client_model = model, .is_stream = is_stream};
    answer.has_failed = reply == nullptr;
    if (reply != nullptr) {
      answer.completion_json = reply->completion_json;
      answer.ending = &reply->ending;
    }
    add_attempt_spans(*chat.trace, options, attempts, answer);
  } catch (...) {
  }
}

}  // namespace v0
}  // namespace vx11
