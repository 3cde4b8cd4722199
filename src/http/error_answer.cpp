#include "http/error_answer.hpp"

#include <fmt/format.h>

namespace vx11 {
inline namespace v0 {
namespace http_detail {

HttpResponse error_answer(int status, std::string_view word) {
  return HttpResponse(status, "application/json",
                      fmt::format(R"({{"error":"{}","status_code":{}}})", word, status));
}

HttpResponse method_answer(std::string_view method, std::string_view allow) {
  HttpResponse response =
      method == "OPTIONS" ? HttpResponse(204) : error_answer(405, "method_not_allowed");
  response.headers.add("Allow", allow);
  return response;
}

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
