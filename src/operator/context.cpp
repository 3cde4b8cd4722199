#include "operator/context.hpp"

#include "front/cors.hpp"
#include "operator/answers.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

void Context::finish(HttpResponse& answer, const HttpRequest& request,
                     std::string_view request_id) const {
  add_cors_fields(options.cors_origins, request, answer);
  http_detail::add_request_id(answer, request_id);
  endpoints::finish(answer, request.method);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
