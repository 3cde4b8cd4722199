#include "http/safety_fields.hpp"

namespace vx11 {
inline namespace v0 {
namespace http_detail {

void add_safety_fields(HttpResponse& answer) {
  Headers& headers = answer.headers;
  if (!headers.contains("Cache-Control")) headers.add("Cache-Control", "no-store");
  headers.add("X-Content-Type-Options", "nosniff");
  headers.add("Referrer-Policy", "no-referrer");
}

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
