#include "requests/refusal.hpp"

#include <fmt/format.h>

#include "http/error_answer.hpp"

namespace vx11 {
inline namespace v0 {
namespace requests {

namespace {

HttpResponse in_form_of(std::string_view route, int status, std::string_view code,
                        std::string_view message) {
  if (!route.starts_with("/v1/")) return http_detail::error_answer(status, code);
  return HttpResponse(
      status, "application/json",
      fmt::format(
          R"({{"error":{{"message":"{}","type":"invalid_request_error","param":null,"code":"{}"}}}})",
          message, code));
}

}  // namespace

HttpResponse refusal(std::string_view route, int status, std::string_view code,
                     std::string_view message) {
  HttpResponse answer = in_form_of(route, status, code, message);
  answer.headers.add("Cache-Control", "no-store");
  answer.headers.add("X-Content-Type-Options", "nosniff");
  answer.headers.add("Referrer-Policy", "no-referrer");
  return answer;
}

}  // namespace requests
}  // namespace v0
}  // namespace vx11
