// The admin endpoints, and APIs that take the place of others.

#include "operator_site.hpp"

using namespace operator_site;

namespace {

vx11::Task<HttpResponse> echo(const HttpRequest& request) {
  return HttpResponse(200, "text/plain", request.method + " " + request.body);
}

bool has(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(Site, "admin actions answer what the program offers") {
  options.admin = {.reload = echo, .set_log_level = echo, .revoke = echo};
  CHECK(post("/admin/reload").body == "POST ");
  const HttpResponse level = send(with_body("PUT", "/admin/log-level", R"({"level":"debug"})"));
  CHECK(level.status == 200);
  CHECK(level.body == R"(PUT {"level":"debug"})");
  CHECK(send(with_body("POST", "/admin/revocations", "{}")).body == "POST {}");
  const HttpResponse wrong = get("/admin/log-level");
  CHECK(wrong.status == 405);
  CHECK(wrong.headers.get("Allow") == "PUT, OPTIONS");
  HttpRequest anonymous("POST", {}, "/admin/reload");
  CHECK(send(anonymous).status == 401);
}

TEST_CASE_FIXTURE(Site, "admin paths of a program without actions do not exist") {
  CHECK(post("/admin/reload").status == 404);
  CHECK(send(with_body("PUT", "/admin/log-level", "{}")).status == 404);
  CHECK(send(with_body("POST", "/admin/revocations", "{}")).status == 404);
}

TEST_CASE_FIXTURE(Site, "a successor continues the counters, those of targets by their names") {
  to_switch->then_json(R"({"response":"from switch"})");
  CHECK(chat(R"({"message":"hello"})").status == 200);
  OperatorApi& before = api();

  std::swap(router.targets[0], router.targets[1]);  // the order of the targets changes
  vx11::OperatorApiOptions again = options;
  again.router = vx11::Router::create(router).value();
  const OperatorApi after = before.successor(again).value();
  const auto text_of = [](const OperatorApi& asked) {
    const HttpRequest request = authorised("GET", "/metrics");
    return vx11::sync_wait(asked.handle(request)).body;
  };
  const std::string text = text_of(after);
  CHECK(has(text, R"(vx11_requests_total{endpoint="chat",status="2xx"} 1)"));
  CHECK(has(text, R"(vx11_chat_attempts_total{target="switch",outcome="answered"} 1)"));

  SUBCASE("a request that the earlier one still answers is counted in both") {
    to_switch->then_json(R"({"response":"from switch"})");
    CHECK(chat(R"({"message":"hello"})").status == 200);
    CHECK(has(text_of(after), R"(vx11_requests_total{endpoint="chat",status="2xx"} 2)"));
  }
  SUBCASE("a target that was away continues where it was") {
    router.targets.pop_back();  // switch
    again.router = vx11::Router::create(router).value();
    const OperatorApi without = after.successor(again).value();
    CHECK(text_of(without).find(R"(target="switch",outcome)") == std::string::npos);
    const OperatorApi with = without.successor(options).value();
    CHECK(has(text_of(with), R"(vx11_chat_attempts_total{target="switch",outcome="answered"} 1)"));
  }
}

TEST_CASE_FIXTURE(Site, "the successor of a drained API is drained") {
  api().drain();
  const OperatorApi after = api().successor(options).value();
  const HttpRequest request("GET", {}, "/readyz");
  CHECK(vx11::sync_wait(after.handle(request)).status == 503);
}
