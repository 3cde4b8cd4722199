#include <vx11/session.hpp>

#include <optional>
#include <string>
#include <utility>

#include "http/percent.hpp"
#include "operator/answers.hpp"
#include "operator/endpoints.hpp"
#include "operator/session_answer.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

HttpResponse not_found(std::string_view id) {
  json::Writer json;
  json.open('{').key("error").string("session_not_found").key("session_id").string(id).close('}');
  return json_answer(404, std::move(json).take());
}

HttpResponse store_offline() {
  json::Writer json;
  begin_offline(json, "sessions", offline_reason(Errc::storage),
                "Session store temporarily unavailable");
  json.close('}');
  return offline_answer(std::move(json).take(), Duration::zero());
}

/// What is known of the session, or the answer that replaces it.
using Found = tl::expected<SessionText, HttpResponse>;

Found judge(const Context& context, std::string_view id, Result<std::optional<Session>> session) {
  if (!session) {
    context.metrics.session_lost();
    context.report(OperatorEventKind::session_not_read, {}, session.error().detail);
    return tl::unexpected(store_offline());
  }
  if (!*session) return tl::unexpected(not_found(id));
  return SessionText(*std::move(*session));
}

Task<Found> find_session(const Context& context, const Call& call) {
  const auto id = decode_percent(call.argument);
  if (!id) co_return tl::unexpected(not_found(call.argument));
  auto finding = context.options.sessions->find(*id);
  auto session = co_await std::move(finding);
  co_return judge(context, *id, std::move(session));
}

}  // namespace

Task<HttpResponse> show_session(const Context& context, const Call& call) {
  auto finding = find_session(context, call);
  auto found = co_await std::move(finding);
  if (!found) co_return std::move(found.error());
  co_return json_answer(200, found->whole());
}

Task<StreamedResponse> stream_session(const Context& context, const Call& call) {
  auto finding = find_session(context, call);
  auto found = co_await std::move(finding);
  if (!found) co_return StreamedResponse(std::move(found.error()), nullptr);
  const bool whole = call.request.method == "HEAD" || !found->is_large();
  if (whole) co_return StreamedResponse(json_answer(200, found->whole()), nullptr);
  co_return StreamedResponse(json_answer(200, {}), stream_of(*std::move(found)));
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
