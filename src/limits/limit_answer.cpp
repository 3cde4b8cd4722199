#include "limits/limit_answer.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "front/request_id.hpp"
#include "http/error_answer.hpp"
#include "limits/completion_path.hpp"

namespace vx11 {
inline namespace v0 {
namespace limits {

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

HttpResponse completion_answer(int status, const Words& words, std::chrono::seconds wait) {
  const std::string_view type = status == 429 ? "rate_limit_error" : "server_error";
  HttpResponse answer(
      status, "application/json",
      fmt::format(R"({{"error":{{"message":"{}","type":"{}","param":null,"code":"{}"}}}})",
                  words.message, type, words.code));
  if (wait > kHonoured) answer.headers.add("x-should-retry", "false");
  return answer;
}

}  // namespace

std::chrono::seconds whole_seconds(Duration wait) noexcept {
  return std::max(std::chrono::ceil<std::chrono::seconds>(wait), std::chrono::seconds(1));
}

HttpResponse limit_answer(RequestLimit limit, const HttpRequest& request,
                          std::chrono::seconds wait) {
  const int status = limit == RequestLimit::concurrent ? 503 : 429;
  const Words words = words_of(limit);
  HttpResponse answer = is_completion_path(resource_of(request.target))
                            ? completion_answer(status, words, wait)
                            : http_detail::error_answer(status, words.operator_code);
  answer.headers.add("Retry-After", std::to_string(wait.count()));
  answer.headers.add("Cache-Control", "no-store");
  answer.headers.add("X-Content-Type-Options", "nosniff");
  answer.headers.add("Referrer-Policy", "no-referrer");
  endpoints::add_request_id(answer, endpoints::request_id_of(request.headers));
  return answer;
}

}  // namespace limits
}  // namespace v0
}  // namespace vx11
