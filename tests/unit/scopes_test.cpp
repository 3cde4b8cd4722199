// Which scope each route of both APIs needs.

#include <vx11/auth.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "completions_site.hpp"
#include "operator_site.hpp"

using vx11::Access;
using vx11::AccessCheck;
using vx11::Headers;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::OperatorEvent;
using vx11::OperatorEventKind;
using vx11::Scope;
using vx11::Scopes;

namespace {

/// Lets in a caller named "ci" with these scopes.
class Known final : public vx11::Authenticator {
 public:
  explicit Known(Scopes scopes) : scopes_(scopes) {}
  Access check(const Headers& /*headers*/) const override { return Access::granted; }
  AccessCheck explain(const Headers& /*headers*/) const override {
    AccessCheck known(Access::granted);
    known.scopes = scopes_;
    known.principal = name_;
    return known;
  }
  std::string_view challenge() const noexcept override { return "Test realm=\"x\""; }

 private:
  Scopes scopes_;
  std::shared_ptr<const std::string> name_ = std::make_shared<const std::string>("ci");
};

/// Knows callers by their address, which no header says.
class ByAddress final : public vx11::Authenticator {
 public:
  Access check(const Headers& /*headers*/) const override { return Access::auth_required; }
  AccessCheck authenticate(const HttpRequest& head) const override {
    if (head.peer == nullptr) return Access::auth_required;
    AccessCheck known(Access::granted);
    known.scopes = {Scope::chat, Scope::status};
    known.principal = std::make_shared<const std::string>(head.peer->address);
    return known;
  }
};

struct Needs {
  std::string method;
  std::string target;
  std::optional<Scope> scope;  ///< None: public.
};

const std::vector<Needs> kOperatorRoutes = {
    {"POST", "/operator/chat/ask", Scope::chat},
    {"POST", "/operator/chat", Scope::chat},
    {"GET", "/operator/status", Scope::status},
    {"HEAD", "/operator/status/", Scope::status},
    {"OPTIONS", "/operator/status", Scope::status},
    {"GET", "/operator/observe", Scope::status},
    {"GET", "/operator/slo", Scope::status},
    {"GET", "/vx11/status", Scope::status},
    {"GET", "/vx11/circuit-breaker/status", Scope::status},
    {"GET", "/operator/power/state", Scope::power_read},
    {"GET", "/operator/power/status", Scope::power_read},
    {"GET", "/operator/power/policies", Scope::power_read},
    {"GET", "/operator/power/policy/solo_madre/status", Scope::power_read},
    {"POST", "/operator/power/policy/solo_madre/apply", Scope::power_write},
    {"POST", "/operator/power/service/switch/start", Scope::power_write},
    {"POST", "/operator/power/service/switch/stop", Scope::power_write},
    {"POST", "/operator/power/service/switch/restart", Scope::power_write},
    {"POST", "/operator/power/window/open", Scope::power_write},
    {"POST", "/operator/power/window/close", Scope::power_write},
    {"POST", "/operator/task", Scope::power_write},
    {"GET", "/metrics", Scope::metrics},
    {"GET", "/health", std::nullopt},
    {"GET", "/livez", std::nullopt},
    {"GET", "/readyz", std::nullopt},
    {"GET", "/", std::nullopt},
};

const std::vector<Needs> kCompletionsRoutes = {
    {"POST", "/v1/chat/completions", Scope::chat},
    {"POST", "/v1/responses", Scope::chat},
    {"POST", "/v1/completions", Scope::chat},
    {"POST", "/v1/embeddings", Scope::chat},
    {"GET", "/v1/models", Scope::chat},
    {"GET", "/models/vx11", Scope::chat},
};

HttpRequest head_of(const Needs& route) {
  HttpRequest request(route.method, {}, route.target);
  request.headers.add("Content-Type", "application/json");
  return request;
}

Scopes all_but(std::optional<Scope> left_out) {
  Scopes scopes;
  for (std::size_t i = 0; i < vx11::kScopes; ++i) {
    const auto scope = static_cast<Scope>(i);
    if (scope != left_out && scope != Scope::admin) scopes.add(scope);
  }
  return scopes;
}

template <class Site>
std::unique_ptr<Site> site_with(Scopes scopes) {
  auto site = std::make_unique<Site>();
  site->options.auth = std::make_shared<const Known>(scopes);
  return site;
}

/// The status of the refusal, 0 if the head is admitted. OPTIONS is refused with its answer.
template <class Site>
int refusal_of(Scopes scopes, const Needs& route) {
  const auto site = site_with<Site>(scopes);
  const HttpRequest head = head_of(route);
  const auto admission = site->api().admit(head);
  return admission ? 0 : admission.error().status;
}

template <class Site>
void check_admission(const std::string& method, const std::string& target) {
  Site site;
  site.options.auth = std::make_shared<const ByAddress>();
  HttpRequest head = head_of({.method = method, .target = target, .scope = Scope::chat});
  CHECK(site.api().admit(head).error().status == 401);
  head.peer = std::make_shared<const vx11::HttpPeer>("192.0.2.7");
  const auto admission = site.api().admit(head);
  REQUIRE(admission.has_value());
  CHECK(admission->match().scopes == Scopes{Scope::chat, Scope::status});
  CHECK(*admission->match().principal == "192.0.2.7");
}

template <class Site>
void check_routes(const std::vector<Needs>& routes) {
  for (const Needs& route : routes) {
    CAPTURE(route.method);
    CAPTURE(route.target);
    const int admitted = route.method == "OPTIONS" ? 204 : 0;
    CHECK(refusal_of<Site>(Scopes::all(), route) == admitted);
    CHECK(refusal_of<Site>(Scopes(), route) == (route.scope ? 403 : admitted));
    if (!route.scope) continue;
    CHECK(refusal_of<Site>(Scopes{*route.scope}, route) == admitted);
    CHECK(refusal_of<Site>(all_but(route.scope), route) == 403);
  }
}

}  // namespace

TEST_CASE("every operator route needs one scope, and no other helps") {
  check_routes<operator_site::Site>(kOperatorRoutes);
}

TEST_CASE("sessions are read with chat or sessions:read, and deleted with chat") {
  const Needs reads = {"GET", "/operator/session/session-001", Scope::chat};
  const Needs deletes = {"DELETE", "/operator/session/session-001", Scope::chat};
  const auto refusal = [](Scopes scopes, const Needs& route) {
    return refusal_of<operator_site::Site>(scopes, route);
  };
  for (const Needs& route : {reads, deletes}) {
    CHECK(refusal(Scopes{Scope::chat}, route) == 0);
    CHECK(refusal(Scopes::all(), route) == 0);
    CHECK(refusal(Scopes{Scope::status, Scope::metrics, Scope::power_write}, route) == 403);
  }
  CHECK(refusal(Scopes{Scope::sessions_read}, reads) == 0);
  CHECK(refusal(Scopes{Scope::sessions_read}, deletes) == 403);
}

TEST_CASE("every route of the OpenAI API needs the scope chat") {
  check_routes<completions_site::Site>(kCompletionsRoutes);
}

TEST_CASE("an admission says who was admitted, decided on the whole head") {
  check_admission<operator_site::Site>("POST", "/operator/chat/ask");
  check_admission<completions_site::Site>("POST", "/v1/chat/completions");
}

TEST_CASE_FIXTURE(operator_site::Site, "a refusal names the scope, in body, challenge and event") {
  std::vector<std::string> events;
  options.auth = std::make_shared<const Known>(Scopes{Scope::chat});
  options.on_event = [&](const OperatorEvent& event) {
    CHECK(event.kind == OperatorEventKind::scope_missing);
    events.push_back(std::string(event.subject) + " " + std::string(event.reason));
  };
  const HttpResponse answer = send(HttpRequest("GET", {}, "/operator/power/state"));
  CHECK(answer.status == 403);
  CHECK(answer.body == R"({"error":"insufficient_scope","scope":"power:read","status_code":403})");
  CHECK(answer.headers.get("WWW-Authenticate") ==
        R"(Test realm="x", error="insufficient_scope", scope="power:read")");
  CHECK(events == std::vector<std::string>{"ci power:read"});
  CHECK(to_power->requests().empty());
}

TEST_CASE_FIXTURE(operator_site::Site, "open metrics need no scope") {
  options.auth = std::make_shared<const Known>(Scopes());
  options.metrics = vx11::MetricsAccess::everyone;
  CHECK(send(HttpRequest("GET", {}, "/metrics")).status == 200);
}

TEST_CASE_FIXTURE(completions_site::Site, "the OpenAI API refuses in its own form") {
  options.auth = std::make_shared<const Known>(Scopes{Scope::status});
  const HttpResponse answer = post(chat());
  CHECK(answer.status == 403);
  const auto error = completions_site::error_of(answer);
  CHECK(error.at("code") == "insufficient_scope");
  CHECK(error.at("type") == "permission_error");
  CHECK(error.at("message") == "the token lacks the scope chat");
  CHECK(answer.headers.get("WWW-Authenticate") ==
        R"(Bearer error="insufficient_scope", scope="chat")");
}
