#include <vx11/session.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
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

/// The decoded value of `?principal=`, if there is one.
Result<std::optional<std::string>> named_principal(std::string_view target) {
  constexpr std::string_view kName = "principal=";
  std::string_view query = target.substr(std::min(target.find('?'), target.size()));
  while (!query.empty()) {
    query.remove_prefix(1);
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(one.size());
    if (!one.starts_with(kName)) continue;
    auto value = decode_percent(one.substr(kName.size()));
    if (!value) return fail(Errc::invalid_argument, "principal");
    return std::optional<std::string>(*std::move(value));
  }
  return std::optional<std::string>();
}

/// The key of the session that is asked for; none if the caller may not use it, which must look as
/// if there were none. Those without a principal own nothing alone.
/// \param all the scope for the sessions of everyone
std::optional<std::string> key_of(const Call& call, const std::string& id, Scope all) {
  const bool has_all = call.scopes.allow(all);
  const auto named = named_principal(call.request.target);
  if (!named) return std::nullopt;
  const std::string* const own = call.principal.get();
  if (!*named)
    return own != nullptr || has_all ? std::optional(session_key(own, id)) : std::nullopt;
  const bool is_own = own != nullptr && **named == *own;
  return is_own || has_all ? std::optional(session_key(&**named, id)) : std::nullopt;
}

Task<Found> find_session(const Context& context, const Call& call) {
  const auto id = decode_percent(call.argument);
  if (!id) co_return tl::unexpected(not_found(call.argument));
  auto key = key_of(call, *id, Scope::sessions_read);
  if (!key) co_return tl::unexpected(not_found(*id));
  auto finding = context.options.sessions->find(*std::move(key));
  auto session = co_await std::move(finding);
  if (session && *session) (*session)->id = *id;
  co_return judge(context, *id, std::move(session));
}

}  // namespace

Task<HttpResponse> delete_session(const Context& context, const Call& call) {
  const auto id = decode_percent(call.argument);
  if (!id) co_return not_found(call.argument);
  auto key = key_of(call, *id, Scope::admin);
  if (!key) co_return not_found(*id);
  auto deleting = context.options.sessions->erase(*std::move(key));
  const Result<bool> was_there = co_await std::move(deleting);
  if (was_there) co_return *was_there ? HttpResponse(204) : not_found(*id);
  context.report(OperatorEventKind::session_not_stored, {}, was_there.error().detail);
  co_return store_offline();
}

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
