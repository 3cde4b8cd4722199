#include "router/chat_attempt_state.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "http/retry_after.hpp"

namespace vx11 {
inline namespace v0 {

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

bool is_asleep(const RouterTarget& target) noexcept {
  try {
    return target.asleep && target.asleep();
  } catch (...) {  // state unknown, so the target is tried
    return false;
  }
}

}  // namespace

Result<HttpRequest> ChatAttemptState::prepare(const RouterTarget& target, AnswerForm form) {
  Result<HttpRequest> request =
      guarded(Errc::invalid_argument, [&] { return target.dialect->ask(chat_, form); });
  if (!request) {
    end(target, request.error());
    return request;
  }
  if (is_asleep(target)) {
    const Error asleep(Errc::asleep, "the service sleeps", target.name);
    note(target, asleep, {});
    request = fail(asleep);
    return request;
  }
  request->origin = target.url;
  for (const Header header : target.headers) request->headers.add(header.name, header.value);
  return request;
}

void ChatAttemptState::conclude(const RouterTarget& target, SendResult& result) {
  hint(result.retry_after);
  if (!result.response) return note(target, result.response.error(), result.elapsed);
  const HttpResponse& response = *result.response;
  if (!response.ok()) {
    result.conclude(verdict_on_status(response.status));
    hint(retry_after(response).value_or(Duration::zero()));
    auto detail = fmt::format("HTTP status {}", response.status);
    return note(target, Error(Errc::http_status, std::move(detail), target.name), result.elapsed);
  }
  Result<ChatAnswer> answer =
      guarded(Errc::invalid_reply, [&] { return target.dialect->read(response); });
  result.conclude(answer ? Verdict::success : Verdict::failure);
  if (answer) return take(target, std::move(*answer), result.elapsed);
  note(target, Error(Errc::invalid_reply, "the answer could not be understood", target.name),
       result.elapsed);
}

ChatFailure ChatAttemptState::failure() {
  ChatFailure failure(std::move(*error_));
  failure.attempts = std::move(attempts_);
  failure.retry_after = retry_after_;
  return failure;
}

/// The call itself is invalid or was cancelled.
void ChatAttemptState::end(const RouterTarget& target, Error error) {
  error.upstream = target.name;
  error_ = std::move(error);
  over_ = true;
}

void ChatAttemptState::note(const RouterTarget& target, const Error& error, Duration elapsed) {
  attempts_.emplace_back(target.name, outcome_of(error.code), elapsed);
  if (error.code == Errc::cancelled) return end(target, error);
  if (!error_) error_ = error;
}

void ChatAttemptState::take(const RouterTarget& target, ChatAnswer&& answer, Duration elapsed) {
  reply_.emplace();
  reply_->text = std::move(answer.text);
  reply_->source = target.name;
  // As the last resort it is already in the ledger.
  const auto tried = std::find_if(attempts_.begin(), attempts_.end(),
                                  [&](const Attempt& a) { return a.target == target.name; });
  reply_->rank = static_cast<std::size_t>(tried - attempts_.begin());
  if (!attempts_.empty()) {
    const Attempt& first = attempts_.front();
    reply_->reason = fmt::format("{}_{}", first.target, to_string(first.outcome));
  }
  reply_->upstream_json = std::move(answer.upstream_json);
  attempts_.emplace_back(target.name, Outcome::answered, elapsed);
  reply_->attempts = std::move(attempts_);
  over_ = true;
}

/// The earliest of all hints: a retry can succeed from then on.
void ChatAttemptState::hint(Duration retry_after) noexcept {
  if (retry_after <= Duration::zero()) return;
  const bool first = retry_after_ == Duration::zero();
  retry_after_ = first ? retry_after : std::min(retry_after_, retry_after);
}

}  // namespace v0
}  // namespace vx11
