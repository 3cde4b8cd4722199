#include <vx11/session.hpp>

#include <cstdint>
#include <string>
#include <utility>

#include "http/percent.hpp"
#include "operator/answers.hpp"
#include "operator/endpoints.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

void write_message(json::Writer& json, const Message& message) {
  json.open('{').key("role").string(message.role).key("content").string(message.content);
  json.key("timestamp").string(to_rfc3339(message.timestamp));
  json.key("metadata").raw(message.metadata_json).close('}');
}

HttpResponse found(const Session& session) {
  json::Writer json(4096);
  json.open('{').key("session_id").string(session.id).key("user_id").string(session.user_id);
  json.key("created_at").string(to_rfc3339(session.created_at));
  json.key("message_count").integer(static_cast<std::int64_t>(session.messages.size()));
  json.key("messages").open('[');
  for (const Message& message : session.messages) write_message(json, message);
  json.close(']').key("summary").string(context_summary(session.messages)).close('}');
  return json_answer(200, std::move(json).take());
}

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

}  // namespace

Task<HttpResponse> show_session(const Context& context, const Call& call) {
  const auto id = decode_percent(call.argument);
  if (!id) co_return not_found(call.argument);
  const auto session = co_await context.options.sessions->find(*id);
  if (!session) {
    context.metrics.session_lost();
    co_return store_offline();
  }
  co_return *session ? found(**session) : not_found(*id);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
