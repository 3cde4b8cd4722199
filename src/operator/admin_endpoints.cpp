#include <utility>

#include "operator/endpoints.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

Task<HttpResponse> perform(const AdminAction& action, const Call& call) {
  Task<HttpResponse> acting = action(call.request);
  co_return co_await std::move(acting);
}

}  // namespace

Task<HttpResponse> reload(const Context& context, const Call& call) {
  return perform(context.options.admin.reload, call);
}

Task<HttpResponse> set_log_level(const Context& context, const Call& call) {
  return perform(context.options.admin.set_log_level, call);
}

Task<HttpResponse> revoke(const Context& context, const Call& call) {
  return perform(context.options.admin.revoke, call);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
