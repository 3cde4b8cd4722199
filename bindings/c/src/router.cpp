#include <vx11/net/timer.hpp>
#include <vx11/to_json.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "chat_request.hpp"
#include "handles.hpp"
#include "router_options.hpp"

namespace {

using namespace vx11::c;

using Options = vx11::RouterOptions;

/// \param at the index of the target; that of the shadow is behind the last
void give_parts(vx11::RouterTarget& target, std::size_t at, const vx11_transport* const* transports,
                const vx11_breaker* const* breakers) {
  const auto transport = optional(transports ? transports[at] : nullptr);
  const auto breaker = optional(breakers ? breakers[at] : nullptr);
  if (transport) target.transport = transport->transport;
  if (breaker) target.breaker = breaker->breaker;
}

/// With a timer, slow targets are overtaken. A custom transport would block the timer's thread, for
/// all chats of the router, so a router with one has none.
vx11::Result<void> give_timer(Options& options) {
  const auto blocks = [](const vx11::RouterTarget& target) {
    return target.transport == nullptr || target.transport->blocks();
  };
  const auto waits = [](const vx11::RouterTarget& target) {
    return target.fallback_after.value_or(vx11::Duration()) > vx11::Duration();
  };
  const auto& targets = options.targets;
  if (std::none_of(targets.begin(), targets.end(), blocks)) {
    options.timer = vx11::make_net_timer();
    return {};
  }
  const auto waiting = std::find_if(targets.begin(), targets.end(), waits);
  if (waiting == targets.end()) return {};
  return vx11::fail(vx11::Errc::invalid_argument,
                    "targets[" + std::to_string(waiting - targets.begin()) +
                        "].fallback_after_ms has no effect: a target of the router has a custom "
                        "transport, or none");
}

vx11::Result<vx11::Router> make_router(const char* description,
                                       const vx11_transport* const* transports,
                                       const vx11_breaker* const* breakers) {
  auto options = router_options(description);
  if (!options) return vx11::fail(options.error());
  const std::size_t count = options->targets.size();
  for (std::size_t i = 0; i < count; ++i) {
    give_parts(options->targets[i], i, transports, breakers);
  }
  if (options->shadow) give_parts(options->shadow->target, count, transports, breakers);
  if (auto given = give_timer(*options); !given) return vx11::fail(given.error());
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
