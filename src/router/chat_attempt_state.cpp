#include "router/chat_attempt_state.hpp"

#include <vx11/fallback_rule.hpp>
#include <vx11/tracing.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "http/content_coding.hpp"
#include "http/retry_after.hpp"
#include "router/isolation.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

/// A shortage of this process usually ends when another request has.
constexpr Duration kShortagePause = std::chrono::seconds(1);

}  // namespace

Outcome outcome_of(Errc code) noexcept {
  switch (code) {
    case Errc::timeout:
      return Outcome::timeout;
    case Errc::cancelled:
      return Outcome::cancelled;
    case Errc::circuit_open:
    case Errc::rejected:  // like an open breaker: the caller's own options, and nothing was sent
      return Outcome::circuit_open;
    case Errc::asleep:
      return Outcome::asleep;
    case Errc::exhausted:
      return Outcome::exhausted;
    case Errc::http_status:
      return Outcome::error;
    case Errc::invalid_reply:
    case Errc::too_large:
      return Outcome::invalid_reply;
    case Errc::unreachable:
    case Errc::unavailable:
    case Errc::invalid_argument:  // the transport could not use the origin
    case Errc::storage:
    case Errc::address_unavailable:
      return Outcome::unreachable;
  }
  return Outcome::unreachable;
}

namespace {

/// The result of a user's function, or an error if it throws.
template <class F>
auto guarded(Errc otherwise, F call) noexcept -> decltype(call()) {
  try {
    return call();
  } catch (...) {
    return fail(otherwise, "the dialect failed");
  }
}

/// The target's own headers replace those of the dialect; a name may be repeated among them.
void add_own_headers(Headers& headers, const Headers& own) {
  for (const Header header : own) {
    if (headers.contains(header.name)) headers.remove(header.name);
  }
  for (const Header header : own) headers.add(header.name, header.value);
}

bool is_asleep(const RouterTarget& target) noexcept {
  try {
    return target.asleep && target.asleep();
  } catch (...) {  // state unknown, so the target is tried
    return false;
  }
}

Result<ChatAnswer> read_answer(const RouterTarget& target, const HttpResponse& response) noexcept {
  return guarded(Errc::invalid_reply, [&] { return target.dialect->read(response); });
}

/// An answer without text is understood: what the client sent may be the cause of it. A balancer
/// counts it as slow, since one that has no answer to give is fast.
Verdict verdict_on_answer(const Result<ChatAnswer>& answer, SendResult& result) noexcept {
  if (!answer) return Verdict::failure;
  const bool is_empty = answer->text.empty() && answer->completion_json.empty();
  if (!is_empty && !answer->is_empty) return Verdict::success;
  result.load.record(Verdict::failure, result.elapsed);
  return Verdict::neutral;
}

/// Whether a refusal is about the credential or the address, so that other chats would get it, too.
bool refuses_every_chat(int status) noexcept {
  return (status >= 401 && status <= 405) || status == 407;
}

/// The verdict on a status outside 2xx. In a group, a target that asks its callers to wait is left
/// alone for that time, which is no failure.
Verdict verdict_on_refusal(SendResult& result) noexcept {
  const HttpResponse& response = *result.response;
  const std::optional<Duration> wait = retry_after(response);
  const int status = response.status;
  const bool limits = status == 429 || status == 529 || (status == 503 && wait);
  if (refuses_every_chat(status)) result.load.record(Verdict::failure, result.elapsed);
  if (!result.load || !limits) return verdict_on_status(status);
  result.load.cool_down(wait);
  return Verdict::neutral;
}

Verdict verdict_on_response(const RouterTarget& target, SendResult& result) noexcept {
  const HttpResponse& response = *result.response;
  if (!response.ok()) return verdict_on_refusal(result);
  if (!http_detail::applied_coding(response.headers).empty()) return Verdict::neutral;
  return verdict_on_answer(read_answer(target, response), result);
}

Refusal refusal_of(const HttpResponse& response) noexcept {
  if (says_context_too_long(response)) return Refusal::context_too_long;
  return says_content_refused(response) ? Refusal::content_refused : Refusal::none;
}

/// \param answer one that is no answer
std::string why_refused(const Result<ChatAnswer>& answer) {
  if (answer) return "no text in the answer";
  const std::string& why = answer.error().detail;
  return why.empty() ? "the answer could not be understood"
                     : fmt::format("the answer could not be understood: {}", why);
}

/// Why the first target did not answer, or not soon enough.
std::string reason_of(const Attempt& first) {
  const bool slow = first.outcome == Outcome::overtaken;
  return fmt::format("{}_{}", first.target, slow ? "slow" : to_string(first.outcome));
}

}  // namespace

// A single return variable: moving a request costs more than copying its fields.
Result<EncodedChat> ChatAttemptState::prepare(const RouterTarget& target, AnswerForm form) {
  Result<EncodedChat> encoded =
      guarded(Errc::invalid_argument, [&] { return target.dialect->encode(chat_, form); });
  if (!encoded) {
    pass_by(target, encoded.error());
    return encoded;
  }
  if (is_asleep(target)) {
    encoded = fail(Errc::asleep, "the service sleeps", target.name);
    note(target, encoded.error(), {}, enter(target));
    return encoded;
  }
  remember_ignored(target, std::move(encoded->ignored));
  HttpRequest& request = encoded->request;
  request.origin = target.url;
  if (!chat_.request_id.empty()) request.headers.add("X-Request-Id", chat_.request_id);
  if (is_traced_) add_trace(request.headers);
  add_own_headers(request.headers, target.headers);
  return encoded;
}

/// The span of the attempt is the parent of those of the upstream.
void ChatAttemptState::add_trace(Headers& headers) {
  if (chat_.trace != nullptr) {
    span_id_ = chat_.trace->next_span_id();
    TraceParentText text = chat_.trace->text();
    text.set_span(span_id_);
    headers.add("traceparent", text.text());
    const std::string& state = chat_.trace->state();
    if (!state.empty()) headers.add("tracestate", state);
    return;
  }
  if (chat_.traceparent.empty()) return;
  headers.add("traceparent", chat_.traceparent);
  if (!chat_.tracestate.empty()) headers.add("tracestate", chat_.tracestate);
}

/// The chat cannot be expressed for this target, but perhaps for another one.
void ChatAttemptState::pass_by(const RouterTarget& target, const Error& error) {
  attempts_.emplace_back(target.name, Outcome::unsupported, Duration());
  if (error_) return;
  error_ = error;
  error_->upstream = target.name;
  error_of_ = kUnsupported;
}

std::size_t ChatAttemptState::enter(const RouterTarget& target) {
  Attempt& entry = attempts_.emplace_back(target.name, Outcome::overtaken, Duration());
  entry.span_id = std::exchange(span_id_, 0);
  return attempts_.size() - 1;
}

void ChatAttemptState::conclude(const RouterTarget& target, SendResult& result, std::size_t entry) {
  evaluate(target, result, entry);
  attempts_[entry].breaker_change = result.breaker_change;
}

void ChatAttemptState::evaluate(const RouterTarget& target, SendResult& result, std::size_t entry) {
  if (!result.response && result.response.error().code == Errc::circuit_open &&
      is_isolated(target.breaker.get())) {
    isolated_for_ = std::max(isolated_for_, result.retry_after);
  } else {
    hint(result.retry_after);
  }
  if (!result.response) {
    const Error& error = result.response.error();
    if (error.code == Errc::exhausted) hint(kShortagePause);
    if (!result.cause.empty()) causes_.emplace_back(entry, result.cause.view());
    return note(target, error, result.elapsed, entry);
  }
  const HttpResponse& response = *result.response;
  if (!response.ok()) {
    result.conclude(verdict_on_refusal(result));
    attempts_[entry].http_status = response.status;
    attempts_[entry].refusal = refusal_of(response);
    hint(retry_after(response).value_or(Duration::zero()));
    auto detail = fmt::format("HTTP status {}", response.status);
    const Error error(Errc::http_status, std::move(detail), target.name);
    note(target, error, result.elapsed, entry);
    return obey_rules(target, response, error);
  }
  if (const auto coding = http_detail::applied_coding(response.headers); !coding.empty()) {
    // A proxy on the way did that: the upstream has answered.
    result.conclude(Verdict::neutral);
    auto detail = fmt::format("content coding {}", coding);
    return note(target, Error(Errc::invalid_reply, std::move(detail), target.name), result.elapsed,
                entry);
  }
  Result<ChatAnswer> answer = read_answer(target, response);
  result.conclude(verdict_on_answer(answer, result));
  if (answer && is_answer(*answer)) {
    return take(target, std::move(*answer), result.elapsed, entry);
  }
  note(target, Error(Errc::invalid_reply, why_refused(answer), target.name), result.elapsed, entry);
  if (answer) keep_empty(target, std::move(*answer), entry);
}

void ChatAttemptState::keep_empty(const RouterTarget& target, ChatAnswer&& answer,
                                  std::size_t entry) {
  if (!answer.is_empty || chat_.completion_json.empty() || empty_) return;
  empty_ = std::make_unique<EmptyAnswer>(target, std::move(answer), entry);
}

void ChatAttemptState::settle() {
  if (reply_ || over_ || !empty_) return;
  const std::size_t entry = empty_->entry;
  take(*empty_->target, std::move(empty_->answer), attempts_[entry].elapsed, entry);
}

/// One without text is an answer only to a client that can get it as the upstream sent it.
bool ChatAttemptState::is_answer(const ChatAnswer& answer) const noexcept {
  const bool has_parts = !answer.completion_json.empty() && !answer.is_empty;
  return !answer.text.empty() || (has_parts && !chat_.completion_json.empty());
}

Verdict judge(const RouterTarget& target, SendResult& result) noexcept {
  if (!result.response) return verdict_on(result.response.error().code);  // recorded already
  const Verdict verdict = verdict_on_response(target, result);
  result.conclude(verdict);
  return verdict;
}

std::string_view ChatAttemptState::cause_of(std::size_t entry) const noexcept {
  for (const auto& [of, cause] : causes_) {
    if (of == entry) return cause;
  }
  return {};
}

void ChatAttemptState::report(const SharedEvents& events) const noexcept {
  if (!events) [[likely]]
    return;
  for (std::size_t i = 0; i < attempts_.size(); ++i) {
    const Attempt& attempt = attempts_[i];
    events(Event{.kind = EventKind::router_attempt,
                 .name = attempt.target,
                 .detail = to_string(attempt.outcome),
                 .duration = attempt.elapsed,
                 .status = attempt.http_status,
                 .cause = cause_of(i)});
  }
  const bool is_fallback = reply_ && !reply_->reason.empty();
  if (reply_ && !is_fallback) return;
  if (!reply_ && error_->code == Errc::cancelled) return;  // the client left: nothing has failed
  const std::string_view first = attempts_.empty() ? std::string_view() : attempts_.front().target;
  events(
      Event{.kind = is_fallback ? EventKind::router_fallback : EventKind::router_failed,
            .name = is_fallback ? std::string_view(reply_->source) : first,
            .detail = is_fallback ? to_string(attempts_.front().outcome) : to_string(error_->code),
            .count = attempts_.size()});
}

ChatFailure ChatAttemptState::failure() {
  if (steps_ != nullptr && !over_ && error_of_ != kUnsupported) hint(steps_->earliest_wait());
  ChatFailure failure(std::move(*error_));
  if (error_of_ == kUnsupported && !over_) attempts_.clear();  // the chat itself is invalid
  failure.attempts = std::move(attempts_);
  failure.retry_after = retry_after_ > Duration::zero() ? retry_after_ : isolated_for_;
  return failure;
}

/// The call was cancelled.
void ChatAttemptState::end(const RouterTarget& target, Error error) {
  error.upstream = target.name;
  error_ = std::move(error);
  over_ = true;
}

void ChatAttemptState::obey_rules(const RouterTarget& target, const HttpResponse& response,
                                  const Error& error) {
  if (steps_ == nullptr) return;
  const std::optional<std::size_t> next = steps_->after(response);
  if (!next) return;
  if (*next == steps_->size()) return end(target, error);
  next_step_ = next;
}

/// The failure's error is that of the first target, which may fail after the second.
void ChatAttemptState::note(const RouterTarget& target, const Error& error, Duration elapsed,
                            std::size_t entry) {
  attempts_[entry].outcome = outcome_of(error.code);
  attempts_[entry].elapsed = elapsed;
  if (error.code == Errc::cancelled) return end(target, error);
  if (!error.detail.empty()) causes_.emplace_back(entry, error.detail);
  if (error_ && error_of_ < entry) return;
  error_ = error;
  error_of_ = entry;
}

void ChatAttemptState::abandon(const RouterTarget& target, std::size_t entry, Errc why,
                               Duration elapsed) {
  note(target, safe_error(target.name, why, elapsed), elapsed, entry);
}

void ChatAttemptState::cancelled(const RouterTarget& target) {
  end(target, safe_error(target.name, Errc::cancelled));
}

void ChatAttemptState::take(const RouterTarget& target, ChatAnswer&& answer, Duration elapsed,
                            std::size_t entry) {
  reply_.emplace();
  reply_->text = std::move(answer.text);
  reply_->source = target.name;
  // As the last resort it is in the ledger twice.
  const auto tried = std::find_if(attempts_.begin(), attempts_.end(),
                                  [&](const Attempt& a) { return a.target == target.name; });
  reply_->rank = static_cast<std::size_t>(tried - attempts_.begin());
  if (entry != 0) reply_->reason = reason_of(attempts_.front());
  reply_->upstream_json = std::move(answer.upstream_json);
  reply_->completion_json = std::move(answer.completion_json);
  reply_->ending = std::move(answer.ending);
  reply_->ignored = take_ignored(target);
  attempts_[entry].outcome = Outcome::answered;
  attempts_[entry].elapsed = elapsed;
  over_ = true;
}

void ChatAttemptState::remember_ignored(const RouterTarget& target,
                                        std::vector<std::string>&& names) {
  if (!names.empty()) ignored_.emplace_back(&target, std::move(names));
}

std::vector<std::string> ChatAttemptState::take_ignored(const RouterTarget& target) noexcept {
  for (auto& [of, names] : ignored_) {
    if (of == &target) return std::move(names);
  }
  return {};
}

/// The earliest of all hints: a retry can succeed from then on.
void ChatAttemptState::hint(Duration retry_after) noexcept {
  if (retry_after <= Duration::zero()) return;
  const bool first = retry_after_ == Duration::zero();
  retry_after_ = first ? retry_after : std::min(retry_after_, retry_after);
}

}  // namespace v0
}  // namespace vx11
