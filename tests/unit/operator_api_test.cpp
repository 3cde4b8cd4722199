// Properties of the API as a whole.

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "operator_site.hpp"

using namespace operator_site;

namespace {

template <class Request>
concept Handled = requires(const OperatorApi& api, Request&& request,
                           OperatorApi::Admission admission) {
  api.handle(std::forward<Request>(request));
  api.open(std::forward<Request>(request));
  api.handle(std::forward<Request>(request), admission);
  api.open(std::forward<Request>(request), admission);
};
template <class Request>
concept HandledSomehow = requires(const OperatorApi& api, Request&& request) {
  api.handle(std::forward<Request>(request));
}
|| requires(const OperatorApi& api, Request&& request) {
  api.open(std::forward<Request>(request));
}
|| requires(const OperatorApi& api, Request&& request, OperatorApi::Admission admission) {
  api.handle(std::forward<Request>(request), admission);
}
|| requires(const OperatorApi& api, Request&& request, OperatorApi::Admission admission) {
  api.open(std::forward<Request>(request), admission);
};

}  // namespace

TEST_CASE("a request that would be gone before its task runs does not compile") {
  CHECK(Handled<const HttpRequest&>);
  CHECK(!HandledSomehow<HttpRequest>);
  CHECK(!HandledSomehow<const HttpRequest>);
}

TEST_CASE_FIXTURE(Site, "the head alone is refused for the same reasons as the whole request") {
  const auto status_of = [&](const HttpRequest& head) {
    const auto refused = refusal_of(head);
    return refused ? refused->status : 0;
  };
  CHECK(status_of(HttpRequest("GET", {}, "/nowhere")) == 404);
  CHECK(status_of(HttpRequest("GET", {}, "/operator/status")) == 401);
  CHECK(status_of(authorised("PUT", "/operator/status")) == 405);
  CHECK(status_of(authorised("POST", "/operator/chat")) == 415);
  CHECK(status_of(authorised("GET", "/operator/status")) == 0);
  CHECK(status_of(HttpRequest("GET", {}, "/health")) == 0);
  CHECK(refusal_of(HttpRequest("GET", {}, "/nowhere"))->headers.get("Cache-Control") == "no-store");
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Site, "every answer is JSON that no cache keeps and no browser guesses at") {
  to_switch->then_json(R"({"response":"fine"})");
  to_power->then_json(kSoloMadre);
  const std::vector<HttpResponse> answers = {
      chat(R"({"message":"hi"})"),
      chat("{"),
      get("/operator/status"),
      get("/operator/power/state"),
      get("/operator/power/status"),
      post("/operator/power/window/close"),
      post("/operator/power/service/nosuch/start"),
      get("/operator/session/none"),
      get("/vx11/circuit-breaker/status"),
      get("/health"),
      get("/livez"),
      get("/readyz"),
      get("/nowhere"),
      send(HttpRequest("GET", {}, "/operator/status")),
      send(authorised("PUT", "/operator/status")),
  };
  for (const HttpResponse& answer : answers) {
    CAPTURE(answer.body);
    CHECK(answer.headers.get("Content-Type") == "application/json");
    CHECK(answer.headers.get("Cache-Control") == "no-store");
    CHECK(answer.headers.get("X-Content-Type-Options") == "nosniff");
    CHECK(answer.headers.count("Content-Type") == 1);
    body_of(answer);
  }
}

TEST_CASE_FIXTURE(Site, "an internal error is 500 without details") {
  struct Throwing final : vx11::Authenticator {
    vx11::Access check(const vx11::Headers& /*headers*/) const override {
      throw std::runtime_error("secret detail");
    }
  };
  options.auth = std::make_shared<const Throwing>();
  const HttpResponse answer = get("/operator/status");
  CHECK(answer.status == 500);
  CHECK(body_of(answer) == json{{"error", "internal"}, {"status_code", 500}});
  CHECK(answer.headers.get("Cache-Control") == "no-store");
  CHECK(refusal_of(authorised("GET", "/operator/status"))->status == 500);
}

TEST_CASE_FIXTURE(Site, "an API says at once what it lacks") {
  const auto made = OperatorApi::create({});
  REQUIRE_FALSE(made);
  CHECK(made.error().code == Errc::invalid_argument);
  for (const std::string part : {"auth", "router", "health", "power", "sessions"}) {
    CHECK(made.error().detail.find(part) != std::string::npos);
  }
  api();
  options.breakers = {{"switch", switch_breaker}, {"switch", madre_breaker}, {"x", nullptr}};
  options.primary.clear();
  options.stream.heartbeat = 0s;
  const auto other = OperatorApi::create(options);
  REQUIRE_FALSE(other);
  CHECK(other.error().detail ==
        "primary is empty; stream.heartbeat must be above zero; "
        "breaker \"switch\": the name is used twice; breaker \"x\": it is null");
}
