#include "limits/limit_answer.hpp"

#include <algorithm>
#include <string>

#include "front/refusal.hpp"
#include "http/resource.hpp"
#include "limits/completion_path.hpp"

namespace vx11 {
inline namespace v0 {
namespace limits {

using endpoints::ErrorForm;
using endpoints::refusal;

namespace {

/// The longest wait that the OpenAI clients honour; beyond it they retry within a second or two.
constexpr std::chrono::seconds kHonoured(60);

struct Words {
  std::string_view message;
  std::string_view code;           ///< Of the OpenAI API.
  std::string_view operator_code;  ///< Of the operator contract.
};

Words words_of(RequestLimit limit) noexcept {
  switch (limit) {
    case RequestLimit::per_address:
      return {"too many requests from this address", "rate_limit_exceeded", "rate_limited"};
    case RequestLimit::per_token:
      return {"too many requests with this token", "rate_limit_exceeded", "rate_limited"};
    case RequestLimit::per_session:
      return {"too many requests in this session", "rate_limit_exceeded", "rate_limited"};
    case RequestLimit::tokens_per_minute:
      return {"the chats with this token have used its tokens per minute", "rate_limit_exceeded",
              "rate_limited"};
    case RequestLimit::concurrent_per_token:
      return {"too many chats with this token are in progress", "rate_limit_exceeded",
              "too_many_chats"};
    case RequestLimit::concurrent:
      break;
  }
  return {"too many chats are in progress", "overloaded", "overloaded"};
}

}  // namespace

std::chrono::seconds whole_seconds(Duration wait) noexcept {
  return std::max(std::chrono::ceil<std::chrono::seconds>(wait), std::chrono::seconds(1));
}

HttpResponse limit_answer(RequestLimit limit, const HttpRequest& request,
                          std::chrono::seconds wait) {
  const int status = limit == RequestLimit::concurrent ? 503 : 429;
  const Words words = words_of(limit);
  const bool is_completion = is_completion_path(http_detail::resource_of(request.target));
  HttpResponse answer =
      is_completion
          ? refusal(ErrorForm::openai, request, status, words.code, words.message)
          : refusal(ErrorForm::operator_contract, request, status, words.operator_code, {});
  if (is_completion && wait > kHonoured) answer.headers.add("x-should-retry", "false");
  answer.headers.add("Retry-After", std::to_string(wait.count()));
  return answer;
}

}  // namespace limits
}  // namespace v0
}  // namespace vx11
