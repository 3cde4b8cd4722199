#include "site.hpp"

namespace upstream {

void Site::answer(Request& request, Reply& reply) {
  if (request.path.substr(0, kRedirectPrefix.size()) == kRedirectPrefix)
    request.path.remove_prefix(kRedirectPrefix.size());
  if (admits(request, reply)) service.answer(request, reply);
}

bool Site::admits(const Request& request, Reply& reply) const {
  if (token.empty() || request.token == token || request.path == "/health") return true;
  if (request.has_token) {
    reply.set(403, R"({"error":"forbidden","status_code":403})");
  } else {
    reply.set(401, R"({"error":"auth_required","status_code":401})");
  }
  return false;
}

}  // namespace upstream
