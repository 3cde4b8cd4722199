#include "operator/bridge/bridge.hpp"

#include <vx11/websocket.hpp>

#include <condition_variable>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "operator/api/api_answers.hpp"
#include "operator/api/bounded_json.hpp"
#include "operator/api/page_origin.hpp"
#include "operator/bridge/bridge_close.hpp"
#include "operator/bridge/bridge_connection.hpp"
#include "operator/logins/socket_tokens.hpp"

namespace backend {

using nlohmann::json;
using vx11::Scope;
using vx11::Task;

namespace {

/// What an accepted WebSocket does.
struct BridgeSession {
  std::shared_ptr<BridgeHub> hub;
  BridgeCaller caller;
  std::string correlation_id;
  Places::Place place;

  Task<void> operator()(std::shared_ptr<vx11::WebSocket> socket) const {
    return BridgeConnection::run(
        std::make_shared<BridgeConnection>(hub, caller, correlation_id, std::move(socket)));
  }
};

BridgeContext context_of(const Parts& parts, const BridgeOptions& options) {
  BridgeContext context(parts);
  context.limits = options.limits;
  context.clock = options.clock;
  context.timer = options.timer;
  return context;
}

vx11::WebSocketOptions socket_options(const BridgeLimits& limits) {
  constexpr std::size_t kRoomForLagging = 1024;
  vx11::WebSocketOptions options;
  options.subprotocols = {"vx11.v1"};
  options.max_message_bytes = limits.message_bytes;
  options.max_unsent_bytes = limits.unsent_bytes + kRoomForLagging;
  return options;
}

/// The fields as one text, equal for equal credentials.
std::string key_of(const vx11::Headers& credential) {
  std::string key;
  for (const vx11::Header field : credential) {
    key.append(field.name).append(1, '\n').append(field.value).append(1, '\n');
  }
  return key;
}

bool may_use_bridge(vx11::Scopes scopes) {
  return scopes.allow(Scope::chat) || scopes.allow(Scope::status) ||
         scopes.allow(Scope::power_read);
}

}  // namespace

class Bridge::Impl {
 public:
  Impl(const Parts& parts, BridgeOptions options)
      : options_(std::move(options)),
        hub_(std::make_shared<BridgeHub>(context_of(parts, options_), options_.sockets)),
        tokens_(std::make_shared<SocketTokens>(options_.clock)),
        origins_(std::make_shared<const Origins>(options_.origins)) {
    BridgeHub::listen(hub_);
  }

  Task<ApiAnswer> open(const ApiCall& call) {
    if (auto refused = refusal_of_page(call)) co_return std::move(*refused);
    auto identifying = identify(call);
    auto caller = co_await std::move(identifying);
    if (!caller) co_return std::move(caller.error());
    if (!may_use_bridge(caller->caller.scopes)) {
      co_return refusal(403, "insufficient_scope", "the credential lacks the scope chat");
    }
    auto place = hub_->places()->take(caller->caller.principal);
    if (!place) co_return no_place(place.error(), "WebSockets", "too_many_sockets");
    BridgeSession session{hub_, *std::move(caller), call.correlation_id, *std::move(place)};
    vx11::StreamedResponse accepted =
        vx11::accept_websocket(call.request, socket_options(options_.limits), std::move(session));
    co_return accepted.body == nullptr ? refused_handshake(accepted.head)
                                       : ApiAnswer(std::move(accepted));
  }

  Task<ApiAnswer> issue(const ApiCall& call) {
    return issue_token(tokens_, hub_->context().parts.audit, call, "ws_token");
  }

  void configure(std::vector<std::string> origins, PlaceLimits sockets) {
    hub_->places()->limit(sockets);
    auto next = std::make_shared<const Origins>(std::move(origins));
    const std::lock_guard lock(mutex_);
    origins_.swap(next);
  }

  void confirm_callers() {
    std::map<std::string, std::vector<BridgeHub::Connection>> by_credential;
    for (auto& connection : hub_->connections()) {
      by_credential[key_of(connection->caller().credential)].push_back(std::move(connection));
    }
    for (const auto& [key, connections] : by_credential) confirm(connections);
  }

  void end_login(std::string_view login) {
    tokens_->end_login(login);
    for (const auto& connection : hub_->connections()) {
      if (login.empty() || connection->caller().caller.login != login) continue;
      connection->end(kLoginEnded, "the login has ended");
    }
  }

  void run(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any waiting;
    std::unique_lock lock(mutex);
    while (!waiting.wait_for(lock, stop, options_.confirm_interval,
                             [&stop] { return stop.stop_requested(); })) {
      confirm_callers();
    }
  }

  const std::shared_ptr<BridgeMetrics>& metrics() const noexcept { return hub_->context().metrics; }
  const std::shared_ptr<Places>& places() const noexcept { return hub_->places(); }

 private:
  using Origins = std::vector<std::string>;

  std::shared_ptr<const Origins> origins() const {
    const std::lock_guard lock(mutex_);
    return origins_;
  }

  /// None: no browser sends the request, or an allowed page. A cookie is sent with the requests of
  /// every page, so one without `Origin` proves nothing.
  std::optional<ApiAnswer> refusal_of_page(const ApiCall& call) const {
    const vx11::Headers& headers = call.request.headers;
    const bool has_origin = headers.contains("Origin");
    if (!has_origin && call.caller.login.empty()) return std::nullopt;
    if (has_origin && !is_cross_site(headers, *origins())) return std::nullopt;
    return refusal(403, "forbidden_origin",
                   has_origin ? "Pages of this origin may not open a WebSocket"
                              : "A WebSocket with a cookie needs an Origin");
  }

  /// By the credential of the request, or by `?token=`.
  Task<tl::expected<BridgeCaller, ApiAnswer>> identify(const ApiCall& call) {
    if (!call.caller.token.empty()) {
      co_return BridgeCaller(call.caller, credential_fields(call.request.headers));
    }
    auto redeeming = redeem_token(tokens_, options_.authorizer, call);
    auto caller = co_await std::move(redeeming);
    co_return caller;
  }

  static ApiAnswer refused_handshake(const vx11::HttpResponse& head) {
    ApiAnswer answer(head.status, parse_bounded(head.body).value_or(json::object()));
    for (const vx11::Header field : head.headers) {
      if (!vx11::equals_ignoring_case(field.name, "Content-Type")) {
        answer.headers.add(field.name, field.value);
      }
    }
    return answer;
  }

  /// The connections of one credential. A gateway that is away refuses nothing.
  void confirm(const std::vector<BridgeHub::Connection>& connections) {
    const BridgeCaller& caller = connections.front()->caller();
    vx11::HttpRequest request("GET", {}, "/operator/ws");
    request.headers = caller.credential;
    constexpr auto kLimit = std::chrono::seconds(5);
    auto confirming =
        options_.authorizer->confirm(request, vx11::Deadline::after(options_.clock.now(), kLimit));
    const Confirmation confirmed = vx11::sync_wait(std::move(confirming));
    if (!confirmed && confirmed.error().status != 401 && confirmed.error().status != 403) return;
    for (const auto& connection : connections) {
      if (confirmed && confirmed->scopes == connection->caller().caller.scopes) continue;
      connection->end(kLoginEnded, "the credential is no longer accepted");
    }
  }

  const BridgeOptions options_;
  const std::shared_ptr<BridgeHub> hub_;
  const std::shared_ptr<SocketTokens> tokens_;
  mutable std::mutex mutex_ = {};
  std::shared_ptr<const Origins> origins_;  ///< Guarded by `mutex_`.
};

Bridge::Bridge(const Parts& parts, BridgeOptions options)
    : impl_(std::make_shared<Impl>(parts, std::move(options))) {}

Bridge::~Bridge() = default;

void Bridge::start() {
  thread_ = std::jthread([impl = impl_](const std::stop_token& stop) { impl->run(stop); });
}

ApiRoutes Bridge::routes() const {
  ApiRoutes routes;
  ApiRouteOptions optional;
  optional.is_optional = true;
  routes.push_back({"GET", "/operator/ws",
                    [impl = impl_](const ApiCall& call) { return impl->open(call); }, optional});
  routes.push_back(
      {"POST", "/ws-token", [impl = impl_](const ApiCall& call) { return impl->issue(call); }, {}});
  return routes;
}

std::vector<vx11::MetricFamily> Bridge::metrics() const {
  auto families = BridgeMetrics::families(impl_->metrics());
  families.push_back(refused_places("vx11_operator_bridge_sockets_refused_total",
                                    "WebSockets that were refused because too many were open.",
                                    impl_->places()));
  return families;
}

void Bridge::configure(std::vector<std::string> origins, PlaceLimits sockets) {
  impl_->configure(std::move(origins), sockets);
}

void Bridge::confirm_callers() {
  impl_->confirm_callers();
}

void Bridge::end_login(std::string_view login) {
  impl_->end_login(login);
}

}  // namespace backend
