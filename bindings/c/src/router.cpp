#include <vx11/to_json.hpp>

#include <memory>
#include <utility>

#include "chat_request.hpp"
#include "handles.hpp"
#include "router_options.hpp"

namespace {

using namespace vx11::c;

vx11::Result<vx11::Router> make_router(const char* description,
                                       const vx11_transport* const* transports,
                                       const vx11_breaker* const* breakers) {
  auto options = router_options(description);
  if (!options) return vx11::fail(options.error());
  for (std::size_t i = 0; i < options->targets.size(); ++i) {
    vx11::RouterTarget& target = options->targets[i];
    const auto transport = optional(transports ? transports[i] : nullptr);
    const auto breaker = optional(breakers ? breakers[i] : nullptr);
    if (transport) target.transport = transport->transport;
    if (breaker) target.breaker = breaker->breaker;
  }
  return vx11::Router::create(*std::move(options));
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
    auto request = chat_request(chat);
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
