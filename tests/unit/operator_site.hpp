#pragma once

/// \file
/// An operator API over scripted upstreams and a manual clock.

#include <vx11/operator_api.hpp>
#include <vx11/store/memory.hpp>
#include <vx11/testing/manual_clock.hpp>
#include <vx11/testing/scripted_transport.hpp>
#include <vx11/transport/in_process.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace operator_site {

using namespace std::chrono_literals;
using nlohmann::json;
using vx11::CircuitBreaker;
using vx11::Errc;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::OperatorApi;
using vx11::testing::ScriptedTransport;

inline const std::string kToken = "vx11-local-token";
inline const std::string kSoloMadre =
    R"({"policy":"solo_madre","active_windows":[],"running_services":["madre","redis"],)"
    R"("available_services":[]})";
inline const std::string kWindowed =
    R"({"policy":"windowed","window_id":"win-1","created_at":"2025-12-28T12:00:00Z",)"
    R"("deadline":"2025-12-28T12:05:00Z","ttl_remaining_sec":120,)"
    R"("active_services":["madre","redis","switch"]})";

/// A store that fails on demand.
class BrittleStore final : public vx11::SessionStore {
 public:
  explicit BrittleStore(std::shared_ptr<SessionStore> inner) : inner_(std::move(inner)) {}

  vx11::Task<vx11::Result<std::vector<vx11::Message>>> recent(std::string id,
                                                              std::size_t count) override {
    if (fail_reads) co_return vx11::fail(Errc::storage, "scripted");
    auto inner = inner_->recent(std::move(id), count);
    co_return co_await std::move(inner);
  }
  vx11::Task<vx11::Result<std::optional<vx11::Session>>> find(std::string id) override {
    if (fail_reads) co_return vx11::fail(Errc::storage, "scripted");
    auto inner = inner_->find(std::move(id));
    co_return co_await std::move(inner);
  }
  vx11::Task<vx11::Result<void>> append(std::string id, std::string user,
                                        vx11::Turn turn) override {
    before_append();
    if (fail_writes) co_return vx11::fail(Errc::storage, "scripted");
    auto inner = inner_->append(std::move(id), std::move(user), std::move(turn));
    co_return co_await std::move(inner);
  }

  vx11::Task<vx11::Result<bool>> erase(std::string id) override {
    if (fail_writes) co_return vx11::fail(Errc::storage, "scripted");
    auto inner = inner_->erase(std::move(id));
    co_return co_await std::move(inner);
  }

  bool fail_reads = false;
  bool fail_writes = false;
  std::function<void()> before_append = [] {};

 private:
  std::shared_ptr<SessionStore> inner_;
};

/// The parts of an API, and short ways to ask it. Change parts before the first request.
struct Site {
  vx11::testing::ManualClock clock;
  std::shared_ptr<ScriptedTransport> to_switch = std::make_shared<ScriptedTransport>(clock);
  std::shared_ptr<ScriptedTransport> to_madre = std::make_shared<ScriptedTransport>(clock);
  std::shared_ptr<ScriptedTransport> to_power = std::make_shared<ScriptedTransport>(clock);
  std::shared_ptr<ScriptedTransport> to_health = std::make_shared<ScriptedTransport>();
  std::shared_ptr<ScriptedTransport> to_view = std::make_shared<ScriptedTransport>();
  std::shared_ptr<CircuitBreaker> switch_breaker = breaker();
  std::shared_ptr<CircuitBreaker> madre_breaker = breaker();
  std::shared_ptr<BrittleStore> store = std::make_shared<BrittleStore>(
      vx11::make_memory_session_store({.clock = clock, .wall_clock = clock}));
  vx11::RouterOptions router = {.targets = {target("switch", to_switch, switch_breaker),
                                            target("madre", to_madre, madre_breaker)},
                                .clock = clock};
  vx11::HealthOptions health = {
      .components = {{.name = "tentaculo_link", .port = 8123, .check = vx11::SelfCheck()},
                     {.name = "madre",
                      .port = 8001,
                      .check = vx11::make_http_probe(to_health, "http://madre:8001").value(),
                      .required = true},
                     {.name = "redis", .port = 6379, .check = vx11::NotConfigured()},
                     {.name = "switch",
                      .port = 8002,
                      .check = std::shared_ptr<const CircuitBreaker>(switch_breaker)}},
      .power = view(to_view),
      .clock = clock,
      .wall_clock = clock};
  vx11::OperatorApiOptions options = {
      .auth = vx11::make_token_authenticator(kToken).value(), .clock = clock, .wall_clock = clock};

  Site() {
    to_health->then_json(R"({"status":"ok"})");
    to_view->then_json(kSoloMadre);
  }

  OperatorApi& api() {
    if (!api_) api_ = OperatorApi::create(complete_options()).value();
    return *api_;
  }
  /// The options with all parts.
  const vx11::OperatorApiOptions& complete_options() {
    options.router = vx11::Router::create(router).value();
    options.health = std::make_shared<vx11::HealthAggregator>(health);
    options.power = std::make_shared<const vx11::PowerStateClient>(
        to_power, "http://madre:8001",
        vx11::PowerOptions{.breaker = madre_breaker, .clock = clock, .wall_clock = clock});
    options.sessions = store;
    return options;
  }

  HttpResponse send(const HttpRequest& request, vx11::Deadline deadline = {}) {
    return vx11::sync_wait(api().handle(request, std::move(deadline)));
  }
  /// The refusal by the head alone; none if it is accepted.
  std::optional<HttpResponse> refusal_of(const HttpRequest& head) {
    auto admission = api().admit(head);
    if (admission) return std::nullopt;
    return std::move(admission.error());
  }
  HttpResponse get(const std::string& target) { return send(authorised("GET", target)); }
  HttpResponse post(const std::string& target, const std::string& body = {}) {
    return send(with_body("POST", target, body));
  }
  HttpResponse chat(const std::string& body) { return post("/operator/chat/ask", body); }

  static HttpRequest authorised(const std::string& method, const std::string& target) {
    HttpRequest request(method, {}, target);
    request.headers.add("x-vx11-token", kToken);
    return request;
  }
  static HttpRequest with_body(const std::string& method, const std::string& target,
                               const std::string& body) {
    HttpRequest request = authorised(method, target);
    if (!body.empty()) request.headers.add("Content-Type", "application/json");
    request.body = body;
    return request;
  }

  std::shared_ptr<const vx11::PowerStateView> view(
      const std::shared_ptr<ScriptedTransport>& transport) const {
    return std::make_shared<const vx11::PowerStateView>(transport, "http://madre:8001",
                                                        vx11::PowerOptions{.clock = clock});
  }
  std::size_t upstream_calls() const {
    return to_switch->calls() + to_madre->calls() + to_power->calls() + to_health->calls() +
           to_view->calls();
  }

  static void trip(CircuitBreaker& breaker) {
    for (std::uint32_t i = 0; i < breaker.options().failures_to_open; ++i) {
      breaker.try_acquire().value().failure();
    }
  }
  static vx11::RouterTarget target(const std::string& name,
                                   const std::shared_ptr<ScriptedTransport>& transport,
                                   const std::shared_ptr<CircuitBreaker>& breaker) {
    return {.name = name,
            .url = "http://" + name + ":8000",
            .transport = transport,
            .breaker = breaker};
  }

 private:
  std::shared_ptr<CircuitBreaker> breaker() const {
    return std::make_shared<CircuitBreaker>(vx11::CircuitBreakerOptions(), clock);
  }
  std::optional<OperatorApi> api_;
};

/// The body as JSON; a body that is none fails the test.
inline json body_of(const HttpResponse& response) {
  const json body = json::parse(response.body, nullptr, false);
  REQUIRE_MESSAGE(!body.is_discarded(), response.body);
  return body;
}

/// The `type` of every mistake by its place: "body.message" → "missing".
inline json mistakes_of(const HttpResponse& response) {
  CHECK(response.status == 422);
  const json body = body_of(response);
  json found = json::object();
  for (const json& mistake : body.at("detail")) {
    std::string place;
    for (const json& part : mistake.at("loc")) {
      place +=
          (place.empty() ? "" : ".") + (part.is_string() ? part.get<std::string>() : part.dump());
    }
    CHECK(mistake.at("msg").is_string());
    CHECK(mistake.size() == 3);
    found[place] = mistake.at("type");
  }
  return found;
}

inline bool has_uuid_form(const std::string& text) {
  return text.size() == 36 && text[8] == '-' && text[14] == '4' && text[23] == '-';
}

}  // namespace operator_site
