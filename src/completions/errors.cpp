#include "completions/errors.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "front/refusal.hpp"
#include "router/isolation.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

constexpr std::string_view kShouldRetry = "x-should-retry";

/// The status that the target's own answer stands for. Only what the client can change is passed
/// on: 401 and 403 are about the gateway's credential.
int status_for(int upstream) noexcept {
  switch (upstream) {
    case 400:
    case 404:
    case 409:
    case 422:
      return 400;
    case 413:
    case 429:
      return upstream;
    default:
      return 503;
  }
}

/// The answer outside 2xx of the target whose error the failure is; null if it gave none.
const Attempt* refused_attempt(const ChatFailure& failure) noexcept {
  const auto own =
      std::find_if(failure.attempts.begin(), failure.attempts.end(), [&](const Attempt& each) {
        return each.target == failure.upstream && each.http_status != 0;
      });
  return own == failure.attempts.end() ? nullptr : &*own;
}

int upstream_status(const ChatFailure& failure) noexcept {
  const Attempt* refused = refused_attempt(failure);
  return refused == nullptr ? 0 : refused->http_status;
}

Refusal refusal_of(const ChatFailure& failure) noexcept {
  const Attempt* refused = refused_attempt(failure);
  return refused == nullptr ? Refusal::none : refused->refusal;
}

/// What is wrong with the chat itself, in the words of the OpenAI chat API, which clients compare.
std::optional<ApiError> error_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      break;
    case Refusal::context_too_long:
      return ApiError(400, "context_length_exceeded",
                      "the chat is longer than the context of the model; shorten the messages");
    case Refusal::content_refused:
      return ApiError(400, "content_filter", "the content filter of the model refuses the chat");
  }
  return std::nullopt;
}

/// Whether no dialect could express the request. A transport that cannot use the URL of its target
/// fails with the same code, but that is no mistake of the client.
bool is_unsupported(const ChatFailure& failure) noexcept {
  return failure.code == Errc::invalid_argument &&
         std::all_of(failure.attempts.begin(), failure.attempts.end(),
                     [](const Attempt& each) { return each.outcome == Outcome::unsupported; });
}

int status_of(const ChatFailure& failure) noexcept {
  switch (failure.code) {
    case Errc::invalid_argument:
      return is_unsupported(failure) ? 400 : 503;
    case Errc::timeout:
      return 504;
    case Errc::http_status:
      return status_for(upstream_status(failure));
    default:
      return 503;
  }
}

std::string_view code_of(Errc code, int status) noexcept {
  switch (code) {
    case Errc::invalid_argument:
      return status == 400 ? "unsupported_parameter" : to_string(Errc::unreachable);
    case Errc::too_large:
      return to_string(Errc::invalid_reply);
    case Errc::http_status:
      return status == 429 ? "rate_limited" : "upstream_error";
    default:
      return to_string(code);
  }
}

bool is_isolated(const Router& router, std::string_view target) {
  return vx11::is_isolated(router.breaker(target).get());
}

std::string_view code_of(const ChatFailure& failure, int status, const Router& router) {
  const bool is_held = failure.code == Errc::circuit_open && is_isolated(router, failure.upstream);
  return is_held ? kIsolated : code_of(failure.code, status);
}

std::string message_of(const ChatFailure& failure, std::string_view code) {
  if (is_unsupported(failure)) return failure.detail;
  if (code == kIsolated) {
    return fmt::format("no target answered; an operator holds the circuit breaker of {} open",
                       failure.upstream);
  }
  if (const int status = upstream_status(failure); status != 0) {
    return fmt::format("{} refused the request with status {}, and no other target answered",
                       failure.upstream, status);
  }
  return fmt::format("no target answered; {}: {}", failure.upstream, code_of(failure.code, 0));
}

/// The member that no dialect could express: dialects name it in front of a colon.
std::string_view param_of(const ChatFailure& failure) noexcept {
  if (!is_unsupported(failure)) return {};
  const std::string_view detail = failure.detail;
  const std::size_t end = detail.find(": ");
  return end == std::string_view::npos ? std::string_view() : detail.substr(0, end);
}

/// Whether a target may have worked on the chat: asking again would make it do so twice.
bool was_worked_on(const ChatFailure& failure) noexcept {
  return std::any_of(failure.attempts.begin(), failure.attempts.end(), [](const Attempt& each) {
    return each.outcome == Outcome::timeout || each.outcome == Outcome::invalid_reply ||
           each.outcome == Outcome::overtaken;
  });
}

/// Whether an operator keeps every target out of use: how long is not known.
bool is_all_isolated(const ChatFailure& failure, const Router& router) {
  const auto& attempts = failure.attempts;
  return !attempts.empty() &&
         std::all_of(attempts.begin(), attempts.end(), [&](const Attempt& each) {
           return each.outcome == Outcome::circuit_open && is_isolated(router, each.target);
         });
}

/// Whether certainly no target got the request: asking again is safe. An unreachable one may have
/// closed the connection after it had read the request.
bool was_not_sent(const ChatFailure& failure) noexcept {
  return std::all_of(failure.attempts.begin(), failure.attempts.end(), [](const Attempt& each) {
    return each.outcome == Outcome::circuit_open || each.outcome == Outcome::asleep ||
           each.outcome == Outcome::exhausted || each.outcome == Outcome::unsupported;
  });
}

void advise(HttpResponse& answer, const ChatFailure& failure, const Router& router,
            std::chrono::seconds longest) {
  const auto wait = std::max(std::chrono::ceil<std::chrono::seconds>(failure.retry_after),
                             std::chrono::seconds(1));
  answer.headers.add("Retry-After", std::to_string(std::min(wait, longest).count()));
  if (wait > longest || was_worked_on(failure) || is_all_isolated(failure, router)) {
    answer.headers.add(kShouldRetry, "false");
  } else if (was_not_sent(failure)) {
    answer.headers.add(kShouldRetry, "true");
  }
}

}  // namespace

std::string error_body(const ApiError& error) {
  return endpoints::openai_error(error.status, error.code, error.message, error.param);
}

HttpResponse error_response(const ApiError& error) {
  HttpResponse answer(error.status, "application/json", error_body(error));
  if (error.status < 500) answer.headers.add(kShouldRetry, "false");
  return answer;
}

HttpResponse failure_response(const ChatFailure& failure, const Router& router,
                              std::chrono::seconds longest) {
  if (const auto known = error_of(refusal_of(failure))) return error_response(*known);
  const int status = status_of(failure);
  const std::string_view code = code_of(failure, status, router);
  const std::string message = message_of(failure, code);
  const ApiError error(status, code, message, param_of(failure));
  if (status < 500 && status != 429) return error_response(error);
  HttpResponse answer(status, "application/json", error_body(error));
  advise(answer, failure, router, longest);
  return answer;
}

ApiError shutdown_error() noexcept {
  return ApiError(503, "shutting_down", "the gateway is shutting down; ask again");
}

std::string broken_off(const std::string& source, Errc code) {
  const std::string message =
      fmt::format("the answer of {} broke off: {}", source, code_of(code, 0));
  return error_body(ApiError(502, code_of(code, 0), message));
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
