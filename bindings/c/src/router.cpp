#include <vx11/to_json.hpp>

#include <memory>
#include <string>
#include <utility>

#include "described_dialect.hpp"
#include "fields.hpp"
#include "handles.hpp"

namespace {

using namespace vx11::c;

using Dialect = std::shared_ptr<const vx11::ChatDialect>;

/// Null if the target names none: the router chooses by the target's name.
vx11::Result<Dialect> dialect_of(Fields& fields) {
  if (fields.is_object("dialect")) return described_dialect(fields.object("dialect"));
  std::string name;
  fields.read("dialect", name);
  if (name.empty()) return Dialect();
  if (name == "switch") return vx11::switch_dialect();
  if (name == "madre") return vx11::madre_dialect();
  return vx11::fail(vx11::Errc::invalid_argument,
                    "dialect is neither switch nor madre, nor a description");
}

vx11::Result<vx11::RouterTarget> target_of(Fields fields,
                                           const std::shared_ptr<vx11_transport>& transport,
                                           const std::shared_ptr<vx11_breaker>& breaker) {
  vx11::RouterTarget target;
  fields.read("name", target.name);
  fields.read("url", target.url);
  auto dialect = dialect_of(fields);
  fields.read_ms("try_timeout_ms", "limit_ms", target.try_timeout);
  fields.read("headers", target.headers);
  auto right = fields.finish();
  if (!right) return vx11::fail(right.error());
  if (!dialect) return vx11::fail(dialect.error());
  target.dialect = std::move(*dialect);
  if (transport) target.transport = transport->transport;
  if (breaker) target.breaker = breaker->breaker;
  return target;
}

vx11::Result<vx11::Router> make_router(const char* description,
                                       const vx11_transport* const* transports,
                                       const vx11_breaker* const* breakers) {
  Fields fields(description);
  vx11::RouterOptions options;
  fields.read_ms("total_timeout_ms", "deadline_ms", options.total_timeout);
  for (Fields& each : fields.objects("targets")) {
    const std::size_t i = options.targets.size();
    auto target = target_of(std::move(each), optional(transports ? transports[i] : nullptr),
                            optional(breakers ? breakers[i] : nullptr));
    if (!target) return vx11::fail(target.error());
    options.targets.push_back(std::move(*target));
  }
  auto right = fields.finish();
  if (!right) return vx11::fail(right.error());
  return vx11::Router::create(std::move(options));
}

vx11::Result<vx11::ChatRequest> chat_of(const char* description) {
  Fields fields(description);
  vx11::ChatRequest chat;
  fields.require("message", chat.message);
  fields.read("session_id", chat.session_id);
  fields.read("user_id", chat.user_id);
  fields.read("mode", chat.mode);
  fields.read_object("metadata", chat.metadata_json);
  fields.read("context_summary", chat.context_summary);
  auto right = fields.finish();
  if (!right) return vx11::fail(right.error());
  return chat;
}

}  // namespace

vx11_code vx11_router_new(const char* options, const vx11_transport* const* transports,
                          const vx11_breaker* const* breakers, vx11_router** router, char** error) {
  return guarded(error, [&] { return give(make_router(options, transports, breakers), router); });
}

vx11_code vx11_router_free(vx11_router* router) {
  return release(router);
}

vx11_code vx11_router_ask(const vx11_router* router, const char* chat, int64_t timeout_ms,
                          const vx11_stop* stop, char** reply, char** error) {
  return guarded(error, [&] {
    const auto asked = needed(router);
    auto request = chat_of(chat);
    if (!request) return failure(request.error());
    auto answer = asked->router.ask(std::move(*request), deadline_of(timeout_ms, stop));
    return answer ? give(to_json(*answer), reply) : failure(answer.error());
  });
}

vx11_code vx11_router_breaker(const vx11_router* router, const char* target, vx11_breaker** breaker,
                              char** error) {
  return guarded(error, [&] {
    auto found = needed(router)->router.breaker(text_of(target));
    if (!found) return misuse("no target has this name");
    return give(std::shared_ptr<vx11_breaker>(new vx11_breaker{std::move(found)}), breaker);
  });
}
