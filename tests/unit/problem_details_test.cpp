// Errors as problem details (RFC 9457), where Accept prefers them.

#include <vx11/http_problem.hpp>

#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "completions_site.hpp"
#include "handler_fakes.hpp"
#include "operator_site.hpp"

using handler_fakes::ask;
using nlohmann::json;
using vx11::HttpRequest;
using vx11::HttpResponse;

namespace {

constexpr const char* kProblem = "application/problem+json";

HttpRequest accepting(HttpRequest request, const std::string& accept = kProblem) {
  request.headers.add("Accept", accept);
  return request;
}

template <class Api>
std::shared_ptr<vx11::HttpHandler> around(const Api& api, vx11::ProblemOptions options = {}) {
  return vx11::make_problem_details(std::make_shared<Api>(api), std::move(options)).value();
}

json problem_in(const HttpResponse& answer) {
  CHECK(answer.headers.get("Content-Type") == kProblem);
  CHECK(answer.headers.count("Content-Type") == 1);
  return json::parse(answer.body);
}

}  // namespace

TEST_CASE("errors of the operator API become problems with the members of the contract") {
  operator_site::Site site;
  const auto handler = around(site.api());
  HttpRequest request = accepting(HttpRequest("GET", {}, "/operator/status"));
  request.headers.add("X-Request-Id", "mine");
  const auto asked = ask(*handler, request);
  CHECK(asked->status() == 401);
  CHECK(problem_in(asked->answer->head) == json({{"type", "about:blank"},
                                                 {"title", "Unauthorized"},
                                                 {"status", 401},
                                                 {"detail", "auth required"},
                                                 {"instance", "urn:vx11:request:mine"},
                                                 {"error", "auth_required"},
                                                 {"status_code", 401}}));
  CHECK(asked->answer->head.headers.contains("WWW-Authenticate"));
}

TEST_CASE("a service that is offline is a problem with its module and attempts") {
  operator_site::Site site;
  site.to_switch->then_fail(vx11::Errc::unreachable);
  site.to_madre->then_fail(vx11::Errc::unreachable);
  const auto handler = around(site.api());
  const auto asked = ask(*handler, accepting(operator_site::Site::with_body(
                                       "POST", "/operator/chat/ask", R"({"message":"hello"})")));
  CHECK(asked->status() == 503);
  const json problem = problem_in(asked->answer->head);
  CHECK(problem.at("status") == 503);
  CHECK(problem.at("title") == "Service Unavailable");
  CHECK(problem.at("error") == "service_offline");
  CHECK(problem.at("detail") == "Chat service temporarily unavailable");
  CHECK(problem.at("module") == "switch");
  CHECK(problem.at("attempts").size() == 2);
  CHECK(asked->answer->head.headers.contains("Retry-After"));
}

TEST_CASE("the mistakes of a body are the member errors") {
  operator_site::Site site;
  const auto handler = around(site.api());
  const auto asked =
      ask(*handler, accepting(operator_site::Site::with_body("POST", "/operator/chat/ask", "{}")));
  CHECK(asked->status() == 422);
  const json problem = problem_in(asked->answer->head);
  CHECK(problem.at("detail") == "Field required");
  CHECK(problem.at("errors").at(0).at("loc") == json({"body", "message"}));
}

TEST_CASE("errors of the completions API become problems, too") {
  completions_site::Site site;
  const auto handler = around(site.api(), {.type_base = "https://errors.example/"});
  const auto asked = ask(
      *handler, accepting(completions_site::Site::request(
                    "POST", completions_site::kPath, completions_site::Site::chat("", "unknown"))));
  CHECK(asked->status() == 404);
  const json problem = problem_in(asked->answer->head);
  CHECK(problem.at("type") == "https://errors.example/model_not_found");
  CHECK(problem.at("detail").get<std::string>().starts_with("there is no model"));
  CHECK(problem.at("error").at("code") == "model_not_found");
}

TEST_CASE("Accept decides by its weights") {
  const std::pair<const char*, bool> cases[] = {
      {"application/problem+json", true},
      {"application/json, application/problem+json", true},
      {"application/problem+json;q=0.5, application/json;q=0.4", true},
      {"APPLICATION/Problem+JSON; Q=0.001", true},
      {"text/html, application/problem+json;charset=utf-8;q=1.000", true},
      {"application/json, application/problem+json;q=0.9", false},
      {"application/problem+json;q=0", false},
      {"application/problem+json;q=0.000", false},
      {"application/problem+json;q=2", false},
      {"application/problem+json;q=x", false},
      {"application/problem+json;q=0.0001", false},
      {"*/*", false},
      {"application/*", false},
      {"application/json", false},
      {"text/plain;note=\"application/problem+json\"", false},
      {"", false}};
  operator_site::Site site;
  const auto handler = around(site.api());
  for (const auto& [accept, is_problem] : cases) {
    const auto& case_accept = accept;  // clang 14 captures no structured binding
    CAPTURE(case_accept);
    const auto asked = ask(*handler, accepting(HttpRequest("GET", {}, "/nothing"), accept));
    const HttpResponse& answer = asked->answer->head;
    CHECK((answer.headers.get("Content-Type") == kProblem) == is_problem);
    if (!is_problem) CHECK(answer.body == R"({"error":"not_found","status_code":404})");
  }
  HttpRequest twice = accepting(HttpRequest("GET", {}, "/nothing"), "application/json;q=0.2");
  CHECK(problem_in(ask(*handler, accepting(twice))->answer->head).at("status") == 404);
}

TEST_CASE("good answers, streams and other content are not changed") {
  using handler_fakes::FakeHandler;
  operator_site::Site site;
  const auto asked = ask(*around(site.api()), accepting(HttpRequest("GET", {}, "/livez")));
  CHECK(asked->status() == 200);
  CHECK(asked->answer->head.headers.get("Content-Type") == "application/json");

  for (const HttpResponse& other :
       {HttpResponse(500, "text/plain", "{}"), HttpResponse(500, "application/json", "[1]"),
        HttpResponse(500, "application/json", "no JSON"), HttpResponse(500)}) {
    const FakeHandler inner([&](const HttpRequest&, vx11::Deadline) {
      return vx11::Task<vx11::StreamedResponse>(vx11::StreamedResponse(other, nullptr));
    });
    const auto same = ask(*around(inner), accepting(HttpRequest("GET", {}, "/x")));
    CHECK(same->body() == other.body);
    CHECK(same->answer->head.headers.get("Content-Type") == other.headers.get("Content-Type"));
  }
}
