#include "front/refusal.hpp"

#include <utility>

#include "http/error_answer.hpp"
#include "http/request_id.hpp"
#include "http/safety_fields.hpp"
#include "json/writer.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

std::string_view type_of(int status) noexcept {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 429:
      return "rate_limit_error";
    default:
      return status < 500 ? "invalid_request_error" : "server_error";
  }
}

}  // namespace

std::string openai_error(int status, std::string_view code, std::string_view message,
                         std::string_view param) {
  json::Writer json(message.size() + 128);
  json.open('{').key("error").open('{').key("message").string(message);
  json.key("type").string(type_of(status)).key("param");
  param.empty() ? json.raw("null") : json.string(param);
  json.key("code").string(code).close('}').close('}');
  return std::move(json).take();
}

HttpResponse refusal(ErrorForm form, const HttpRequest& request, int status, std::string_view code,
                     std::string_view message) {
  HttpResponse answer =
      form == ErrorForm::openai
          ? HttpResponse(status, "application/json", openai_error(status, code, message))
          : http_detail::error_answer(status, code);
  http_detail::add_safety_fields(answer);
  http_detail::add_request_id(answer, http_detail::request_id_of(request.headers));
  return answer;
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
