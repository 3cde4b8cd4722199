#include "net/server/refusals.hpp"

#include <vx11/http_refusals.hpp>

#include "http/request_id.hpp"
#include "http/safety_fields.hpp"
#include "net/http/response_text.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

HttpResponse own_refusal(const HttpRequest& head, int status, std::string_view why) {
  HttpResponse answer = refusal(status, why);
  http_detail::add_safety_fields(answer);
  http_detail::add_request_id(answer, http_detail::request_id_of(head.headers));
  return answer;
}

HttpResponse completed(const HttpHandler& handler, const HttpRequest& head,
                       const HttpResponse& answer) {
  try {
    return complete_refusal(handler, head, answer);
  } catch (...) {
    return answer;
  }
}

}  // namespace

HttpResponse server_refusal(const HttpHandler& handler, const HttpRequest& head, int status,
                            std::string_view why) {
  return completed(handler, head, own_refusal(head, status, why));
}

HttpResponse no_room(const HttpHandler& handler, const HttpRequest& head) {
  HttpResponse full = own_refusal(head, 503, "too many connections");
  full.headers.add("Retry-After", "1");
  return completed(handler, head, full);
}

HttpResponse internal_error(const HttpRequest& head) {
  return own_refusal(head, 500, "the request could not be answered");
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
